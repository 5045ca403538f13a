"""A CSV file as frames of text."""

import csv
import io
import json
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import polars as pl

from memory_import.columns import FILE, ROW, Exclusion
from memory_import.sources.csv.blocks import split_rows
from memory_import.sources.csv.footer import leave_out_footer
from memory_import.sources.csv.head import CsvHead, read_head
from memory_import.sources.csv.lines import KnownLines
from memory_import.sources.csv.pieces import Piece, PieceCutter
from memory_import.sources.csv.repair import BLANKS, says_nothing
from memory_import.sources.encodings import Utf8Stream, to_original
from memory_import.sources.errors import RejectCode, SourceError
from memory_import.sources.files import InputFile, ReadOnce
from memory_import.sources.frames import Batch, Run, make_rejects, null_out, select_columns
from memory_import.sources.guess import propose_encoding
from memory_import.sources.options import SourceOptions, canonical_encoding

FindLines = Callable[[str, str], KnownLines | None]

_BYTES_PER_FRAME = 1 << 25
_FIRST_SHARE = 8  # the first frame is that much smaller: work on it begins while the others are read


def no_lines(_kind: str, _file: str) -> None:
    """Nothing is known of any line."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file whose header has been read. `encoding`, `has_mark`: what its text was found to be in.

    `head_text`: its text up to the first row, as UTF-8.
    """

    file: InputFile
    options: SourceOptions
    head: CsvHead
    head_text: bytes
    encoding: str
    has_mark: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns, trimmed."""
        return self.head.columns

    def repeated(self, column: str) -> list[int]:
        """The positions of a column's name, where it stands more than once."""
        return self.head.repeated.get(column, [])

    def unreadable(self, _column: str) -> str | None:
        """Why a column cannot be read: any can."""
        return None

    def example(self, _column: str) -> tuple[str, str] | None:
        """The type of a column, where it is not text: any is."""
        return None

    def lists(self, _column: str) -> str | None:
        """The type of a column of lists: none is."""
        return None

    def as_cell(self, _column: str, text: str) -> tuple[str, str | None]:
        """The type of a column, and a text as a cell of it has it: any text can be one."""
        return "text", text

    @property
    def kind(self) -> str | None:
        """What decides, beside a line itself, what is read from it; None where its neighbours do, too."""
        if self.options.ignores_footer or self.options.escape is not None:
            return None
        return json.dumps((self.head.names, self.head.shape.delimiter))

    def batches(
        self, columns: Sequence[str], rows_per_batch: int, find_lines: FindLines = no_lines
    ) -> Generator[Batch, None, str]:
        """The file's rows with these columns, at most `rows_per_batch` in a batch, rejected ones counted.
        `find_lines` gives what is known of lines of a kind.

        Returns (as a generator does) the SHA-256 of what was read.
        """
        stored = self.file.open()
        with closing(_open_text(stored, self.file.name, self.options)) as stream:
            known = None if self.kind is None else find_lines(self.kind, self.file.name)
            cutter = PieceCutter(stream, self.file.name, known, most_rows=rows_per_batch)
            pieces: Iterator[Piece] = cutter.cut(self.head.shape, self.head.end, self.head.lines)
            if self.options.ignores_footer:
                pieces = leave_out_footer(pieces, self.head.shape)
            frames = _CsvFrames(self, tuple(columns))
            for joined in _join(pieces, rows_per_batch):
                yield from _split(frames.to_batch(joined), rows_per_batch)
            return stored.finish()


def open_csv(file: InputFile, options: SourceOptions) -> CsvFile:
    """Reads the header of a CSV file; SourceError when it has none or cannot be read."""
    with closing(_open_text(file.open(), file.name, options)) as stream:
        cutter = PieceCutter(stream, file.name)
        head = read_head(cutter.text, file.name, options, stream.encoding, is_last=cutter.is_last)
        return CsvFile(file, options, head, cutter.text[: head.end], stream.encoding, stream.has_mark)


def _join(pieces: Iterable[Piece], most_rows: int) -> Iterator[list[Piece]]:
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
    if batch.height <= most_rows:
        yield batch
        return
    numbers = pl.concat([batch.rows[ROW], batch.rejects[ROW]])
    texts = list_originals(batch.original)
    part = (pl.col(ROW) - numbers.min()) // most_rows
    for number, first in enumerate(range(0, len(texts), most_rows)):
        runs = [(1, text) for text in texts[first : first + most_rows]]
        rows, rejects = batch.rows.filter(part == number), batch.rejects.filter(part == number)
        yield Batch(rows, rejects, runs, kind=batch.kind)


def list_originals(runs: Iterable[Run]) -> list[bytes]:
    """The text of every row of some runs."""
    texts: list[bytes] = []
    for rows, text in runs:
        texts += [text] if rows == 1 else split_rows(text)
    return texts


class _CsvFrames:
    """Makes frames of pieces."""

    def __init__(self, table: CsvFile, columns: tuple[str, ...]) -> None:
        names = table.head.names
        self._file = table.file.name
        self._kind = table.kind
        self._encoding = table.encoding
        self._shape = table.head.shape
        self._columns = columns
        self._positions = {name: names.index(name) for name in columns if name in table.columns}
        self._width = len(names)
        self._proposal: str | None = None

    def to_batch(self, pieces: list[Piece]) -> Batch:
        text = b"".join(piece.text for piece in pieces)
        frame = self._parse(pieces, text)
        rejects = [
            (reject.row, reject.code.value, self._explain(reject.code, reject.message, pieces))
            for piece in pieces
            for reject in piece.rejects
        ]
        empty = self._find_empty(frame, text)
        rejects += [(row, Exclusion.EMPTY_ROW.value, "found no value") for row in empty]
        if empty:
            frame = frame.filter(~pl.col(ROW).is_in(empty))
        return Batch(
            select_columns(frame, self._file, self._columns),
            make_rejects(self._file, rejects),
            [run for piece in pieces for run in piece.originals],
            self._join_known(pieces),
            self._kind,
        )

    def _join_known(self, pieces: list[Piece]) -> pl.DataFrame:
        known = pl.concat([pl.DataFrame(), *(piece.known for piece in pieces)], how="diagonal")
        return known if known.is_empty() else known.insert_column(0, pl.lit(self._file).alias(FILE))

    def _parse(self, pieces: list[Piece], text: bytes) -> pl.DataFrame:
        """`_row` and those of the asked columns that the file has."""
        numbers = _row_numbers(pieces)
        positions = sorted(set(self._positions.values())) or [0]
        frame = read_regular_text(text, self._width, positions, self._shape.delimiter)
        if frame.height != numbers.len():
            raise SourceError(
                f"{self._file}: found {frame.height} rows, expected the {numbers.len()} that were counted; "
                "this is a defect of the reader: report it"
            )
        if any(piece.has_quoted_empty for piece in pieces):
            frame = null_out(frame, [""])
        return frame.select(
            *(pl.col(str(position)).alias(name) for name, position in self._positions.items()), numbers
        )

    def _find_empty(self, frame: pl.DataFrame, text: bytes) -> Collection[int]:
        """The numbers of rows that hold nothing in any column, asked for or not."""
        places = pl.int_range(frame.height, eager=True)
        for name in self._positions:
            cells = frame[name] if len(places) == frame.height else frame[name].gather(places)
            places = places.filter(cells.str.strip_chars(BLANKS).fill_null("") == "")
            if places.is_empty():
                return []
        rows = split_rows(text)
        found = zip(places, frame[ROW].gather(places), strict=True)
        return [row for place, row in found if says_nothing(self._fields(rows[place]))]

    def _fields(self, row: bytes) -> list[str]:
        """The fields of a row of regular text."""
        return next(csv.reader(io.StringIO(row.decode(), newline=""), delimiter=self._shape.delimiter), [])

    def _explain(self, code: RejectCode | Exclusion, message: str, pieces: list[Piece]) -> str:
        if code is not RejectCode.INVALID_BYTES:
            return message
        if self._proposal is None:
            sample = b"".join(text for piece in pieces if piece.rejects for _, text in piece.originals)
            self._proposal = propose_encoding(to_original(sample, self._encoding)) or ""
        remedy = f"; it reads well as {self._proposal}: set the source's encoding to that"
        return message + remedy if self._proposal else message


def read_regular_text(text: bytes, width: int, positions: Sequence[int], delimiter: str) -> pl.DataFrame:
    """Columns (String) of regular text, by their positions among so many, which are their names."""
    schema = {str(position): pl.String for position in range(width)}
    if not text:
        return pl.DataFrame(schema={name: schema[name] for name in map(str, positions)})
    return pl.read_csv(
        text,
        has_header=False,
        schema=schema,
        columns=list(positions),
        infer_schema=False,
        separator=delimiter,
    )


def _open_text(stored: ReadOnce, name: str, options: SourceOptions) -> Utf8Stream:
    return Utf8Stream(stored, name, canonical_encoding(options.encoding))


def _row_numbers(pieces: list[Piece]) -> pl.Series:
    parts = [
        pl.int_range(numbers.start, numbers.stop, eager=True)
        if isinstance(numbers, range)
        else pl.Series(numbers, dtype=pl.Int64)
        for numbers in (piece.row_numbers for piece in pieces)
    ]
    return pl.concat(parts).rename(ROW)
