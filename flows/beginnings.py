"""How a run begins, or goes on: what it works on, and whether that is still the same."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.exc import DatabaseError

from destination.pace import Halt
from flows.budget import parse_budget
from flows.endings import now
from flows.errors import InputChanged, NothingPending, UsageProblem
from flows.orders import Order
from flows.progress import RunProgress
from flows.run import Run
from flows.settings import (
    EMULATOR_STORE_ID,
    Credentials,
    Target,
    dry_target,
    live_target,
    read_credentials,
)
from flows.spec import SourceSpec, Spec, source_options
from flows.spec_file import load_spec
from ledger.files import private_directory
from ledger.lock import exclusive
from ledger.records import RunRecord, RunStatus
from ledger.store import Ledger, open_database
from sources.errors import SourceError
from sources.fingerprint import Fingerprint, fingerprint
from sources.remote_files import without_secrets


def begin(
    order: Order, variables: Mapping[str, str], halt: Halt, progress: RunProgress
) -> AbstractContextManager[Run]:
    """Take the state directory, and enter the run in the ledger or find it there.

    Raises `UsageProblem`, `InputChanged` or `StateDirectoryBusy` when the run cannot begin.
    """
    if order.spec_path is not None:
        return _begin_new(order, order.spec_path, variables, halt, progress)
    return _begin_again(order, variables, halt, progress)


@contextmanager
def _begin_new(
    order: Order, spec_path: Path, variables: Mapping[str, str], halt: Halt, progress: RunProgress
) -> Iterator[Run]:
    parse_budget(order.max_errors)
    spec = load_spec(spec_path, variables, is_emulator=order.emulator)
    with (
        _hold(order.state_dir, f"a run of {spec_path.name}") as ledger,
        _reach(order, spec, variables, is_emulator=order.emulator) as target,
    ):
        record = _enter(ledger, order, spec_path, spec, target)
        yield _assemble(order, record, spec, target, ledger, halt, progress)


@contextmanager
def _begin_again(
    order: Order, variables: Mapping[str, str], halt: Halt, progress: RunProgress
) -> Iterator[Run]:
    with _hold(order.state_dir, "a resume") as ledger:
        record = _find(ledger, order.run_id)
        spec = _load_again(record, variables)
        with _reach(order, spec, variables, is_emulator=record.emulator) as target:
            _check_target(record, target)
            _check_input(ledger, record, spec)
            ledger.set_status(record.run_id, RunStatus.RUNNING, exit_code=None, finished_at=None)
            yield _assemble(order, record, spec, target, ledger, halt, progress)


def _assemble(
    order: Order,
    record: RunRecord,
    spec: Spec,
    target: Target,
    ledger: Ledger,
    halt: Halt,
    progress: RunProgress,
) -> Run:
    return Run(
        record=record,
        spec=spec,
        spec_folder=Path(record.spec_path).parent,
        target=target,
        ledger=ledger,
        folder=private_directory(private_directory(order.state_dir / "runs") / record.run_id),
        budget=parse_budget(record.max_errors),
        wait_seconds=order.wait_seconds,
        halt=halt,
        progress=progress,
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
def _reach(order: Order, spec: Spec, variables: Mapping[str, str], *, is_emulator: bool) -> Iterator[Target]:
    if order.dry_run:
        yield dry_target(variables, spec.store)
    elif is_emulator:
        credentials = Credentials("SK" + secrets.token_hex(16), SecretStr(secrets.token_hex(16)))
        state_file = order.state_dir / "emulator.journal"
        with _emulator(state_file, credentials) as url:
            yield Target(url, EMULATOR_STORE_ID, credentials, is_emulator=True)
    else:
        yield live_target(variables, spec.store, order.credentials or read_credentials(variables))


@contextmanager
def _emulator(state_file: Path, credentials: Credentials) -> Iterator[str]:
    from emulator.errors import UsageError
    from emulator.server import running

    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(state_file=state_file, api_key=credentials.pair))
        except UsageError as error:
            raise UsageProblem(
                f"The emulator cannot go on with {state_file}: {error} Or take another --state-dir."
            ) from error
        yield server.url


# A new run


def _enter(ledger: Ledger, order: Order, spec_path: Path, spec: Spec, target: Target) -> RunRecord:
    record = RunRecord(
        run_id=f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"[:-3] + "Z-" + secrets.token_hex(2),
        spec_path=str(spec_path.resolve()),
        spec=_as_recorded(spec),
        api_url=target.api_url,
        store_id=target.store_id,
        emulator=target.is_emulator,
        max_errors=order.max_errors,
        row_limit=order.limit,
        dry_run=order.dry_run,
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


def _find(ledger: Ledger, run_id: str | None) -> RunRecord:
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


def _load_again(record: RunRecord, variables: Mapping[str, str]) -> Spec:
    """The run's spec; what the file says now, if it is still there, must be what it said then."""
    path = Path(record.spec_path)
    if not path.exists():
        return Spec.model_validate(record.spec)
    spec = load_spec(path, variables, is_emulator=record.emulator, with_source=False)
    differences = _compare(record.spec, _as_recorded(spec), "")
    if differences:
        raise _changed("The spec", differences)
    return spec


def _check_target(record: RunRecord, target: Target) -> None:
    differences = []
    if target.store_id != record.store_id:
        differences.append(f"the store was {record.store_id} and is {target.store_id}")
    then, current = urlsplit(record.api_url).hostname, urlsplit(target.api_url).hostname
    if then != current:
        differences.append(f"the API was at {then} and is at {current}")
    if differences:
        raise _changed("The target", differences)


def _check_input(ledger: Ledger, record: RunRecord, spec: Spec) -> None:
    """Refuse an input that changed. One that is gone is not needed once its rows are staged."""
    for load, source in spec.sources.items():
        known = ledger.input(record.run_id, load)
        if known is not None:
            _check_source(ledger, record, load, source, known)


def _check_source(
    ledger: Ledger, record: RunRecord, load: str, source: SourceSpec, known: Mapping[str, Any]
) -> None:
    try:
        current = fingerprint(source_options(source, Path(record.spec_path).parent))
    except SourceError:
        if ledger.load(record.run_id, load) is None:
            raise
        return
    differences = Fingerprint.from_json(known).differences(current)
    if differences:
        raise _changed("The input", differences)


def _changed(what: str, differences: list[str]) -> InputChanged:
    return InputChanged(
        [
            f"{what} is not what it was when the run began:",
            *(f"  {difference}" for difference in differences),
            "Put it back and resume, or start a new run with `memory-import run`.",
        ]
    )


def _compare(then: Any, now: Any, place: str) -> list[str]:
    """Where two JSON values differ, a line each."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = [*then, *(key for key in now if key not in then)]
        return [
            line
            for key in keys
            for line in _compare(then.get(key), now.get(key), f"{place}.{key}" if place else str(key))
        ]
    return [] if then == now else [f"{place} was {then!r} and is {now!r}"]
