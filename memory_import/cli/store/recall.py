"""`memory-import recall`."""

import asyncio
from typing import Annotated

import typer

from memory_import.cli.execute import without_collector
from memory_import.cli.options import (
    USUAL_STATE_DIR,
    OfRun,
    OfSpec,
    Output,
    OutputOption,
    Prefect,
    StateDir,
    Verbose,
    Who,
)
from memory_import.cli.output import refuse, show
from memory_import.cli.store.following import name_command
from memory_import.run.settings import environment


def recall(  # noqa: PLR0913, PLR0917 - the options of the command, as Typer reads them
    who: Who,
    spec: OfSpec = None,
    run: OfRun = None,
    query: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What is recalled fits these words."),
    ] = None,
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="What is recalled fits this conversation.")
    ] = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere; a look at a profile is never orchestrated
    verbose: Verbose = False,
) -> None:
    """Show what the service recalls of a profile; the most recent where nothing says what.

    Each call is a billed recall, and a billed lookup unless WHO is a profile id.

    Next: `memory-import show WHO` shows all that it holds.
    """
    with without_collector():
        from memory_import.run.lifecycle.result import as_problem
        from memory_import.run.show.reach import Place
        from memory_import.run.show.recalled import Wanted, describe_recalled, recall_profile
    wanted = Wanted(query=query, conversation_id=conversation)
    try:
        document = asyncio.run(recall_profile(who, wanted, Place(state_dir, spec, run), environment()))
    except Exception as error:
        raise typer.Exit(refuse(as_problem(error, is_run=False), output, verbose=verbose)) from None
    following = name_command("show", who, spec, run, state_dir)
    show(document, f"{describe_recalled(document)}\n\nNext: {following}    (all that it holds)", output)
