"""`memory-import status`."""

from typing import Annotated

import typer

from memory_import.cli.execute import without_collector
from memory_import.cli.options import USUAL_STATE_DIR, Output, OutputOption, Prefect, StateDir, Verbose
from memory_import.cli.output import refuse, show


def status(
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN_ID]", help="All runs, if left out.")] = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere; a look at the ledger is never orchestrated
    verbose: Verbose = False,
) -> None:
    """Say where runs stand, or show the report of one.

    Next: `memory-import resume RUN_ID` goes on with one that is not finished.
    """
    with without_collector():
        from memory_import.run.lifecycle.result import as_problem
        from memory_import.run.status import describe_run, list_runs
    try:
        document, text = describe_run(state_dir, run_id) if run_id else list_runs(state_dir)
    except Exception as error:
        raise typer.Exit(refuse(as_problem(error), output, verbose=verbose)) from None
    show(document, text, output)
