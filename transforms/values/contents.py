"""Content that is longer than the API accepts, in numbered parts: `[1/3] …`, `[2/3] …`, `[3/3] …`.

A part ends where a sentence does, if one ends in its second half; else between words; else anywhere but
inside a character that is made of several.
"""

import re
import unicodedata
from itertools import count

_SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)\]]*\s+|\n+")
_SPACE = re.compile(r"\s+")
_JOINER = "\u200d"
_SPREAD = frozenset(range(0xFE00, 0xFE10)) | frozenset(range(0x1F3FB, 0x1F400))  # variations, skin tones


def split_content(text: str, limit: int) -> list[str]:
    """The parts of a text, each with its number and of at most `limit` characters (at least 50)."""
    if len(text) <= limit:
        return [text]
    for digits in count(1):
        room = limit - len("[/] ") - 2 * digits
        pieces = list(_cut(text, room))
        if len(pieces) < 10**digits:
            return [f"[{number}/{len(pieces)}] {piece}" for number, piece in enumerate(pieces, 1)]
    raise AssertionError("count() has no end")


def _cut(text: str, room: int) -> list[str]:
    pieces = []
    while len(text) > room:
        end = _find_border(text, room)
        pieces.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*pieces, text] if text else pieces


def _find_border(text: str, room: int) -> int:
    window = text[: room + 1]  # a space after the last character that fits is a border, too
    for border in (_SENTENCE_END, _SPACE):
        starts = [match.start() + len(match[0].rstrip()) for match in border.finditer(window)]
        fitting = [start for start in starts if room // 2 < start <= room]
        if fitting:
            return fitting[-1]
    end = room
    while end > room // 2 and _belongs_together(text[end - 1], text[end]):
        end -= 1
    return end


def _belongs_together(before: str, after: str) -> bool:
    return (
        _JOINER in (before, after)
        or bool(unicodedata.combining(after))
        or unicodedata.category(after) == "Mn"
        or ord(after) in _SPREAD
    )
