"""Reading the parts of a load: every input row in order, with what was made of it.

Of rows whose lines are known nothing was read but what is known of them: such a part has its cells in a file
of their own, of the other rows. What the input states of a known row is read from its text, once somebody
wants to know.
"""

import mmap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import polars as pl

from memory_import.columns import ERRORS, FILE, POS, ROW, is_ours
from memory_import.ledger.files import arrow_columns, map_arrow
from memory_import.ledger.staging.layout import cells_name
from memory_import.ledger.staging.writing import StagingWriter

_PARTS_KEPT = 2  # of whose text some columns were read: others are mostly read next, by as many threads
_FEW = 50  # times as many rows as are wanted: then it is quicker to look for these alone
Runs = Sequence[tuple[int, memoryview]]
"""Numbers of rows, with the text of so many."""


class ReadTexts(Protocol):
    """Reads the staged text of a CSV file anew."""

    def __call__(
        self, file: str, runs: Runs, columns: Sequence[str], at: pl.Series | None = None
    ) -> pl.DataFrame:
        """Columns (String) of all rows, or of those `at` some places, in order; `file` is the name that its
        rows have it by. Null in rows that stand alone in a run, which are none of those whose lines are
        known."""
        ...


@dataclass(frozen=True)
class PartReader(StagingWriter):
    """The parts of one load. `texts` None: rows whose lines are known have no cells to read."""

    texts: ReadTexts | None = None
    _last_read: dict[str, pl.DataFrame] = field(default_factory=dict, compare=False, repr=False)

    def original(self, part: str) -> Iterator[tuple[int, memoryview]]:
        """The text of the rows of a part, as it was given to `draft_part`; only what is looked at is read."""
        index = map_arrow(self.folder / f"original-{part}.arrow", ["rows", "bytes"])
        with (self.folder / f"original-{part}.text").open("rb") as stream:
            text = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        start = 0
        for rows, size in index.iter_rows():
            yield rows, text[start : start + size]
            start += size

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The names of the staged parts, in the order of the input."""
        return self._named("part")

    def _named(self, kind: str) -> tuple[str, ...]:
        return tuple(path.stem for path in sorted(self.folder.glob(f"{kind}-*.arrow")))

    @cached_property
    def positions(self) -> dict[str, range]:
        """The positions of the rows of each part."""
        found = {}
        end = 0
        for part in self.parts:
            start, end = end, end + self.read(part, POS).height
            found[part] = range(start, end)
        return found

    @property
    def height(self) -> int:
        """How many rows all parts have."""
        return sum(len(positions) for positions in self.positions.values())

    def columns(self, part: str) -> tuple[str, ...]:
        """The names of the columns that are written of a part."""
        own = arrow_columns(self.folder / f"{part}.arrow")
        if not self.has_cells_apart(part):
            return own
        return tuple(dict.fromkeys((*own, *arrow_columns(self.folder / cells_name(part)))))

    def has_cells_apart(self, part: str) -> bool:
        """Whether cells of a part were read of some rows alone."""
        return (self.folder / cells_name(part)).exists()

    def cells(self, part: str, *columns: str) -> pl.DataFrame:
        """Columns of those rows of a part whose cells were read; all columns of these cells if none is
        named."""
        name = cells_name(part) if self.has_cells_apart(part) else f"{part}.arrow"
        path = self.folder / name
        return map_arrow(path, columns or arrow_columns(path))

    def read(self, part: str, *columns: str, at: pl.Series | None = None) -> pl.DataFrame:
        """Columns of a part, of every row, or of those `at` some places in it; or of a merged or sorted file.

        Where nothing was read of a row, its columns of the input are read from its text, and null is in those
        that are ours."""
        path = self.folder / f"{part}.arrow"
        own = {POS, *arrow_columns(path)}
        apart = [name for name in columns if name not in own and name not in ERRORS]
        unwritten = [name for name in columns if name not in own and name in ERRORS]
        # `_pos` is always read: it tells how many rows there are.
        written = [name for name in dict.fromkeys((POS, *columns)) if name in own]
        if apart and not self.has_cells_apart(part):
            written += apart  # nobody has them, which is said
        nothing = [pl.lit(None, pl.String).alias(name) for name in unwritten]
        rows = map_arrow(path, written)
        rows = rows.with_columns(nothing) if nothing else rows  # no query in most cases
        rows = rows if at is None else rows[at]
        if len(written) + len(unwritten) == len({POS, *columns}):
            return rows[list(columns)]
        return rows.hstack(self._read_apart(part, apart, at))[list(columns)]

    def _read_apart(self, part: str, columns: Sequence[str], at: pl.Series | None) -> pl.DataFrame:
        """Columns of cells that were read of some rows alone, of every row or those `at` some places."""
        positions = self.positions[part]
        there = set(arrow_columns(self.folder / cells_name(part)))
        cells = self.cells(part, POS, *(name for name in columns if name in there))
        place = pl.int_range(cells.height, dtype=pl.UInt32, eager=True)
        places = pl.repeat(None, len(positions), dtype=pl.UInt32, eager=True)
        places = places.scatter(cells[POS] - positions.start, place) if cells.height else places
        places = places if at is None else places.gather(at)
        texts = [name for name in columns if not is_ours(name)]
        read = None
        if texts and self.texts is not None and places.null_count():
            read = self._read_text(part, texts, at)
        found = []
        for name in columns:
            dtype = cells.schema.get(name, pl.String())
            column = cells[name].gather(places) if name in there else _nothing(name, dtype, len(places))
            if read is not None and name in read.columns:
                column = pl.select(pl.when(places.is_null()).then(read[name]).otherwise(column)).to_series()
            found.append(column.alias(name))
        return pl.DataFrame(found)

    def _read_text(self, part: str, columns: Sequence[str], at: pl.Series | None) -> pl.DataFrame:
        """Columns of every row of a part, or of those `at` some places, read from its text."""
        assert self.texts is not None  # noqa: S101 - nobody else comes here
        file = self.read(part, FILE)[FILE][0]
        if at is not None and len(at) * _FEW < len(self.positions[part]):
            places = at.unique().sort()
            few = self.texts(file, list(self.original(part)), columns, places)
            return few[places.search_sorted(at)] if len(at) else few
        before = self._last_read.get(part, pl.DataFrame())
        if not set(columns) <= set(before.columns):
            wanted = list(dict.fromkeys((*before.columns, *columns)))
            before = self.texts(file, list(self.original(part)), wanted)
            self._last_read[part] = before
            for name in list(self._last_read)[:-_PARTS_KEPT]:
                self._last_read.pop(name, None)
        read = before.select(columns)
        return read if at is None else read[at]

    def pick(
        self, wanted: pl.DataFrame, read: Callable[[str, pl.Series], pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        """Part by part, the rows at wanted positions: the columns of `wanted`, which is by `_pos`, and those
        that `read` gives for the rows at some places of a part."""
        ends = pl.Series([inside.stop for inside in self.positions.values()], dtype=pl.Int64)
        start = 0
        for (part, inside), stop in zip(self.positions.items(), wanted[POS].search_sorted(ends), strict=True):
            if start < stop:
                here = wanted[start:stop]
                yield here.hstack(read(part, here[POS] - inside.start))
            start = stop

    def locate(self, wanted: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Part by part, the rows at wanted positions with `_file` and `_row`."""
        return self.pick(wanted, lambda part, at: self.read(part, FILE, ROW, at=at))


def _nothing(name: str, dtype: pl.DataType, rows: int) -> pl.Series:
    return pl.repeat(None, rows, dtype=dtype, eager=True).alias(name)
