"""With Prefect or without: what is checked before Prefect is loaded, and what importing changes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memory_import.run.settings import is_prefect_configured
from tests.support.processes import inherited
from tests.support.workplace import Workplace

MODULES_LOADED = (
    "import sys, atexit; "
    "slow = {'prefect', 'pyarrow.compute', 'rich', 'pygments'}; "
    "atexit.register(lambda: print('loaded', sorted(slow & sys.modules.keys()), file=sys.stderr)); "
    "from memory_import.cli.app import main; sys.argv = ['memory-import', *sys.argv[1:]]; main()"
)
IMPORT_ALL = """
import importlib, os, pkgutil
before = dict(os.environ)
import memory_import
names = [module.name for module in pkgutil.walk_packages(memory_import.__path__, 'memory_import.')]
for name in names:
    if not name.endswith('__main__'):
        importlib.import_module(name)
after = dict(os.environ)
print(len(names), dict(after.items() - before.items()) | dict.fromkeys(before.keys() - after.keys()))
"""


def python(code: str, *arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, in an environment of nothing but these variables."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**inherited(), "PREFECT_HOME": str(folder / "prefect"), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_importing_any_module_changes_no_environment_variable(tmp_path: Path) -> None:
    by_polars = python(
        "import os, polars; print(os.environ['_RJEM_MALLOC_CONF'])", folder=tmp_path
    ).stdout.strip()
    imported = python(IMPORT_ALL, folder=tmp_path)
    assert imported.returncode == 0, imported.stderr
    count, _, changed = imported.stdout.strip().rpartition("\n")[2].partition(" ")
    assert int(count) > 150
    assert changed == f"{{'_RJEM_MALLOC_CONF': {by_polars!r}}}"  # Polars sets this one itself


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            ["run", "nowhere.yaml", "--emulator"], "There is no spec file nowhere.yaml. ", id="no such spec"
        ),
        pytest.param(["resume", "x"], "There is no run x", id="no such run"),
        pytest.param(["run", "spec.yaml", "--max-errors", "few"], "--max-errors is 'few'", id="no budget"),
        pytest.param(["run", "broken.yaml", "--emulator"], "found nothing to read", id="no such input"),
        pytest.param(["run", "spec.yaml"], "No credentials.", id="no credentials"),
    ],
)
def test_what_is_wrong_with_a_command_is_said_before_prefect_is_loaded(
    workplace: Workplace, arguments: list[str], words: str
) -> None:
    text = (workplace.folder / "spec.yaml").read_text()
    (workplace.folder / "broken.yaml").write_text(text.replace("customers.csv", "nowhere.csv"))
    refused = python(MODULES_LOADED, *arguments, "--prefect", folder=workplace.folder)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert "loaded []" in refused.stderr
    assert not (workplace.folder / ".memory-import").exists()


def test_without_a_prefect_api_a_run_loads_nothing_slow_that_it_does_not_need(
    workplace: Workplace,
) -> None:
    ended = python(MODULES_LOADED, "run", "spec.yaml", folder=workplace.folder, **workplace.variables)
    assert (ended.returncode, "loaded []" in ended.stderr) == (1, True)


@pytest.mark.parametrize(
    ("variables", "profiles", "is_configured"),
    [
        pytest.param({}, None, False, id="nothing"),
        pytest.param({"PREFECT_API_URL": "http://127.0.0.1:4200/api"}, None, True, id="a variable"),
        pytest.param({}, {"PREFECT_API_URL": "https://x"}, True, id="the active profile"),
        pytest.param({}, {"PREFECT_LOGGING_LEVEL": "INFO"}, False, id="a profile without an API"),
        pytest.param(
            {"PREFECT_PROFILE": "other"}, {"PREFECT_API_URL": "https://x"}, False, id="another profile"
        ),
    ],
)
def test_prefect_is_used_where_an_api_of_it_is_configured(
    tmp_path: Path, variables: dict[str, str], profiles: dict[str, str] | None, is_configured: bool
) -> None:
    if profiles is not None:
        lines = [f"{name} = {json.dumps(value)}" for name, value in profiles.items()]
        text = "\n".join(['active = "mine"', "[profiles.mine]", *lines, "[profiles.b]", ""])
        (tmp_path / "profiles.toml").write_text(text)
    assert is_prefect_configured({"PREFECT_HOME": str(tmp_path), **variables}) is is_configured


def test_a_damaged_profile_of_prefect_is_none(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text("active = [")
    assert not is_prefect_configured({"PREFECT_HOME": str(tmp_path)})


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_that_cannot_be_written_decides_nothing(workplace: Workplace, stream: str) -> None:
    with Path("/dev/full").open("w") as full:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: full}
        ended = subprocess.run(
            [sys.executable, "-m", "memory_import.cli", "run", "spec.yaml"],
            cwd=workplace.folder,
            env={**os.environ, **workplace.variables, "PREFECT_HOME": str(workplace.folder / "prefect")},
            timeout=300,
            check=False,
            **streams,
        )
    assert ended.returncode == 1  # one row is rejected
    (report,) = (workplace.folder / ".memory-import" / "runs").glob("*/report.json")
    assert json.loads(report.read_text())["loads"]["profiles"]["rows"]["completed"] == 3


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_went_away_leaves_the_exit_code_as_it_is(workplace: Workplace, stream: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: writer}
    ended = subprocess.run(
        [sys.executable, "-m", "memory_import.cli", "run", "spec.yaml", "--limit", "1"],
        cwd=workplace.folder,
        env={**buffered, **workplace.variables, "PREFECT_HOME": str(workplace.folder / "prefect")},
        timeout=300,
        check=False,
        **streams,
    )
    os.close(writer)
    assert ended.returncode == 0
    (report,) = (workplace.folder / ".memory-import" / "runs").glob("*/report.json")
    assert json.loads(report.read_text())["loads"]["profiles"]["rows"]["completed"] == 1


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_streams_that_are_closed_from_the_start_decide_nothing(workplace: Workplace, closed: str) -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m memory_import.cli run spec.yaml {closed}'],
        cwd=workplace.folder,
        env={**os.environ, **workplace.variables, "PREFECT_HOME": str(workplace.folder / "prefect")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 1  # one row is rejected
