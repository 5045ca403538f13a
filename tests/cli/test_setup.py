"""`setup` from the command line: the plan is shown, nothing is done unasked, and an import can follow."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from memory_import.cli.app import app
from memory_import.destination.errors import StoreNotReady
from memory_import.emulator.server import Running, running
from memory_import.errors import ExitCode
from memory_import.ledger.database.lock import exclusive
from memory_import.run.lifecycle.result import as_problem
from tests.support.workplace import STORE, TRAITS, write_customers, write_spec

ACCOUNT = {"customerId": "Name", "since": {"column": "Since", "type": "date"}}
IDENTIFIERS = ["Contact.phone", "Contact.email", "Account.customerId"]


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Running]:
    options: dict[str, Any] = getattr(request, "param", {})
    with running(delay_seconds=(0, 0), operation_retry_after_seconds=0, **options) as server:
        yield server


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    write_customers(tmp_path)
    return write_spec(tmp_path, traits={**TRAITS, "Account": ACCOUNT}, identifiers=IDENTIFIERS)


def environment_of(emulator: Running) -> dict[str, str | None]:
    return {
        "TWILIO_ACCOUNT_SID": "AC0",
        "TWILIO_API_KEY": "SK0",
        "TWILIO_API_SECRET": "secret",
        "TWILIO_AUTH_TOKEN": None,
        "TWILIO_REGION": None,
        "MEMORY_API_URL": emulator.url,
        "MEMORY_STORE_ID": None,
    }


def call(emulator: Running, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=environment_of(emulator))


def test_a_second_setup_waits_for_the_first(emulator: Running, spec: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    command = ["setup", str(spec), "--yes", "--state-dir", str(state)]
    with exclusive(state, purpose="setup of another", since="now"):
        second = subprocess.Popen(
            [sys.executable, "-m", "memory_import.cli", *command],
            env={**os.environ, **{name: value for name, value in environment_of(emulator).items() if value}},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        assert "in use by setup of another" in second.stderr.readline()
        assert second.poll() is None
    _, said = second.communicate()
    assert second.returncode == ExitCode.DONE, said
    assert f"Setup of {STORE}:" in said


def test_without_a_yes_the_plan_is_shown_and_nothing_is_changed(emulator: Running, spec: Path) -> None:
    result = call(emulator, "setup", str(spec))
    assert result.exit_code == ExitCode.USAGE
    assert f"Setup of {STORE}:" in result.stderr
    assert "create  trait group Account: customerId STRING (identifies by customerId)" in result.stderr
    assert f"memory-import setup {spec} --yes" in result.stdout
    assert {each.method for each in emulator.app.requests} == {"GET"}


def test_from_a_spec_to_an_import(emulator: Running, spec: Path, tmp_path: Path) -> None:
    imported = ["run", str(spec), "--no-prefect", "--state-dir", str(tmp_path / "state")]
    before = call(emulator, *imported)
    assert before.exit_code == ExitCode.USAGE
    assert f"memory-import setup {spec}" in before.stderr
    assert call(emulator, "setup", str(spec), "--yes").exit_code == ExitCode.DONE
    assert call(emulator, *imported).exit_code in {ExitCode.DONE, ExitCode.REJECTS}
    again = json.loads(call(emulator, "setup", str(spec), "--output", "json").stdout)
    assert (again["status"], again["changes"]) == ("nothing_to_do", [])


def test_a_conflict_of_types_names_the_ways_out(emulator: Running, tmp_path: Path) -> None:
    write_customers(tmp_path)
    number = {"firstName": {"column": "Name", "type": "number"}}
    spec = write_spec(tmp_path, traits={"Contact": {**TRAITS["Contact"], **number}})
    result = call(emulator, "setup", str(spec), "--yes")
    assert result.exit_code == ExitCode.USAGE
    assert "declares Contact.firstName as STRING; the spec sends NUMBER" in result.stderr
    assert "another name in the spec" in result.stderr


def name_store(spec: Path, name: str, **setup: Any) -> None:
    document = yaml.safe_load(spec.read_text())
    spec.write_text(yaml.safe_dump({**document, "store": {"name": name}, "setup": setup}))


@pytest.mark.parametrize("emulator", [{"empty": True}], indirect=True)
def test_a_store_is_known_by_its_name_from_the_setup_to_what_is_shown(
    emulator: Running, spec: Path, tmp_path: Path
) -> None:
    name_store(spec, "acme", identifiers={"user_id": "Account.customerId"})
    state = ("--state-dir", str(tmp_path / "state"))
    run = ("run", str(spec), "--no-prefect", *state)
    before = call(emulator, *run)
    assert before.exit_code == ExitCode.USAGE
    assert f"no store named 'acme' in this account: `memory-import setup {spec}` makes it" in before.stderr
    looked = call(emulator, "plan", *run[1:])
    assert looked.exit_code == ExitCode.USAGE
    assert "would be sent" in looked.stdout
    assert f"`memory-import setup {spec}` makes it" in looked.stderr
    planned = json.loads(call(emulator, "setup", str(spec), "--output", "json", *state).stdout)
    assert (planned["status"], planned["store_id"]) == ("planned", None)
    assert planned["changes"][0] == {"kind": "create", "what": "store acme"}
    done = json.loads(call(emulator, "setup", str(spec), "--yes", "--output", "json", *state).stdout)
    assert (done["status"], done["store_id"]) == ("done", STORE)
    report = json.loads(call(emulator, *run, "--output", "json").stdout)
    assert report["target"]["store_id"] == STORE
    shown = call(emulator, "show", "user_id:Ada", "--spec", str(spec), *state)
    assert "+12025550101" in shown.stdout
    assert call(emulator, "verify", report["run_id"], *state).exit_code == ExitCode.DONE
    assert "Nothing to do" in call(emulator, "setup", str(spec), "--yes", *state).stdout


def test_a_store_that_is_not_ready_is_exit_code_5() -> None:
    problem = as_problem(StoreNotReady(["acme (mem_store_1) is still QUEUED after 300 seconds."]))
    assert problem.exit_code == ExitCode.PENDING


@pytest.mark.parametrize(
    "emulator",
    [{"faults": [{"when": {"method": "PUT"}, "do": {"status": 412}}]}],
    indirect=True,
)
def test_a_store_that_others_keep_changing_is_exit_code_6(emulator: Running, spec: Path) -> None:
    result = call(emulator, "setup", str(spec), "--yes")
    assert result.exit_code == ExitCode.CHANGED
    assert "changed by somebody else 3 times in the meantime (HTTP 412)" in result.stderr


@pytest.mark.parametrize(
    "emulator",
    [{"faults": [{"when": {"nth": 1}, "do": {"status": 429, "retry_after": "7200"}}]}],
    indirect=True,
)
def test_a_pause_that_the_service_asks_for_holds_for_every_command_that_follows(
    emulator: Running, spec: Path, tmp_path: Path
) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    commands = (["setup", str(spec), "--yes"], ["stores", "list"], ["run", str(spec), "--no-prefect"])
    for command in commands:
        result = call(emulator, *command, *state)
        assert result.exit_code != ExitCode.DONE
        assert "no requests in the next 2.0 hours (Retry-After)" in result.stderr
    assert len(emulator.app.requests) == 1
