"""The command line `memory-import`."""

import asyncio
import gc
import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memory_import.errors import ExitCode, ImportProblem
from memory_import.run.request import DEFAULT_STATE_DIR, WAIT_SECONDS, RunRequest
from memory_import.run.settings import (
    environment,
    quiet_prefect,
    read_credentials,
    reuse_memory,
    silence_prefect,
)

if TYPE_CHECKING:
    from memory_import.run.pipeline import RunResult

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Customer data from CSV and Parquet into Twilio Conversation Memory, with an account of every row.",
)


class Output(StrEnum):
    """What goes to stdout."""

    TEXT = "text"
    JSON = "json"


StateDir = Annotated[Path, typer.Option(help="Where the ledger and the reports are kept.")]
OutputOption = Annotated[Output, typer.Option(help="What goes to stdout: a summary, or the report as JSON.")]
NoPrefect = Annotated[bool, typer.Option("--no-prefect", help="Run without orchestration.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more on stderr.")]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for the server to finish its jobs.")]

_DEFAULT = Path(DEFAULT_STATE_DIR)


@app.command()
def demo(
    state_dir: StateDir = _DEFAULT,
    output: OutputOption = Output.TEXT,
    no_prefect: NoPrefect = False,
    verbose: Verbose = False,
) -> None:
    """Import the sample data into the local emulator: the whole pipeline on a bare machine."""
    with as_file(files("memory_import.sample_data")) as folder:
        request = RunRequest(state_dir=state_dir, spec_path=folder / "demo.yaml", emulator=True)
        exit_code = _carry_out(request, output, no_prefect=no_prefect, verbose=verbose)
    raise typer.Exit(ExitCode.DONE if exit_code is ExitCode.REJECTS else exit_code)


@app.command()
def run(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="What to import, and how.")],
    emulator: Annotated[bool, typer.Option("--emulator", help="Import into a local emulator.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing; say what would be sent.")] = False,
    wait: Wait = WAIT_SECONDS,
    max_errors: Annotated[
        str | None, typer.Option(metavar="N|N%", help="Stop when more rows are rejected than this.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Import the first N rows only.")] = None,
    state_dir: StateDir = _DEFAULT,
    output: OutputOption = Output.TEXT,
    no_prefect: NoPrefect = False,
    verbose: Verbose = False,
) -> None:
    """Import what a spec describes."""
    request = RunRequest(
        state_dir=state_dir,
        spec_path=spec,
        emulator=emulator,
        dry_run=dry_run,
        wait_seconds=wait,
        max_errors=max_errors,
        limit=limit,
    )
    raise typer.Exit(_carry_out(request, output, no_prefect=no_prefect, verbose=verbose))


@app.command()
def resume(
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN_ID", help="The last unfinished run, if left out.")
    ] = None,
    state_dir: StateDir = _DEFAULT,
    output: OutputOption = Output.TEXT,
    no_prefect: NoPrefect = False,
    verbose: Verbose = False,
) -> None:
    """Go on with an unfinished run."""
    request = RunRequest(state_dir=state_dir, run_id=run_id)
    raise typer.Exit(_carry_out(request, output, no_prefect=no_prefect, verbose=verbose))


@app.command()
def status(
    run_id: Annotated[str | None, typer.Argument(metavar="RUN_ID", help="All runs, if left out.")] = None,
    state_dir: StateDir = _DEFAULT,
    output: OutputOption = Output.TEXT,
    no_prefect: NoPrefect = False,  # noqa: ARG001 - taken everywhere; a look at the ledger is never orchestrated
    verbose: Verbose = False,
) -> None:
    """Say where runs stand."""
    with _without_collector():
        from memory_import.run.lifecycle.result import as_problem
        from memory_import.run.status import describe_run, list_runs
    try:
        document, text = describe_run(state_dir, run_id) if run_id else list_runs(state_dir)
    except Exception as error:
        raise typer.Exit(_complain(as_problem(error), verbose=verbose)) from None
    print(json.dumps(document, indent=2) if output is Output.JSON else text)  # noqa: T201


@app.command()
def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8010,
    faults: Annotated[Path | None, typer.Option(help="Faults to play, as JSON.")] = None,
    state: Annotated[Path | None, typer.Option(help="Keep the emulator's state in this file.")] = None,
) -> None:
    """Serve the Memory API on 127.0.0.1, for trials and tests.

    It accepts the credentials of the environment, or any when there are none.
    """
    from memory_import.emulator.server import serve

    try:
        credentials = read_credentials(environment())
    except ImportProblem as problem:
        raise typer.Exit(_complain(problem, verbose=False)) from None
    api_key = credentials.pair if credentials else None
    raise typer.Exit(serve(port=port, faults_file=faults, state_file=state, api_key=api_key))


def _carry_out(request: RunRequest, output: Output, *, no_prefect: bool, verbose: bool) -> ExitCode:
    """Run, print the report, and return the exit code."""
    from memory_import.ledger.report.render import render_summary

    try:
        result = _directly(request) if no_prefect else _orchestrated(request)
    except ImportProblem as problem:
        return _complain(problem, verbose=verbose)
    print(  # noqa: T201
        json.dumps(result.report, indent=2)
        if output is Output.JSON
        else render_summary(result.report, result.folder)
    )
    if result.problem is not None:
        _complain(result.problem, verbose=verbose)
    return ExitCode(result.report["exit_code"])


def _directly(request: RunRequest) -> "RunResult":
    """Run without Prefect, on an event loop that is quicker with sockets."""
    with _without_collector():
        import uvloop

        from memory_import.run.pipeline import run_import
        from memory_import.run.progress import stderr_progress
    return uvloop.run(run_import(request, environment(), stderr_progress()))


def _orchestrated(request: RunRequest) -> "RunResult":
    """Run as a Prefect flow; where Prefect cannot, say so and run without it."""
    results: list[RunResult | ImportProblem] = []
    try:
        asyncio.run(_as_flow(request, results))
    except Exception as error:
        if not results:
            _say(
                f"Prefect is not available ({type(error).__name__}); running without it. "
                "--no-prefect avoids the wait."
            )
    if not results:
        return _directly(request)
    if isinstance(results[0], ImportProblem):
        raise results[0]
    return results[0]


async def _as_flow(request: RunRequest, results: "list[RunResult | ImportProblem]") -> None:
    """Call the flow, which adds to `endings` how it ended. Whatever Prefect cannot do is raised."""
    silence_prefect()
    with _without_collector():
        from memory_import.flows.import_customers import import_customers, listener

    listener.set(results)
    await import_customers(
        spec=str(request.spec_path) if request.spec_path else None,
        run_id=request.run_id,
        state_dir=str(request.state_dir),
        emulator=request.emulator,
        dry_run=request.dry_run,
        wait_seconds=request.wait_seconds,
        max_errors=request.max_errors,
        limit=request.limit,
        return_state=True,
    )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Import without looking for garbage, and never look for it in what was imported.

    It all lives as long as the process, and looking at it took a third of the time to start and to stop.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _complain(problem: ImportProblem, *, verbose: bool) -> ExitCode:
    for line in problem.problems:
        _say(line)
    if verbose and problem.__cause__ is not None:
        _say(
            "".join(traceback.format_tb(problem.__cause__.__traceback__))
        )  # without the message: it may quote data
    return problem.exit_code


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201


def prepare_environment() -> None:
    """Defaults for libraries that read the environment when they are imported; to be called before they
    are."""
    quiet_prefect()
    reuse_memory()


def main() -> None:
    """The entry point."""
    prepare_environment()
    app()
