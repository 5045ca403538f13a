"""Phone numbers as people write them: which texts are plain, and the digits in them.

A text is plain where `phonenumbers` provably sees one number in it: something that cannot begin a number, pluses,
at least three ASCII digits with known separators between them, an ordinary extension, something that cannot
belong to a number. Letters among the digits, other scripts' digits, `;phone-context=`, `* # ~` and the like are
left to the library.
"""

import polars as pl

from transforms.reasons import Change, Reason

LONGEST_TEXT_BYTES = 250  # the library refuses longer texts, in characters

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
_EXTENSION_AT_END = rf"{_EXTENSION}{_END}$"

_APOSTROPHE = r"^[ \t\r\n\x{A0}]*'"
_SPREADSHEET_DAMAGE = r"^[ \t\r\n\x{A0}]*'?[0-9]+(?:(?:[.,][0-9]+)?[eE]\+?[0-9]+|\.0)[ \t\r\n\x{A0}]*$"


def read_digits(rows: pl.DataFrame) -> pl.DataFrame:
    """The plain texts of `rows` (`number`: String, no nulls), with what was read from them.

    Adds `digits` (String: of the number alone, at least three), `plus` (Boolean) and `change` (String: a `Change`
    that the writing calls for whatever the number is, or null). Rows that are not plain are left out, order is not
    kept.
    """
    rows = rows.filter(pl.col("number").str.len_bytes() <= LONGEST_TEXT_BYTES)
    is_bare = rows["number"].str.contains(_BARE)
    bare = rows.filter(is_bare).with_columns(
        digits=pl.col("number").str.replace_many(_REMOVED, [""]),
        change=pl.lit(None, pl.String),
    )
    dressed = _undress(rows.filter(~is_bare))
    return pl.concat([bare, dressed]).with_columns(plus=pl.col("number").str.contains("+", literal=True))


def _undress(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.filter(pl.col("number").str.contains(_DRESSED))
    number = pl.col("number")
    has_extension = number.str.contains(_EXTENSION_AT_END)
    return rows.with_columns(
        digits=number.str.replace(_EXTENSION_AT_END, "").str.replace_all("[^0-9]+", ""),
        change=pl.when(has_extension)
        .then(pl.lit(Change.PHONE_EXTENSION_DROPPED.value))
        .when(number.str.contains("[A-Za-z]"))
        .then(pl.lit(Change.PHONE_LETTERS_CHANGED.value))
        .when(number.str.contains(_APOSTROPHE))
        .then(pl.lit(Change.PHONE_APOSTROPHE_DROPPED.value)),
    )


def holds_no_number() -> pl.Expr:
    """Whether nothing in `number` can begin one: true is certain, false is not."""
    is_short = pl.col("number").str.len_bytes() <= LONGEST_TEXT_BYTES
    return is_short & pl.col("number").str.contains(rf"^{_NO_START}$")


def spot_damage(reason: pl.Expr) -> pl.Expr:
    """The reason for a refused `number`, or that a spreadsheet wrote it as a decimal or in powers of ten."""
    damaged = pl.col("number").str.contains(_SPREADSHEET_DAMAGE)
    return pl.when(damaged).then(pl.lit(Reason.PHONE_SPREADSHEET_DAMAGE.value)).otherwise(reason)
