"""Phone numbers as people write them: which texts are plain, and the digits in them.

A text is plain where `phonenumbers` provably sees one number in it: something that cannot begin a number,
pluses, at least three ASCII digits with known separators between them, an ordinary extension, something that
cannot belong to a number. Letters among the digits, other scripts' digits, `;phone-context=`, `* # ~` and the
like are left to the library.
"""

import polars as pl

from transforms.phone_judge import CODES
from transforms.reasons import Change

LONGEST_PLAIN_BYTES = 56  # longer texts are rare, and more digits would outgrow the tables of lengths
_LONGEST_TEXT = 250  # characters; the library refuses longer texts for another reason

_SEPARATORS = " \u00a0‐‑‒–—―./()[]-"
_REMOVED = [*_SEPARATORS, *"\t\r\n,:+"]
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


def read_digits(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What was read from the plain texts of `rows` (`number`: String, no nulls), and the other rows.

    In the place of `number`: `digits` (String: of the number alone, at least three), `plus` (Boolean),
    `is_e164` (Boolean: one plus and the digits are all there was) and `change` (CODES: what the writing calls
    for whatever the number is, or null). Order is not kept.
    """
    is_short = rows["number"].str.len_bytes() <= LONGEST_PLAIN_BYTES
    is_bare = is_short & rows["number"].str.contains(_BARE)
    bare, others, is_short = rows.filter(is_bare), rows.filter(~is_bare), is_short.filter(~is_bare)
    bare = bare.with_columns(
        digits=pl.col("number").str.replace_many(_REMOVED, [""]), change=pl.lit(None, CODES)
    )
    is_dressed = is_short & others["number"].str.contains(_DRESSED)
    plain = pl.concat([bare, _undress(others.filter(is_dressed))])
    plain = plain.with_columns(plus=pl.col("number").str.contains("+", literal=True))
    is_e164 = pl.col("plus") & (pl.col("number").str.len_bytes() == pl.col("digits").str.len_bytes() + 1)
    return plain.with_columns(is_e164=is_e164).drop("number"), others.filter(~is_dressed)


def _undress(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(is_extended=pl.col("number").str.contains(_EXTENDED))
    number = pl.col("number")
    bare = pl.when("is_extended").then(number.str.replace(_EXTENSION_AT_END, "")).otherwise(number)
    return rows.select(
        pl.exclude("is_extended"),
        digits=bare.str.replace_all("[^0-9]+", ""),
        change=pl.when("is_extended")
        .then(pl.lit(Change.PHONE_EXTENSION_DROPPED, CODES))
        .when(number.str.contains("[A-Za-z]"))
        .then(pl.lit(Change.PHONE_LETTERS_CHANGED, CODES))
        .when(number.str.contains(_APOSTROPHE))
        .then(pl.lit(Change.PHONE_APOSTROPHE_DROPPED, CODES)),
    )


def holds_no_number() -> pl.Expr:
    """Whether nothing in `number` can begin one: true is certain, false is not."""
    is_short = pl.col("number").str.len_bytes() <= _LONGEST_TEXT
    return is_short & pl.col("number").str.contains(rf"^{_NO_START}$")


def is_spreadsheet_damage(numbers: pl.Series) -> pl.Series:
    """Whether each number (String) is what a spreadsheet makes of one: a decimal, or in powers of ten."""
    return numbers.str.contains(_SPREADSHEET_DAMAGE)
