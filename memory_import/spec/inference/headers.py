"""What a column is about, from its header alone, and the name of the trait that it becomes."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from memory_import.spec.inference.vocabulary import PHRASES, Concept

_LONGEST_NAME = 64
_MAPPED_BY_HAND = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_IDS = {"id", "ids", "guid", "uuid"}
_LABELS = {"label", "type"}


def words_of(header: str) -> tuple[str, ...]:
    """The words of a header, in small letters without diacritics; camelCase and digits begin words."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", " ", header)
    split = re.sub(
        r"^\s*\([^()]*\)\s*(?=\S)", "", split
    )  # a note before the name: (required), (do not change)
    plain = unicodedata.normalize("NFKD", split.casefold().translate(_MAPPED_BY_HAND))
    return tuple(re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c))))


@cache
def _phrases_by_length() -> list[tuple[tuple[str, ...], Concept]]:
    """All phrases, the longest first."""
    listed = [(words_of(phrase), concept) for concept, phrases in PHRASES.items() for phrase in phrases]
    return sorted(listed, key=lambda pair: (-len(pair[0]), -sum(map(len, pair[0]))))


def find_concept(header: str) -> tuple[Concept | None, bool]:
    """The concept that a header names, and whether it names nothing else (digits apart).

    The longest phrase among the header's words wins; of phrases of equal length the one that ends the header,
    for languages put what a thing is behind what it belongs to, or before it with a preposition.
    """
    words = tuple(word for word in words_of(header) if not word.isdigit())
    if not words:
        return None, False
    if len(words) > 1 and words[-1] in _LABELS and any(char.isdigit() for char in header):
        return Concept.LABEL, True
    best: tuple[int, int, int, Concept] | None = None
    for phrase, concept in _phrases_by_length():
        wanted = tuple(word for word in phrase if not word.isdigit())
        if not wanted or (best is not None and len(wanted) < best[0]):
            continue
        at = _find(words, wanted)
        if at is not None:
            rank = (len(wanted), at + len(wanted), sum(map(len, wanted)), concept)
            best = rank if best is None or rank[:3] > best[:3] else best
    if best is None:
        return (Concept.OTHER_ID, False) if words[-1] in _IDS else (None, False)
    length, _, _, concept = best
    is_whole = length == len(words)
    if concept is Concept.CUSTOMER_ID and length == 1 and len(words) > 1:
        return Concept.OTHER_ID, False  # the id of whatever stands before it
    return concept, is_whole


def _find(words: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Where `wanted` stands last among `words`."""
    for at in range(len(words) - len(wanted), -1, -1):
        if tuple(words[at : at + len(wanted)]) == tuple(wanted):
            return at
    return None


def find_prefix(headers: Sequence[str]) -> str:
    """What stands before every header, up to the sign behind it ("Person - "); empty where nothing does."""
    first = re.match(r"\w+(?: - |: |\.|_)", headers[0]) if len(headers) > 2 else None
    return first[0] if first and all(header.startswith(first[0]) for header in headers) else ""


def name_trait(header: str) -> str:
    """A trait name, lowerCamelCase in ASCII, from the words of a header; `field` where there are none."""
    words = [
        ascii_word for word in words_of(header) if (ascii_word := word.encode("ascii", "ignore").decode())
    ]
    while words and words[0].isdigit():
        words = words[1:]
    name = "".join([words[0], *(word.capitalize() for word in words[1:])]) if words else "field"
    return name[:_LONGEST_NAME]
