"""`memory-import apply`."""

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
    Verify,
    Wait,
)
from memory_import.run.budget import Budgets
from memory_import.run.request import WAIT_SECONDS, Action, RunRequest


def apply(  # noqa: PLR0913, PLR0917 - the options of the command, as Typer reads them
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="The plan, as `plan` has named it.")],
    wait: Wait = WAIT_SECONDS,
    max_errors: MaxErrors = None,
    max_dropped: MaxDropped = None,
    verify: Verify = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,
    verbose: Verbose = False,
) -> None:
    """Send exactly what a plan holds; refused where anything is not as it was when the plan was made.

    Next: `memory-import resume` goes on where it did not end; `memory-import status RUN_ID` shows its report.
    """
    request = RunRequest(
        action=Action.APPLY,
        state_dir=state_dir,
        run_id=run_id,
        wait_seconds=wait,
        budgets=Budgets(max_errors=max_errors, max_dropped=max_dropped),
        verify=verify,
    )
    raise typer.Exit(execute(request, output, prefect=prefect, verbose=verbose))
