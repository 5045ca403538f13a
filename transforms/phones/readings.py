"""Separators that may stand between two numbers or inside one: which reading of a text is right.

`030/12345678` is one number, `030 12345678 / 030 12345679` are two, and `0431 123/456` may be either: as a
whole it is valid, and so is what stands before the slash. `030 901820 - 901829` is a range.
"""

from collections.abc import Callable

import polars as pl

from memory_import.transforms.codes import Reason
from memory_import.transforms.phones.ambiguity import AMERICAN_REGIONS
from memory_import.transforms.phones.undress import LONG_GROUPS, TWO_ZEROS

Judge = Callable[[pl.DataFrame], pl.DataFrame]

_COMMA = r" *, *"
_SPACED_SLASH = r" +[/\\] *| *[/\\] +"
_SLASH = r"[/\\\t]"
_BEFORE_ZERO = r" (\(?0)"
_LEVELS = (_COMMA, _SPACED_SLASH, _SLASH)  # from what parts numbers most to what parts them least
_MARK = "\n"

SEPARATOR = rf"[,/\\\t]|{TWO_ZEROS}|{LONG_GROUPS}"
"""What may stand between two numbers or inside one."""


def settle_readings(
    parts: pl.DataFrame, judge: Judge, levels: tuple[str, ...] = (*_LEVELS, TWO_ZEROS, LONG_GROUPS)
) -> pl.DataFrame:
    """`place`, `e164` and `code` of parts (`place`, `region`, `question`): one row, or one for each number.

    `judge` gives `e164` and `code` of frames with `question` and `region`, row for row. Rows of a part are in
    order, the parts in any.
    """
    if not levels or parts.is_empty():
        asked = parts.with_columns(pl.col("question").str.replace_all("\t", " ", literal=True))
        return parts.select("place").hstack(judge(asked))
    level, *deeper = levels
    parted = parts.with_columns(parted=_part(pl.col("question"), level))
    is_parted = pl.col("parted").str.contains(_MARK, literal=True)
    whole = settle_readings(parted.filter(~is_parted).drop("parted"), judge, tuple(deeper))
    divided = parted.filter(is_parted)
    if divided.is_empty():
        return whole
    return pl.concat([whole, _settle_divided(divided, judge, tuple(deeper))])


def _part(question: pl.Expr, level: str) -> pl.Expr:
    if level == TWO_ZEROS:
        spaced = question.str.replace_all(_BEFORE_ZERO, f"{_MARK}$1")
        return pl.when(question.str.contains(TWO_ZEROS)).then(spaced).otherwise(question)
    if level == LONG_GROUPS:
        return question.str.replace(level, f"$1$3{_MARK}$2$4")
    return question.str.replace_all(level, _MARK)


def _settle_divided(divided: pl.DataFrame, judge: Judge, deeper: tuple[str, ...]) -> pl.DataFrame:
    """The same for parts that a separator divides into `parted`."""
    pieces = (
        divided.select("place", "region", question=pl.col("parted").str.split(_MARK))
        .explode("question")
        .with_row_index("piece")
    )
    pieces = pieces.filter(pl.col("question") != "")
    found = settle_readings(
        pieces.select(pl.col("piece").alias("place"), "region", "question"), judge, deeper
    )
    found = (
        found.rename({"place": "piece"})
        .join(pieces, on="piece", maintain_order="left")
        .sort("piece", maintain_order=True)
    )
    heads = divided.select(
        "region",
        question=pl.col("parted").str.replace(rf"{_MARK}[^{_MARK}]*$", "").str.replace_all(_MARK, " "),
    )
    whole = divided.select("region", question=pl.col("question").str.replace_all("\t", " ", literal=True))
    asked = judge(pl.concat([whole, heads]))
    judged = (
        divided.select("place")
        .hstack(asked.head(divided.height))
        .with_columns(head_is_valid=asked.tail(divided.height)["e164"].is_not_null())
    )
    by_part = found.group_by("place").agg(
        are_valid=(pl.col("e164").is_not_null() & _has_area_code()).all(),
        first_is_valid=pl.col("e164").first().is_not_null(),
    )
    settled = judged.join(by_part, on="place")
    several = settled.filter("are_valid")["place"]
    one = settled.filter(~pl.col("are_valid"))
    is_doubtful = pl.col("first_is_valid") | pl.col("head_is_valid")
    refused = one.select(
        "place",
        e164=pl.when(~is_doubtful).then("e164"),
        code=pl.when(is_doubtful).then(pl.lit(Reason.PHONE_SEVERAL_READINGS.value)).otherwise("code"),
    )
    numbers = found.filter(pl.col("place").is_in(several.implode()))
    return pl.concat([refused, numbers.select(refused.columns)])


def _has_area_code() -> pl.Expr:
    """Whether a piece states where its number is, or the first of its part does not either."""
    question = pl.col("question")
    states = question.str.contains(r"^\W*[+0]")
    return states | ~states.first() | pl.col("region").is_in(AMERICAN_REGIONS)
