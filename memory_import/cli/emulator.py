"""`memory-import emulator`."""

from pathlib import Path
from typing import Annotated

import typer

from memory_import.cli.output import complain
from memory_import.errors import ImportProblem
from memory_import.run.settings import Settings, environment, read_credentials


def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8010,
    faults: Annotated[Path | None, typer.Option(help="Faults to play, as JSON.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Start without a store.")] = False,
    state: Annotated[Path | None, typer.Option(help="Keep the emulator's state in this file.")] = None,
) -> None:
    """Serve the Memory API on 127.0.0.1, for trials and tests.

    It accepts the credentials of the environment, or any when there are none.

    Next: set MEMORY_API_URL to the address that it prints, and run a spec against it.
    """
    from memory_import.emulator.server import serve

    try:
        credentials = read_credentials(Settings.of(environment()))
    except ImportProblem as problem:
        raise typer.Exit(complain(problem, verbose=False)) from None
    api_key = credentials.pair if credentials else None
    raise typer.Exit(serve(port=port, faults_file=faults, state_file=state, api_key=api_key, empty=empty))
