"""The Prefect flow `import-customers`: Prefect shows what happens, the ledger decides.

A deployment calls it with the path of a spec, or with none to go on with the last unfinished run. Nothing
but paths and small values crosses its borders, and no secret.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from prefect import flow, task
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    aupdate_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from memory_import.errors import ExitCode, ImportProblem
from memory_import.flows.blocks import load_credentials
from memory_import.ledger.database.lock import StateDirectoryBusy
from memory_import.ledger.report.render import render_markdown
from memory_import.run.budget import Budgets
from memory_import.run.explain import explain_code
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.pipeline import run_import
from memory_import.run.preview.forecast import without_persons
from memory_import.run.progress import RunProgress, stderr_progress
from memory_import.run.request import DEFAULT_STATE_DIR, WAIT_SECONDS, Action, RunRequest
from memory_import.run.settings import environment

_ARTIFACT_SECONDS = 5.0

T = TypeVar("T")


@flow(name="import-customers", persist_result=False)
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
    show_values: bool = False,
    credentials_block: str | None = None,
) -> State[RunResult | ImportProblem]:
    """Import the customers that a spec describes, or go on with an unfinished run.

    `action`: `run` or `plan` of the spec at the path `spec`, `apply` of the plan `run_id`, or `resume` of
    `run_id`, or of the last unfinished run, which does nothing when there is none; None runs the spec, or
    resumes where none is given. `credentials_block` names a `twilio-credentials` block; None takes the
    credentials of the environment. The state is Completed when every row is accounted for, Failed otherwise;
    its message holds the exit code that the command line would have, its data, for a caller in this process,
    the `RunResult`, or the `ImportProblem` for which no run could begin.
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
        show_values=show_values,
        credentials=await load_credentials(credentials_block) if credentials_block else None,
    )
    progress = stderr_progress()
    try:
        async with _shown(progress):
            result = await run_import(request, environment(), progress, run_as_task)
    except ImportProblem as problem:
        return _state_of_refusal(problem, is_resume=request.action is Action.RESUME)
    with contextlib.suppress(Exception):  # best effort: the report is on disk
        report = render_markdown(without_persons(result.report), explain_code)
        await acreate_markdown_artifact(report, key="memory-import-report")
    exit_code = ExitCode(result.report["exit_code"])
    return _state(exit_code, f"run {result.report['run_id']}", result)


def _state_of_refusal(problem: ImportProblem, *, is_resume: bool) -> State[RunResult | ImportProblem]:
    if is_resume and isinstance(problem.__cause__, StateDirectoryBusy):
        return Completed(message="A run is under way: there is nothing to go on with.", data=problem)
    return _state(problem.exit_code, problem.problems[0], problem)


def _state(
    exit_code: ExitCode, what: str, data: RunResult | ImportProblem
) -> State[RunResult | ImportProblem]:
    make = Completed if exit_code in {ExitCode.DONE, ExitCode.REJECTS} else Failed
    return make(message=f"exit code {int(exit_code)}: {what}", data=data)


async def run_as_task(name: str, stage: Callable[[], Awaitable[T]]) -> T:
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
    return await work


@contextlib.asynccontextmanager
async def _shown(progress: RunProgress) -> AsyncIterator[None]:
    """Keep a progress artifact up to date meanwhile, as far as Prefect lets us."""
    showing = asyncio.create_task(_show(progress))
    try:
        yield
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await showing


async def _show(progress: RunProgress) -> None:
    artifact = await acreate_progress_artifact(0.0, key="memory-import-progress")
    while True:
        await asyncio.sleep(_ARTIFACT_SECONDS)
        await aupdate_progress_artifact(artifact, progress=progress.figures.percent)
