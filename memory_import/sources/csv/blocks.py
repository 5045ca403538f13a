"""Cutting the text of a CSV file on record borders, and proving a block regular without reading its fields.

A block is regular when Python's `csv` module and Polars must read the same from it: every line has the
header's number of fields, a quote stands at the border of a field or doubled within a quoted one, and the
bytes are UTF-8 without NUL.
"""

import codecs
from dataclasses import dataclass, field
from operator import itemgetter

QUOTE = b'"'
_ALL_BYTES = bytes(range(256))
_FIRST_BYTE, _LAST_BYTE = itemgetter(0), itemgetter(-1)
_MOST_QUOTES_BACK = 64


@dataclass(frozen=True)
class CsvShape:
    """What a regular line looks like: its delimiter (one ASCII character) and its number of fields.

    `escape` (one ASCII character): takes the meaning from the one after it; a line that holds it is never
    regular. None where there is no such character.
    """

    delimiter: str
    width: int
    escape: str | None = None
    skeleton: bytes = field(init=False)
    """What remains of a regular line when everything but delimiters and line ends is taken away."""
    ordinary: bytes = field(init=False)
    """Every byte but the delimiter and the line end."""
    border: frozenset[int] = field(init=False)
    """The delimiter and the line end, as numbers."""
    nothing: bytes = field(init=False)
    """The bytes of a row that says nothing: delimiters, quotes, spaces and line ends."""

    def __post_init__(self) -> None:
        separator = self.delimiter.encode()
        object.__setattr__(self, "skeleton", separator * (self.width - 1) + b"\n")
        object.__setattr__(self, "border", frozenset(separator + b"\n"))
        object.__setattr__(self, "nothing", separator + b'" \t\r\n')
        object.__setattr__(self, "ordinary", _ALL_BYTES.translate(None, separator + b"\n"))


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
    pieces = text.split(QUOTE)
    dropped_bytes = _drop_partial_line(pieces)
    block = text[: len(text) - dropped_bytes]
    if not block or b"\0" in block or block.startswith(codecs.BOM_UTF8) or not is_utf8(block):
        return None
    if shape.escape is not None and shape.escape.encode() in block:
        return None
    rows = _count_rows(pieces[::2], shape)
    if not rows:
        return None
    inner = pieces[1::2]
    return RegularBlock(block, rows, rows + count_lines(QUOTE.join(inner)), b"" in inner)


def split_rows(text: bytes) -> list[bytes]:
    """The rows of regular text, each with its line end."""
    pieces = text.split(QUOTE)
    # A line end within quotes is hidden behind a NUL, which regular text never holds.
    pieces[1::2] = [piece.replace(b"\n", b"\0") for piece in pieces[1::2]]
    lines = QUOTE.join(pieces).split(b"\n")[:-1]
    return [line.replace(b"\0", b"\n") + b"\n" for line in lines]


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


def _drop_partial_line(pieces: list[bytes]) -> int:
    """Ends a text, split at its quotes, after its last line end outside quotes; returns the bytes cut off.

    Looks a few quotes back only; a text without a line end near its own end is emptied.
    """
    dropped = 0
    for _ in range(_MOST_QUOTES_BACK):
        piece = pieces.pop()
        end = 0 if len(pieces) % 2 else piece.rfind(b"\n") + 1
        if end:
            pieces.append(piece[:end])
            return dropped + len(piece) - end
        if not pieces:
            return dropped + len(piece)
        dropped += len(piece) + len(QUOTE)
    dropped += len(QUOTE.join(pieces))
    pieces.clear()
    return dropped


def _count_rows(outer: list[bytes], shape: CsvShape) -> int | None:
    """The rows of a block that was split at its quotes, by its outer pieces; None if it is not regular.

    The pieces of such a block lie outside and inside quotes by turns. An outer piece must end and begin at
    the border of a field; an empty one is a doubled quote.
    """
    begins = set(map(_FIRST_BYTE, filter(None, outer[1:])))
    ends = set(map(_LAST_BYTE, filter(None, outer[:-1])))
    if not (begins <= {*shape.border, *b"\r"} and ends <= shape.border):
        return None
    text = QUOTE.join(outer)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if b"\r" in text or (shape.width == 1 and _has_blank_line(text)):
        return None
    skeleton = text.translate(None, shape.ordinary)
    rows = len(skeleton) // shape.width
    return rows if skeleton == shape.skeleton * rows else None


def _has_blank_line(text: bytes) -> bool:
    return text.startswith(b"\n") or b"\n\n" in text
