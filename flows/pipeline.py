"""The order of events of a run, whoever calls it: the command line or Prefect."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from destination.errors import Halted
from destination.pace import Halt
from flows.beginnings import begin
from flows.checking import StoreFacts, check_store
from flows.endings import as_problem, now
from flows.errors import ImportProblem
from flows.orders import Order
from flows.progress import RunProgress
from flows.run import Run
from flows.signals import stop_on_signals
from flows.stages import deliver_load, stage_load, write_report
from flows.watch import check_budget
from ledger.records import RunStatus

Work = Callable[[], Awaitable[None]]


class Performer(Protocol):
    """Carries out one stage of a run under its name."""

    async def __call__(self, name: str, work: Work) -> None:
        """Await `work`; what it raises is raised."""


async def perform(name: str, work: Work) -> None:  # noqa: ARG001 - the name is for orchestrators
    """Carry out a stage without any orchestration."""
    await work()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `folder` holds its report."""

    report: Mapping[str, Any]
    folder: str
    problem: ImportProblem | None


async def run_import(
    order: Order,
    variables: Mapping[str, str],
    progress: RunProgress,
    performer: Performer = perform,
) -> Ending:
    """Carry out a run from its beginning, or from where it stands, to its report.

    Raises `ImportProblem` only where no run could begin; whatever ends a run early is part of its `Ending`.
    """
    halt = Halt()
    try:
        with stop_on_signals(halt), progress, begin(order, variables, halt, progress) as run:
            problem = await _attempt(run, performer)
            endings: list[Ending] = []

            async def settle() -> None:
                report, reason = write_report(run, problem)
                endings.append(Ending(report, str(run.folder), reason))

            try:
                await performer("report", settle)
            except Exception as error:
                ending = problem or as_problem(error)
                run.ledger.set_status(
                    run.run_id, RunStatus.FAILED, exit_code=ending.exit_code, finished_at=now()
                )
                raise ending from error
            return endings[0]
    except ImportProblem:
        raise
    except Exception as error:
        raise as_problem(error) from error


async def _attempt(run: Run, performer: Performer) -> ImportProblem | None:
    try:
        await _go_through(run, performer)
    except Halted:
        return as_problem(run.halt.reason or Halted())
    except Exception as error:
        return as_problem(error)
    return None


async def _go_through(run: Run, performer: Performer) -> None:
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
