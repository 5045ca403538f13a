"""The house: few modules a folder, none too long, and imports that go one way."""

import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ["memory_import", "flows", "transforms", "sample_data", "benchmarks"]
MODULES = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
MOST_MODULES, MOST_LINES = 15, 300


def test_no_folder_holds_more_modules_than_a_reader_can_take_in() -> None:
    folders = {path.parent for path in MODULES}
    counts = {
        str(folder.relative_to(ROOT)): sum(path.stem[:2] != "__" for path in folder.glob("*.py"))
        for folder in folders
    }
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}


def test_no_module_is_too_long() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {module: count for module, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("memory_import/ledger/files.py", "from memory_import.run import pipeline"),
        ("memory_import/emulator/options.py", "from memory_import import columns"),
        ("transforms/cells.py", "from memory_import.sources import files"),
        ("memory_import/run/budget.py", "import prefect"),
    ],
    ids=["upwards", "out of the emulator", "between neighbours", "prefect outside flows"],
)
def test_an_import_that_goes_the_wrong_way_is_found(module: str, line: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in [*CODE, "pyproject.toml"]:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    with (copy / module).open("a") as planted:
        planted.write(f"\n{line}\n")
    found = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        check=False,
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 1, found.stdout
    name = module.removesuffix(".py").replace("/", ".")
    assert f"{name} -> {line.split()[1]}" in found.stdout


def test_every_file_that_the_program_reads_is_in_a_wheel() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    patterns = [pattern for patterns in declared.values() for pattern in patterns]
    data = {
        path.relative_to(ROOT)
        for folder in ("memory_import", "flows", "transforms", "sample_data")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".py" and path.parent.name != "__pycache__"
    }
    missing = [str(path) for path in data if not any(fnmatch(path.name, pattern) for pattern in patterns)]
    assert missing == []
