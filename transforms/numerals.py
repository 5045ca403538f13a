"""Integers, numbers and booleans read from text, strictly: what could mean two things is refused."""

import polars as pl

from transforms.limits import INTEGER_MAX, INTEGER_MIN
from transforms.reasons import Change, Reason
from transforms.text import clean_text
from transforms.verdicts import NO_CODE, code_where

INTEGER = r"^[+-]?[0-9]+(?:\.0*)?$"
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity)$"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")

_text = pl.col("text")


def judge_integers(texts: pl.Series) -> pl.DataFrame:
    """Verdicts on whole numbers of 32 bits: ASCII digits with an optional sign.

    Leading zeros do not count. A fraction of zeros, as spreadsheets write it (`12.0`), is dropped and is a
    change. Thousands separators are refused: `1,234` is a fraction to half the world.
    """
    number = _text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    read = _clean(texts).with_columns(number=number, is_integer=_text.str.contains(INTEGER))
    is_integer, in_range = pl.col("is_integer"), pl.col("number").is_between(INTEGER_MIN, INTEGER_MAX)
    fits = is_integer & in_range.fill_null(value=False)
    return read.select(
        value=pl.when(fits).then(pl.col("number")).cast(pl.String),
        reason=pl.when(~is_integer)
        .then(pl.lit(Reason.INTEGER_INVALID.value))
        .when(~fits)
        .then(pl.lit(Reason.INTEGER_OUT_OF_RANGE.value)),
        change=code_where(fits & _text.str.contains(".", literal=True), Change.INTEGER_FRACTION_DROPPED),
    )


def judge_numbers(texts: pl.Series) -> pl.DataFrame:
    """Verdicts on decimal numbers within the range of integers: `1.5`, `-.5`, `2e3`, with a point, not a
    comma.

    A number without a fraction comes out without a point. NaN and infinity are refused: JSON has neither.
    """
    read = _clean(texts).with_columns(
        number=_text.cast(pl.Float64, strict=False), is_number=_text.str.contains(NUMBER)
    )
    is_number, number = pl.col("is_number"), pl.col("number")
    fits = is_number & number.is_between(INTEGER_MIN, INTEGER_MAX).fill_null(value=False)
    return read.select(
        value=write_numbers(pl.when(fits).then(number)),
        reason=pl.when(is_number & ~fits)
        .then(pl.lit(Reason.NUMBER_OUT_OF_RANGE.value))
        .when(_text.str.contains(NOT_FINITE))
        .then(pl.lit(Reason.NUMBER_NOT_FINITE.value))
        .when(~is_number)
        .then(pl.lit(Reason.NUMBER_INVALID.value)),
        change=NO_CODE,
    )


def write_numbers(numbers: pl.Expr) -> pl.Expr:
    """Finite numbers within 64 bits as JSON: whole ones without a point, others in the fewest digits."""
    whole = numbers.cast(pl.Int64, strict=False)
    return pl.when(numbers == whole).then(whole.cast(pl.String)).otherwise(numbers.cast(pl.String))


def judge_booleans(texts: pl.Series) -> pl.DataFrame:
    """Verdicts on true/false, t/f, yes/no, y/n and 1/0 in any case."""
    word = _text.str.to_lowercase()
    read = _clean(texts).with_columns(is_true=word.is_in(TRUE), is_false=word.is_in(FALSE))
    return read.select(
        value=pl.when("is_true").then(pl.lit("true")).when("is_false").then(pl.lit("false")),
        reason=code_where(~pl.col("is_true") & ~pl.col("is_false"), Reason.BOOLEAN_INVALID),
        change=NO_CODE,
    )


def _clean(texts: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(text=clean_text(_text))
