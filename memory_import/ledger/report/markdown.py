"""Text from elsewhere, such as the name of a file, in Markdown: as it stands, never as markup."""

import re

from memory_import.printable import printable_line

_MARKUP = re.compile(
    r"[\\`*\[\]|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[#+=-]|(?<=^\d)[.)]"  # inside a word, _ is none
)
_LONGEST = 300  # characters of a text from elsewhere
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_BACKTICKS = re.compile("`+")


def escape(text: str) -> str:
    """The text on one line that ends somewhere, no part of which is markup or ends the cell of a table."""
    line = printable_line(text)
    escaped = _MARKUP.sub(r"\\\g<0>", line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…")
    return escaped.translate(_ENTITIES)


def as_code(text: str) -> str:
    """The text as code, outside of tables: between more backticks than it holds in a row."""
    line = printable_line(text)
    fence = "`" * (max(map(len, _BACKTICKS.findall(line)), default=0) + 1)
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def as_prose(sentence: str) -> str:
    """A sentence of ours about something from elsewhere: what it has between backticks stays code."""
    parts = sentence.strip().split("`")
    if len(parts) % 2 == 0:
        return escape(sentence.strip())
    return "".join(as_code(part) if at % 2 and part else escape(part) for at, part in enumerate(parts))
