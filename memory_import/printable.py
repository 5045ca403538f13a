"""Text as people read it: counts with their nouns, and text from elsewhere (names of files, words of a
server) made harmless; and what to do where nobody reads."""

import os
import re
from typing import TextIO

# Control characters, and what hides, reorders or breaks text: Unicode's Cc, line and paragraph separators,
# and the marks for the direction of writing.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_LAID_OUT = frozenset("\n\t")


def printable_line(text: str) -> str:
    """The text on one line: each character that a terminal would act on stands as its escape, such as
    `\\x1b`."""
    return _HARMFUL.sub(_escape, text)


def printable_text(text: str) -> str:
    """The same for a text of several lines, whose line ends and tabs stay."""
    return _HARMFUL.sub(lambda match: match[0] if match[0] in _LAID_OUT else _escape(match), text)


def counted(count: int, noun: str) -> str:
    """The count with its thousands and the noun, which gets an s but after 1: `1 row`, `2,000 rows`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def discard(stream: TextIO) -> None:
    """Let all that a stream still gets go nowhere, once it cannot be written: what is left in it would fail
    when the process ends, and give it another exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")
