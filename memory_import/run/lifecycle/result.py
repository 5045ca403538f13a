"""How a run ends: its status, its exit code, and how to go on."""

import contextlib
import errno
import shlex
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DatabaseError, OperationalError

from memory_import.clock import now
from memory_import.destination.errors import (
    AuthenticationRefused,
    DeliveryError,
    ServiceUnavailable,
    StagingChanged,
    StoreChanged,
    StoreNotReady,
    StoreUnfit,
    UnexpectedAnswer,
)
from memory_import.errors import ExitCode, ImportProblem, InputChanged, UsageProblem
from memory_import.ledger.database.edits import OPEN, EditState
from memory_import.ledger.database.lock import StateDirectoryBusy
from memory_import.ledger.database.records import RunRecord, RunStatus
from memory_import.ledger.report.account import Account, ConservationError
from memory_import.ledger.report.outcomes import Outcome
from memory_import.run.context import RunContext
from memory_import.run.request import DEFAULT_STATE_DIR
from memory_import.sources.errors import SourceError


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `folder` holds its report; `problem` is what ended it early, if anything did."""

    report: Mapping[str, Any]
    folder: str
    problem: ImportProblem | None


class CredentialsRefused(ImportProblem):
    """The API does not take the credentials."""

    exit_code = ExitCode.CREDENTIALS


class ServiceDown(ImportProblem):
    """The API cannot be reached; what is not sent stays planned."""

    exit_code = ExitCode.PENDING


class StoreAwaited(ImportProblem):
    """The service is still at work on the store."""

    exit_code = ExitCode.PENDING


class InternalFault(ImportProblem):
    """Something happened that this program does not know."""

    exit_code = ExitCode.INTERNAL


_OF_STORE = {StoreNotReady: StoreAwaited, StoreChanged: InputChanged}


@dataclass(frozen=True, slots=True)
class _Remedies:
    """What to do about what is not the fault of a command."""

    refused: str
    down: str
    undocumented: str


_OF_RUN = _Remedies(
    refused="Nothing was rejected for it: resume after that.",
    down="What is not sent stays planned: resume when the API answers again.",
    undocumented="What is not sent stays planned: report it, and resume.",
)
_OF_QUESTION = _Remedies(
    refused="Then repeat the command.",
    down="Repeat the command when the API answers again.",
    undocumented="Please report it.",
)


def as_problem(error: Exception, *, is_run: bool = True) -> ImportProblem:
    """What an exception means to the person who started the run, or a command that `is_run` not and can be
    repeated as it stands. Never quotes data."""
    problem = _translate(error, _OF_RUN if is_run else _OF_QUESTION)
    if problem is not error:
        problem.__cause__ = error
    return problem


def _translate(error: Exception, remedies: _Remedies) -> ImportProblem:  # noqa: PLR0911 - one return per kind
    match error:
        case ExceptionGroup():
            return _translate(error.exceptions[0], remedies)
        case ImportProblem():
            return error
        case AuthenticationRefused():
            return CredentialsRefused(f"{error} {remedies.refused}")
        case StoreUnfit():
            return _OF_STORE.get(type(error), UsageProblem)(error.problems)
        case ServiceUnavailable():
            return ServiceDown(f"{error} {remedies.down}")
        case UnexpectedAnswer():
            return ServiceDown(f"{error} {remedies.undocumented}")
        case SourceError() | StateDirectoryBusy() | StagingChanged():
            return UsageProblem(str(error))
        case ConservationError():
            return InternalFault(str(error))
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EROFS | errno.EIO) | OperationalError():
            return ServiceDown(
                "The state directory cannot be written: is the disk full, read-only or broken? Make room and "
                "resume; what was done before is in the ledger."
            )
        case DeliveryError():
            return InternalFault(str(error))
        case _:
            places = traceback.extract_tb(error.__traceback__)[-1:]
            where = "".join(f" in {Path(place.filename).name}, line {place.lineno}" for place in places)
            return InternalFault(
                f"An internal error: {type(error).__name__}{where}. "
                "The ledger holds what was done; please report this."
            )


def note_failure(run: RunContext, problem: ImportProblem | None, error: Exception) -> ImportProblem:
    """Say in the ledger how a run stands whose report could not be written, for `error`; what to raise.

    `problem` ended the run before that, if anything did. Only a run whose outcomes do not sum is over; every
    other one can be gone on with, which writes the report. Where not even the ledger can be written, the run
    stays as it is there, which can be gone on with, too.
    """
    if isinstance(problem, InputChanged) and run.record.is_plan:
        status = RunStatus.PLANNED  # its numbers are not what they were, and that was said
    elif isinstance(error, ConservationError):
        status, problem = RunStatus.FAILED, as_problem(error)
    else:
        problem = problem or as_problem(error)
        status = RunStatus.PENDING if problem.exit_code is ExitCode.PENDING else RunStatus.STOPPED
    with contextlib.suppress(OSError, DatabaseError):
        run.ledger.set_status(run.run_id, status, exit_code=problem.exit_code, finished_at=now())
    return problem


def conclude(
    run: RunRecord, accounts: Sequence[Account], problem: ImportProblem | None
) -> tuple[RunStatus, ExitCode]:
    """Status and exit code, from what became of the rows and what ended the run early, if anything did."""
    if problem is not None:
        is_staged = bool(accounts) and len(accounts) == len(run.loads)
        return _status_of(run, problem, is_staged=is_staged), problem.exit_code
    total = {outcome: sum(account.rows[outcome] for account in accounts) for outcome in Outcome}
    has_bad_rows = total[Outcome.REJECTED] + total[Outcome.UNKNOWN] > 0
    exit_code = ExitCode.REJECTS if has_bad_rows else ExitCode.DONE
    if run.is_plan:
        return RunStatus.PLANNED, exit_code
    if total[Outcome.PENDING]:
        return RunStatus.PENDING, ExitCode.PENDING
    return RunStatus.FINISHED, exit_code


def conclude_edits(
    counts: Mapping[EditState, int], status: RunStatus, exit_code: ExitCode
) -> tuple[RunStatus, ExitCode]:
    """The same with what became of single profiles that a run was to change which came to its end."""
    if any(counts.get(state) for state in OPEN):
        return RunStatus.PENDING, ExitCode.PENDING
    is_bad = any(counts.get(state) for state in (EditState.REJECTED, EditState.UNKNOWN))
    return status, ExitCode.REJECTS if is_bad and exit_code is ExitCode.DONE else exit_code


def _status_of(run: RunRecord, problem: ImportProblem, *, is_staged: bool) -> RunStatus:
    """A plan whose rows are all staged is kept: applying it may end otherwise, and has sent nothing yet."""
    if run.is_plan:
        return RunStatus.PLANNED if is_staged else RunStatus.FAILED
    if problem.exit_code is ExitCode.PENDING:
        return RunStatus.PENDING
    if problem.exit_code is ExitCode.USAGE and not is_staged:
        return RunStatus.FAILED
    return RunStatus.STOPPED


def resume_command(run: RunRecord, folder: Path) -> str | None:
    """The command that goes on with a run, or applies a plan; None when there is nothing to go on with."""
    if not run.is_resumable and run.status is not RunStatus.PLANNED:
        return None
    state_dir = folder.parent.parent
    where = "" if str(state_dir) == DEFAULT_STATE_DIR else f" --state-dir {shlex.quote(str(state_dir))}"
    return f"memory-import {'apply' if run.is_plan else 'resume'} {run.run_id}{where}"
