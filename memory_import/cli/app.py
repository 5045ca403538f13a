"""The command line `memory-import`: its commands, one module each, put together."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from memory_import.cli.apply import apply
from memory_import.cli.demo import demo
from memory_import.cli.emulator import emulator
from memory_import.cli.explain import explain
from memory_import.cli.init import init
from memory_import.cli.plan import plan
from memory_import.cli.resume import resume
from memory_import.cli.run import run
from memory_import.cli.status import status
from memory_import.cli.store.doctor import doctor
from memory_import.cli.store.recall import recall
from memory_import.cli.store.setup import setup
from memory_import.cli.store.show import show
from memory_import.cli.store.stores import stores
from memory_import.cli.store.verify import verify
from memory_import.run.settings import quiet_prefect, reuse_memory

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Begin with `memory-import demo`; with data of your own, with `memory-import init FILE`.",
)

for command in (
    demo,
    init,
    doctor,
    setup,
    plan,
    apply,
    run,
    resume,
    status,
    verify,
    show,
    recall,
    stores,
    explain,
    emulator,
):
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
    leave_out_command_of_httpx()


def leave_out_command_of_httpx() -> None:
    """Have httpx load without a command line of its own, which it does where there are no rich and pygments:
    that takes longer than all else of it."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


def open_closed_streams() -> None:
    """Give stdin, stdout and stderr that were closed when the process started to nowhere, so that no socket
    takes their numbers: libuv aborts on those."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def main() -> None:
    """The entry point."""
    open_closed_streams()
    prepare_environment()
    app()
