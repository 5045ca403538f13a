"""Some rows of a Parquet file, all columns of it, for people."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from memory_import.sources.parquet.file import opened_parquet
from memory_import.sources.parquet.printed import as_printed
from memory_import.sources.parquet.text import has_text_form, to_text

_ROWS_AT_ONCE = 1_000


def read_rows(
    path: Path, name: str, numbers: pl.Series, columns: Sequence[str]
) -> Iterator[tuple[str | None, ...]]:
    """The cells of the rows with some numbers (from 1, in order), in these columns; None where there is none.

    A value without a form as text, or beyond what its type can say, is printed for people.
    """
    wanted = numbers - 1
    with opened_parquet(path, name) as file:
        start = 0
        for group in range(file.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            here = wanted.filter(wanted.is_between(start, stop, closed="left"))
            if not here.is_empty():
                names = {stored.strip(): stored for stored in reversed(file.schema_arrow.names)}
                for stretch, inside in _stretches(file, group, here - start):
                    cells = [
                        _cells(_pick(stretch.column(names[column]), inside))
                        if column in names
                        else [None] * len(inside)
                        for column in columns
                    ]
                    yield from zip(*cells, strict=True)
            start = stop


def _stretches(
    file: pq.ParquetFile, group: int, wanted: pl.Series
) -> Iterator[tuple[pa.RecordBatch, pl.Series]]:
    start = 0
    for stretch in file.iter_batches(batch_size=_ROWS_AT_ONCE, row_groups=[group]):
        stop = start + stretch.num_rows
        here = wanted.filter(wanted.is_between(start, stop, closed="left"))
        if not here.is_empty():
            yield stretch, here - start
        start = stop


def _pick(column: pa.Array, positions: pl.Series) -> pa.Array:
    """The values at some positions; Arrow's own `take` does not know every type."""
    return pa.concat_arrays([column.slice(position, 1) for position in positions])


def _cells(column: pa.Array) -> list[str | None]:
    if not has_text_form(column.type):
        return [as_printed(value) for value in column]
    text = to_text(column)
    cells: list[str | None] = text.texts.to_list()
    for position in text.faults:
        cells[position] = as_printed(column[position])
    return cells
