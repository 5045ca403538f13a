"""Carrying out a request to run something: with Prefect or without, then what came of it."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from memory_import.cli.options import Output
from memory_import.cli.output import BAR_WIDTH, complain, is_terminal, refuse, say, show
from memory_import.errors import ExitCode, ImportProblem
from memory_import.run.request import Action, RunRequest
from memory_import.run.settings import environment, is_prefect_configured, silence_prefect

if TYPE_CHECKING:
    from memory_import.run.lifecycle.result import RunResult


def execute(request: RunRequest, output: Output, *, prefect: bool | None, verbose: bool) -> ExitCode:
    """Run, print the report, and return the exit code. `prefect` None: as Prefect is configured."""
    try:
        _check_paths(request)
        with without_collector():
            from memory_import.ledger.report.summary import render_summary
        is_flow = is_prefect_configured(environment()) if prefect is None else prefect
        result = _run_as_flow(request) if is_flow else _run_directly(request)
    except ImportProblem as problem:
        return refuse(problem, output, verbose=verbose)
    bar_width = BAR_WIDTH if is_terminal() else 0
    show(result.report, render_summary(result.report, result.folder, bar_width=bar_width), output)
    if result.problem is not None:
        complain(result.problem, verbose=verbose)
    return ExitCode(result.report["exit_code"])


def _check_paths(request: RunRequest) -> None:
    """Refuse a mistyped name before anything slow is loaded."""
    if request.action.is_new and request.spec_path is not None:
        with without_collector():
            from memory_import.spec.paths import check_paths
        check_paths(request.spec_path, environment(), is_emulator=request.emulator)


def _run_directly(request: RunRequest) -> "RunResult":
    """Run without Prefect, on an event loop that is quicker with sockets."""
    with without_collector():
        import uvloop

        from memory_import.run.pipeline import run_import
        from memory_import.run.progress import stderr_progress
    return uvloop.run(run_import(request, environment(), stderr_progress()))


def _run_as_flow(request: RunRequest) -> "RunResult":
    """Run as a Prefect flow; where Prefect cannot, say so and go on without it."""
    with without_collector():
        from memory_import.run.lifecycle.preflight import check_request
    settled = check_request(request, environment())
    try:
        result = asyncio.run(_call_flow(settled))
    except Exception as error:
        say(
            f"Prefect is not available ({type(error).__name__}); going on without it. "
            "--no-prefect avoids the wait."
        )
        return _go_on_directly(settled)
    if isinstance(result, ImportProblem):
        raise result
    return result


async def _call_flow(request: RunRequest) -> "RunResult | ImportProblem":
    """What the flow came to. Whatever Prefect cannot do is raised."""
    silence_prefect()
    with without_collector():
        from memory_import.flows.import_customers import import_customers
        from memory_import.run.lifecycle.result import RunResult

    state = await import_customers(
        action=request.action,
        spec=str(request.spec_path) if request.spec_path else None,
        run_id=request.run_id,
        state_dir=str(request.state_dir),
        emulator=request.emulator,
        keep=request.keep,
        show_values=request.show_values,
        wait_seconds=request.wait_seconds,
        max_errors=request.budgets.max_errors,
        max_dropped=request.budgets.max_dropped,
        limit=request.limit,
        full=request.full,
        verify=request.verify,
        return_state=True,
    )
    result = await state.aresult(raise_on_failure=False)
    if isinstance(result, RunResult | ImportProblem):
        return result
    raise result if isinstance(result, Exception) else RuntimeError(f"the flow came to {state.name}")


def _go_on_directly(request: RunRequest) -> "RunResult":
    """Carry out without Prefect what Prefect left of a run: all of it, a part, or nothing."""
    from memory_import.run.status import find_record, read_result

    assert request.run_id is not None  # noqa: S101 - it was settled
    record = find_record(request.state_dir, request.run_id)
    if record is None or not request.action.is_new:
        return _run_directly(request)
    if record.is_resumable:
        return _run_directly(replace(request, action=Action.RESUME, spec_path=None))
    return read_result(request.state_dir, request.run_id)


@contextmanager
def without_collector() -> Iterator[None]:
    """Import without looking for garbage, and never look for it in what was imported.

    It all lives as long as the process, and looking at it took a third of the time to start and to stop.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
