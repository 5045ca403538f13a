"""The frames a source hands out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_

import polars as pl

from memory_import.columns import ERROR_CODE, ERROR_MESSAGE, ERRORS, FILE, PLACE, ROW

REPORT_COLUMNS = (*PLACE, *ERRORS)
"""The columns a report adds to the rows it rejects.

A source whose last columns they are is such a report on its way back: they are left out, the rest is read.
"""

Run = tuple[int, bytes]
"""A number of rows, and the text of these rows as it stands in the file: of one, or regular text of many."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive data rows of one file, every one of them in exactly one of the frames, in file order.

    `rows`: `_file` String, `_row` Int64 (the data row within its file, from 1, rejected rows counted), then
    the asked columns as String; null where the file has nothing or an empty text, or has no such column.
    `rejects`: `_file`, `_row`, `_error_code` (a RejectCode, or an Exclusion for rows that are left out) and
    `_error_message` String, which name the physical lines and hold no data.
    `original`: the text of all these rows as it stands in a CSV file; nothing for a Parquet file.
    `known`: `_file`, `_row`, and what is known of the rows that are in neither frame, as their lines are
    known. `kind`: what else, beside a line of it, decides what is read from a file; None where lines do not.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame
    original: Sequence[Run] = ()
    known: pl.DataFrame = field(default_factory=pl.DataFrame)
    kind: str | None = None

    @property
    def height(self) -> int:
        """How many rows it is about."""
        return self.rows.height + self.rejects.height + self.known.height


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


def make_rejects(file: str, rejects: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
    """A frame of rejects from row numbers, codes and messages, by row number."""
    frame = pl.DataFrame(
        sorted(rejects),
        schema={ROW: pl.Int64, ERROR_CODE: pl.String, ERROR_MESSAGE: pl.String},
        orient="row",
    )
    return frame.select(pl.lit(file, pl.String).alias(FILE), ROW, ERROR_CODE, ERROR_MESSAGE)
