"""Which format the dates and times of a column are in, and whether day or month comes first."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

_TIMES = (
    "",
    " %H:%M",
    " %H:%M:%S",
    "T%H:%M",
    "T%H:%M:%S",
    ", %H:%M",
    ", %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %I:%M %p",
    ", %I:%M:%S %p",
)
_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")
_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y", "%m.%d.%y")
_IN_WORDS = (
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%a, %d %b %Y",
)
_PATTERNS = {
    "%d": r"[0-9]{1,2}",
    "%m": r"[0-9]{1,2}",
    "%Y": r"[0-9]{4}",
    "%y": r"[0-9]{2}",
    "%H": r"[0-9]{1,2}",
    "%M": r"[0-9]{2}",
    "%S": r"[0-9]{2}(?:\.[0-9]+)?",
    "%I": r"[0-9]{1,2}",
    "%p": r"(?i:[ap]\.?m\.?)",
    "%b": r"[A-Za-z]{3}\.?",
    "%B": r"[A-Za-z]{3,9}",
    "%a": r"[A-Za-z]{3}",
}
_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    r"\s*(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Moments:
    """`formats` that fit practically all cells, the likeliest first; empty where ISO 8601 with a zone
    does."""

    formats: tuple[str, ...]
    has_time: bool
    has_zone: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Whether day and month could be either way round."""
        return {_order(one) for one in self.formats} == {"day", "month"}


def read_moments(distinct: pl.Series, least: float = 0.9) -> Moments | None:
    """What the different texts of a column are as dates or times; None where fewer than `least` of them
    are."""
    if distinct.is_empty():
        return None
    if _share(distinct.str.contains(f"^{_ISO}$")) >= 0.95:
        return Moments((), has_time=True, has_zone=True)
    for end in _TIMES:
        fitting = tuple(
            day + end
            for day in (*_YEAR_FIRST, *_DAY_FIRST, *_MONTH_FIRST, *_IN_WORDS)
            if _fits(distinct, day + end, least)
        )
        if fitting:
            return Moments(fitting, has_time=bool(end))
    return None


def _fits(distinct: pl.Series, form: str, least: float) -> bool:
    if _share(distinct.str.contains(f"^{_as_pattern(form)}$")) < least:
        return False
    parsed = (
        distinct.str.to_datetime(form, strict=False)
        if "%H" in form or "%I" in form
        else distinct.str.to_date(form, strict=False)
    )
    years = parsed.dt.year().drop_nulls()
    return _share(parsed.is_not_null()) >= least and bool(years.is_between(1880, 2100).all())


def _as_pattern(form: str) -> str:
    pattern = form.replace(".", r"\.")
    for code, digits in _PATTERNS.items():
        pattern = pattern.replace(code, digits)
    return pattern


def _order(form: str) -> str:
    at = {code: form.find(code) for code in ("%d", "%m", "%Y")}
    if at["%m"] < 0 or form.startswith("%Y"):
        return "fixed"
    return "day" if at["%d"] < at["%m"] else "month"


def settle_order(columns: Iterable[Moments], *, months_first: bool) -> str:
    """Whether day or month comes first in a file: what its unambiguous columns say; else `months_first`."""
    said = {_order(moments.formats[0]) for moments in columns if moments.formats and not moments.is_ambiguous}
    if said & {"day", "month"} and not {"day", "month"} <= said:
        return "day" if "day" in said else "month"
    return "month" if months_first else "day"


def choose_format(moments: Moments, order: str, *, is_typed: bool = False) -> str | None:
    """The format of a column, given what comes first in its file; None for ISO 8601, which is how a typed
    column of times is read."""
    if is_typed:
        return next((form for form in moments.formats if "%" not in form), None)
    fitting = [form for form in moments.formats if _order(form) in {order, "fixed"}]
    return next(iter(fitting or moments.formats), None)


def _share(flags: pl.Series) -> float:
    return float(flags.mean() or 0.0)  # type: ignore[arg-type]
