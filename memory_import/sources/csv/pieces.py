"""A CSV file as pieces of regular text with row numbers, and the rows that had to be left out of it."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from memory_import.columns import ROW, Exclusion
from memory_import.sources.csv.blocks import CsvShape, find_regular_block
from memory_import.sources.csv.lines import LINE, KnownLines, find_known
from memory_import.sources.csv.repair import Record, read_records, says_nothing
from memory_import.sources.errors import RejectCode, SourceError
from memory_import.sources.frames import Run

BLOCK_BYTES = 1 << 18
"""How much text is looked at in one go: small enough for the processor's cache."""

KNOWN_BYTES = 1 << 22
"""How much text is looked at in one go where most lines of it may be known."""

REPAIR_BYTES = 1 << 11
"""How much irregular text is read record by record before a regular block is looked for again."""

_LONGEST_RECORD_BYTES = 1 << 28
_SPECIAL = re.compile(rb'["\r]|^' + codecs.BOM_UTF8)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is no part of a piece's text: its number, why, whether it has too few fields."""

    row: int
    code: RejectCode | Exclusion
    message: str
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Regular CSV text (LF or CRLF, no header), the numbers of its rows, and the rejects among them.

    Without `has_quoted_empty` no field of it is written as two quotes. `originals` is all of the piece,
    rejects too, as it stands in the file; blank lines are left out. `known`: `_row`, and what is known of the
    rows between that are not in the text, as their lines are known.
    """

    text: bytes
    row_numbers: Sequence[int] | pl.Series
    rejects: Sequence[Reject]
    has_quoted_empty: bool
    originals: Sequence[Run]
    known: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def rows(self) -> int:
        """How many rows it is about, rejects counted."""
        return len(self.row_numbers) + len(self.rejects) + self.known.height


class Utf8Source(Protocol):
    """Text as bytes; fewer than asked for come only at the end."""

    def read(self, size: int, /) -> bytes: ...


class PieceCutter:
    """Cuts what a stream holds into pieces, in order, every row in one of them.

    Whole blocks are proved regular and passed on as they are. Where that fails, smaller ones are tried, and
    the smallest are read record by record and written anew, until the text is regular again. Before that,
    lines that are `known` are left out, of at most `most_rows` at a time.
    """

    def __init__(
        self,
        stream: Utf8Source,
        name: str,
        known: KnownLines | None = None,
        *,
        most_rows: int = 0,
        block_bytes: int = BLOCK_BYTES,
        repair_bytes: int = REPAIR_BYTES,
    ) -> None:
        self._stream = stream
        self._name = name
        self._known = known
        self._most_rows = most_rows
        self._unknown_bytes = 0
        self._block_bytes = block_bytes
        self._held_bytes = block_bytes if known is None else max(block_bytes, KNOWN_BYTES)
        self._repair_bytes = repair_bytes
        self._is_last = False
        self._row = self._line = 1
        self._position = 0
        self.text = b""
        self.fill(self._held_bytes)

    @property
    def is_last(self) -> bool:
        """Whether the stream ends with `text`."""
        return self._is_last

    def fill(self, size: int) -> None:
        """Reads until `text` holds `size` bytes or the file ends; ends its last line if nothing does."""
        if self._is_last or len(self.text) >= size:
            return
        block = self._stream.read(size - len(self.text))
        self.text += block
        if len(self.text) < size:
            self._is_last = True
            if self.text and not self.text.endswith((b"\n", b"\r")):
                self.text += b"\n"

    def cut(self, shape: CsvShape, start: int, lines: int) -> Iterator[Piece]:
        """The pieces from byte `start` of `text` on, with `lines` physical lines before it."""
        self._line, size = lines + 1, self._block_bytes
        self._advance(start)
        while self._position < len(self.text):
            piece = self._cut_known(shape) or self._cut_regular(shape, size)
            if piece is not None:
                size = min(2 * size, self._block_bytes)
                yield piece
            elif size > self._repair_bytes:
                size = max(size // 4, self._repair_bytes)
            else:
                yield self._repair(shape)

    def _cut_known(self, shape: CsvShape) -> Piece | None:
        """The next lines, if enough of them are known; where they are not, nobody looks at them again."""
        if self._known is None or self._unknown_bytes > 0:
            return None
        text = self.text[self._position : self._position + self._held_bytes]
        found = find_known(text, shape, self._known, self._most_rows)
        if found is None:
            self._unknown_bytes = len(text)
            return None
        piece = Piece(
            found.unknown.text,
            found.places.cast(pl.Int64) + self._row,
            (),
            found.unknown.has_quoted_empty,
            ((found.rows, found.text),),
            found.known.select((pl.col(LINE).cast(pl.Int64) + self._row).alias(ROW), pl.exclude(LINE)),
        )
        self._row += found.rows
        self._line += found.lines
        self._advance(len(found.text))
        return piece

    def _cut_regular(self, shape: CsvShape, size: int) -> Piece | None:
        block = find_regular_block(self.text[self._position : self._position + size], shape)
        if block is None:
            return None
        numbers = range(self._row, self._row + block.rows)
        piece = Piece(block.text, numbers, (), block.has_quoted_empty, ((block.rows, block.text),))
        self._row += block.rows
        self._line += block.lines
        self._advance(len(block.text))
        return piece

    def _repair(self, shape: CsvShape) -> Piece:
        """The next records, read with care; reads on where not one of them can be seen to its end."""
        start = end = self._position
        accepted: list[bytes] = []
        numbers: list[int] = []
        rejects: list[Reject] = []
        originals: list[Run] = []
        for record in read_records(self.text, start, shape, is_last=self._is_last):
            raw = self.text[end : record.end]
            reject = self._judge(record, shape)
            if reject is not None:
                rejects.append(reject)
            elif record.fields:
                accepted.append(_as_regular_text(raw, record.fields, shape))
                numbers.append(self._row)
            if record.fields:
                originals.append((1, raw))
            self._row += bool(record.fields)
            self._line += record.lines
            end = record.end
            if end - start >= self._repair_bytes:
                break
        if end == start:
            self._read_on()
        self._advance(end - start)
        return Piece(b"".join(accepted), numbers, rejects, has_quoted_empty=True, originals=originals)

    def _advance(self, count: int) -> None:
        """Leaves `count` bytes behind, and reads more when less than half of what is held is left."""
        self._position += count
        self._unknown_bytes -= count
        if len(self.text) - self._position < self._held_bytes // 2:
            self._leave_behind()
            self.fill(self._held_bytes)

    def _read_on(self) -> None:
        self._leave_behind()
        if len(self.text) >= _LONGEST_RECORD_BYTES:
            raise SourceError(
                f"{self._name}: found no end of the row that begins in line {self._line} within "
                f"{len(self.text) >> 20} MiB, expected rows of text; check that the file is CSV, or close "
                "the quote in that line"
            )
        self.fill(2 * len(self.text))

    def _leave_behind(self) -> None:
        self.text = self.text[self._position :]
        self._position = 0

    def _judge(self, record: Record, shape: CsvShape) -> Reject | None:
        """Why a record is no row, or one that says nothing; None for a row or a blank line."""
        if not record.fields:
            return None
        last_line = self._line + record.lines - 1
        where = f"line {self._line}" if record.lines == 1 else f"lines {self._line} to {last_line}"
        if record.code in (None, RejectCode.RAGGED_ROW) and says_nothing(record.fields):
            return Reject(self._row, Exclusion.EMPTY_ROW, f"{where}: found no value")
        if record.code is None:
            return None
        is_short = record.code is RejectCode.RAGGED_ROW and len(record.fields) < shape.width
        return Reject(self._row, record.code, f"{where}: {_explain(record, shape)}", is_short)


def _explain(record: Record, shape: CsvShape) -> str:
    match record.code:
        case RejectCode.RAGGED_ROW:
            return f"found {len(record.fields)} fields, expected {shape.width} as in the header"
        case RejectCode.UNCLOSED_QUOTE:
            return "found a quoted field that is not closed, expected a quote before a delimiter or line end"
        case RejectCode.TEXT_AFTER_QUOTE:
            hint = "" if shape.escape else "; if a backslash escapes quotes here, set the source's escape"
            return f"found text after a closing quote, expected a delimiter or line end{hint}"
        case RejectCode.NUL_BYTE:
            return "found a NUL byte, expected text"
        case _:
            return "found bytes that are not valid in the file's encoding, expected text"


def _as_regular_text(raw: bytes, fields: list[str], shape: CsvShape) -> bytes:
    """An accepted record as a regular line: as it stands if that is plain, else written anew."""
    has_escape = shape.escape is not None and shape.escape.encode() in raw
    if raw.endswith(b"\n") and not has_escape and not _SPECIAL.search(raw):
        return raw
    text = io.StringIO()
    csv.writer(text, delimiter=shape.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(fields)
    return text.getvalue().encode()
