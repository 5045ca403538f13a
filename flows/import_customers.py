"""The Prefect flow `import-customers`: Prefect shows what happens, the ledger decides.

A deployment calls it with the path of a spec, or with none to go on with the last unfinished run. Nothing
but paths and small values crosses its borders, and no secret.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from memory_import.errors import ExitCode, ImportProblem
from memory_import.flows.artifacts import ShownProgress, publish
from memory_import.flows.blocks import load_credentials
from memory_import.flows.names import name_flow_run
from memory_import.ledger.database.lock import StateDirectoryBusy
from memory_import.ledger.report.words import headline
from memory_import.printable import printable_line
from memory_import.run.budget import Budgets
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.pipeline import run_import
from memory_import.run.preview.forecast import without_persons
from memory_import.run.progress import stderr_progress
from memory_import.run.request import DEFAULT_STATE_DIR, WAIT_SECONDS, Action, RunRequest
from memory_import.run.settings import environment

T = TypeVar("T")


@flow(name="import-customers", flow_run_name=name_flow_run, persist_result=False)
async def import_customers(  # noqa: PLR0913 - the parameters of the flow are what a deployment may set
    spec: str | None = None,
    *,
    run_id: str | None = None,
    state_dir: str = DEFAULT_STATE_DIR,
    action: Action | None = None,
    emulator: bool = False,
    keep: bool = False,
    wait_seconds: float = WAIT_SECONDS,
    max_errors: str | None = None,
    max_dropped: str | None = None,
    limit: int | None = None,
    full: bool = False,
    show_values: bool = False,
    verify: str | None = None,
    credentials_block: str | None = None,
) -> State[RunResult | ImportProblem]:
    """Import the customers that a spec describes, or go on with an unfinished run.

    The state is Completed when every row is accounted for, Failed otherwise; its message says what happened
    and the exit code that the command line would have, its data, for a caller in this process, is the
    `RunResult`, or the `ImportProblem` for which no run could begin.

    Args:
        spec: The path of the YAML file that says what to import. Left out: go on with an unfinished run.
        run_id: The plan to apply or the run to resume. Left out: the last unfinished run.
        state_dir: The directory of the ledger and the reports; every run of a spec needs the same.
        action: run, plan, apply or resume. Left out: run where a spec is given, else resume.
        emulator: Import into a local emulator of the API instead of the real one.
        keep: With the emulator, go on with the store of the last run into it.
        wait_seconds: How many seconds to wait for the service to finish its operations.
        max_errors: Send nothing further once more rows are rejected, as a count or as a percentage.
        max_dropped: Send nothing where more of a trait's values would be left out, as a percentage.
        limit: Import the first so many rows of each load only.
        full: Send everything again, whatever earlier runs have brought in.
        show_values: Let a plan show values of customers, in its own folder alone.
        verify: How many rows of each load to read back at the end, or `all`.
        credentials_block: The name of a twilio-credentials block. Left out: credentials of the environment.
    """
    request = RunRequest(
        action=action or (Action.RUN if spec else Action.RESUME),
        state_dir=Path(state_dir),
        spec_path=Path(spec) if spec else None,
        run_id=run_id,
        emulator=emulator,
        keep=keep,
        wait_seconds=wait_seconds,
        budgets=Budgets(max_errors=max_errors, max_dropped=max_dropped),
        limit=limit,
        full=full,
        show_values=show_values,
        verify=verify,
        credentials=await load_credentials(credentials_block) if credentials_block else None,
    )
    progress = stderr_progress()
    shown = ShownProgress(progress)
    try:
        async with shown:
            result = await run_import(request, environment(), progress, partial(run_as_task, shown=shown))
    except ImportProblem as problem:
        _log(problem)
        return _state_of_refusal(problem, is_resume=request.action is Action.RESUME)
    await publish(without_persons(result.report), result.folder)
    if result.problem is not None:
        _log(result.problem)
    return _state_of_run(result)


def _log(problem: ImportProblem) -> None:
    """What was found, what was expected and what to do, in the log of the flow run."""
    with contextlib.suppress(Exception):
        logger = get_run_logger()
        for line in problem.problems:
            logger.error(printable_line(line))


def _state_of_refusal(problem: ImportProblem, *, is_resume: bool) -> State[RunResult | ImportProblem]:
    if is_resume and isinstance(problem.__cause__, StateDirectoryBusy):
        return Completed(message="A run is under way: there is nothing to go on with.", data=problem)
    return _state(problem.exit_code, problem.problems[0], problem)


def _state_of_run(result: RunResult) -> State[RunResult | ImportProblem]:
    report = result.report
    words = [headline(report)]
    words += [result.problem.problems[0]] if result.problem is not None else []
    words += [f"Next: {report['resume_command']}."] if report["resume_command"] else []
    return _state(ExitCode(report["exit_code"]), " ".join(words), result)


def _state(
    exit_code: ExitCode, what: str, data: RunResult | ImportProblem
) -> State[RunResult | ImportProblem]:
    make = Completed if exit_code in {ExitCode.DONE, ExitCode.REJECTS} else Failed
    return make(message=f"{printable_line(what)} (exit code {int(exit_code)})", data=data)


async def run_as_task(name: str, stage: Callable[[], Awaitable[T]], *, shown: ShownProgress) -> T:
    """Carry out a stage as a Prefect task; where Prefect fails, it is carried out all the same, and once.

    Of an exception Prefect is told the kind alone: its words may quote a customer.
    """
    may_begin = asyncio.Event()

    async def begin() -> T:
        await may_begin.wait()
        return await stage()

    work = asyncio.create_task(begin())

    async def show() -> T | State[T]:
        may_begin.set()
        try:
            return await work
        except Exception as error:
            return Failed(message=type(error).__name__)

    with contextlib.suppress(Exception):
        as_task = task(name=name, retries=0, cache_policy=NO_CACHE, persist_result=False)
        await as_task(show)(return_state=True)  # type: ignore[misc]
    may_begin.set()
    try:
        return await work
    finally:
        await shown.end_stage(name)
