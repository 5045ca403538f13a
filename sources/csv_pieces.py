"""A CSV file as pieces of regular text with row numbers, and the rows that had to be left out of it."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sources.csv_blocks import CsvShape, count_lines, count_regular_rows, find_border
from sources.csv_repair import Record, read_records
from sources.errors import RejectCode, SourceError
from sources.text_encoding import Utf8Stream

BLOCK_BYTES = 1 << 20
"""How much text is looked at in one go: small enough for the processor's cache."""

_REPAIR_BYTES = 1 << 14
_LONGEST_LINE_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is no part of a piece's text: its number, its fields as far as they could be read, and why."""

    row: int
    fields: Sequence[str]
    code: RejectCode
    message: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Regular CSV text (LF or CRLF, no header), the numbers of its rows, and the rejects among them."""

    text: bytes
    row_numbers: Sequence[int]
    rejects: Sequence[Reject] = ()


class PieceCutter:
    """Cuts what a stream holds into pieces, in order, every row in one of them.

    Whole blocks are proved regular and passed on as they are. Where that fails, smaller ones are tried, and
    the smallest are read record by record and written anew, until the text is regular again.
    """

    def __init__(self, stream: Utf8Stream, name: str) -> None:
        self._stream = stream
        self._name = name
        self._is_last = False
        self._row = self._line = 1
        self.text = b""
        self.fill(BLOCK_BYTES)

    @property
    def is_last(self) -> bool:
        """Whether the stream ends with `text`."""
        return self._is_last

    def fill(self, size: int) -> None:
        """Reads until `text` holds `size` bytes or the file ends; a last line without a line end is given one."""
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
        self._line, size = lines + 1, BLOCK_BYTES
        self._drop(start)
        while self.text:
            piece = self._cut_regular(shape, size)
            if piece is not None:
                size = min(2 * size, BLOCK_BYTES)
                yield piece
            elif size > _REPAIR_BYTES:
                size = _REPAIR_BYTES
            else:
                yield self._repair(shape)

    def _cut_regular(self, shape: CsvShape, size: int) -> Piece | None:
        end = find_border(self.text, size)
        block = self.text[:end]
        rows = count_regular_rows(block, shape)
        if not rows:
            return None
        piece = Piece(block, range(self._row, self._row + rows))
        self._row += rows
        self._line += count_lines(block)
        self._drop(end)
        return piece

    def _repair(self, shape: CsvShape) -> Piece:
        """The next records, read with care; reads on where not one of them can be seen to its end."""
        accepted, rejects, end = [], [], 0
        numbers: list[int] = []
        for record in read_records(self.text, shape, is_last=self._is_last):
            end = record.end
            if record.code is not None:
                rejects.append(self._reject(record, shape))
            elif record.fields:
                accepted.append(record.fields)
                numbers.append(self._row)
            self._row += bool(record.fields)
            self._line += record.lines
            if end >= _REPAIR_BYTES:
                break
        if end == 0:
            self._read_on()
        self._drop(end)
        return Piece(_write(accepted, shape), numbers, rejects)

    def _read_on(self) -> None:
        if len(self.text) >= _LONGEST_LINE_BYTES:
            raise SourceError(
                f"{self._name}: found a line of more than {len(self.text) >> 20} MiB after line {self._line - 1}, "
                "expected lines of text; check that the file is CSV"
            )
        self.fill(2 * len(self.text))

    def _drop(self, end: int) -> None:
        self.text = self.text[end:]
        self.fill(BLOCK_BYTES)

    def _reject(self, record: Record, shape: CsvShape) -> Reject:
        assert record.code is not None  # noqa: S101
        last_line = self._line + record.lines - 1
        where = f"line {self._line}" if record.lines == 1 else f"lines {self._line} to {last_line}"
        return Reject(self._row, record.fields, record.code, f"{where}: {_explain(record, shape)}")


def _explain(record: Record, shape: CsvShape) -> str:
    match record.code:
        case RejectCode.RAGGED_ROW:
            return f"found {len(record.fields)} fields, expected {shape.width} as in the header"
        case RejectCode.UNCLOSED_QUOTE:
            return "found a quoted field that is not closed, expected a quote before a delimiter or the line's end"
        case RejectCode.NUL_BYTE:
            return "found a NUL byte, expected text"
        case _:
            return "found bytes that are not valid in the file's encoding, expected text"


def _write(records: list[list[str]], shape: CsvShape) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=shape.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(records)
    return text.getvalue().encode()
