"""The order of events of a run, whoever calls it: the command line or Prefect."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from memory_import.clock import now
from memory_import.destination.errors import Stopped
from memory_import.destination.http.throttle import StopSignal
from memory_import.errors import ImportProblem
from memory_import.ledger.database.records import RunStatus
from memory_import.run.context import RunContext
from memory_import.run.lifecycle.result import as_problem
from memory_import.run.lifecycle.signals import stop_on_signals
from memory_import.run.lifecycle.start import begin
from memory_import.run.observer import check_budget
from memory_import.run.progress import RunProgress
from memory_import.run.request import RunRequest
from memory_import.run.stages import deliver_load, stage_load, write_report
from memory_import.run.store_check import StoreFacts, check_store

Work = Callable[[], Awaitable[None]]


class Performer(Protocol):
    """Carries out one stage of a run under its name."""

    async def __call__(self, name: str, work: Work) -> None:
        """Await `work`; what it raises is raised."""


async def perform(name: str, work: Work) -> None:  # noqa: ARG001 - the name is for orchestrators
    """Carry out a stage without any orchestration."""
    await work()


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `folder` holds its report."""

    report: Mapping[str, Any]
    folder: str
    problem: ImportProblem | None


async def run_import(
    request: RunRequest,
    variables: Mapping[str, str],
    progress: RunProgress,
    performer: Performer = perform,
) -> RunResult:
    """Carry out a run from its beginning, or from where it stands, to its report.

    Raises `ImportProblem` only where no run could begin; whatever ends a run early is part of its `Ending`.
    """
    stop_signal = StopSignal()
    try:
        with stop_on_signals(stop_signal), progress, begin(request, variables, stop_signal, progress) as run:
            problem = await _attempt(run, performer)
            results: list[RunResult] = []

            async def settle() -> None:
                report, reason = write_report(run, problem)
                results.append(RunResult(report, str(run.folder), reason))

            try:
                await performer("report", settle)
            except Exception as error:
                result = problem or as_problem(error)
                run.ledger.set_status(
                    run.run_id, RunStatus.FAILED, exit_code=result.exit_code, finished_at=now()
                )
                raise result from error
            return results[0]
    except ImportProblem:
        raise
    except Exception as error:
        raise as_problem(error) from error


async def _attempt(run: RunContext, performer: Performer) -> ImportProblem | None:
    try:
        await _go_through(run, performer)
    except Stopped:
        return as_problem(run.stop_signal.reason or Stopped())
    except Exception as error:
        return as_problem(error)
    return None


async def _go_through(run: RunContext, performer: Performer) -> None:
    """All loads are staged before anything is sent: from then on no source is needed."""
    store = StoreFacts()

    async def stage(load: str) -> None:
        nonlocal store
        if load == loads[0]:
            store = await check_store(run)
        stage_load(run, load, store)

    async def deliver(load: str) -> None:
        check_budget(run)
        await deliver_load(run, load, store)

    loads = list(run.spec.sources)
    for load in loads:
        await performer(f"read, prepare and stage {load}", partial(stage, load))
    for load in loads:
        await performer(f"deliver {load}", partial(deliver, load))
