"""The order of events of a run, whoever calls it: the command line or Prefect."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from memory_import.destination.errors import Stopped, StoreUnfit
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.errors import ImportProblem
from memory_import.ledger.database.edits import EditKind
from memory_import.ledger.report.people.edits import EDITS
from memory_import.loads import PROFILES
from memory_import.run.compare.known_state import check_known, describe_known
from memory_import.run.confidence import parse_sample
from memory_import.run.context import RunContext
from memory_import.run.guards.check import check_guards
from memory_import.run.lifecycle.result import RunResult, as_problem, note_failure
from memory_import.run.lifecycle.retention import remove_earlier_rows
from memory_import.run.lifecycle.signals import stop_on_signals
from memory_import.run.lifecycle.start import Start, begin
from memory_import.run.preview.memories import foresee_memories
from memory_import.run.progress import RunProgress
from memory_import.run.request import Action, RunRequest
from memory_import.run.stages import change_people, deliver_load, stage_load, write_report
from memory_import.run.store_check import check_store
from memory_import.run.superseding import end_earlier_runs
from memory_import.run.verify.verification import verify_loads

T = TypeVar("T")


class StageRunner(Protocol):
    """Carries out one stage of a run under its name, and returns its value."""

    async def __call__(self, name: str, stage: Callable[[], Awaitable[T]]) -> T:
        """What `stage` returns; what it raises is raised."""


async def run_directly(name: str, stage: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG001 - for orchestrators
    """Carry out a stage without any orchestration."""
    return await stage()


async def run_import(
    request: RunRequest,
    variables: Mapping[str, str],
    progress: RunProgress,
    run_stage: StageRunner = run_directly,
    make_throttle: Callable[[StopSignal], Throttle] = Throttle,
) -> RunResult:
    """Carry out a run from its beginning, or from where it stands, to its report.

    `make_throttle` makes that which every request waits at.

    Raises `ImportProblem` where no run could begin and where its report could not be written; whatever else
    ends a run early is the `problem` of its `RunResult`.
    """
    stop_signal = StopSignal()
    try:
        start = Start(request, variables, stop_signal, progress, make_throttle)
        with stop_on_signals(stop_signal), progress:
            async with begin(start) as run:
                return await _carry_out(run, run_stage)
    except ImportProblem:
        raise
    except Exception as error:
        raise as_problem(error) from error


async def _carry_out(run: RunContext, run_stage: StageRunner) -> RunResult:
    problem = await _find_problem(run, run_stage)
    try:
        report, problem = await run_stage("report", partial(_report, run, problem))
    except Exception as error:
        raise note_failure(run, problem, error) from error
    remove_earlier_rows(run)
    return RunResult(report, str(run.folder), problem)


async def _find_problem(run: RunContext, run_stage: StageRunner) -> ImportProblem | None:
    """Carry out all stages before the report; what ended them early, None where nothing did."""
    try:
        await _stage_and_deliver(run, run_stage)
    except Stopped:
        return as_problem(run.stop_signal.reason or Stopped())
    except Exception as error:
        return as_problem(error)
    return None


async def _stage_and_deliver(run: RunContext, run_stage: StageRunner) -> None:
    """All loads are staged before anything is sent: from then on no source is needed. A plan ends there."""
    loads = list(run.spec.sources)
    check_known(run)
    if run.request.action is not Action.PLAN:
        await run_stage("end the run before", partial(end_earlier_runs, run))
    store = await run_stage("check the store", partial(check_store, run))
    for load in loads:
        await run_stage(f"read, prepare and stage {load}", partial(stage_load, run, load, store))
    if run.record.declared is None:
        run.ledger.note_declared(run.run_id, {**store.as_json(), "known": describe_known(run)})
    if run.request.action is Action.PLAN and run.spec.memories:
        await run_stage("look ahead", partial(_look_ahead, run))
    check_guards(run)
    if store.lacks:
        raise StoreUnfit(store.lacks)
    if run.request.action is Action.PLAN:
        return
    run.ledger.begin_delivery(run.run_id)
    for load in loads:
        await run_stage(f"deliver {load}", partial(deliver_load, run, load, store))
        for kind in EditKind if load == PROFILES else ():
            if run.staging(load).is_staged(EDITS[kind].file):
                await run_stage(EDITS[kind].title, partial(change_people, run, kind))
    if run.request.verify is not None:
        await run_stage("verify", partial(verify_loads, run, parse_sample(run.request.verify)))


async def _look_ahead(run: RunContext) -> None:
    foresee_memories(run)


async def _report(
    run: RunContext, problem: ImportProblem | None
) -> tuple[Mapping[str, Any], ImportProblem | None]:
    return write_report(run, problem)
