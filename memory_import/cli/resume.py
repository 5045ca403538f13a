"""`memory-import resume`."""

from typing import Annotated

import typer

from memory_import.cli.execute import execute
from memory_import.cli.options import (
    USUAL_STATE_DIR,
    MaxDropped,
    MaxErrors,
    Output,
    OutputOption,
    Prefect,
    StateDir,
    Verbose,
    Wait,
)
from memory_import.run.budget import Budgets
from memory_import.run.request import WAIT_SECONDS, Action, RunRequest


def resume(  # noqa: PLR0913, PLR0917 - the options of the command, as Typer reads them
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN_ID]", help="The last unfinished run, if left out.")
    ] = None,
    wait: Wait = WAIT_SECONDS,
    max_errors: MaxErrors = None,
    max_dropped: MaxDropped = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,
    verbose: Verbose = False,
) -> None:
    """Go on with an unfinished run. Nothing that was taken is sent again.

    Next: `memory-import status` shows how it ended.
    """
    request = RunRequest(
        action=Action.RESUME,
        state_dir=state_dir,
        run_id=run_id,
        wait_seconds=wait,
        budgets=Budgets(max_errors=max_errors, max_dropped=max_dropped),
    )
    raise typer.Exit(execute(request, output, prefect=prefect, verbose=verbose))
