"""A CSV file as frames of text."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import polars as pl

from memory_import.columns import ERROR_CODE, ERROR_MESSAGE, ROW
from memory_import.sources.csv.head import read_head
from memory_import.sources.csv.pieces import Piece, PieceCutter, Reject
from memory_import.sources.encodings import Utf8Stream
from memory_import.sources.errors import SourceError
from memory_import.sources.frames import REPORT_COLUMNS, Batch, no_rejects, null_out, select_columns
from memory_import.sources.locations import Location
from memory_import.sources.options import SourceOptions, canonical_encoding

_BYTES_PER_FRAME = 1 << 25
_FIRST_SHARE = 8  # the first frame is that much smaller: work on it begins while the others are read


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file whose header has been read; `columns` are its trimmed names."""

    location: Location
    options: SourceOptions
    columns: tuple[str, ...]

    def batches(self, columns: Sequence[str], rows_per_batch: int) -> Iterator[Batch]:
        """The file's rows as `columns`, at most `rows_per_batch` in a batch, rejected ones counted."""
        with closing(_open_text(self.location, self.options)) as stream:
            cutter = PieceCutter(stream, self.location.name)
            head = read_head(cutter.text, self.location.name, self.options.delimiter, is_last=cutter.is_last)
            frames = _CsvFrames(
                self.location.name, head.names, head.shape.delimiter, tuple(columns), self.options
            )
            for pieces in _join(cutter.cut(head.shape, head.end, head.lines), rows_per_batch):
                yield from _split(frames.to_batch(pieces), rows_per_batch)


def open_csv(location: Location, options: SourceOptions) -> CsvFile:
    """Reads the header of a CSV file; SourceError when it has none or cannot be read."""
    with closing(_open_text(location, options)) as stream:
        cutter = PieceCutter(stream, location.name)
        head = read_head(cutter.text, location.name, options.delimiter, is_last=cutter.is_last)
    return CsvFile(location, options, tuple(name for name in head.names if name not in REPORT_COLUMNS))


def _open_text(location: Location, options: SourceOptions) -> Utf8Stream:
    return Utf8Stream(location, canonical_encoding(options.encoding))


def _join(pieces: Iterator[Piece], most_rows: int) -> Iterator[list[Piece]]:
    """Consecutive pieces that are parsed together: as many as make `most_rows` at most, or else one."""
    joined: list[Piece] = []
    rows = size = 0
    room = most_rows // _FIRST_SHARE
    for piece in pieces:
        if joined and (rows + piece.rows > room or size >= _BYTES_PER_FRAME):
            yield joined
            joined, rows, size, room = [], 0, 0, most_rows
        if piece.rows:
            joined.append(piece)
            rows += piece.rows
            size += len(piece.text)
    if joined:
        yield joined


def _split(batch: Batch, most_rows: int) -> Iterator[Batch]:
    """The same rows, at most `most_rows` in a batch, rejects counted."""
    numbers = pl.concat([batch.rows[ROW], batch.rejects[ROW]])
    if numbers.len() <= most_rows:
        yield batch
        return
    first = numbers.min()
    part = (pl.col(ROW) - first) // most_rows
    for number in range(-(-numbers.len() // most_rows)):
        yield Batch(batch.rows.filter(part == number), batch.rejects.filter(part == number))


@dataclass(frozen=True, slots=True)
class _CsvFrames:
    """Makes frames of pieces: `names` are the file's columns, `columns` those of the frames."""

    file: str
    names: tuple[str, ...]
    delimiter: str
    columns: tuple[str, ...]
    options: SourceOptions

    def to_batch(self, pieces: list[Piece]) -> Batch:
        return Batch(
            self._read(pieces), self._list_rejects([reject for piece in pieces for reject in piece.rejects])
        )

    def _read(self, pieces: list[Piece]) -> pl.DataFrame:
        numbers = _row_numbers(pieces)
        frame = pl.read_csv(
            b"".join(piece.text for piece in pieces),
            has_header=False,
            schema=dict.fromkeys(self.names, pl.String),
            infer_schema=False,
            separator=self.delimiter,
        )
        if frame.height != numbers.len():
            raise SourceError(
                f"{self.file}: found {frame.height} rows, expected the {numbers.len()} that were counted; "
                "this is a defect of the reader: report it"
            )
        if any(piece.has_quoted_empty for piece in pieces):
            frame = null_out(frame, [""])
        return select_columns(
            frame.drop(REPORT_COLUMNS, strict=False).with_columns(numbers), self.file, self.columns
        )

    def _list_rejects(self, rejects: list[Reject]) -> pl.DataFrame:
        if not rejects:
            return no_rejects(self.columns)
        fields = [self._fit(reject.fields) for reject in rejects]
        frame = pl.DataFrame(fields, schema=dict.fromkeys(self.names, pl.String), orient="row")
        frame = null_out(frame, [""]).drop(REPORT_COLUMNS, strict=False)
        numbers = pl.Series(ROW, [reject.row for reject in rejects], pl.Int64)
        return select_columns(frame.with_columns(numbers), self.file, self.columns).with_columns(
            pl.Series(ERROR_CODE, [reject.code.value for reject in rejects], pl.String),
            pl.Series(ERROR_MESSAGE, [reject.message for reject in rejects], pl.String),
        )

    def _fit(self, fields: Sequence[str]) -> list[str | None]:
        """The fields of a row under the names of the file: missing ones null, surplus ones on the last."""
        last = len(self.names) - 1
        fitted: list[str | None] = (
            [*fields[:last], self.delimiter.join(fields[last:])] if len(fields) > last else [*fields]
        )
        return fitted + [None] * (len(self.names) - len(fitted))


def _row_numbers(pieces: list[Piece]) -> pl.Series:
    parts = [
        pl.int_range(numbers.start, numbers.stop, eager=True)
        if isinstance(numbers, range)
        else pl.Series(numbers, dtype=pl.Int64)
        for numbers in (piece.row_numbers for piece in pieces)
    ]
    return pl.concat(parts).rename(ROW)
