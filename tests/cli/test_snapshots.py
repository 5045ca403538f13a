"""What the commands say, word for word, in text and in JSON: files that a person has read.

`SNAPSHOTS=write` writes them anew; read the difference before it is committed.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from memory_import import sample_data
from memory_import.cli.app import app
from memory_import.emulator.server import running
from tests.conftest import PASSWORD, USER, make_workplace
from tests.support.workplace import Workplace

FOLDER = Path(__file__).parent / "snapshots"
_SAMPLES = Path(sample_data.__file__).parent
_VOLATILE = (
    (re.compile(r'"progress": \[[^]]+\]'), '"progress": [POINTS]'),
    (re.compile(r"\d{8}T\d{9}Z-[0-9a-f]{4}"), "RUN_ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?=  )"), "TIME            "),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\b\d+\.\d+\.\d+(\.post\d+)?\b"), "VERSION"),
    (re.compile(r"[\d,.]+ GiB free"), "N GiB free"),
    (re.compile(r"\d+\.\d+ s a request"), "N s a request"),
    (re.compile(r"mem_profile_\w+"), "PROFILE"),
    (re.compile(r"\d+ requests"), "N requests"),
    (re.compile(r'"(total|200|202)": \d+'), r'"\1": N'),
    (re.compile(r'": \d+\.\d+'), '": SECONDS'),
)


def say(workplace: Workplace, *arguments: str) -> str:
    """The exit code, stdout and the last lines of stderr of a command, without what differs each time."""
    nothing = dict.fromkeys(("TWILIO_AUTH_TOKEN", "MEMORY_STORE_ID"))
    command = [*arguments, "--state-dir", str(workplace.state_dir)]
    result = CliRunner().invoke(app, command, env={**nothing, **workplace.variables})
    problems = [line for line in result.stderr.splitlines() if " rejected, " not in line]
    said = "\n".join([f"exit code {result.exit_code}", result.stdout.rstrip(), *problems]).rstrip() + "\n"
    said = said.replace(str(workplace.folder), "FOLDER")
    for samples in (_SAMPLES, _SAMPLES.resolve()):
        said = said.replace(str(samples), "SAMPLES")
    for pattern, replacement in _VOLATILE:
        said = pattern.sub(replacement, said)
    return said


def check(name: str, said: str) -> None:
    """Hold what a command said against its file."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8"), f"{path.name}: read it, then SNAPSHOTS=write"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Workplace]:
    """A workplace whose API nobody else writes to."""
    with running(api_key=(USER, PASSWORD), delay_seconds=(0.0, 0.0)) as server:
        yield make_workplace(tmp_path, server.url)


def run_id_of(workplace: Workplace) -> str:
    return max(folder.name for folder in (workplace.state_dir / "runs").iterdir())


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_plan_its_application_and_what_is_told_of_them(workplace: Workplace, output: str) -> None:
    form = ("--no-prefect", "--output", output)
    spec = str(workplace.folder / "spec.yaml")
    check(f"status-empty-{output}", say(workplace, "status", *form))
    check(f"plan-{output}", say(workplace, "plan", spec, *form))
    check(f"status-plan-{output}", say(workplace, "status", *form))
    check(f"apply-{output}", say(workplace, "apply", run_id_of(workplace), *form))
    check(f"status-{output}", say(workplace, "status", *form))
    check(f"status-one-{output}", say(workplace, "status", run_id_of(workplace), *form))
    check(f"resume-nothing-{output}", say(workplace, "resume", *form))
    check(f"run-budget-{output}", say(workplace, "run", spec, "--full", "--max-errors", "0", *form))


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("explain-reason", ("explain", "phone_no_region")),
        ("explain-change", ("explain", "phone_extension_dropped")),
        ("explain-service", ("explain", "520010")),
        ("explain-typo", ("explain", "phone_to_short")),
        ("run-no-spec", ("run", "nowhere.yaml", "--no-prefect")),
        ("status-unknown", ("status", "x")),
    ],
)
def test_an_explanation_or_a_refusal(
    workplace: Workplace, name: str, arguments: tuple[str, ...], output: str
) -> None:
    said = say(workplace, *arguments, "--output", output)
    check(f"{name}-{output}", said)


@pytest.mark.parametrize("output", ["text", "json"])
def test_what_is_asked_of_a_store_before_a_run_and_after_it(alone: Workplace, output: str) -> None:
    form = ("--no-prefect", "--output", output)
    spec = str(alone.folder / "spec.yaml")
    check(f"doctor-{output}", say(alone, "doctor", spec, *form))
    check(f"setup-{output}", say(alone, "setup", spec, *form))
    say(alone, "run", spec, *form)
    check(f"verify-{output}", say(alone, "verify", "--sample", "all", *form))
    check(f"show-{output}", say(alone, "show", "ada@example.com", "--spec", spec, *form))
    check(f"recall-{output}", say(alone, "recall", "ada@example.com", "--spec", spec, *form))
    check(f"show-nobody-{output}", say(alone, "show", "nobody@example.com", "--spec", spec, *form))


@pytest.mark.parametrize("output", ["text", "json"])
def test_the_first_commands_that_anybody_types(workplace: Workplace, output: str) -> None:
    form = ("--no-prefect", "--output", output)
    into = str(workplace.folder / "new.yaml")
    check(
        f"init-{output}", say(workplace, "init", str(workplace.folder / "customers.csv"), "-o", into, *form)
    )
    check(f"demo-{output}", say(workplace, "demo", *form))
