"""Text as it stands in cells: what is stripped from it, and when it is too long."""

import polars as pl

from transforms.limits import STRING_CHARACTERS
from transforms.reasons import Change, Reason
from transforms.verdicts import code_where

INVISIBLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{200b}\x{feff}]"
"""Control characters other than tab and line ends, zero-width spaces and byte-order marks."""


def clean_text(texts: pl.Expr) -> pl.Expr:
    """The texts without invisible characters and without whitespace around them; null if nothing is left."""
    cleaned = texts.str.replace_all(INVISIBLE, "").str.strip_chars()
    return pl.when(cleaned != "").then(cleaned)


def judge_text(texts: pl.Series, *, limit: int = STRING_CHARACTERS) -> pl.DataFrame:
    """Verdicts on plain strings of at most `limit` characters (Unicode code points).

    A removed invisible character is a change; so is whitespace trimmed from a text that is kept.
    """
    given = pl.col("given")
    cleaned = pl.DataFrame({"given": texts}, schema={"given": pl.String}).select(
        text=clean_text(given),
        bytes=given.str.len_bytes(),
        trimmed_bytes=given.str.strip_chars().str.len_bytes(),
    )
    text = pl.col("text")
    is_too_long = text.str.len_chars() > limit
    was_stripped = text.str.len_bytes() < pl.col("trimmed_bytes")
    was_trimmed = text.str.len_bytes() < pl.col("bytes")
    return cleaned.select(
        value=pl.when(~is_too_long).then(text),
        reason=code_where(is_too_long, Reason.STRING_TOO_LONG),
        change=pl.when(is_too_long)
        .then(None)
        .when(was_stripped)
        .then(pl.lit(Change.INVISIBLE_CHARACTERS_REMOVED.value))
        .when(was_trimmed)
        .then(pl.lit(Change.TEXT_TRIMMED.value)),
    )
