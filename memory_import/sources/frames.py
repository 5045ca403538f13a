"""The frames a source hands out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

import polars as pl

from memory_import.columns import ERROR_CODE, ERROR_MESSAGE, ERRORS, FILE, PLACE, ROW

REPORT_COLUMNS = (*PLACE, *ERRORS)
"""The columns a report adds to the rows it rejects.

A source that has them is such a report on its way back: they are left out, the rest is read.
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive data rows of one file, every one of them in exactly one of the two frames, in file order.

    `rows`: `_file` String, `_row` Int64 (the data row within its file, from 1, rejected rows counted), then
    the source's columns as String; null where the file has nothing or an empty text, or has no such column.
    `rejects`: the same columns, what could be read of the row in its fields' order (surplus fields on the
    last column, bytes that are no text as U+FFFD), then `_error_code` and `_error_message` String, which name
    the physical lines and hold no data.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame


def select_columns(frame: pl.DataFrame, file: str, columns: Sequence[str]) -> pl.DataFrame:
    """`frame` (`_row` and String columns) as `_file`, `_row` and `columns`; those it lacks are null."""
    return frame.select(
        pl.lit(file).alias(FILE),
        ROW,
        *(pl.col(name) if name in frame.columns else pl.lit(None, pl.String).alias(name) for name in columns),
    )


def null_out(frame: pl.DataFrame, texts: Collection[str]) -> pl.DataFrame:
    """`frame` with null in the String columns where they hold one of `texts`, whitespace around it apart."""
    if not texts:
        return frame
    text = pl.col(pl.String)
    trimmed = text.str.strip_chars()
    says_something = reduce(
        and_, (text != empty if not empty.strip() else trimmed != empty.strip() for empty in sorted(texts))
    )
    return frame.with_columns(pl.when(says_something).then(text))


def no_rejects(columns: Sequence[str]) -> pl.DataFrame:
    """An empty frame of rejects."""
    text = dict.fromkeys(columns, pl.String)
    errors = {ERROR_CODE: pl.String, ERROR_MESSAGE: pl.String}
    return pl.DataFrame(schema={FILE: pl.String, ROW: pl.Int64, **text, **errors})
