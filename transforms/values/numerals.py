"""Integers, numbers and booleans read from text, strictly: what could mean two things is refused."""

import polars as pl

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import NO_CODE, code_where, judge_rest
from memory_import.transforms.limits import INTEGER_MAX, INTEGER_MIN
from memory_import.transforms.values.text import clean_texts

INTEGER = r"^[+-]?[0-9]+(?:\.0*)?$"
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity)$"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")

_text = pl.col("text")


def judge_integers(texts: pl.Series) -> pl.DataFrame:
    """Judgements on whole numbers of 32 bits: ASCII digits with an optional sign.

    Leading zeros do not count. A fraction of zeros, as spreadsheets write it (`12.0`), is dropped and is a
    change. Thousands separators are refused: `1,234` is a fraction to half the world.
    """
    numbers = texts.to_frame("text").select(number=_text.cast(pl.Int64, strict=False))
    fits = pl.col("number").is_between(INTEGER_MIN, INTEGER_MAX)
    plain = numbers.select(pl.when(fits).then(pl.col("number")).cast(pl.String)).to_series()
    return judge_rest(texts, plain, _judge_other_integers)


def _judge_other_integers(texts: pl.Series) -> pl.DataFrame:
    read = (
        clean_texts(texts)
        .to_frame()
        .with_columns(
            number=_text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False),
            is_integer=_text.str.contains(INTEGER),
            has_point=_text.str.contains(".", literal=True),
        )
    )
    fits = pl.col("is_integer") & pl.col("number").is_between(INTEGER_MIN, INTEGER_MAX)
    return read.select(
        value=pl.when(fits).then(pl.col("number")).cast(pl.String),
        reason=pl.when(_text.is_not_null() & ~fits.fill_null(value=False)).then(
            pl.when("is_integer")
            .then(pl.lit(Reason.INTEGER_OUT_OF_RANGE.value))
            .otherwise(pl.lit(Reason.INTEGER_INVALID.value))
        ),
        change=code_where(fits & pl.col("has_point"), Change.INTEGER_FRACTION_DROPPED),
    )


def judge_numbers(texts: pl.Series) -> pl.DataFrame:
    """Judgements on decimal numbers within the range of integers: `1.5`, `-.5`, `2e3`.

    The point is a point, not a comma. A number without a fraction comes out without a point. NaN and infinity
    are refused: JSON has neither.
    """
    return judge_rest(texts, write_numbers(_read_numbers(texts)), _judge_other_numbers)


def _judge_other_numbers(texts: pl.Series) -> pl.DataFrame:
    cleaned = clean_texts(texts)
    read = pl.DataFrame({"text": cleaned, "value": write_numbers(_read_numbers(cleaned))})
    return read.select(
        "value",
        reason=pl.when(pl.col("value").is_not_null())
        .then(NO_CODE)
        .when(_text.str.contains(NUMBER))
        .then(pl.lit(Reason.NUMBER_OUT_OF_RANGE.value))
        .when(_text.str.contains(NOT_FINITE))
        .then(pl.lit(Reason.NUMBER_NOT_FINITE.value))
        .when(_text.is_not_null())
        .then(pl.lit(Reason.NUMBER_INVALID.value)),
        change=NO_CODE,
    )


def _read_numbers(texts: pl.Series) -> pl.Series:
    """The numbers that are within the limits; null where there is none."""
    numbers = texts.cast(pl.Float64, strict=False).to_frame("number")
    number = pl.col("number")
    return numbers.select(pl.when(number.is_between(INTEGER_MIN, INTEGER_MAX)).then(number)).to_series()


def write_numbers(numbers: pl.Series) -> pl.Series:
    """Numbers within the limits as JSON: whole ones without a point, others in the fewest digits."""
    number = pl.col("number")
    return (
        numbers.to_frame("number")
        .select(
            pl.when(number == 0)  # a negative zero, too
            .then(pl.lit("0"))
            .otherwise(number.cast(pl.String).str.strip_suffix(".0"))
        )
        .to_series()
    )


def judge_booleans(texts: pl.Series) -> pl.DataFrame:
    """Judgements on true/false, t/f, yes/no, y/n and 1/0 in any case."""
    word = _text.str.to_lowercase()
    read = clean_texts(texts).to_frame().with_columns(is_true=word.is_in(TRUE), is_false=word.is_in(FALSE))
    return read.select(
        value=pl.when("is_true").then(pl.lit("true")).when("is_false").then(pl.lit("false")),
        reason=code_where(~pl.col("is_true") & ~pl.col("is_false"), Reason.BOOLEAN_INVALID),
        change=NO_CODE,
    )
