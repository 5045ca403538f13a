"""Regular expressions carried from `phonenumbers`' metadata (Python `re`) to Polars (the Rust regex crate).

Both engines give the same match for the few constructs the metadata uses: digits, classes of digits, groups,
alternation (first alternative wins), greedy repetition and the end of the text. A pattern with anything else
is not carried, and what depends on it is left to the library.

A subject is the text that the joined patterns are asked about: the index of a territory in three digits, the
number of digits in two, and the digits. It lets one automaton hold the rules of every territory, lengths
included; with no more than ten characters its table of states stays small.
"""

import re
from collections.abc import Iterable, Sequence

import polars as pl

NEVER = r"[^\s\S]"
START_BYTES = 5  # of a subject, before the digits
LONGEST_LENGTH = 25  # longer subjects say the same; no possible length comes near

_ANY_LENGTH = "[0-9][0-9]"
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


def keep_last_capture(pattern: str) -> str:
    """The same language with its last capturing group alone.

    Raises UncarriedPatternError where that group may match nothing: then nobody could tell that it did.
    """
    start = max(group.end() for group in re.finditer(r"\((?!\?)", pattern))
    ends = (end for end in range(start, len(pattern)) if pattern[end] == ")")
    end = next(end for end in ends if _is_balanced(pattern[start:end]))
    if re.fullmatch(pattern[start:end], ""):
        raise UncarriedPatternError(f"the last group of {pattern!r} may match nothing")
    return f"{drop_captures(pattern[: start - 1])}({pattern[start:end]}){drop_captures(pattern[end + 1 :])}"


def _is_balanced(pattern: str) -> bool:
    return pattern.count("(") == pattern.count(")")


def subject_start(territory: int, length: int) -> str:
    """What a subject has before that many digits."""
    return f"{territory:03}{min(length, LONGEST_LENGTH):02}"


def whole_number(lengths: Sequence[int], pattern: str) -> str:
    """A subject's part after the territory: one of these lengths, and digits that match as a whole.

    No lengths at all restrict nothing; -1 is the metadata's word for a kind of number that does not exist.
    """
    stated = [f"{length:02}" for length in lengths if 0 <= length < LONGEST_LENGTH]
    if lengths and not stated:
        return NEVER
    return f"(?:{'|'.join(stated) or _ANY_LENGTH})(?:{drop_captures(pattern)})$"


def number_start(pattern: str) -> str:
    """A subject's part after the territory: any length, and digits that begin with a match."""
    return f"{_ANY_LENGTH}(?:{pattern})"


def join_by_territory(rules: Iterable[tuple[int, str]]) -> str:
    """One pattern for subjects of all territories, from pairs of index and rule; never matches if there are
    none."""
    alternatives = [f"{territory:03}(?:{rule})" for territory, rule in rules]
    return f"^(?:{'|'.join(alternatives)})" if alternatives else NEVER


class JoinedRules:
    """One kind of rule of every territory, joined for those that are asked about.

    To compile all of them takes a tenth of a second, and most files know a few countries. A territory that
    was not asked about before joins the others; once that has cost a quarter of what all of them would, all
    join. Safe to ask from any thread.
    """

    def __init__(self, rules: Sequence[str]) -> None:
        self._rules = rules
        self._spent = 0
        self._join([])

    def match(self, territory: pl.Series, subject: pl.Series) -> pl.Series:
        """Whether the territory (UInt32) of each subject (String) has a rule that matches it (Boolean)."""
        joined, is_joined = self._joined
        if not is_joined[territory].all():
            joined, is_joined = self._join([*is_joined.arg_true(), *territory.unique().drop_nulls()])
        return subject.str.contains(joined)

    def _join(self, territories: Iterable[int]) -> tuple[str, pl.Series]:
        known = set(territories)
        self._spent += len(known)
        if self._spent > len(self._rules) / 4:
            known = set(range(len(self._rules)))
        is_joined = pl.Series([territory in known for territory in range(len(self._rules))], dtype=pl.Boolean)
        self._joined = join_by_territory((number, self._rules[number]) for number in sorted(known)), is_joined
        return self._joined


def or_start(pattern: str) -> str:
    """The pattern, or where it does not match, what every subject has before the digits."""
    return f"{pattern}|^[0-9]{{{START_BYTES}}}"
