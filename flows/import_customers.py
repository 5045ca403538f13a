"""The Prefect flow `import-customers`: Prefect shows what happens, the ledger decides.

A deployment calls it with the path of a spec, or with none to go on with the last unfinished run. Nothing
but paths and small values crosses its borders, and no secret.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

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
from memory_import.run.explain import explain_code
from memory_import.run.pipeline import RunResult, Work, run_import
from memory_import.run.progress import RunProgress, stderr_progress
from memory_import.run.request import DEFAULT_STATE_DIR, WAIT_SECONDS, RunRequest
from memory_import.run.settings import environment

_ARTIFACT_SECONDS = 5.0

listener: ContextVar[list[RunResult | ImportProblem] | None] = ContextVar("listener", default=None)
"""Whoever calls the flow in this process is told here how it ended, with Prefect's server dead or alive."""


@flow(name="import-customers", persist_result=False)
async def import_customers(
    spec: str | None = None,
    *,
    run_id: str | None = None,
    state_dir: str = DEFAULT_STATE_DIR,
    emulator: bool = False,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
    max_errors: str | None = None,
    limit: int | None = None,
    credentials_block: str | None = None,
) -> State[Any]:
    """Import the customers that a spec describes, or go on with an unfinished run.

    `spec`: path of the spec; None goes on with `run_id`, or with the last unfinished run, and does nothing
    when there is none. `credentials_block` names a `twilio-credentials` block; None takes the credentials of
    the environment. The state is Completed when every row is accounted for, Failed otherwise; its message
    holds the exit code that the command line would have.
    """
    request = RunRequest(
        state_dir=Path(state_dir),
        spec_path=Path(spec) if spec else None,
        run_id=run_id,
        emulator=emulator,
        dry_run=dry_run,
        wait_seconds=wait_seconds,
        max_errors=max_errors,
        limit=limit,
        credentials=await load_credentials(credentials_block) if credentials_block else None,
    )
    progress = stderr_progress()
    try:
        async with _shown(progress):
            result = await run_import(request, environment(), progress, _perform_as_task)
    except ImportProblem as problem:
        _tell(problem)
        if spec is None and isinstance(problem.__cause__, StateDirectoryBusy):
            return Completed(message="A run is under way: there is nothing to go on with.")
        return _state(problem.exit_code, problem.problems[0])
    _tell(result)
    with contextlib.suppress(Exception):  # best effort: the report is on disk
        report = render_markdown(result.report, explain_code)
        await acreate_markdown_artifact(report, key="memory-import-report")
    return _state(ExitCode(result.report["exit_code"]), f"run {result.report['run_id']}")


def _tell(result: RunResult | ImportProblem) -> None:
    results = listener.get()
    if results is not None:
        results.append(result)


def _state(exit_code: ExitCode, what: str) -> State[Any]:
    make = Completed if exit_code in {ExitCode.DONE, ExitCode.REJECTS} else Failed
    return make(message=f"exit code {int(exit_code)}: {what}")


async def _perform_as_task(name: str, work: Work) -> None:
    """Carry out a stage as a task; where Prefect fails, it is carried out all the same."""
    errors: list[Exception] = []
    ended = False

    async def stage() -> State[Any]:
        nonlocal ended
        try:
            await work()
        except Exception as error:
            errors.append(error)
            return Failed(message=type(error).__name__)
        finally:
            ended = True
        return Completed()

    as_task = task(name=name, retries=0, cache_policy=NO_CACHE, persist_result=False)
    try:
        await as_task(stage)(return_state=True)  # type: ignore[misc]
    except Exception:
        if not ended:
            await work()
    if errors:
        raise errors[0]


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
