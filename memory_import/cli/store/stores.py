"""`memory-import stores`."""

import asyncio
from contextlib import ExitStack
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
from memory_import.cli.output import refuse, say, show
from memory_import.run.settings import environment
from memory_import.run.stores.request import StoresAction, StoresRequest


def stores(  # noqa: PLR0913, PLR0917 - the options of the command, as Typer reads them
    action: Annotated[StoresAction, typer.Argument(metavar="list|show|create|update")],
    which: Annotated[
        str | None, typer.Argument(metavar="[NAME|ID]", help="Which store; for `create` its name.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The new name, for `update`.")] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the store is for, at most 128 characters.")
    ] = None,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere
    verbose: Verbose = False,
) -> None:
    """List the stores of the account, show one with what it declares, create one, or rename it.

    A change is refused where somebody else has changed the store meanwhile. Nothing is ever removed.

    Next: `memory-import setup SPEC` makes what a store lacks for a spec.
    """
    with without_collector():
        from memory_import.run.lifecycle.result import as_problem
        from memory_import.run.lifecycle.state_directory import has_ledger, open_ledger
        from memory_import.run.stores.command import ask_stores, describe_stores
    request = StoresRequest(action=action, which=which, name=name, description=description)
    try:
        with ExitStack() as stack:
            ledger = stack.enter_context(open_ledger(state_dir)) if has_ledger(state_dir) else None
            document = asyncio.run(ask_stores(request, environment(), say, ledger))
    except Exception as error:
        raise typer.Exit(refuse(as_problem(error, is_run=False), output, verbose=verbose)) from None
    show(document, describe_stores(document), output)
