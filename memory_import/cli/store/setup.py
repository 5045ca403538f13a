"""`memory-import setup`."""

import asyncio
import sys
from typing import Annotated

import typer

from memory_import.cli.execute import without_collector
from memory_import.cli.options import (
    USUAL_STATE_DIR,
    Output,
    OutputOption,
    Prefect,
    Spec,
    StateDir,
    Verbose,
)
from memory_import.cli.output import refuse, say, show
from memory_import.errors import ExitCode
from memory_import.run.settings import environment


def setup(
    spec: Spec,
    yes: Annotated[bool, typer.Option("--yes", help="Carry the plan out without asking.")] = False,
    conversations: Annotated[
        bool,
        typer.Option("--conversations", help="Make the conversation configuration, too, as after an import."),
    ] = False,
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,  # noqa: ARG001 - taken everywhere
    verbose: Verbose = False,
) -> None:
    """Make what a spec needs: the store, identifier types, trait groups and traits, matching rules;
    after an import, or with --conversations, the conversation configuration.

    Shows what it would do and asks first. Removes nothing and changes the type of nothing; can be repeated.

    Next: `memory-import run SPEC` imports the data.
    """
    with without_collector():
        from memory_import.run.lifecycle.result import as_problem
        from memory_import.run.lifecycle.state_directory import wait_for
        from memory_import.run.setup.command import SetupRequest, set_up

    def agree() -> bool:
        return yes or (sys.stdin.isatty() and typer.confirm("Carry this out?", err=True))

    try:
        with wait_for(state_dir, f"setup of {spec}", say):
            request = SetupRequest(spec_path=spec, state_dir=state_dir, with_conversations=conversations)
            result = asyncio.run(set_up(request, environment(), say, agree))
    except KeyboardInterrupt:
        say(f"Stopped. Setup can be repeated and goes on from there: memory-import setup {spec}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except Exception as error:
        raise typer.Exit(refuse(as_problem(error, is_run=False), output, verbose=verbose)) from None
    again = f"memory-import setup {spec}{' --conversations' if conversations else ''} --yes"
    words = {
        "done": f"Done. Next: memory-import run {spec}",
        "planned": f"Nothing was changed. To carry it out: {again}",
        "nothing_to_do": f"Nothing to do: the store has what the spec needs. Next: memory-import run {spec}",
    }
    show(result.document, words[result.status], output)
    raise typer.Exit(result.exit_code)
