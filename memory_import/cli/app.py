"""The command line `memory-import`: its commands, one module each, put together."""

from importlib.metadata import version
from typing import Annotated

import typer

from memory_import.cli.demo import demo
from memory_import.cli.emulator import emulator
from memory_import.cli.resume import resume
from memory_import.cli.run import run
from memory_import.cli.setup import setup
from memory_import.cli.status import status
from memory_import.run.settings import quiet_prefect, reuse_memory

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Begin with `memory-import demo`; then write a spec for your own data and `memory-import run` it.",
)

for command in (demo, setup, run, resume, status, emulator):
    app.command()(command)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"memory-import {version('memory-import')}")
        raise typer.Exit


@app.callback()
def describe(
    is_version_asked: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Customer data from CSV and Parquet into Twilio Conversation Memory, with an account of every row."""


def prepare_environment() -> None:
    """Defaults for libraries that read the environment when they are imported; to be called before they
    are."""
    quiet_prefect()
    reuse_memory()


def main() -> None:
    """The entry point."""
    prepare_environment()
    app()
