"""How a run ends: what an exception means, its status, its exit code, and how to go on."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memory_import.clock import now
from memory_import.destination.errors import (
    AuthenticationRefused,
    DeliveryError,
    ServiceUnavailable,
    StoreUnfit,
    UnexpectedAnswer,
)
from memory_import.errors import (
    BudgetExceeded,
    ExitCode,
    InputChanged,
    NothingPending,
    StoppedBySignal,
    UsageProblem,
)
from memory_import.ledger.database.lock import StateDirectoryBusy
from memory_import.ledger.database.records import RunRecord, RunStatus
from memory_import.ledger.report.account import Account
from memory_import.ledger.report.outcomes import Outcome
from memory_import.run.lifecycle.result import as_problem, conclude, resume_command
from memory_import.sources.errors import SourceError

RUN = RunRecord(
    run_id="20260101T000000000Z-abcd",
    spec_path="/specs/a.yaml",
    spec={"profiles": {}},
    api_url="https://memory.example.com",
    store_id="mem_store_1",
    emulator=False,
    budgets={},
    row_limit=None,
    is_full=False,
    is_plan=False,
    declared=None,
    planned_after=0,
    delivery_number=None,
    status=RunStatus.RUNNING,
    exit_code=None,
    started_at="2026-01-01T00:00:00Z",
    finished_at=None,
)


def account(**rows: int) -> Account:
    return Account({outcome.value: rows.get(outcome.value, 0) for outcome in Outcome}, {})


@pytest.mark.parametrize(
    ("accounts", "status", "exit_code"),
    [
        pytest.param([], RunStatus.FINISHED, ExitCode.DONE, id="nothing to do"),
        pytest.param([account(completed=5)], RunStatus.FINISHED, ExitCode.DONE, id="all completed"),
        pytest.param(
            [account(verified=1, completed=1, accepted=1, merged=1, unchanged=1)],
            RunStatus.FINISHED,
            ExitCode.DONE,
            id="every good outcome",
        ),
        pytest.param([account(completed=5, rejected=1)], RunStatus.FINISHED, ExitCode.REJECTS, id="a reject"),
        pytest.param([account(unknown=1)], RunStatus.FINISHED, ExitCode.REJECTS, id="an unknown"),
        pytest.param([account(pending=1)], RunStatus.PENDING, ExitCode.PENDING, id="a pending row"),
        pytest.param(
            [account(pending=1, rejected=1)], RunStatus.PENDING, ExitCode.PENDING, id="pending before rejects"
        ),
        pytest.param(
            [account(completed=1), account(rejected=1)],
            RunStatus.FINISHED,
            ExitCode.REJECTS,
            id="the second load",
        ),
    ],
)
def test_the_rows_decide_when_nothing_ended_the_run_early(
    accounts: list[Account], status: RunStatus, exit_code: ExitCode
) -> None:
    assert conclude(RUN, accounts, None) == (status, exit_code)


@pytest.mark.parametrize(
    ("rows", "exit_code"),
    [
        pytest.param({"planned": 5}, ExitCode.DONE, id="nothing was sent, as asked"),
        pytest.param({"planned": 5, "rejected": 1}, ExitCode.REJECTS, id="rejects would be left"),
    ],
)
def test_a_plan_is_never_pending(rows: dict[str, int], exit_code: ExitCode) -> None:
    assert conclude(replace(RUN, is_plan=True), [account(**rows)], None) == (RunStatus.PLANNED, exit_code)


@pytest.mark.parametrize(
    ("error", "is_staged", "status", "exit_code"),
    [
        pytest.param(
            ServiceUnavailable(5, "503"), True, RunStatus.PENDING, ExitCode.PENDING, id="service down"
        ),
        pytest.param(AuthenticationRefused(401), True, RunStatus.STOPPED, ExitCode.CREDENTIALS, id="401"),
        pytest.param(AuthenticationRefused(403), False, RunStatus.STOPPED, ExitCode.CREDENTIALS, id="403"),
        pytest.param(BudgetExceeded("x"), True, RunStatus.STOPPED, ExitCode.BUDGET, id="budget"),
        pytest.param(StoppedBySignal(2), True, RunStatus.STOPPED, ExitCode.INTERRUPTED, id="Ctrl-C"),
        pytest.param(StoppedBySignal(15), False, RunStatus.STOPPED, ExitCode.TERMINATED, id="SIGTERM"),
        pytest.param(
            StoreUnfit(["x"]), False, RunStatus.FAILED, ExitCode.USAGE, id="store unfit from the start"
        ),
        pytest.param(StoreUnfit(["x"]), True, RunStatus.STOPPED, ExitCode.USAGE, id="store unfit half-way"),
        pytest.param(SourceError("x"), False, RunStatus.FAILED, ExitCode.USAGE, id="unreadable input"),
        pytest.param(ValueError("x"), True, RunStatus.STOPPED, ExitCode.INTERNAL, id="a fault of ours"),
    ],
)
def test_what_ended_the_run_early_decides_otherwise(
    error: Exception, is_staged: bool, status: RunStatus, exit_code: ExitCode
) -> None:
    accounts = [account(completed=1, pending=1)] if is_staged else []
    assert conclude(RUN, accounts, as_problem(error)) == (status, exit_code)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        pytest.param(UsageProblem("x"), ExitCode.USAGE, id="usage"),
        pytest.param(NothingPending("x"), ExitCode.DONE, id="nothing pending"),
        pytest.param(InputChanged("x"), ExitCode.CHANGED, id="changed"),
        pytest.param(StateDirectoryBusy("x"), ExitCode.USAGE, id="busy"),
        pytest.param(DeliveryError("x"), ExitCode.INTERNAL, id="delivery"),
        pytest.param(
            UnexpectedAnswer("PUT", "/x", 400, None, None), ExitCode.PENDING, id="unexpected answer"
        ),
        pytest.param(OSError(errno.ENOSPC, "x"), ExitCode.PENDING, id="a full disk"),
        pytest.param(OSError(errno.EROFS, "x"), ExitCode.PENDING, id="a disk that became read-only"),
        pytest.param(OSError(errno.EIO, "x"), ExitCode.PENDING, id="a disk that fails"),
        pytest.param(RuntimeError("x"), ExitCode.INTERNAL, id="anything else"),
        pytest.param(
            ExceptionGroup("x", [AuthenticationRefused(401)]), ExitCode.CREDENTIALS, id="in a group"
        ),
        pytest.param(
            ExceptionGroup("x", [ExceptionGroup("y", [UsageProblem("z")])]),
            ExitCode.USAGE,
            id="in two groups",
        ),
    ],
)
def test_every_exception_has_an_exit_code(error: Exception, exit_code: ExitCode) -> None:
    assert as_problem(error).exit_code is exit_code


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationRefused(403),
        ServiceUnavailable(8, "503"),
        UnexpectedAnswer("GET", "/v1/x", 404, 20404, None),
    ],
    ids=["refused", "down", "not documented"],
)
def test_only_a_run_is_to_be_resumed(error: DeliveryError) -> None:
    assert "resume" in str(as_problem(error))
    assert "resume" not in str(as_problem(error, is_run=False))


def test_a_problem_of_ours_is_itself() -> None:
    problem = UsageProblem(["a", "b"])
    assert as_problem(problem) is problem
    assert problem.problems == ("a", "b")


def test_the_cause_is_kept_for_those_who_ask_for_it() -> None:
    error = ValueError("x")
    assert as_problem(error).__cause__ is error


def fail(error: Exception) -> Exception:
    try:
        raise error
    except Exception as raised:
        return raised


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("could not convert 'ada@example.com'"), id="a value"),
        pytest.param(KeyError("ada@example.com"), id="a key"),
        pytest.param(OSError(errno.EPROTO, "broken", "ada@example.com"), id="a file name"),
        pytest.param(ExceptionGroup("ada@example.com", [ValueError("ada@example.com")]), id="a group"),
    ],
)
def test_an_unknown_exception_is_told_by_kind_and_place_and_never_by_its_words(error: Exception) -> None:
    for seen in (error, fail(error)):
        (words,) = as_problem(seen).problems
        assert words.startswith("An internal error: ")
        assert "please report this" in words
        assert "ada@example.com" not in words


def test_the_place_of_an_unknown_exception_is_named() -> None:
    assert "ValueError in test_result.py, line " in str(as_problem(fail(ValueError("x"))))


@pytest.mark.parametrize(
    ("changes", "folder", "command"),
    [
        pytest.param({}, ".memory-import/runs/r", "memory-import resume {id}", id="the usual folder"),
        pytest.param(
            {}, "/var/lib/x/runs/r", "memory-import resume {id} --state-dir /var/lib/x", id="another"
        ),
        pytest.param({}, "/a b/runs/r", "memory-import resume {id} --state-dir '/a b'", id="with a space"),
        pytest.param(
            {"status": RunStatus.PENDING}, ".memory-import/runs/r", "memory-import resume {id}", id="pending"
        ),
        pytest.param(
            {"status": RunStatus.STOPPED}, ".memory-import/runs/r", "memory-import resume {id}", id="stopped"
        ),
        pytest.param({"status": RunStatus.FINISHED}, ".memory-import/runs/r", None, id="finished"),
        pytest.param({"status": RunStatus.FAILED}, ".memory-import/runs/r", None, id="failed"),
        pytest.param({"is_plan": True}, ".memory-import/runs/r", None, id="a plan under way"),
        pytest.param(
            {"is_plan": True, "status": RunStatus.PLANNED},
            ".memory-import/runs/r",
            "memory-import apply {id}",
            id="a plan",
        ),
    ],
)
def test_the_command_that_goes_on_can_be_pasted_into_a_shell(
    changes: dict[str, Any], folder: str, command: str | None
) -> None:
    expected = command.format(id=RUN.run_id) if command else None
    assert resume_command(replace(RUN, **changes), Path(folder)) == expected


def test_the_time_is_rfc_3339_in_utc() -> None:
    assert len(now()) == len("2026-01-01T00:00:00Z")
    assert now().endswith("Z")
