"""Staged files that are damaged so that nobody can say what they hold."""

from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError

from memory_import.ledger.staging.staged import Staging


def is_readable(staging: Staging) -> bool:
    """Whether all Arrow files of a load can be read to their end, be it that their values were changed.

    Looks at every value: mapped into memory as it is, a damaged file may end the process.
    """
    return all(_is_sound(path) for path in staging.folder.glob("*.arrow"))


def _is_sound(path: Path) -> bool:
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        table.validate(full=True)
        pl.from_arrow(table)
    except (OSError, pa.ArrowException, PolarsError, PanicException):
        return False
    return True
