"""`memory-import verify`."""

import asyncio
from typing import Annotated

import typer

from memory_import.cli.execute import without_collector
from memory_import.cli.options import (
    USUAL_STATE_DIR,
    Output,
    OutputOption,
    Prefect,
    StateDir,
    Verbose,
)
from memory_import.cli.output import refuse, show
from memory_import.run.settings import environment


def verify(
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN_ID]", help="The last run that is over, if left out.")
    ] = None,
    sample: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            help="Rows of each load to read back, of what was sent and of what is unchanged; left out, so "
            "many that none wrong among them means less than 1% wrong with 95% confidence.",
        ),
    ] = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere; reading back is never orchestrated
    verbose: Verbose = False,
) -> None:
    """Read back what a run has sent, or found unchanged, and compare it, value by value: exit code 0 where
    nothing is wrong.

    Reads are billed; how many is said before the first. Stopped, it goes on when it is called again.

    Next: `memory-import run SPEC` sends again what was found missing or different.
    """
    with without_collector():
        from memory_import.run.confidence import parse_sample
        from memory_import.run.lifecycle.result import as_problem
        from memory_import.run.progress import stderr_progress
        from memory_import.run.verify.command import VerifyRequest, describe_verified, verify_run
    try:
        request = VerifyRequest(state_dir, run_id, parse_sample(sample))
        document = asyncio.run(verify_run(request, environment(), stderr_progress()))
    except Exception as error:
        raise typer.Exit(refuse(as_problem(error, is_run=False), output, verbose=verbose)) from None
    show(document, describe_verified(document), output)
    raise typer.Exit(document["exit_code"])
