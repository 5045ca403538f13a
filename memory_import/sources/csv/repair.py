"""The careful path: records of irregular CSV text, read by Python's `csv` module with an eye on the lines.

The `csv` module (doubled quotes, or the escape that is given) is the judge of what a record is, with these
exceptions. A space before a quote that opens a field is passed over. Text between the quote that closes a
field and the next delimiter is a fault of its row. A quoted field that runs over several lines must be closed
properly; if it is not, its first line alone is rejected and reading goes on with the next one, so that one
stray quote never swallows other rows. What is decided about a record depends on nothing before it.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memory_import.sources.csv.blocks import QUOTE, CsvShape, find_regular_block, is_utf8
from memory_import.sources.errors import RejectCode

LOOK_AHEAD_BYTES = 1 << 24
"""How far the end of a quoted field is looked for without a doubt. Beyond that it is one long text, unless
the lines in it look like rows: then the quote that opens it is a stray one."""

BLANKS = " \t\r\n"
_LONG_BYTES = 1 << 16
_SAMPLE_LINES = 1_000
_ROWS_SHARE = 0.9
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
    beyond it.
    """
    position = start
    while position < len(text):
        lines = _Lines(text, position, is_last=is_last)
        for fields in _reader(lines, shape):
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


def says_nothing(fields: Iterable[str]) -> bool:
    """Whether no field of a row holds anything but spaces and line ends."""
    return not any(field.strip(BLANKS) for field in fields)


def end_of_lines(text: bytes, count: int) -> int | None:
    """The byte that the first `count` physical lines of a text end at; None where it has fewer."""
    position = 0
    for _ in range(count):
        match = _WHOLE_LINE.match(text, position)
        if match is None:
            return None
        position = match.end()
    return position


def _reader(lines: Iterable[str], shape: CsvShape, *, strict: bool = False) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=shape.delimiter,
        escapechar=shape.escape,
        skipinitialspace=shape.delimiter != " ",
        strict=strict,
    )


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
    is_open = lines.is_exhausted
    is_far = (len(text) if is_open else lines.end) - start > LOOK_AHEAD_BYTES
    is_stray = is_far and _looks_like_rows(text[lines.first_end : start + LOOK_AHEAD_BYTES], shape)
    if is_open and not is_last and not is_stray:
        return None
    raw = text[start : lines.end]
    if not is_open and not is_stray and len(raw) > _LONG_BYTES and _is_regular(raw, shape):
        return Record(fields, lines.end, lines.count, None)
    if is_open or is_stray or (lines.count > 1 and not _is_strict(raw, shape)):
        return _reject_first_line(text[start : lines.first_end], start, shape)
    fields = _with_spaces(raw, fields, shape)
    return Record(fields, lines.end, lines.count, _find_fault(raw, fields, shape))


def _is_regular(raw: bytes, shape: CsvShape) -> bool:
    """Whether a record is without fault, found out in a fraction of the time that `csv` takes."""
    block = find_regular_block(raw, shape)
    return block is not None and block.rows == 1 and len(block.text) == len(raw)


def _find_fault(raw: bytes, fields: list[str], shape: CsvShape) -> RejectCode | None:
    if b"\0" in raw:
        return RejectCode.NUL_BYTE
    if not is_utf8(raw):
        return RejectCode.INVALID_BYTES
    if QUOTE in raw and not _is_strict(raw, shape):
        return RejectCode.TEXT_AFTER_QUOTE
    return RejectCode.RAGGED_ROW if fields and len(fields) != shape.width else None


def _reject_first_line(line: bytes, start: int, shape: CsvShape) -> Record:
    first_line = line.rstrip(b"\r\n").decode("utf-8", "replace")
    fields = next(_reader([first_line], shape))
    return Record(fields, start + len(line), 1, RejectCode.UNCLOSED_QUOTE)


def _is_strict(raw: bytes, shape: CsvShape) -> bool:
    lines = [line.decode("utf-8", "replace") for line in raw.splitlines(keepends=True)]
    try:
        return sum(1 for _ in _reader(lines, shape, strict=True)) == 1
    except csv.Error:
        return False


def _with_spaces(raw: bytes, fields: list[str], shape: CsvShape) -> list[str]:
    """The fields with the spaces that fields without quotes begin with, which `csv` has passed over."""
    if b" " not in raw:
        return fields
    lines = [line.decode("utf-8", "replace") for line in raw.splitlines(keepends=True)]
    spaced = next(csv.reader(lines, delimiter=shape.delimiter, escapechar=shape.escape), [])
    if len(spaced) != len(fields):
        return fields
    return [
        whole if whole.lstrip(" ") == field else field for whole, field in zip(spaced, fields, strict=True)
    ]


def _looks_like_rows(text: bytes, shape: CsvShape) -> bool:
    """Whether nearly all of the first lines have as many delimiters as a row."""
    lines = text.split(b"\n", _SAMPLE_LINES)[:-1]
    separator = shape.delimiter.encode()
    fitting = sum(line.count(separator) == shape.width - 1 for line in lines)
    return bool(lines) and fitting >= _ROWS_SHARE * len(lines)
