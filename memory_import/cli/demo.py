"""`memory-import demo`."""

from importlib.resources import as_file, files

import typer

from memory_import.cli.execute import execute
from memory_import.cli.options import USUAL_STATE_DIR, Output, OutputOption, Prefect, StateDir, Verbose
from memory_import.errors import ExitCode
from memory_import.run.request import RunRequest


def demo(
    state_dir: StateDir = USUAL_STATE_DIR,
    output: OutputOption = Output.TEXT,
    prefect: Prefect = None,
    verbose: Verbose = False,
) -> None:
    """Import the sample data into the local emulator, as a Prefect flow: the whole pipeline.

    Next: write a spec for your own data, and try it with `memory-import run SPEC --emulator`.
    """
    with as_file(files("memory_import.sample_data")) as folder:
        request = RunRequest(state_dir=state_dir, spec_path=folder / "demo.yaml", emulator=True)
        exit_code = execute(request, output, prefect=prefect is not False, verbose=verbose)
    raise typer.Exit(ExitCode.DONE if exit_code is ExitCode.REJECTS else exit_code)
