"""Text as it stands in cells: what is stripped from it, and when it is too long."""

import polars as pl

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import judge_rest
from memory_import.transforms.limits import STRING_CHARACTERS
from memory_import.transforms.placeholders import TEMPLATE

INVISIBLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{200b}\x{feff}]"
"""Control characters other than tab and line ends, zero-width spaces and byte-order marks."""

TO_CLEAN = rf"^\s|\s$|^$|^\{{\{{|^\$\{{|^#|^-[Nn]|^\*\||^%%|{INVISIBLE}"
"""Texts that may need cleaning, or be placeholders."""

_text = pl.col("text")


def clean_texts(texts: pl.Series) -> pl.Series:
    """`text`: without invisible characters or Unicode whitespace around it; null if nothing is left."""
    cleaned = texts.to_frame("text").select(_text.str.replace_all(INVISIBLE, "").str.strip_chars())
    return cleaned.select(pl.when(_text != "").then(_text)).to_series()


def judge_texts(texts: pl.Series, *, limit: int = STRING_CHARACTERS) -> pl.DataFrame:
    """Judgements on plain strings of at most `limit` characters (Unicode code points).

    Invisible characters removed are a change; so is whitespace trimmed from a text that is kept.
    """
    is_plain = ~_text.str.contains(TO_CLEAN) & (_text.str.len_bytes() <= limit)
    plain = texts.to_frame("text").select(pl.when(is_plain).then(_text)).to_series()
    return judge_rest(texts, plain, lambda rest: _judge_others(rest, limit))


def _judge_others(texts: pl.Series, limit: int) -> pl.DataFrame:
    given = pl.col("given")
    is_placeholder = _text.str.contains(TEMPLATE)
    is_kept = (_text.str.len_chars() <= limit) & ~is_placeholder
    return pl.DataFrame({"given": texts, "text": clean_texts(texts)}).select(
        value=pl.when(is_kept).then(_text),
        reason=pl.when(is_placeholder)
        .then(pl.lit(Reason.PLACEHOLDER.value))
        .when(~is_kept)
        .then(pl.lit(Reason.STRING_TOO_LONG.value)),
        change=pl.when(is_kept & given.str.contains(INVISIBLE))
        .then(pl.lit(Change.INVISIBLE_CHARACTERS_REMOVED.value))
        .when(is_kept & (_text.str.len_bytes() < given.str.len_bytes()))
        .then(pl.lit(Change.TEXT_TRIMMED.value)),
    )
