"""How a run begins, or goes on: what it works on, and whether that is still the same."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.exc import DatabaseError

from memory_import.clock import now
from memory_import.destination.http.throttle import StopSignal
from memory_import.errors import NothingPending, UsageProblem
from memory_import.ledger.database.ledger import Ledger, open_database
from memory_import.ledger.database.lock import exclusive
from memory_import.ledger.database.records import RunRecord, RunStatus
from memory_import.ledger.files import private_directory
from memory_import.run.budget import Budgets, check_budgets
from memory_import.run.context import RunContext
from memory_import.run.lifecycle.changes import list_differences, refuse_differences
from memory_import.run.progress import RunProgress
from memory_import.run.request import RunRequest, new_run_id
from memory_import.run.settings import (
    EMULATOR_STORE_ID,
    Credentials,
    Settings,
    Target,
    dry_target,
    live_target,
    read_credentials,
)
from memory_import.sources.fingerprint import Fingerprint, find_differences
from memory_import.sources.opened import Sources
from memory_import.sources.remote import without_secrets
from memory_import.spec.file import load_spec
from memory_import.spec.model import Spec, source_options


def begin(
    request: RunRequest, variables: Mapping[str, str], stop_signal: StopSignal, progress: RunProgress
) -> AbstractContextManager[RunContext]:
    """Take the state directory, and enter the run in the ledger or find it there.

    Raises `UsageProblem`, `InputChanged` or `StateDirectoryBusy` when the run cannot begin.
    """
    if request.spec_path is not None:
        return _begin_new(request, request.spec_path, variables, stop_signal, progress)
    return _begin_again(request, variables, stop_signal, progress)


@contextmanager
def _begin_new(
    request: RunRequest,
    spec_path: Path,
    variables: Mapping[str, str],
    stop_signal: StopSignal,
    progress: RunProgress,
) -> Iterator[RunContext]:
    check_budgets(request.budgets)
    run_id = request.run_id or new_run_id()
    sources = run_sources(request, run_id)
    with ExitStack() as unless_entered:
        unless_entered.callback(sources.discard)
        spec = load_spec(spec_path, variables, is_emulator=request.emulator, sources=sources)
        with (
            _hold(request.state_dir, f"a run of {spec_path.name}") as ledger,
            _reach(request, spec, variables, is_emulator=request.emulator) as target,
        ):
            record = _enter(ledger, request, run_id, spec_path, spec, target)
            unless_entered.pop_all()
            yield _assemble(request, record, spec, target, ledger, stop_signal, progress, sources)


def run_sources(request: RunRequest, run_id: str) -> Sources:
    """The inputs of a run, with the copies that it has of them."""
    return Sources(request.state_dir / "runs" / run_id / "inputs")


@contextmanager
def _begin_again(
    request: RunRequest, variables: Mapping[str, str], stop_signal: StopSignal, progress: RunProgress
) -> Iterator[RunContext]:
    check_budgets(request.budgets)
    with _hold(request.state_dir, "a resume") as ledger:
        record = find_run(ledger, request.run_id)
        sources = run_sources(request, record.run_id)
        spec = _load_again(ledger, record, variables, sources)
        with _reach(request, spec, variables, is_emulator=record.emulator) as target:
            _check_target(record, target)
            _check_input(ledger, record, spec)
            budgets = asdict(Budgets(**record.budgets).replaced_by(request.budgets))
            ledger.set_budgets(record.run_id, budgets)
            record = replace(record, budgets=budgets)
            ledger.set_status(record.run_id, RunStatus.RUNNING, exit_code=None, finished_at=None)
            yield _assemble(request, record, spec, target, ledger, stop_signal, progress, sources)


def _assemble(
    request: RunRequest,
    record: RunRecord,
    spec: Spec,
    target: Target,
    ledger: Ledger,
    stop_signal: StopSignal,
    progress: RunProgress,
    sources: Sources,
) -> RunContext:
    return RunContext(
        record=record,
        spec=spec,
        spec_folder=Path(record.spec_path).parent,
        target=target,
        ledger=ledger,
        folder=private_directory(private_directory(request.state_dir / "runs") / record.run_id),
        budgets=Budgets(**record.budgets),
        wait_seconds=request.wait_seconds,
        stop_signal=stop_signal,
        progress=progress,
        sources=sources,
    )


@contextmanager
def _hold(state_dir: Path, purpose: str) -> Iterator[Ledger]:
    try:
        private_directory(state_dir)
    except OSError as error:
        raise UsageProblem(
            f"The state directory {state_dir} cannot be used: {error.strerror}. "
            "Give another one with --state-dir."
        ) from None
    with exclusive(state_dir, purpose=purpose, since=now()), open_ledger(state_dir) as ledger:
        yield ledger


def has_ledger(state_dir: Path) -> bool:
    """Whether a state directory holds a ledger; looking makes none."""
    return (state_dir / "ledger.sqlite3").exists()


@contextmanager
def open_ledger(state_dir: Path) -> Iterator[Ledger]:
    """The ledger of a state directory; `UsageProblem` when its file cannot be used."""
    try:
        ledger = Ledger(open_database(state_dir))
    except (OSError, DatabaseError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.orig  # SQLite's words quote no data
        raise UsageProblem(
            f"{state_dir / 'ledger.sqlite3'} cannot be used: {reason}. "
            "Put that right, or give another state directory with --state-dir."
        ) from None
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def _reach(
    request: RunRequest, spec: Spec, variables: Mapping[str, str], *, is_emulator: bool
) -> Iterator[Target]:
    if is_emulator and not request.dry_run:
        credentials = Credentials("SK" + secrets.token_hex(16), SecretStr(secrets.token_hex(16)))
        state_file = request.state_dir / "emulator.journal"
        with _emulator(state_file, credentials) as url:
            yield Target(url, EMULATOR_STORE_ID, credentials, is_emulator=True)
    else:
        yield find_target(request, spec, variables)


def find_target(request: RunRequest, spec: Spec, variables: Mapping[str, str]) -> Target:
    """Where a run writes to that is not for the emulator; `UsageProblem` names everything that is missing."""
    settings = Settings.of(variables)
    if request.dry_run:
        return dry_target(settings, spec.store)
    return live_target(settings, spec.store, request.credentials or read_credentials(settings))


@contextmanager
def _emulator(state_file: Path, credentials: Credentials) -> Iterator[str]:
    from memory_import.emulator.engine.errors import UsageError
    from memory_import.emulator.server import running

    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(state_file=state_file, api_key=credentials.pair))
        except UsageError as error:
            raise UsageProblem(
                f"The emulator cannot go on with {state_file}: {error} Or take another --state-dir."
            ) from error
        yield server.url


# A new run


def _enter(
    ledger: Ledger, request: RunRequest, run_id: str, spec_path: Path, spec: Spec, target: Target
) -> RunRecord:
    record = RunRecord(
        run_id=run_id,
        spec_path=str(spec_path.resolve()),
        spec=_as_recorded(spec),
        api_url=target.api_url,
        store_id=target.store_id,
        emulator=target.is_emulator,
        budgets=asdict(request.budgets),
        row_limit=request.limit,
        dry_run=request.dry_run,
        status=RunStatus.RUNNING,
        exit_code=None,
        started_at=now(),
        finished_at=None,
    )
    ledger.create_run(record)
    return record


def _as_recorded(spec: Spec) -> dict[str, Any]:
    """The spec for the ledger: an address loses what may be a password or a signature."""
    document = spec.model_dump(mode="json")
    for load, source in spec.sources.items():
        if "://" in source.path:
            document[load]["source"]["path"] = without_secrets(source.path)
    return document


# A run that goes on


def find_run(ledger: Ledger, run_id: str | None) -> RunRecord:
    """The run to go on with: the last unfinished one if no id is given.

    Raises `NothingPending` where nothing is unfinished, `UsageProblem` where the run cannot be gone on with.
    """
    if run_id is None:
        record = ledger.last_resumable()
        if record is None:
            raise NothingPending("Nothing is unfinished.")
        return record
    record = ledger.run(run_id)
    if record is None:
        raise UsageProblem(f"There is no run {run_id} here; `memory-import status` lists all runs.")
    if not record.is_resumable:
        raise UsageProblem(f"Run {run_id} is {record.status.value}: there is nothing to go on with.")
    later = ledger.superseding(record)
    if later is not None:
        raise UsageProblem(f"Run {run_id} is out of date: run {later.run_id} of the same spec came after it.")
    return record


def _load_again(ledger: Ledger, record: RunRecord, variables: Mapping[str, str], sources: Sources) -> Spec:
    """The run's spec; what the file says now, if it is still there, must be what it said then.

    Only inputs whose rows are not staged yet are opened.
    """
    path = Path(record.spec_path)
    if not path.exists():
        return Spec.model_validate(record.spec)
    staged = [load for load in Spec.model_validate(record.spec).sources if ledger.load(record.run_id, load)]
    spec = load_spec(path, variables, is_emulator=record.emulator, sources=sources, without=staged)
    differences = list_differences(record.spec, _as_recorded(spec), "")
    refuse_differences("The spec", differences)
    return spec


def _check_target(record: RunRecord, target: Target) -> None:
    differences = []
    if target.store_id != record.store_id:
        differences.append(f"the store was {record.store_id} and is {target.store_id}")
    if not record.emulator and _address(record.api_url) != _address(target.api_url):
        differences.append(f"the API was at {record.api_url} and is at {target.api_url}")
    refuse_differences("The target", differences)


def _address(api_url: str) -> tuple[str, str | None, int | None, str]:
    """Scheme, host, port and path: what makes an address the same one."""
    parts = urlsplit(api_url)
    usual_port = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual_port, parts.path.rstrip("/")


def _check_input(ledger: Ledger, record: RunRecord, spec: Spec) -> None:
    """Refuse an input that changed after its rows were staged. One that is gone is not needed any more.

    What is read again is compared when it was.
    """
    for load, source in spec.sources.items():
        known = ledger.input(record.run_id, load)
        if known is not None and ledger.load(record.run_id, load) is not None:
            path = source_options(source, Path(record.spec_path).parent).path
            refuse_differences("The input", find_differences(Fingerprint.from_json(known), path))
