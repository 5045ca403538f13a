"""`memory-import run`."""

import typer

from memory_import.cli.execute import execute
from memory_import.cli.options import (
    USUAL_STATE_DIR,
    Emulator,
    Full,
    Keep,
    Limit,
    MaxDropped,
    MaxErrors,
    Output,
    OutputOption,
    Prefect,
    Spec,
    StateDir,
    Verbose,
    Verify,
    Wait,
)
from memory_import.run.budget import Budgets
from memory_import.run.request import WAIT_SECONDS, RunRequest


def run(  # noqa: PLR0913, PLR0917 - the options of the command, as Typer reads them
    spec: Spec,
    emulator: Emulator = False,
    keep: Keep = False,
    wait: Wait = WAIT_SECONDS,
    max_errors: MaxErrors = None,
    max_dropped: MaxDropped = None,
    verify: Verify = None,
    limit: Limit = None,
    full: Full = False,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,
    verbose: Verbose = False,
) -> None:
    """Import what a spec describes.

    Next: `memory-import resume` goes on with a run that did not end; `memory-import status` lists all runs.
    """
    request = RunRequest(
        state_dir=state_dir,
        spec_path=spec,
        emulator=emulator,
        keep=keep,
        wait_seconds=wait,
        budgets=Budgets(max_errors=max_errors, max_dropped=max_dropped),
        verify=verify,
        limit=limit,
        full=full,
    )
    raise typer.Exit(execute(request, output, prefect=prefect, verbose=verbose))
