"""Formats of dates and times: what a text has to look like, and times that are written as numbers."""

import re
from collections.abc import Callable

import polars as pl

_CODE = re.compile(r"%[-_0]?(?:[:.#]*[0-9]?)?[A-Za-z%+]|\\s+|.", re.DOTALL)
_TWO_DIGITS = frozenset("mdHIMSyUWCgu")
_PATTERNS = {
    "Y": "[0-9]{4}",
    "G": "[0-9]{4}",
    "y": "[0-9]{2}",
    "j": "[0-9]{1,3}",
    "e": " ?[0-9]{1,2}",
    "k": " ?[0-9]{1,2}",
    "l": " ?[0-9]{1,2}",
    "F": "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
    "+": "[0-9]{4}-.+?(Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}

OFFSET_CODES = ("%z", "%:z", "%::z", "%#z", "%+")
"""What reads an offset."""

_DAY_MS = 86_400_000
_NUMBER = r"^[0-9]{1,15}(?:\.[0-9]+)?$"


def split_format(format: str) -> list[str]:
    """The codes of a format, and the characters between them."""
    return _CODE.findall(format)


def match_format(format: str) -> str:
    """A pattern for the texts that a format may read: a year is four digits, however lenient the parser.

    Codes that stand beside each other without anything between them have all their digits. The first offset
    is the one group of the pattern.
    """
    codes = split_format(format)
    patterns = []
    for at, piece in enumerate(codes):
        letter = piece[-1]
        if not piece.startswith("%") or piece == "%":
            patterns.append(r"\s*" if piece.isspace() else re.escape(piece))
        elif letter in _PATTERNS and len(piece) <= 3:
            patterns.append(_PATTERNS[letter])
        elif letter in _TWO_DIGITS:
            neighbours = codes[max(at - 1, 0) : at] + codes[at + 1 : at + 2]
            is_packed = any(len(other) > 1 and other.startswith("%") for other in neighbours)
            patterns.append("[0-9]{2}" if is_packed else "[0-9]{1,2}")
        elif piece in OFFSET_CODES and "(.*?)" not in patterns:
            patterns.append("(.*?)")
        else:
            patterns.append(".*?")
    return f"^{''.join(patterns)}$"


def _read_excel(epoch_ms: int, first: int) -> Callable[[pl.Expr], pl.Expr]:
    """Days since an epoch; the fraction is the time of day, to the millisecond."""

    def read(text: pl.Expr) -> pl.Expr:
        days = pl.when(text.str.contains(_NUMBER)).then(text).cast(pl.Float64, strict=False)
        days = pl.when(days.is_between(first, 2_958_466, closed="left")).then(days)
        return pl.from_epoch((days * _DAY_MS).round().cast(pl.Int64) + epoch_ms, time_unit="ms").cast(
            pl.Datetime("us")
        )

    return read


def _read_epoch(unit_ms: float) -> Callable[[pl.Expr], pl.Expr]:
    def read(text: pl.Expr) -> pl.Expr:
        stated = pl.when(text.str.contains(r"^-?[0-9]{1,14}(?:\.[0-9]+)?$")).then(text)
        number = stated.cast(pl.Float64, strict=False)
        return pl.from_epoch((number * unit_ms).round().cast(pl.Int64), time_unit="ms").cast(
            pl.Datetime("us")
        )

    return read


NUMBERED: dict[str, tuple[bool, Callable[[pl.Expr], pl.Expr]]] = {
    # Excel counts a 29 February 1900 that never was: only days after it (61 and on) are meant alike by all.
    "excel": (False, _read_excel(-25_569 * _DAY_MS, 61)),
    "excel_1904": (False, _read_excel(-24_107 * _DAY_MS, 0)),
    "epoch_s": (True, _read_epoch(1_000)),
    "epoch_ms": (True, _read_epoch(1)),
}
"""Times that are written as a number: whether it is a point in time (not local), and how it is read."""
