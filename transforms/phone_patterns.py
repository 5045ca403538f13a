"""Regular expressions carried from `phonenumbers`' metadata (Python `re`) to Polars (the Rust regex crate).

Both engines give the same match for the few constructs the metadata uses: digits, classes of digits, groups,
alternation (first alternative wins), greedy repetition and the end of the text. A pattern with anything else
is not carried, and what depends on it is left to the library.

A subject is the text that the joined patterns are asked about: the tag of a territory, one letter for the
number of digits (`a` = 0), and the digits. It lets one automaton hold the rules of every territory, lengths
included.
"""

import re
from collections.abc import Iterable, Sequence

NEVER = r"[^\s\S]"
LONGEST_LENGTH = 25  # subjects of more digits share its letter; no possible length comes near

_DIGIT = r"(?:\\d|[0-9]|\[(?:[0-9](?:-[0-9])?)+\])(?:[?*+]|\{[0-9]+(?:,[0-9]*)?\})?"
_GROUP_END = r"\)(?:\?|\{[0-9]+\})?"  # the engines may differ on groups that repeat and match nothing
_CARRIABLE = re.compile(rf"(?:{_DIGIT}|\((?:\?:)?|{_GROUP_END}|\||\$)*")


class UncarriedPatternError(ValueError):
    """A metadata pattern uses a construct that is not known to mean the same in both engines."""


def carry_pattern(pattern: str) -> str:
    """The pattern for Polars, its capturing groups kept.

    Raises UncarriedPatternError for a construct outside the known ones.
    """
    if not _CARRIABLE.fullmatch(pattern):
        raise UncarriedPatternError(f"no known equivalent in Polars for the metadata pattern {pattern!r}")
    return pattern.replace(r"\d", "[0-9]")  # \d is every Unicode digit


def drop_captures(pattern: str) -> str:
    """The same language without capturing groups, which cost time."""
    return re.sub(r"\((?!\?)", "(?:", pattern)


def length_letter(length: int) -> str:
    """The letter that stands for a number of digits in a subject."""
    return chr(ord("a") + min(length, LONGEST_LENGTH))


def whole_number(lengths: Sequence[int], pattern: str) -> str:
    """A subject's part after the tag: one of these lengths, and digits that match as a whole.

    No lengths at all restrict nothing; -1 is the metadata's word for a kind of number that does not exist.
    """
    letters = "".join(length_letter(length) for length in lengths if 0 <= length < LONGEST_LENGTH)
    if lengths and not letters:
        return NEVER
    return f"[{letters or 'a-z'}](?:{drop_captures(pattern)})$"


def number_start(pattern: str) -> str:
    """A subject's part after the tag: any length, and digits that begin with a match."""
    return f"[a-z](?:{drop_captures(pattern)})"


def join_by_tag(rules: Iterable[tuple[str, str]]) -> str:
    """One pattern for subjects of all tags, from pairs of tag and rule; never matches if there are none."""
    alternatives = [f"{re.escape(tag)}(?:{rule})" for tag, rule in rules]
    return f"^(?:{'|'.join(alternatives)})" if alternatives else NEVER
