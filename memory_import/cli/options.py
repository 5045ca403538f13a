"""The options that several commands take, each written once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from memory_import.run.request import DEFAULT_STATE_DIR


class Output(StrEnum):
    """What goes to stdout."""

    TEXT = "text"
    JSON = "json"


USUAL_STATE_DIR = Path(DEFAULT_STATE_DIR)

StateDir = Annotated[Path, typer.Option(help="Where the ledger and the reports are kept.")]
OutputOption = Annotated[
    Output, typer.Option("--output", help="What goes to stdout: a summary, or one JSON document.")
]
Prefect = Annotated[
    bool | None,
    typer.Option(
        "--prefect/--no-prefect",
        help="Run as a Prefect flow, or without. Left out: as a flow where a Prefect API is configured.",
        show_default=False,
    ),
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more on stderr.")]

Wait = Annotated[
    float,
    typer.Option(min=0, metavar="SECONDS", help="Seconds to wait for the service to finish its operations."),
]
MaxErrors = Annotated[
    str | None,
    typer.Option(metavar="N|N%", help="Send nothing further once more rows are rejected than this."),
]
MaxDropped = Annotated[
    str | None,
    typer.Option(
        metavar="N%", help="Send nothing where more of a trait's values would be dropped; 50% if left out."
    ),
]

Verify = Annotated[
    str | None,
    typer.Option(metavar="N", help="Read N rows of each load back at the end and compare them; or `all`."),
]

Spec = Annotated[Path, typer.Argument(metavar="SPEC", help="The YAML file that says what to import and how.")]
Emulator = Annotated[bool, typer.Option("--emulator", help="Import into a local emulator of the API.")]
Keep = Annotated[
    bool, typer.Option("--keep", help="With --emulator: go on with the store of the last run into it.")
]
ShowValues = Annotated[
    bool, typer.Option("--show-values", help="Show values of customers, which are masked otherwise.")
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Import the first N rows of each load.")]

Full = Annotated[
    bool, typer.Option("--full", help="Send everything again, whatever earlier runs have brought in.")
]

Who = Annotated[
    str, typer.Argument(metavar="WHO", help="A phone with +, an email, TYPE:VALUE, or the id of a profile.")
]
OfSpec = Annotated[
    Path | None,
    typer.Option("--spec", metavar="SPEC", help="Look into the store of this spec; WHO is read as its rows."),
]
OfRun = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN_ID", help="Look into the store of this run, or into its emulator."),
]
