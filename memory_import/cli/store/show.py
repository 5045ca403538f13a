"""`memory-import show`."""

import asyncio

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
from memory_import.cli.output import refuse
from memory_import.cli.output import show as write
from memory_import.cli.store.following import name_command
from memory_import.run.settings import environment


def show(
    who: Who,
    spec: OfSpec = None,
    run: OfRun = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere; a look at a profile is never orchestrated
    verbose: Verbose = False,
) -> None:
    """Show a profile as the store has it: traits, identifiers, observations, summaries.

    It is a billed read, and a billed lookup unless WHO is a profile id.

    Next: `memory-import recall WHO` shows what an agent would be given of it.
    """
    with without_collector():
        from memory_import.run.lifecycle.result import as_problem
        from memory_import.run.show.profile import describe_profile, show_profile
        from memory_import.run.show.reach import Place
    try:
        document = asyncio.run(show_profile(who, Place(state_dir, spec, run), environment()))
    except Exception as error:
        raise typer.Exit(refuse(as_problem(error, is_run=False), output, verbose=verbose)) from None
    following = name_command("recall", who, spec, run, state_dir)
    told = f"{describe_profile(document)}\n\nNext: {following}    (what an agent would be given of it)"
    write(document, told, output)
