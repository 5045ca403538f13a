"""Rows of a CSV file that were left out when it was read, read from their staged text after all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.sources.csv.file import read_regular_text
from memory_import.sources.csv.lines import split_whole_lines
from memory_import.sources.frames import null_out
from memory_import.sources.originals import load_described


def read_again(
    described: Path,
    file: str,
    runs: Sequence[tuple[int, memoryview]],
    columns: Sequence[str],
    at: pl.Series | None = None,
) -> pl.DataFrame:
    """Columns (String, null where the file has nothing or an empty text, or no such column) of all rows of
    staged text, or of those `at` some places, in order; null in rows that stand alone in a run. `at` some
    places, rows of several lines are null, too.

    `described`: where `describe_originals` was written to; `file`: the name of the file there.
    """
    layouts: Mapping[str, Any] = load_described(described)["layouts"]
    names, delimiter = layouts[file][:2]
    places = {name: names.index(name) for name in columns if name in names}
    text, found = _join_runs(runs) if at is None else _gather_lines(runs, at)
    read = read_regular_text(text, len(names), sorted(set(places.values())) or [0], delimiter)
    cells = null_out(read, [""]).select(
        pl.col(str(places[name])).alias(name) if name in places else pl.lit(None, pl.String).alias(name)
        for name in columns
    )
    return cells if found is None else cells[found]


def _join_runs(runs: Sequence[tuple[int, memoryview]]) -> tuple[bytes, pl.Series | None]:
    """The text of all runs of several rows; for each row its place there, None where all are."""
    text = b"".join(text for rows, text in runs if rows > 1)
    if all(rows > 1 for rows, _ in runs):
        return text, None
    is_there = pl.concat([pl.Series([rows > 1]).new_from_index(0, rows) for rows, _ in runs])
    return text, pl.select(pl.when(is_there).then(is_there.cum_sum() - 1)).to_series()


def _gather_lines(runs: Sequence[tuple[int, memoryview]], at: pl.Series) -> tuple[bytes, pl.Series]:
    """The lines of rows at some places, in order, as text; for each row its place there, null of rows that
    are no line."""
    found, start = [pl.Series(dtype=pl.String)], 0
    for rows, text in runs:
        low, high = at.search_sorted(pl.Series([start, start + rows], dtype=at.dtype))
        if high > low:
            lines = split_whole_lines(bytes(text), rows) if rows > 1 else None
            nothing = pl.repeat(None, high - low, dtype=pl.String, eager=True)
            found.append(nothing if lines is None else lines.gather(at[low:high] - start))
        start += rows
    lines = pl.concat(found)
    is_there = lines.is_not_null()
    places = pl.select(pl.when(is_there).then(is_there.cum_sum() - 1)).to_series()
    return "\n".join([*lines.drop_nulls().to_list(), ""]).encode(), places
