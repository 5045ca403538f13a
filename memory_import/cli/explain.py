"""`memory-import explain`."""

from typing import Annotated

import typer

from memory_import.cli.execute import without_collector
from memory_import.cli.options import USUAL_STATE_DIR, Output, OutputOption, Prefect, StateDir, Verbose
from memory_import.cli.output import refuse, show
from memory_import.errors import ImportProblem


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A code of a report, such as phone_too_short.")],
    state_dir: StateDir = USUAL_STATE_DIR,  # noqa: ARG001 - taken everywhere; a code means the same in all
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere
    verbose: Verbose = False,
) -> None:
    """Say what a code of a report means, with an example, and what to do about it.

    Next: put the rows of rejects.csv right and feed that file back, or change the spec and run it again.
    """
    with without_collector():
        from memory_import.run.explain import describe_code
    try:
        document, text = describe_code(code)
    except ImportProblem as problem:
        raise typer.Exit(refuse(problem, output, verbose=verbose)) from None
    show(document, text, output)
