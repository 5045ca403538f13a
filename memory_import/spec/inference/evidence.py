"""What the cells of a column look like: how many are filled, and of which form they are."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from memory_import.transforms.values.answers import NO, YES

_SEPARATORS = (":::", ";", "|", "\n", "/", ",")
_LEAST_DIGITS = 5  # of a phone number, without its area
_NUMBER = r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:THOUSANDS[0-9]{3})+)(?:DECIMAL[0-9]+)?"
_CURRENCY = r"(?i)^(?:[\p{Sc}]|eur|usd|gbp|chf|brl|r\$|us\$)\s*|\s*(?:[\p{Sc}]|eur|usd|gbp|chf|brl|%)$"
_MARKS = ((".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))
"""Decimal and thousands marks."""


@dataclass(frozen=True)
class Evidence:
    """The cells of one column of a sample. `cells`: String, trimmed, null where nothing stands. `is_typed`:
    whether they are numbers, dates or moments by the type of their column, and not as somebody wrote them."""

    header: str
    cells: pl.Series
    is_typed: bool = False

    @property
    def rows(self) -> int:
        """How many rows were looked at."""
        return len(self.cells)

    @cached_property
    def filled(self) -> pl.Series:
        """The cells that hold something."""
        return self.cells.drop_nulls()

    @cached_property
    def distinct(self) -> pl.Series:
        """The different texts, in the order of their first appearance."""
        return self.filled.unique(maintain_order=True)

    @property
    def fill(self) -> float:
        """The share of rows that are filled."""
        return len(self.filled) / self.rows if self.rows else 0.0

    @property
    def is_constant(self) -> bool:
        """Whether practically every row says the same."""
        return len(self.distinct) == 1 and self.fill >= 0.95 and self.rows >= 5

    @property
    def is_unique(self) -> bool:
        """Whether no text stands twice."""
        return len(self.distinct) == len(self.filled) > 1

    @cached_property
    def words(self) -> frozenset[str]:
        """The different texts in small letters, where there are few; empty where there are many."""
        return frozenset(self.distinct.str.to_lowercase()) if len(self.distinct) <= 6 else frozenset()

    def share(self, pattern: str) -> float:
        """The share of different texts that match a pattern as a whole."""
        return _mean(self.distinct.str.contains(rf"^(?:{pattern})$"))

    @property
    def is_switch(self) -> bool:
        """Whether the cells say yes or no in words that are known."""
        return bool(self.words) and self.words <= YES | NO

    @cached_property
    def opposites(self) -> tuple[str, str] | None:
        """Two texts of which one is the other with a "not" before it: what is denied, what is not."""
        if len(self.distinct) != 2:
            return None
        short, long = sorted(self.distinct, key=len)
        before = long.casefold().removesuffix(short.casefold())
        is_denial = before.strip(" _") in {
            "un",
            "never",
            "not",
            "do not",
            "don't",
            "no",
            "nicht",
            "ne pas",
            "non",
            "nao",
            "não",
            "niet",
        }
        return (long, short) if before != long.casefold() and is_denial else None

    @property
    def holds_phones(self) -> bool:
        """Whether a fair part of the cells could be phone numbers at all."""
        digits = self.distinct.str.count_matches("[0-9]")
        return self.filled.is_empty() or _mean(digits >= _LEAST_DIGITS) >= 0.2

    @property
    def holds_emails(self) -> bool:
        """Whether a fair part of the cells could be email addresses at all."""
        return self.filled.is_empty() or _mean(self.distinct.str.contains("[@＠]")) >= 0.2

    @property
    def is_of_few(self) -> bool:
        """Whether a few texts stand in many rows: what is the customers' own does not."""
        return len(self.filled) >= 20 and len(self.distinct) * 5 < len(self.filled)

    @property
    def is_free_text(self) -> bool:
        """Whether people write sentences into it."""
        if self.filled.is_empty():
            return False
        has_breaks = _mean(self.filled.str.contains("\n")) > 0.1
        return has_breaks or float(self.filled.str.len_chars().mean() or 0) > 60  # type: ignore[arg-type]

    @property
    def has_apostrophes(self) -> bool:
        """Whether the cells begin with the apostrophe that keeps a spreadsheet from reading figures."""
        return not self.filled.is_empty() and _mean(self.filled.str.starts_with("'")) > 0.5

    @property
    def keeps_zeros(self) -> bool:
        """Whether some figures begin with a zero, which a number would lose."""
        return bool(self.distinct.str.contains(r"^'?0[0-9]").any())

    @property
    def bracketed_address(self) -> bool:
        """Whether the cells hold a name and an address in brackets behind it."""
        return self.share(r"[^()]+\([^()@\s]+@[^()@\s]+\)") >= 0.8 and not self.distinct.is_empty()

    def separator(self, *, is_list: bool) -> str | None:
        """What stands between several values of a cell, with the blanks that always go with it; else None.

        `is_list` says that the header promises lists: then any comma will do.
        """
        for sign in _SEPARATORS:
            holding = self.filled.filter(self.filled.str.contains(sign, literal=True))
            if holding.is_empty() or (sign in ",/\n" and not is_list):
                continue
            if not is_list and not self._repeats(holding, sign):
                continue
            return _with_blanks(holding, sign)
        return (
            " "
            if is_list and self.share(r"[a-z0-9_.-]+(?: [a-z0-9_.-]+)*") == 1.0 and self._has(" ")
            else None
        )

    def _has(self, sign: str) -> bool:
        return bool(self.filled.str.contains(sign, literal=True).any())

    def _repeats(self, holding: pl.Series, sign: str) -> bool:
        """Whether the parts are short and come again in other cells, as the items of a list do."""
        parts = holding.str.split(sign).explode(empty_as_null=False).str.strip_chars()
        if float(parts.str.len_chars().mean() or 0) > 30 or len(holding) < 0.05 * len(self.filled):  # type: ignore[arg-type]
            return False
        return len(parts) < 4 or parts.n_unique() <= 0.7 * len(parts)

    @cached_property
    def number_marks(self) -> tuple[str, str] | None:
        """Decimal and thousands mark (either may be empty) where the cells are numbers; None where not."""
        plain = self.distinct.str.replace_all(_CURRENCY, "").str.strip_chars()
        plain = plain.str.replace_all(r"[  ]", " ")
        if plain.is_empty():
            return None
        marks = ((".", ","),) if self.is_typed else _MARKS
        for decimal, thousands in marks:
            pattern = _NUMBER.replace("DECIMAL", f"\\{decimal}").replace("THOUSANDS", f"\\{thousands}")
            if _mean(plain.str.contains(f"^{pattern}$")) >= 0.95 and (
                self.is_typed or self._is_plausible(plain, decimal, thousands)
            ):
                has_decimals = bool(plain.str.contains(decimal, literal=True).any())
                has_thousands = bool(plain.str.contains(thousands, literal=True).any())
                return (decimal if has_decimals else "", thousands if has_thousands else "")
        return None

    @staticmethod
    def _is_plausible(plain: pl.Series, decimal: str, thousands: str) -> bool:
        """Whether a mark that stands alone before three digits is more likely this than a thousands mark."""
        if thousands in {" ", "'"}:
            return True
        ends = plain.str.extract(rf"\{decimal}([0-9]+)$").drop_nulls().str.len_chars()
        groups = plain.str.contains(rf"\{thousands}[0-9]{{3}}(?:\D|$)").any()
        return ends.is_empty() or bool((ends != 3).any()) or bool(groups)

    @property
    def example(self) -> str:
        """One cell, masked: what it looks like and not what it says."""
        text = next(iter(self.distinct), "")
        masked = "".join(
            "9" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in text
        )
        one_line = " ".join(masked.split())
        return one_line if len(one_line) <= 28 else one_line[:27] + "…"


def _with_blanks(holding: pl.Series, sign: str) -> str:
    before = (
        " "
        if bool(
            holding.str.count_matches(f" {sign}", literal=True)
            .eq(holding.str.count_matches(sign, literal=True))
            .all()
        )
        else ""
    )
    after = (
        " "
        if bool(
            holding.str.count_matches(f"{sign} ", literal=True)
            .eq(holding.str.count_matches(sign, literal=True))
            .all()
        )
        else ""
    )
    return f"{before}{sign}{after}"


def _mean(flags: pl.Series) -> float:
    return float(flags.mean() or 0.0)  # type: ignore[arg-type]
