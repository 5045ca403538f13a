"""`memory-import plan`."""

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
    ShowValues,
    Spec,
    StateDir,
    Verbose,
    Wait,
)
from memory_import.run.budget import Budgets
from memory_import.run.request import WAIT_SECONDS, Action, RunRequest


def plan(  # noqa: PLR0913, PLR0917 - the options of the command, as Typer reads them
    spec: Spec,
    emulator: Emulator = False,
    keep: Keep = False,
    wait: Wait = WAIT_SECONDS,
    max_errors: MaxErrors = None,
    max_dropped: MaxDropped = None,
    limit: Limit = None,
    full: Full = False,
    show_values: ShowValues = False,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,
    verbose: Verbose = False,
) -> None:
    """Read, prepare and look at everything that a spec would import, and keep it. Nothing is sent.

    Without credentials the plan is made of the files alone: no store is asked.

    Next: `memory-import apply RUN_ID` sends exactly this plan.
    """
    request = RunRequest(
        action=Action.PLAN,
        state_dir=state_dir,
        spec_path=spec,
        emulator=emulator,
        keep=keep,
        wait_seconds=wait,
        budgets=Budgets(max_errors=max_errors, max_dropped=max_dropped),
        limit=limit,
        full=full,
        show_values=show_values,
    )
    raise typer.Exit(execute(request, output, prefect=prefect, verbose=verbose))
