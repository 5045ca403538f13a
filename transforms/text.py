"""Text as it stands in cells: what is stripped from it, and when it is too long."""

import polars as pl

from transforms.judgements import code_where
from transforms.limits import STRING_CHARACTERS
from transforms.reasons import Change, Reason

INVISIBLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{200b}\x{feff}]"
"""Control characters other than tab and line ends, zero-width spaces and byte-order marks."""


def clean_texts(texts: pl.Series) -> pl.Series:
    """`text`: without invisible characters or Unicode whitespace around it; null if nothing is left."""
    return _clean(texts, texts.str.contains(INVISIBLE))


def judge_texts(texts: pl.Series, *, limit: int = STRING_CHARACTERS) -> pl.DataFrame:
    """Judgements on plain strings of at most `limit` characters (Unicode code points).

    Invisible characters removed are a change; so is whitespace trimmed from a text that is kept.
    """
    is_stained = texts.str.contains(INVISIBLE)
    text = pl.col("text")
    read = pl.DataFrame([_clean(texts, is_stained), is_stained.alias("is_stained")]).with_columns(
        is_kept=text.str.len_chars() <= limit, is_shorter=text.str.len_bytes() < texts.str.len_bytes()
    )
    is_kept = pl.col("is_kept")
    return read.select(
        value=pl.when(is_kept).then(text),
        reason=code_where(~is_kept, Reason.STRING_TOO_LONG),
        change=pl.when(is_kept & pl.col("is_stained"))
        .then(pl.lit(Change.INVISIBLE_CHARACTERS_REMOVED.value))
        .when(is_kept & pl.col("is_shorter"))
        .then(pl.lit(Change.TEXT_TRIMMED.value)),
    )


def _clean(texts: pl.Series, is_stained: pl.Series) -> pl.Series:
    visible = texts.str.replace_all(INVISIBLE, "") if is_stained.any() else texts
    trimmed = visible.str.strip_chars().alias("text").to_frame()
    return trimmed.select(pl.when(pl.col("text") != "").then(pl.col("text"))).to_series()
