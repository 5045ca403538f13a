"""Cutting the text of a CSV file on record borders, and proving a block regular without reading its fields.

A block is regular when Python's `csv` module and Polars must read the same from it: every line has the
header's number of fields, a quote stands at the border of a field or doubled within a quoted one, and the
bytes are UTF-8 without NUL.
"""

import codecs
import re
from dataclasses import dataclass, field

QUOTE = b'"'
_QUOTED_FIELD = b"\0"  # what stands for one: no regular block holds a NUL of its own
_ALL_BYTES = bytes(range(256))
_MOST_QUOTES_BACK = 64


@dataclass(frozen=True)
class CsvShape:
    """What a regular line looks like: its delimiter (one ASCII character) and its number of fields."""

    delimiter: str
    width: int
    skeleton: bytes = field(init=False)
    """What remains of a regular line when everything but delimiters and line ends is taken away."""
    ordinary: bytes = field(init=False)
    """Every byte but the delimiter and the line end."""
    quoted: re.Pattern[bytes] = field(init=False)
    """A field in quotes that holds something, from border to border."""
    quoted_empty: re.Pattern[bytes] = field(init=False)
    """A field of two quotes."""

    def __post_init__(self) -> None:
        separator = self.delimiter.encode()
        # Looking behind comes after the quote: what begins with a plain byte is searched for much faster.
        quoted = rb'"(?<![^%b\n]")(?!"[%b\r\n])[^"]*+(?:""[^"]*+)*+"(?=[%b\r\n])'
        quoted_empty = rb'""(?<![^%b\n]"")(?=[%b\r\n])'
        object.__setattr__(self, "skeleton", separator * (self.width - 1) + b"\n")
        object.__setattr__(self, "ordinary", _ALL_BYTES.translate(None, separator + b"\n"))
        for name, pattern in (("quoted", quoted), ("quoted_empty", quoted_empty)):
            object.__setattr__(self, name, re.compile(pattern.replace(b"%b", re.escape(separator))))


@dataclass(frozen=True, slots=True)
class RegularBlock:
    """The part at the start of a text that is proved regular: its bytes, its rows and its physical lines.

    Without `has_quoted_empty` no field of it is written as two quotes.
    """

    text: bytes
    rows: int
    lines: int
    has_quoted_empty: bool


def find_regular_block(text: bytes, shape: CsvShape) -> RegularBlock | None:
    """The whole lines of `text`, which starts on a record border, if they are proved regular; else None.

    What is cut off behind the last line is a part of a row, or, where a quote stands open, the few rows
    before it.
    """
    block = text[: _find_last_border(text)]
    if not block or b"\0" in block or block.startswith(codecs.BOM_UTF8) or not is_utf8(block):
        return None
    unquoted = shape.quoted.sub(_QUOTED_FIELD, block) if QUOTE in block else block
    has_quoted_empty = QUOTE in unquoted
    if has_quoted_empty:
        unquoted = shape.quoted_empty.sub(_QUOTED_FIELD, unquoted)
    rows = _count_rows(unquoted, shape)
    return RegularBlock(block, rows, count_lines(block), has_quoted_empty) if rows else None


def count_lines(text: bytes) -> int:
    """The physical lines that end in `text`: with LF, CRLF or CR."""
    line_feeds = text.count(b"\n")
    return line_feeds + text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else line_feeds


def is_utf8(block: bytes) -> bool:
    """Whether the bytes are valid UTF-8."""
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _find_last_border(text: bytes) -> int:
    """Where the last line that ends outside quotes ends; 0 where none does, or only many quotes back."""
    end, is_outside = len(text), text.count(QUOTE) % 2 == 0
    for _ in range(_MOST_QUOTES_BACK):
        quote = text.rfind(QUOTE, 0, end)
        line_end = text.rfind(b"\n", quote + 1, end) if is_outside else -1
        if line_end >= 0:
            return line_end + 1
        if quote < 0:
            break
        end, is_outside = quote, not is_outside
    return 0


def _count_rows(text: bytes, shape: CsvShape) -> int:
    """The rows of a block in which marks stand for the quoted fields; 0 if it is not regular."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if QUOTE in text or b"\r" in text or (shape.width == 1 and _has_blank_line(text)):
        return 0
    skeleton = text.translate(None, shape.ordinary)
    rows = len(skeleton) // shape.width
    return rows if skeleton == shape.skeleton * rows else 0


def _has_blank_line(text: bytes) -> bool:
    return text.startswith(b"\n") or b"\n\n" in text
