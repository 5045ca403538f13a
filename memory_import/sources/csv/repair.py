"""The careful path: records of irregular CSV text, read by Python's `csv` module with an eye on the lines.

The `csv` module (not strict, doubled quotes) is the judge of what a record is, with one exception: a quoted
field that runs over several lines must be closed properly, by a quote before a delimiter or a line end. If it
is not, its first line alone is rejected and reading goes on with the next one, so that one stray quote never
swallows other rows.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from memory_import.sources.csv.blocks import CsvShape, is_utf8
from memory_import.sources.errors import RejectCode

LONGEST_RECORD_BYTES = 1 << 20
"""How far the end of a quoted field that runs over several lines is looked for."""

_WHOLE_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)")

csv.field_size_limit(1 << 30)  # the module's own 128 KiB would refuse here what the fast path takes


@dataclass(frozen=True, slots=True)
class Record:
    """One data row: its fields, the byte it ends at, its physical lines, and what is wrong with it."""

    fields: list[str]
    end: int
    lines: int
    code: RejectCode | None


def read_records(text: bytes, start: int, shape: CsvShape, *, is_last: bool) -> Iterator[Record]:
    """The records of `text` from `start` on, a record border; blank lines are records without fields.

    `is_last` says that the file ends with `text`. Otherwise the reading stops before a record that may go on
    beyond it, unless that one is already longer than `LONGEST_RECORD_BYTES`.
    """
    position = start
    while position < len(text):
        lines = _Lines(text, position, is_last=is_last)
        for fields in csv.reader(lines, delimiter=shape.delimiter):
            record = _judge(text, position, lines, fields, shape, is_last=is_last)
            if record is None:
                return
            yield record
            position = record.end
            if position != lines.end:
                break
            lines.count = 0
        else:
            return


class _Lines:
    """The physical lines of a text, decoded; knows how far it was read."""

    def __init__(self, text: bytes, start: int, *, is_last: bool) -> None:
        self._text = text
        self._is_last = is_last
        self.first_end = self.end = start
        self.count = 0
        self.is_exhausted = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        start, end = self.end, self._next_end()
        if end == start:
            self.is_exhausted = True
            raise StopIteration
        self.end = end
        self.count += 1
        if self.count == 1:
            self.first_end = end
        return self._text[start:end].decode("utf-8", "replace")

    def _next_end(self) -> int:
        """The end of the next whole line; where a file goes on, a CR at the very end may still get its LF."""
        match = _WHOLE_LINE.match(self._text, self.end)
        if self._is_last:
            return match.end() if match else len(self._text)
        if match is None or (match.end() == len(self._text) and self._text.endswith(b"\r")):
            return self.end
        return match.end()


def _judge(
    text: bytes, start: int, lines: _Lines, fields: list[str], shape: CsvShape, *, is_last: bool
) -> Record | None:
    """The record that `csv` read as `fields`; None when more text is needed to know.

    `csv` asks for a line beyond the last one only when a quoted field is still open.
    """
    if lines.is_exhausted and not is_last and len(text) - start < LONGEST_RECORD_BYTES:
        return None
    raw = text[start : lines.end]
    if lines.is_exhausted or (lines.count > 1 and not _is_strict(raw, shape)):
        return _reject_first_line(text[start : lines.first_end], start, shape)
    return Record(fields, lines.end, lines.count, _find_fault(raw, fields, shape))


def _find_fault(raw: bytes, fields: list[str], shape: CsvShape) -> RejectCode | None:
    if b"\0" in raw:
        return RejectCode.NUL_BYTE
    if not is_utf8(raw):
        return RejectCode.INVALID_BYTES
    return RejectCode.RAGGED_ROW if fields and len(fields) != shape.width else None


def _reject_first_line(line: bytes, start: int, shape: CsvShape) -> Record:
    first_line = line.rstrip(b"\r\n").decode("utf-8", "replace")
    fields = next(csv.reader([first_line], delimiter=shape.delimiter))
    return Record(fields, start + len(line), 1, RejectCode.UNCLOSED_QUOTE)


def _is_strict(raw: bytes, shape: CsvShape) -> bool:
    lines = [line.decode("utf-8", "replace") for line in raw.splitlines(keepends=True)]
    try:
        return sum(1 for _ in csv.reader(lines, delimiter=shape.delimiter, strict=True)) == 1
    except csv.Error:
        return False
