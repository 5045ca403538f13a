"""Cutting the text of a CSV file on record borders, and proving a block regular without reading its fields.

A block is regular when Python's `csv` module and Polars must read the same from it: every line has the
header's number of fields, a quote stands at the border of a field or doubled within a quoted one, and the
bytes are UTF-8 without NUL.
"""

import codecs
from dataclasses import dataclass, field

QUOTE = b'"'
_ALL_BYTES = bytes(range(256))
_MOST_STEPS_BACK = 8


@dataclass(frozen=True)
class CsvShape:
    """What a regular line looks like: its delimiter (one ASCII character) and its number of fields."""

    delimiter: str
    width: int
    skeleton: bytes = field(init=False)
    """What remains of a regular line when everything but delimiters and line ends is taken away."""
    ordinary: bytes = field(init=False)
    """Every byte but the delimiter and the line end."""

    def __post_init__(self) -> None:
        separator = self.delimiter.encode()
        object.__setattr__(self, "skeleton", separator * (self.width - 1) + b"\n")
        object.__setattr__(self, "ordinary", _ALL_BYTES.translate(None, separator + b"\n"))


def find_border(text: bytes, limit: int) -> int:
    """Where the last line that ends outside quotes within the first `limit` bytes ends; 0 when none is near.

    Counts on regular quoting from the start of `text`: only a block proved regular may be cut here.
    """
    end = text.rfind(b"\n", 0, limit) + 1
    quotes = text.count(QUOTE, 0, end)
    for _ in range(_MOST_STEPS_BACK):
        if quotes % 2 == 0:
            return end
        before = text.rfind(b"\n", 0, text.rfind(QUOTE, 0, end)) + 1
        quotes -= text.count(QUOTE, before, end)
        end = before
    return 0


def count_regular_rows(block: bytes, shape: CsvShape) -> int | None:
    """How many rows a block of whole lines holds if it is regular; None if that cannot be proved.

    The block starts on a record border and ends with a line end.
    """
    if b"\0" in block or block.startswith(codecs.BOM_UTF8) or not is_utf8(block):
        return None
    outside = _blank_quoted_text(block, shape.delimiter.encode())
    if outside is None:
        return None
    if b"\r" in outside:
        outside = outside.replace(b"\r\n", b"\n")
    if b"\r" in outside or (shape.width == 1 and _has_blank_line(outside)):
        return None
    skeleton = outside.translate(None, shape.ordinary)
    rows = len(skeleton) // shape.width
    return rows if skeleton == shape.skeleton * rows else None


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


def _blank_quoted_text(block: bytes, separator: bytes) -> bytes | None:
    """The block with every quoted stretch reduced to one quote; None when a quote stands where none should.

    Split at the quotes, the pieces are outside and inside a quoted field by turns. An outer piece must end
    and begin at the border of a field; an empty one is a doubled quote.
    """
    if QUOTE not in block:
        return block
    pieces = block.split(QUOTE)
    outer = pieces[::2]
    begins = {piece[:1] for piece in outer[1:]}
    ends = {piece[-1:] for piece in outer[:-1]}
    if (
        len(pieces) % 2 == 0
        or not begins <= {separator, b"\n", b"\r", b""}
        or not ends <= {separator, b"\n", b""}
    ):
        return None
    return QUOTE.join(outer)


def _has_blank_line(text: bytes) -> bool:
    return text.startswith(b"\n") or b"\n\n" in text
