"""A CSV file as frames of text."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import polars as pl

from sources.csv_head import read_head
from sources.csv_pieces import Piece, PieceCutter, Reject
from sources.errors import SourceError
from sources.frames import REPORT_COLUMNS, Batch, no_rejects, null_out, select_columns
from sources.locations import Location
from sources.options import SourceOptions, canonical_encoding
from sources.text_encoding import Utf8Stream

_MOST_BYTES_PER_FRAME = 1 << 25


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
            for pieces in _gather(cutter.cut(head.shape, head.end, head.lines), rows_per_batch):
                yield from _split(frames.to_batch(pieces), rows_per_batch)


def open_csv(location: Location, options: SourceOptions) -> CsvFile:
    """Reads the header of a CSV file; SourceError when it has none or cannot be read."""
    with closing(_open_text(location, options)) as stream:
        cutter = PieceCutter(stream, location.name)
        head = read_head(cutter.text, location.name, options.delimiter, is_last=cutter.is_last)
    return CsvFile(location, options, tuple(name for name in head.names if name not in REPORT_COLUMNS))


def _open_text(location: Location, options: SourceOptions) -> Utf8Stream:
    return Utf8Stream(location, canonical_encoding(options.encoding))


def _gather(pieces: Iterator[Piece], rows_per_batch: int) -> Iterator[list[Piece]]:
    """Consecutive pieces that together hold about as many rows as a batch may."""
    gathered: list[Piece] = []
    rows = size = 0
    for piece in pieces:
        gathered.append(piece)
        rows += len(piece.row_numbers) + len(piece.rejects)
        size += len(piece.text)
        if rows and (rows >= rows_per_batch or size >= _MOST_BYTES_PER_FRAME):
            yield gathered
            gathered, rows, size = [], 0, 0
    if rows:
        yield gathered


def _split(batch: Batch, rows_per_batch: int) -> Iterator[Batch]:
    """The batch in parts of at most `rows_per_batch` consecutive rows."""
    numbers = [frame["_row"] for frame in (batch.rows, batch.rejects) if frame.height]
    first = min(int(series[0]) for series in numbers)
    last = max(int(series[-1]) for series in numbers)
    if last - first < rows_per_batch:
        yield batch
        return
    for start in range(first, last + 1, rows_per_batch):
        part = pl.col("_row").is_between(start, start + rows_per_batch - 1)
        yield Batch(batch.rows.filter(part), batch.rejects.filter(part))


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
        text = b"".join(piece.text for piece in pieces)
        numbers = _row_numbers(pieces)
        frame = pl.read_csv(
            text,
            has_header=False,
            schema=dict.fromkeys(self.names, pl.String),
            infer_schema=False,
            separator=self.delimiter,
        )
        if frame.height != numbers.len():
            raise SourceError(
                f"{self.file}: found {frame.height} rows where {numbers.len()} were counted before row {numbers[-1] + 1}, "
                "expected as many; this is a defect of the reader, report it"
            )
        if b'""' in text or set(self.options.null_values) - {""}:
            frame = null_out(frame, self.options.null_values)
        return select_columns(
            frame.drop(REPORT_COLUMNS, strict=False).with_columns(numbers), self.file, self.columns
        )

    def _list_rejects(self, rejects: list[Reject]) -> pl.DataFrame:
        if not rejects:
            return no_rejects(self.columns)
        fields = [self._fit(reject.fields) for reject in rejects]
        frame = pl.DataFrame(fields, schema=dict.fromkeys(self.names, pl.String), orient="row")
        frame = null_out(frame, self.options.null_values).drop(REPORT_COLUMNS, strict=False)
        numbers = pl.Series("_row", [reject.row for reject in rejects], pl.Int64)
        return select_columns(frame.with_columns(numbers), self.file, self.columns).with_columns(
            pl.Series("_error_code", [reject.code.value for reject in rejects], pl.String),
            pl.Series("_error_message", [reject.message for reject in rejects], pl.String),
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
    return pl.concat(parts).rename("_row")
