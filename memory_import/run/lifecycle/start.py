"""How a run begins, or goes on: what it works on."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from memory_import.clock import now
from memory_import.destination.delivery.shutdown import drained
from memory_import.destination.errors import Stopped
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.errors import UsageProblem
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.lock import name_run
from memory_import.ledger.database.records import RunRecord, RunStatus
from memory_import.ledger.files import private_directory
from memory_import.run.budget import Budgets, check_budgets
from memory_import.run.confidence import parse_sample
from memory_import.run.context import RunContext
from memory_import.run.lifecycle.changes import (
    as_recorded,
    check_input,
    check_other_runs,
    check_staged,
    check_target,
    load_again,
)
from memory_import.run.lifecycle.choice import find_run
from memory_import.run.lifecycle.state_directory import INPUTS, hold
from memory_import.run.lifecycle.targets import (
    emulated,
    find_target,
    find_target_again,
    keep_store,
    look_up_store,
)
from memory_import.run.progress import RunProgress
from memory_import.run.request import Action, RunRequest, new_run_id
from memory_import.run.settings import Target
from memory_import.run.stores.account import connect
from memory_import.sources.opened import Sources
from memory_import.spec.file import load_spec
from memory_import.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Start:
    """A run that is about to begin, what it is told and shown by, and what it waits at."""

    request: RunRequest
    variables: Mapping[str, str]
    stop_signal: StopSignal
    progress: RunProgress
    make_throttle: Callable[[StopSignal], Throttle] = Throttle

    def context(
        self, record: RunRecord, spec: Spec, target: Target, ledger: Ledger, sources: Sources
    ) -> RunContext:
        """The run with all that its stages share."""
        return RunContext(
            record=record,
            request=self.request,
            spec=spec,
            spec_folder=Path(record.spec_path).parent,
            target=target,
            ledger=ledger,
            folder=private_directory(self.folder(record.run_id)),
            budgets=Budgets(**record.budgets),
            stop_signal=self.stop_signal,
            progress=self.progress,
            sources=sources,
            make_throttle=self.make_throttle,
        )

    def folder(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.request.state_dir / "runs" / run_id


def begin(start: Start) -> AbstractAsyncContextManager[RunContext]:
    """Take the state directory, and enter the run in the ledger or find it there.

    Raises `UsageProblem`, `InputChanged` or `StateDirectoryBusy` when the run cannot begin, and what ends a
    lookup of the store early where the spec knows it by name.
    """
    check_budgets(start.request.budgets)
    parse_sample(start.request.verify)
    return _begin_new(start) if start.request.action.is_new else _begin_again(start)


@asynccontextmanager
async def _begin_new(start: Start) -> AsyncIterator[RunContext]:
    request = start.request
    if request.spec_path is None:
        raise UsageProblem(f"Nothing says what to {request.action.value}: name a spec.")
    run_id = request.run_id or new_run_id()
    purpose = f"a {request.action.value} of {request.spec_path.name}"
    sources = run_sources(request, run_id)
    with ExitStack() as unless_entered:
        unless_entered.callback(sources.discard)
        spec = load_spec(request.spec_path, start.variables, is_emulator=request.emulator, sources=sources)
        with hold(request.state_dir, purpose) as ledger:
            name_run(request.state_dir, run_id)
            async with _reach_new(start, spec, run_id, ledger) as target:
                record = _enter(ledger, request, run_id, spec, target)
                unless_entered.pop_all()
                yield start.context(record, spec, target, ledger, sources)


def run_sources(request: RunRequest, run_id: str) -> Sources:
    """The inputs of a run, with the copies that it has of them."""
    return Sources(request.state_dir / "runs" / run_id / INPUTS)


@asynccontextmanager
async def _reach_new(start: Start, spec: Spec, run_id: str, ledger: Ledger) -> AsyncIterator[Target]:
    if not start.request.emulator:
        target = find_target(start.request, spec, start.variables)
        yield await _look_up(start, spec, target, ledger)
        return
    if start.request.keep:
        keep_store(ledger.runs(), start.request.state_dir / "runs", start.folder(run_id))
    with emulated(start.folder(run_id)) as target:
        yield target


async def _look_up(start: Start, spec: Spec, target: Target, ledger: Ledger) -> Target:
    """The target with the id of its store, where somebody can be asked for it.

    A plan goes on where there is no such store yet: that it lacks it is a part of the plan.
    """
    if spec.named_store is None or target.credentials is None:
        return target
    try:
        throttle = start.make_throttle(start.stop_signal)
        async with connect(target.account, ledger, throttle) as client, drained(start.stop_signal):
            return await look_up_store(client, target, spec, start.request.spec_path)
    except UsageProblem:
        if start.request.action is not Action.PLAN:
            raise
        return target
    except Stopped:
        raise start.stop_signal.reason or Stopped() from None


def _enter(ledger: Ledger, request: RunRequest, run_id: str, spec: Spec, target: Target) -> RunRecord:
    assert request.spec_path is not None  # noqa: S101 - it was read
    if ledger.run(run_id) is not None:
        raise UsageProblem(
            f"There is a run {run_id} already: `memory-import resume {run_id}` goes on with it."
        )
    record = RunRecord(
        run_id=run_id,
        spec_path=str(request.spec_path.resolve()),
        spec=as_recorded(spec),
        api_url=target.api_url,
        store_id=target.store_id,
        emulator=target.is_emulator,
        budgets=asdict(request.budgets),
        row_limit=request.limit,
        is_full=request.full,
        is_plan=request.action is Action.PLAN,
        declared=None,
        planned_after=ledger.last_delivery(),
        delivery_number=None,
        status=RunStatus.RUNNING,
        exit_code=None,
        started_at=now(),
        finished_at=None,
    )
    ledger.create_run(record)
    return record


@asynccontextmanager
async def _begin_again(start: Start) -> AsyncIterator[RunContext]:
    request = start.request
    with hold(request.state_dir, "a resume" if request.action is Action.RESUME else "an apply") as ledger:
        record = find_run(ledger, request)
        name_run(request.state_dir, record.run_id)
        check_staged(ledger, record, start.folder(record.run_id))
        sources = run_sources(request, record.run_id)
        spec = load_again(ledger, record, start.variables, sources)
        with reach_again(start, record, spec) as target:
            check_target(record, target)
            check_input(ledger, record, spec)
            if record.is_plan:
                check_other_runs(ledger, record)
            budgets = asdict(Budgets(**record.budgets).replaced_by(request.budgets))
            ledger.set_budgets(record.run_id, budgets)
            ledger.set_status(record.run_id, RunStatus.RUNNING, exit_code=None, finished_at=None)
            yield start.context(replace(record, budgets=budgets), spec, target, ledger, sources)


@contextmanager
def reach_again(start: Start, record: RunRecord, spec: Spec) -> Iterator[Target]:
    """Where a run has written to."""
    if record.emulator:
        with emulated(start.folder(record.run_id)) as target:
            yield target
    else:
        yield find_target_again(start.request, record, spec, start.variables)
