"""Servers that lag, go in circles, want long pauses or fail late: what a run makes of it, and a resume."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memory_import.run.lifecycle.result import RunResult
from tests.support.fast import FastRuns
from tests.support.notes import expected, make_notes, recorded, write_notes, write_spec
from tests.support.processes import Api, make_customers, serving, write_csv

NOTES, PEOPLE = 60, 12
SENDING = {"method": "POST", "path": "*/Observations"}
LISTING = {"method": "GET", "path": "*/Observations"}
CIRCLE = {"observations": [], "meta": {"nextToken": "again"}}
LOOKUP = {"path": "*/Profiles/Lookup"}
BULK = {"path": "*/Profiles/Bulk"}


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        yield api


@pytest.fixture
def runs(api: Api, tmp_path: Path) -> FastRuns:
    """Customers and a few notes of each."""
    write_notes(tmp_path, make_notes(NOTES, PEOPLE))
    customers = write_csv(make_customers(PEOPLE, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    write_spec(tmp_path / "spec.yaml", customers=customers)
    return FastRuns(tmp_path, api.url)


def count(api: Api, end: str) -> int:
    """How many requests went to paths that end so."""
    return sum(request["path"].endswith(end) for request in api.requests())


def finish(api: Api, runs: FastRuns, result: RunResult) -> None:
    """Resume without faults: everything is there, once, and nothing was rejected."""
    api.set_faults()
    resumed = runs.resume(result.report["run_id"])
    assert resumed.report["exit_code"] == 0, resumed.problem
    api.settle()
    assert recorded(api) == expected(make_notes(NOTES, PEOPLE))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(
            {"when": LOOKUP, "do": {"stale_seconds": 100_000}}, "cannot be looked up yet", id="lookups lag"
        ),
        pytest.param(
            {"when": LISTING, "do": {"status": 200, "body": {"json": CIRCLE}}},
            "lead in a circle",
            id="a page names itself as the next",
        ),
        pytest.param(
            {"when": SENDING, "do": {"status": 404, "code": 20404}},
            "HTTP 404 for what is there",
            id="every profile is said to be gone and is not",
        ),
        pytest.param(
            {"when": SENDING, "do": {"status": 429, "retry_after": "7200"}},
            "no requests in the next 2.0 hours",
            id="a pause of two hours",
        ),
    ],
)
def test_what_may_pass_rejects_nothing_is_told_and_waits_for_a_resume(
    api: Api, runs: FastRuns, fault: dict[str, Any], words: str
) -> None:
    api.set_faults(fault)
    result = runs.run()
    rows = Counter(result.report["loads"]["observations"]["rows"])
    assert result.report["exit_code"] == 5
    assert words in str(result.problem)
    assert (rows["rejected"], rows["unknown"]) == (0, 0)
    assert rows["pending"] == NOTES - rows["accepted"] - rows["verified"]
    assert len(api.requests()) < 400
    if "hours" not in words:
        finish(api, runs, result)


def test_a_pause_that_the_server_asked_for_holds_for_the_next_process_too(api: Api, runs: FastRuns) -> None:
    api.set_faults({"when": SENDING, "do": {"status": 429, "retry_after": "7200"}})
    told = runs.run()
    before = len(api.requests())
    api.set_faults()
    again = runs.resume(told.report["run_id"])
    assert again.report["exit_code"] == 5
    assert "none is sent before" in str(again.problem)
    assert len(api.requests()) == before


def test_an_operation_that_cannot_be_read_for_a_while_is_read_later(api: Api, runs: FastRuns) -> None:
    hidden = {"path": "*/Operations/*", "per": "path", "to": 4}
    api.set_faults({"when": hidden, "do": {"status": 404, "code": 520052}})
    result = runs.run()
    assert result.report["loads"]["profiles"]["rows"]["completed"] == PEOPLE
    assert count(api, "/Bulk") == 1


def test_operations_that_are_cancelled_for_no_fault_of_the_rows_reject_none(api: Api, tmp_path: Path) -> None:
    customers = write_csv(make_customers(3_000, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    write_spec(tmp_path / "spec.yaml", customers=customers, observations=None)
    runs = FastRuns(tmp_path, api.url)
    api.set_faults({"when": BULK, "do": {"fail_operation": {"code": 20503, "status": "CANCELLED"}}})
    result = runs.run()
    assert result.report["exit_code"] == 5
    assert result.report["loads"]["profiles"]["rows"]["rejected"] == 0
    api.set_faults()
    assert runs.resume(result.report["run_id"]).report["exit_code"] == 0
    assert len(api.profiles()) == 3_000
