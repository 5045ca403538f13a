"""A table that grows by a little every night: columnar files, and a manifest that says which of them count.

    FOLDER/
        rows-00001.parquet      rows as they were added by one change; never changed afterwards
        rows-00002.parquet
        voided-00002.parquet    which of all these rows do not count any more
        manifest.json           written last, with the size and checksum of every file, and its own

A change is whole or has not happened: files that the manifest does not name are what an interrupted change
left behind, and are removed by the next one. When a fifth of the rows is void, or the files have become many,
a change writes all rows anew into one file.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from memory_import.ledger.files import copy_texts, private_directory, whole_file
from memory_import.ledger.known.manifest import (
    MANIFEST,
    NOTHING,
    Content,
    File,
    describe_file,
    list_files,
    read_content,
    write_content,
)

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

SEGMENT = "_segment"
"""The file of a row: its place among those of the manifest, from 0."""
AT = "_at"
"""The number of a row in its file, from 0."""
PLACES_SCHEMA: Schema = {SEGMENT: pl.UInt32, AT: pl.UInt32}
_PLACE = list(PLACES_SCHEMA)

_ROWS_PER_GROUP = 100_000
_VOID_SHARE = 0.2
_MOST_FILES = 30


class Table:
    """The rows of one table. `schema` names the columns; one that a file lacks is null in its rows. Of
    `repetitive` ones (paths, as Parquet has them) each value is written once a file.

    Opening reads every file that was not read since it changed: `KnownDamaged` where one is missing or is not
    what was written.
    """

    def __init__(self, folder: Path, schema: Schema, repetitive: Collection[str] = ()) -> None:
        self._folder = folder
        self._schema = dict(schema)
        self._repetitive = repetitive
        self._content = read_content(folder)
        self._voided = _read_voided(folder, self._content)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(file.rows for file in self._content.segments) - len(self._voided)

    @property
    def generation(self) -> int:
        """How often the table was changed."""
        return self._content.generation

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was kept with the rows by the last change."""
        return self._content.facts

    def scan(self, *columns: str, among: pl.Series | None = None) -> Iterator[pl.DataFrame]:
        """The rows with these columns, `_segment` and `_at`, some at a time, oldest first. `among`: those
        alone that have one of these values in the column that it is named by, which is one of them; where
        there are none, little is read."""
        wanted = None if among is None else pl.col(among.name).is_in(among.unique().implode())
        for number, segment in enumerate(self._content.segments):
            voided = self._voided.filter(pl.col(SEGMENT) == number)[AT].sort()
            start = 0
            for group in _read_groups(self._folder / segment.name, columns, among):
                rows = self._complete(group, columns, number, start)
                start += rows.height
                low, high = voided.search_sorted(pl.Series([start - rows.height, start], dtype=pl.UInt32))
                if high > low:
                    rows = rows.filter(~pl.col(AT).is_in(voided[low:high].implode()))
                yield rows if wanted is None else copy_texts(rows.filter(wanted))

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return list(self._schema)

    def find(self, column: str, values: pl.Series) -> pl.DataFrame:
        """`_segment`, `_at` of the rows with one of these values in a column."""
        wanted = values.alias(column).to_frame().unique()
        found = (rows.join(wanted, on=column, how="semi").select(_PLACE) for rows in self.scan(column))
        return pl.concat([pl.DataFrame(schema=PLACES_SCHEMA), *found])

    def change(
        self, *, added: Iterable[pl.DataFrame], voided: pl.DataFrame, facts: Mapping[str, Any]
    ) -> None:
        """Add rows and take others away (`_segment`, `_at`), both or none, and keep these facts with them.

        Columns of the schema that an added frame lacks are null.
        """
        if not self._folder.exists():
            private_directory(self._folder.parent)
            write_content(private_directory(self._folder), NOTHING)
        generation = self._content.generation + 1
        void = pl.concat([self._voided, voided.select(_PLACE)]).unique()
        kept = self._content.segments
        if len(void) > sum(file.rows for file in kept) * _VOID_SHARE or len(kept) >= _MOST_FILES:
            added, void, kept = _chain(self._compact(void), added), void.clear(), ()
        new = self._write_rows(generation, added)
        content = Content(
            generation=generation,
            segments=(*kept, new) if new.rows else kept,
            voided=self._write_voided(generation, void) if len(void) else None,
            facts=dict(facts),
        )
        write_content(self._folder, content)
        self._content, self._voided = content, void
        self._remove_strays()

    def _compact(self, void: pl.DataFrame) -> Iterator[pl.DataFrame]:
        if len(void) == self.rows + len(self._voided):
            return
        for rows in self.scan(*self._schema):
            yield rows.join(void, on=_PLACE, how="anti", maintain_order="left").drop(_PLACE)

    def _complete(self, rows: pl.DataFrame, columns: Sequence[str], segment: int, start: int) -> pl.DataFrame:
        missing = [
            pl.lit(None, self._schema[name]).alias(name) for name in columns if name not in rows.columns
        ]
        return rows.with_columns(missing).select(
            *(pl.col(name).cast(self._schema[name]) for name in columns),
            pl.lit(segment, pl.UInt32).alias(SEGMENT),
            pl.int_range(start, start + pl.len(), dtype=pl.UInt32).alias(AT),
        )

    def _write_rows(self, generation: int, added: Iterable[pl.DataFrame]) -> File:
        name = f"rows-{generation:05d}.parquet"
        nothing = pl.DataFrame(schema=self._schema).to_arrow()
        rising = [column for column, dtype in self._schema.items() if dtype == pl.Int64]
        rows = 0
        with (
            whole_file(self._folder / name) as stream,
            pq.ParquetWriter(
                stream,
                nothing.schema,
                compression="lz4",  # most of it is hashes, which nothing makes smaller
                use_dictionary=list(self._repetitive),
                column_encoding=dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
                write_statistics=False,
            ) as writer,
        ):
            for frame in added:
                absent = [
                    pl.lit(None, dtype).alias(column)
                    for column, dtype in self._schema.items()
                    if column not in frame.columns
                ]
                table = frame.with_columns(absent).select(list(self._schema)).to_arrow()
                if table.schema != nothing.schema:  # to cast loads pyarrow.compute, which takes long
                    table = table.cast(nothing.schema)
                writer.write_table(table, row_group_size=_ROWS_PER_GROUP)
                rows += frame.height
        return describe_file(self._folder / name, rows)

    def _write_voided(self, generation: int, void: pl.DataFrame) -> File:
        path = self._folder / f"voided-{generation:05d}.parquet"
        with whole_file(path) as stream:
            void.sort(SEGMENT, AT).write_parquet(stream, compression="zstd", statistics=False)
        return describe_file(path, len(void))

    def _remove_strays(self) -> None:
        named = {file.name for file in list_files(self._content)} | {MANIFEST}
        for path in self._folder.iterdir():
            if path.is_file() and path.name not in named:
                path.unlink()


def void(table: Table, found: Iterable[pl.DataFrame]) -> None:
    """Take away rows (`_segment`, `_at`), in some frames; a row may be in several."""
    places = pl.concat([pl.DataFrame(schema=PLACES_SCHEMA), *(rows.select(_PLACE) for rows in found)])
    if not places.is_empty():
        table.change(added=[], voided=places.unique(), facts=table.facts)


def _chain(*parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    for part in parts:
        yield from part


def _read_groups(path: Path, columns: Sequence[str], among: pl.Series | None) -> Iterator[pl.DataFrame]:
    """Columns of a file, as far as it has them, some rows at a time; without columns where none of these rows
    is wanted."""
    with pq.ParquetFile(path) as file:
        there = [name for name in columns if name in file.schema_arrow.names]
        for number in range(file.num_row_groups):
            is_wanted = among is None or _has_any(file, number, among)
            if there and is_wanted:
                yield _read_group(file, number, there)
            else:
                yield pl.DataFrame(height=file.metadata.row_group(number).num_rows)


def _read_group(file: pq.ParquetFile, number: int, columns: Sequence[str]) -> pl.DataFrame:
    frame = pl.from_arrow(file.read_row_group(number, columns=columns))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - as a table always is
    return frame


def _has_any(file: pq.ParquetFile, number: int, values: pl.Series) -> bool:
    return bool(_read_group(file, number, [values.name])[values.name].is_in(values.implode()).any())


def _read_voided(folder: Path, content: Content) -> pl.DataFrame:
    if content.voided is None:
        return pl.DataFrame(schema=PLACES_SCHEMA)
    return pl.read_parquet(folder / content.voided.name).select(_PLACE)
