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


def read_rows(path: Path, name: str, numbers: pl.Series, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows with some numbers (from 1, in order), some at a time: these columns, String; null where there
    is nothing.

    A value without a form as text, or beyond what its type can say, is printed for people.
    """
    wanted = numbers - 1
    with opened_parquet(path, name) as file:
        names = {stored.strip(): stored for stored in reversed(file.schema_arrow.names)}
        start = 0
        for group in range(file.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            here = wanted.filter(wanted.is_between(start, stop, closed="left"))
            if not here.is_empty():
                for stretch, inside in _stretches(file, group, here - start):
                    runs = _runs(inside)
                    missing = pa.nulls(inside.len())
                    yield pl.DataFrame(
                        {
                            column: _cells(_pick(stretch.column(names[column]), runs))
                            if column in names
                            else _cells(missing)
                            for column in columns
                        }
                    )
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


def _runs(positions: pl.Series) -> list[tuple[int, int]]:
    """Positions in order as runs of consecutive ones: first, count."""
    numbered = positions.alias("first").to_frame()
    runs = numbered.group_by(run=pl.col("first") - pl.int_range(pl.len()), maintain_order=True)
    return runs.agg(pl.col("first").min(), count=pl.len()).select("first", "count").rows()


def _pick(column: pa.Array, runs: list[tuple[int, int]]) -> pa.Array:
    """Some values of a column; Arrow's own `take` does not know every type."""
    return pa.concat_arrays([column.slice(first, count) for first, count in runs])


def _cells(column: pa.Array) -> pl.Series:
    if not has_text_form(column.type):
        return pl.Series([as_printed(value) for value in column], dtype=pl.String)
    text = to_text(column)
    if not text.faults:
        return text.texts
    cells = text.texts.to_list()
    for position in text.faults:
        cells[position] = as_printed(column[position])
    return pl.Series(cells, dtype=pl.String)
