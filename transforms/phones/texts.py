"""Phone numbers as people write them: which texts are plain, and the digits in them.

A text is plain where `phonenumbers` provably sees one number in it: something that cannot begin a number,
pluses, at least three ASCII digits with known separators between them, an ordinary extension, something that
cannot belong to a number. Letters among the digits, other scripts' digits, `;phone-context=`, `* # ~` and the
like are left to the library.
"""

from typing import NamedTuple

import polars as pl

from memory_import.transforms.codes import Change
from memory_import.transforms.phones.library import CODES

LONGEST_PLAIN_BYTES = 56  # longer texts are rare, and more digits would outgrow the tables of lengths
_LONGEST_TEXT = 250  # characters; the library refuses longer texts for another reason

_SEPARATORS = " \u00a0‐‑‒–—―./()[]-"
_REMOVED = [*_SEPARATORS, *"\t\r\n,:"]
_SEPARATOR = r"[ \x{A0}\x{2010}-\x{2015}./()\[\]-]"
_DIGITS = rf"\+*{_SEPARATOR}*[0-9](?:{_SEPARATOR}*[0-9]){{2,}}"
_AROUND = r"[ \t\r\n\x{A0}\x{2010}-\x{2015}./()\[\],:-]*"
_BARE = rf"^{_AROUND}{_DIGITS}{_AROUND}$"

_NO_START = r"[^+0-9;\x{80}-\x{9F}\x{A1}-\x{10FFFF}]*"
_END = r"[^+0-9A-Za-z#;\x{80}-\x{9F}\x{A1}-\x{10FFFF}]*"
_EXTENSION = r"(?:;ext=| *(?:[xX]|[eE][xX][tT](?:[eE][nN][sS][iI][oO][nN])?)[.:]? *)[0-9]{1,7}"
_DRESSED = rf"^{_NO_START}{_DIGITS}(?:{_EXTENSION})?{_END}$"
_EXTENDED = rf"^{_NO_START}{_DIGITS}{_EXTENSION}{_END}$"
_EXTENSION_AT_END = rf"{_EXTENSION}{_END}$"

_APOSTROPHE = r"^[ \t\r\n\x{A0}]*'"
_SPREADSHEET_DAMAGE = r"^[ \t\r\n\x{A0}]*'?[0-9]+(?:(?:[.,][0-9]+)?[eE]\+?[0-9]+|\.0)[ \t\r\n\x{A0}]*$"
# Nothing that can begin a number; or a power of ten, for no number has a plus inside.
_NO_NUMBER = rf"^(?:{_NO_START}|[0-9]+(?:[.,][0-9]+)?[eE]\+[0-9]+)$"


class PlainNumbers(NamedTuple):
    """What was read from plain texts.

    `row` (UInt32: the place of the text), `digits` (String: of the number alone, at least three), `plus`
    (Boolean) and `change` (CODES: what the writing calls for whatever the number is; null where it is digits
    behind one plus, and where a number without a plus has nothing but separators).
    """

    row: pl.Series
    digits: pl.Series
    plus: pl.Series
    change: pl.Series

    def where(self, mask: pl.Series) -> "PlainNumbers":
        return PlainNumbers(*(column.filter(mask) for column in self))


def read_digits(numbers: pl.Series) -> PlainNumbers:
    """Reads the plain ones of the texts (String). Order is not kept."""
    row = pl.int_range(len(numbers), dtype=pl.UInt32, eager=True)
    is_bare = _match_short(numbers, _BARE)
    bare, others = numbers.filter(is_bare), numbers.filter(~is_bare)
    is_dressed = _match_short(others, _DRESSED)
    texts = pl.concat([_undress_bare(bare), _undress(others.filter(is_dressed))], rechunk=True)
    digits, plus = texts.select_seq(
        pl.col("digits").str.strip_chars_start("+"), plus=pl.col("digits").str.starts_with("+")
    )
    is_e164 = plus & (texts["number"].str.len_bytes() == digits.str.len_bytes() + 1)
    change = texts.select_seq(
        pl.when(plus & ~is_e164)
        .then(pl.col("change").fill_null(pl.lit(Change.PHONE_REFORMATTED, CODES)))
        .otherwise("change")
    ).to_series()
    rows = pl.concat([row.filter(is_bare), row.filter(~is_bare).filter(is_dressed)])
    return PlainNumbers(rows, digits, plus, change)


def _match_short(numbers: pl.Series, pattern: str) -> pl.Series:
    return (numbers.str.len_bytes() <= LONGEST_PLAIN_BYTES) & numbers.str.contains(pattern)


def _undress_bare(numbers: pl.Series) -> pl.DataFrame:
    """`number`, `digits` with the pluses before them, and `change`."""
    number = pl.col("number")
    digits = number.str.replace_many(_REMOVED, [""])
    return numbers.to_frame("number").select_seq(number, digits=digits, change=pl.lit(None, CODES))


def _undress(numbers: pl.Series) -> pl.DataFrame:
    """The same of texts with letters, an extension or an apostrophe."""
    number = pl.col("number")
    is_extended = numbers.str.contains(_EXTENDED)
    bare = pl.when(is_extended).then(number.str.replace(_EXTENSION_AT_END, "")).otherwise(number)
    return numbers.to_frame("number").select_seq(
        number,
        digits=bare.str.replace_all("[^0-9+]+", ""),
        change=pl.when(is_extended)
        .then(pl.lit(Change.PHONE_EXTENSION_DROPPED, CODES))
        .when(number.str.contains("[A-Za-z]"))
        .then(pl.lit(Change.PHONE_LETTERS_CHANGED, CODES))
        .when(number.str.contains(_APOSTROPHE))
        .then(pl.lit(Change.PHONE_APOSTROPHE_DROPPED, CODES)),
    )


def holds_no_number(numbers: pl.Series) -> pl.Series:
    """Whether nothing in each text (String) can be a number: true is certain, false is not."""
    return (numbers.str.len_bytes() <= _LONGEST_TEXT) & numbers.str.contains(_NO_NUMBER)


def is_spreadsheet_damage(numbers: pl.Series) -> pl.Series:
    """Whether each number (String) is what a spreadsheet makes of one: a decimal, or in powers of ten."""
    return numbers.str.contains(_SPREADSHEET_DAMAGE)
