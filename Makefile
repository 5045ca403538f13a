# Everything a checkout can do. Python 3.11 with pip is enough; uv is used where it is installed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

# Tests are rewritten and compiled once, not in every process of every run.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check lint fuzz soak bench docs schema clean

help:
	@echo "make demo   run the whole pipeline on the sample data, against the local emulator"
	@echo "make test   run the tests"
	@echo "make check  run everything that CI runs: lint, types, import contracts, tests"
	@echo "make fuzz   compare normalisation with its judges over millions of values, and explore every property at random"
	@echo "make soak   300 kills, every lie, every clock, every failing write, 200 plans held against their runs, 2,000 CRMs of 30 nights; hours"
	@echo "make bench  measure rows per second by stage and for the whole run, and memory"
	@echo "make docs   write the pages that are made from the program"
	@echo "make schema write the JSON Schema of the spec"

demo: $(VENV)/.installed
	$(BIN)/memory-import demo

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 4 --dist loadgroup

check: lint test

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# One test at a time has all cores, where the tests of `make test` give Polars one each.
fuzz soak: export POLARS_MAX_THREADS := $(shell getconf _NPROCESSORS_ONLN)

fuzz: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=exploring --hypothesis-show-statistics
	$(BIN)/python -m tests.fuzz

soak: $(VENV)/.installed-test
	KILLS=150 ROWS=4000 NOTES=30000 PLANS=200 $(BIN)/python -m pytest -s tests/end_to_end tests/run -k "killed or once_each or number_of_a_plan"
	LEFT_ALONE=50 $(BIN)/python -m pytest tests/run/test_rows_left_alone.py
	READING_KILLS=10 $(BIN)/python -m pytest tests/end_to_end/test_killed_while_reading.py
	EXAMPLES=400 $(BIN)/python -m pytest tests/emulator/test_model.py tests/emulator/test_document.py tests/transforms/test_payloads.py
	REPORTS=2000 $(BIN)/python -m pytest tests/ledger/report
	WORLDS=5000 $(BIN)/python -m pytest tests/transforms/identity/test_merging.py
	CELLS_EVERY=1 $(BIN)/python -m pytest tests/transforms/phones/test_cells.py
	LIES_EVERY=1 CLOCKS_EVERY=1 DISK_EVERY=1 CRM_SEEDS=2000 CRM_NIGHTS=30 $(BIN)/python -m pytest -s tests/simulation

bench: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

schema: $(VENV)/.installed
	$(BIN)/python -m memory_import.spec.model

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)
	$(INSTALL) -c constraints.txt -e .
	$(COMPILE)
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)
	$(INSTALL) -c constraints.txt -e '.[test]'
	$(COMPILE)
	@touch $@

# Once, for environments in which Python writes no bytecode: each start would compile 400 modules anew.
COMPILE = $(BIN)/python -m compileall -q memory_import flows transforms sample_data

ifdef UV
INSTALL = $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python
$(VENV):
	$(UV) venv --quiet --python $(PYTHON) $@
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
$(VENV):
	$(PYTHON) -m venv $@
endif
