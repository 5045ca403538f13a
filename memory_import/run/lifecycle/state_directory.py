"""The state directory: taken by one run at a time, with the ledger in it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from memory_import.clock import now
from memory_import.errors import UsageProblem
from memory_import.ledger.database.engine import OtherVersion, open_database
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.lock import StateDirectoryBusy, exclusive
from memory_import.ledger.database.records import RunRecord
from memory_import.ledger.files import private_directory
from memory_import.run.request import KNOWN, is_run_id

INPUTS = "inputs"
"""The folder of a run that holds copies of its inputs."""


@contextmanager
def hold(state_dir: Path, purpose: str) -> Iterator[Ledger]:
    """Take a state directory, made where it is missing, and open its ledger; `purpose` is for others to read.

    Raises `StateDirectoryBusy` while another process has it, `UsageProblem` where it cannot be used.
    """
    with ExitStack() as stack:
        with _what_cannot_be_used(f"The state directory {state_dir}"):
            private_directory(state_dir)
            private_directory(state_dir / "runs")
            stack.enter_context(exclusive(state_dir, purpose=purpose, since=now()))
        ledger = stack.enter_context(open_ledger(state_dir))
        check_runs(state_dir, ledger.runs())
        yield ledger


@contextmanager
def wait_for(state_dir: Path, purpose: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Take a state directory without its ledger; where another process has it, `tell` so and wait."""
    with ExitStack() as stack:
        with _what_cannot_be_used(f"The state directory {state_dir}"):
            private_directory(state_dir)
            try:
                stack.enter_context(exclusive(state_dir, purpose=purpose, since=now()))
            except StateDirectoryBusy as busy:
                tell(f"{busy} Now waiting.")
                stack.enter_context(exclusive(state_dir, purpose=purpose, since=now(), waits=True))
        yield


def has_ledger(state_dir: Path) -> bool:
    """Whether a state directory holds a ledger; looking makes none."""
    return (state_dir / "ledger.sqlite3").exists()


@contextmanager
def open_ledger(state_dir: Path) -> Iterator[Ledger]:
    """The ledger of a state directory; `UsageProblem` when its file cannot be used, or is one of another
    version."""
    path = state_dir / "ledger.sqlite3"
    try:
        with _what_cannot_be_used(str(path)):
            ledger = Ledger(open_database(state_dir))
    except OtherVersion as error:
        raise UsageProblem(
            f"{path} was written by another version of memory-import ({error}); nothing was sent. Use "
            "that version, or give another directory with --state-dir: there, nothing is known of earlier "
            "runs yet, and all is sent in full once."
        ) from None
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def _what_cannot_be_used(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, DatabaseError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.orig  # SQLite's words quote no data
        raise UsageProblem(
            f"{what} cannot be used: {reason}. Put that right, or give another directory with --state-dir."
        ) from None


def check_runs(state_dir: Path, runs: Sequence[RunRecord]) -> None:
    """`UsageProblem` where the folder of a run holds rows and the ledger, which is written first, has no such
    run: a part of it was lost. `runs`: all that the ledger has.

    Copies of inputs and the emulator's store alone may be there before.
    """
    known = {run.run_id for run in runs}
    folders = [path for path in (state_dir / "runs").glob("*") if is_run_id(path.name)]
    lost = sorted(path.name for path in folders if path.name not in known and _holds_rows(path))
    if lost:
        raise UsageProblem(
            f"{state_dir / 'runs'} holds a folder of run {lost[0]}, which the ledger does not know: a part "
            "of the ledger, such as ledger.sqlite3-wal, was lost. Put it back; or, if you know what that run "
            "has sent, move its folder away."
        )


def _holds_rows(folder: Path) -> bool:
    return any(
        (child.is_dir() and child.name not in (INPUTS, KNOWN)) or child.name == "report.json"
        for child in folder.iterdir()
    )
