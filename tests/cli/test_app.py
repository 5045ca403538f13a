"""The command line: exit codes, and what goes to stdout and what to stderr."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from memory_import.cli.app import app
from memory_import.errors import ExitCode
from tests.support.workplace import Workplace, stop_before_delivery, write_spec

COMMANDS = list(get_command(app).commands)  # type: ignore[attr-defined]
TWILIO = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_AUTH_TOKEN")
NOTHING_SET: dict[str, str | None] = dict.fromkeys((*TWILIO, "MEMORY_API_URL", "MEMORY_STORE_ID"))


def call(workplace: Workplace, *arguments: str, **variables: str | None) -> Result:
    """A command in the environment of a workplace; a variable that is None is not set."""
    environment = {**NOTHING_SET, **workplace.variables, **variables}
    return CliRunner().invoke(app, [*arguments, "--state-dir", str(workplace.state_dir)], env=environment)


def run(workplace: Workplace, *arguments: str, **variables: str | None) -> Result:
    """`run` with the spec of a workplace, without Prefect."""
    spec = str(workplace.folder / "spec.yaml")
    return call(workplace, "run", spec, "--no-prefect", *arguments, **variables)


def plan(workplace: Workplace, *arguments: str, **variables: str | None) -> Result:
    """`plan` with the spec of a workplace, without Prefect."""
    spec = str(workplace.folder / "spec.yaml")
    return call(workplace, "plan", spec, "--no-prefect", *arguments, **variables)


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"memory-import {version('memory-import')}\n")


def test_shell_completion_can_be_installed() -> None:
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_says_what_comes_next(command: str) -> None:
    assert "Next: " in CliRunner().invoke(app, [command, "--help"]).stdout


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in COMMANDS:
        assert f"  {command} " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["run", "nowhere.yaml"], "There is no spec file nowhere.yaml", id="the spec"),
        pytest.param(["plan", "spec.yaml"], "custmers.csv: found nothing to read", id="a file of the spec"),
    ],
)
def test_a_mistyped_name_is_refused_before_anything_slow_is_loaded(
    workplace: Workplace, arguments: list[str], words: str
) -> None:
    write_spec(workplace.folder, source="custmers.csv")
    program = (
        "import sys\nfrom memory_import.cli.app import app\n"
        f"try:\n    app({[*arguments, '--prefect']!r})\n"
        "finally:\n    print({'prefect', 'sqlalchemy', 'httpx'} & sys.modules.keys())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=workplace.folder, capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (ExitCode.USAGE, "set()\n"), result.stderr
    assert words in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["frobnicate"], id="no such command"),
        pytest.param(["run"], id="no spec"),
        pytest.param(["run", "spec.yaml", "--frobnicate"], id="no such option"),
        pytest.param(["run", "spec.yaml", "--limit", "0"], id="a limit of nothing"),
        pytest.param(["run", "spec.yaml", "--wait", "-1"], id="a wait of less than nothing"),
        pytest.param(["run", "spec.yaml", "--output", "xml"], id="no such output"),
        pytest.param(["emulator", "--port", "70000"], id="no such port"),
        pytest.param(["run", "nowhere.yaml", "--no-prefect"], id="no such file"),
        pytest.param(["resume", "x", "--no-prefect"], id="no such run to go on with"),
        pytest.param(["status", "x"], id="no such run to look at"),
    ],
)
def test_a_usage_error_is_exit_code_2_with_words_on_stderr_alone(
    workplace: Workplace, arguments: list[str]
) -> None:
    is_server = arguments[0] in {"emulator", "frobnicate"}
    result = CliRunner().invoke(app, arguments) if is_server else call(workplace, *arguments)
    assert result.exit_code == ExitCode.USAGE
    assert result.stdout == ""
    assert result.stderr
    assert "Traceback" not in result.stderr


def test_without_credentials_the_emulator_is_named(workplace: Workplace) -> None:
    result = run(workplace, **dict.fromkeys(TWILIO))
    assert result.exit_code == ExitCode.USAGE
    assert "No credentials" in result.stderr
    assert "--emulator" in result.stderr
    assert result.stdout == ""


def test_partial_credentials_are_named_and_not_shown(workplace: Workplace) -> None:
    result = run(workplace, TWILIO_API_SECRET=None)
    assert result.exit_code == ExitCode.USAGE
    assert "TWILIO_API_SECRET not set" in result.stderr
    assert workplace.variables["TWILIO_API_KEY"] not in result.stderr


def test_the_emulator_refuses_partial_credentials_too(workplace: Workplace) -> None:
    environment = {**NOTHING_SET, "TWILIO_API_KEY": "SK1"}
    result = CliRunner().invoke(app, ["emulator", "--port", "0"], env=environment)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")


def test_json_output_is_the_report_and_nothing_else(workplace: Workplace) -> None:
    result = run(workplace, "--output", "json")
    report = json.loads(result.stdout)
    assert result.exit_code == report["exit_code"] == ExitCode.REJECTS
    assert report["loads"]["profiles"]["rows"]["read"] == 5
    assert "sending: " in result.stderr


def test_text_output_says_what_became_of_the_rows_and_where_to_read_more(workplace: Workplace) -> None:
    result = run(workplace)
    assert "Of 5 rows 3 are in the store, 1 belongs to the person of another row and 1 is" in result.stdout
    assert "\x1b" not in result.stdout
    assert f"report: {workplace.state_dir}/runs/" in result.stdout


@pytest.mark.parametrize(
    ("options", "variables", "exit_code"),
    [
        pytest.param([], {}, ExitCode.REJECTS, id="rejects"),
        pytest.param(["--limit", "3"], {}, ExitCode.DONE, id="no rejects"),
        pytest.param(["--max-errors", "0"], {}, ExitCode.BUDGET, id="budget"),
        pytest.param(["--max-errors", "x"], {}, ExitCode.USAGE, id="no budget"),
        pytest.param([], {"TWILIO_API_SECRET": "another"}, ExitCode.CREDENTIALS, id="credentials"),
        pytest.param([], {"MEMORY_API_URL": "http://memory.example.com"}, ExitCode.USAGE, id="plain http"),
    ],
)
def test_the_exit_code_tells_a_scheduler_what_happened(
    workplace: Workplace, options: list[str], variables: dict[str, str], exit_code: ExitCode
) -> None:
    result = run(workplace, *options, **variables)
    assert result.exit_code == exit_code
    assert "Traceback" not in result.stderr


def test_a_changed_input_is_exit_code_6_on_resume(workplace: Workplace) -> None:
    workplace.carry_out(run_stage=stop_before_delivery)
    (workplace.folder / "customers.csv").write_text("Name,Phone,Email,Since\n")
    result = call(workplace, "resume", "--no-prefect")
    assert result.exit_code == ExitCode.CHANGED
    assert "customers.csv had 195 bytes and has 23" in result.stderr


def test_a_resume_with_nothing_to_do_is_a_success(workplace: Workplace) -> None:
    result = call(workplace, "resume", "--no-prefect", "--output", "json")
    assert (result.exit_code, result.stderr) == (ExitCode.DONE, "Nothing is unfinished.\n")
    document = json.loads(result.stdout)
    assert (document["run_id"], document["status"], document["exit_code"]) == (None, "nothing_to_do", 0)


def test_a_stopped_run_is_gone_on_with_by_the_command_that_its_report_names(workplace: Workplace) -> None:
    stopped = workplace.carry_out(run_stage=stop_before_delivery)
    program, *arguments = stopped.report["resume_command"].split()
    result = call(workplace, *arguments, "--no-prefect", "--output", "json")
    assert (program, result.exit_code) == ("memory-import", ExitCode.REJECTS)
    assert json.loads(result.stdout)["run_id"] == stopped.report["run_id"]


def test_status_lists_runs_and_shows_one(workplace: Workplace) -> None:
    report = json.loads(plan(workplace, "--output", "json").stdout)
    (listed,) = json.loads(call(workplace, "status", "--output", "json").stdout)
    assert listed["run_id"] == report["run_id"]
    assert json.loads(call(workplace, "status", report["run_id"], "--output", "json").stdout) == report
    assert report["run_id"] in call(workplace, "status").stdout


@pytest.mark.parametrize("arguments", [["status"], ["status", "x"], ["resume", "--no-prefect"]])
def test_a_damaged_ledger_is_named(workplace: Workplace, arguments: list[str]) -> None:
    workplace.state_dir.mkdir()
    (workplace.state_dir / "ledger.sqlite3").write_text("not a database, but long enough to be looked at")
    result = call(workplace, *arguments)
    assert result.exit_code == ExitCode.USAGE
    assert "ledger.sqlite3 cannot be used: file is not a database." in result.stderr
    assert "Traceback" not in result.stderr


def test_an_internal_error_is_told_without_a_traceback_and_with_one_when_asked(workplace: Workplace) -> None:
    run_id = json.loads(plan(workplace, "--output", "json").stdout)["run_id"]
    report = workplace.state_dir / "runs" / run_id / "report.json"
    report.unlink()
    report.mkdir()  # nothing expects that
    quiet = call(workplace, "apply", run_id, "--no-prefect")
    verbose = call(workplace, "resume", run_id, "--no-prefect", "--verbose")
    assert quiet.exit_code == verbose.exit_code == ExitCode.INTERNAL
    assert quiet.stderr.splitlines()[-1].startswith("An internal error: IsADirectoryError in ")
    assert "Traceback" not in quiet.stderr
    assert "stages.py" in verbose.stderr


def test_the_demo_accounts_for_every_row_and_succeeds(workplace: Workplace) -> None:
    result = call(workplace, "demo", "--no-prefect", "--output", "json", **NOTHING_SET)
    assert result.exit_code == ExitCode.DONE
    report = json.loads(result.stdout)
    rows = report["loads"]["profiles"]["rows"]
    assert {outcome: count for outcome, count in rows.items() if count} == {
        "read": 170,
        "completed": 149,
        "merged": 5,
        "rejected": 16,
    }
    assert report["target"]["emulator"] is True
