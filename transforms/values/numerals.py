"""Integers, numbers and booleans read from text, strictly: what could mean two things is refused.

A decimal sign that the spec states tells what separates thousands: the other of comma and point, spaces and
apostrophes, between groups of three digits (a comma also as in `12,34,567`). Without one the point is a
point and thousands are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import code_where, judge_rest
from memory_import.transforms.limits import INTEGER_MAX, INTEGER_MIN
from memory_import.transforms.values.text import clean_texts

INTEGER = r"^[+-]?[0-9]+(?:\.0*)?$"
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity)$"
THOUSANDS_OR_ZEROS = r"^[+-]?[1-9][0-9]{0,2}\.000$"
"""A whole number with a fraction of zeros to some, thousands to others."""
TRUE = ("true", "t", "yes", "y", "1", "1.0", "on", "checked")
FALSE = ("false", "f", "no", "n", "0", "0.0", "off", "unchecked")

_CURRENCY = (
    r"(?:\b[A-Z]{1,3}\p{Sc}|\p{Sc}|\b[A-Z]{3}\b"
    r"|\b(?i:s?fr|kr|rs|kn|lei|din|ft)\b\.?|(?i:zł|kč|лв|руб)\.?|\b[RP]\b)"
)
"""A sign (`US$`), the three capitals of an ISO 4217 code, or what is usual instead (`Fr.`, `kr`)."""
_MINUS = "[\u2212\u2010-\u2013\ufe63\uff0d]"
"""What word processors and fonts put in place of a minus."""
_SPACE = r"[\s\x{a0}\x{202f}\x{2009}]*"
_ACCOUNT_NEGATIVE = rf"^({_CURRENCY}?){_SPACE}\(\s*-?(.*)\)$"
_MINUS_BEHIND = r"^((?:[^+-].*)?[0-9])\s?-$"
_NO_CENTS = r"([0-9])[.,]\s?--?$"
_SPACES = "\u0020\u00a0\u202f\u2009"
_GROUP_SPACES = f"{_SPACES}'\u2019"

_text = pl.col("text")


@dataclass(frozen=True, kw_only=True)
class NumberStyle:
    """How numbers are written; None of `decimal`: a point, and no thousands. `thousands` None: what the
    decimal sign leaves; a point alone says that the comma is the decimal sign."""

    decimal: Literal[".", ","] | None = None
    thousands: str | None = None

    @property
    def separators(self) -> str:
        """The characters that may stand between groups of three digits."""
        if self.thousands is not None:
            return _SPACES if self.thousands.isspace() else self.thousands
        if self.decimal is None:
            return ""
        return ("." if self.decimal == "," else ",") + _GROUP_SPACES

    @property
    def point(self) -> Literal[".", ","]:
        """The decimal sign: where none is stated, the comma beside points between thousands."""
        return self.decimal or ("," if self.thousands == "." else ".")


_PLAIN = NumberStyle()


def judge_integers(texts: pl.Series, style: NumberStyle = _PLAIN) -> pl.DataFrame:
    """Judgements on whole numbers of 32 bits: ASCII digits with an optional sign.

    Leading zeros do not count. A fraction of zeros, as spreadsheets write it (`12.0`), is dropped and is a
    change. Thousands separators are refused unless the style has some: `1,234` is a fraction to half the
    world, and `1.000` a thousand. NaN and infinity are nothing.
    """
    numbers = texts.to_frame("text").select(number=_text.cast(pl.Int64, strict=False))
    fits = pl.col("number").is_between(INTEGER_MIN, INTEGER_MAX)
    plain = numbers.select(pl.when(fits).then(pl.col("number")).cast(pl.String)).to_series()
    return judge_rest(texts, plain, lambda rest: _judge_other_integers(rest, style))


def _judge_other_integers(texts: pl.Series, style: NumberStyle) -> pl.DataFrame:
    read = _undress(texts, style).with_columns(
        number=_text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False),
        is_integer=_text.str.contains(INTEGER),
        has_point=_text.str.contains(".", literal=True),
    )
    is_clear = pl.lit(style.decimal is not None) | ~_text.str.contains(THOUSANDS_OR_ZEROS)
    fits = pl.col("is_integer") & is_clear & pl.col("number").is_between(INTEGER_MIN, INTEGER_MAX)
    fraction = pl.when(fits & pl.col("has_point")).then(pl.lit(Change.INTEGER_FRACTION_DROPPED.value))
    return read.select(
        value=pl.when(fits).then(pl.col("number")).cast(pl.String),
        reason=pl.when(_text.is_not_null() & ~fits.fill_null(value=False)).then(
            pl.when(pl.col("is_integer") & is_clear)
            .then(pl.lit(Reason.INTEGER_OUT_OF_RANGE.value))
            .otherwise(pl.lit(Reason.INTEGER_INVALID.value))
        ),
        change=pl.coalesce(
            fraction, code_where(fits & pl.col("is_undressed"), Change.NUMBER_SIGNS_TAKEN_OFF)
        ),
    )


def judge_numbers(texts: pl.Series, style: NumberStyle = _PLAIN) -> pl.DataFrame:
    """Judgements on decimal numbers within the range of integers: `1.5`, `-.5`, `2e3`.

    Currency signs, `%` and the other ways to write a minus, `(12)` and `12-`, are taken off, which is a
    change. A number without a fraction comes out without a point. NaN and infinity are nothing.
    """
    if style.decimal is None and style.thousands is None:
        plain = write_numbers(_read_numbers(texts))
    else:
        plain = texts.clear(len(texts))
    return judge_rest(texts, plain, lambda rest: _judge_other_numbers(rest, style))


def _judge_other_numbers(texts: pl.Series, style: NumberStyle) -> pl.DataFrame:
    read = _undress(texts, style)
    number = read.with_columns(value=write_numbers(_read_numbers(read["text"])))
    has_value = pl.col("value").is_not_null()
    return number.select(
        "value",
        reason=pl.when(~has_value & _text.str.contains(NUMBER))
        .then(pl.lit(Reason.NUMBER_OUT_OF_RANGE.value))
        .when(~has_value & _text.is_not_null())
        .then(pl.lit(Reason.NUMBER_INVALID.value)),
        change=code_where(has_value & pl.col("is_undressed"), Change.NUMBER_SIGNS_TAKEN_OFF),
    )


def _undress(texts: pl.Series, style: NumberStyle) -> pl.DataFrame:
    """`text`: the number with a point and without thousands, where it is written in this style; else as it
    stands. `is_undressed`: whether signs were taken off it."""
    cleaned = clean_texts(texts).to_frame().select(pl.when(~_text.str.contains(NOT_FINITE)).then(_text))
    bare = (
        _text.str.replace(rf"^([+-]?){_CURRENCY}{_SPACE}", "$1")
        .str.replace(rf"{_SPACE}(?:{_CURRENCY}|%)$", "")
        .str.strip_chars()
    )
    signed = (
        _text.str.replace_all(_MINUS, "-")
        .str.replace(_NO_CENTS, "$1")
        .str.replace(_ACCOUNT_NEGATIVE, "-$1$2")
        .str.replace(_MINUS_BEHIND, "-$1")
        .str.strip_chars()
    )
    read = cleaned.with_columns(signed.alias("text")).with_columns(bare.alias("text"))
    decimal, separators = style.point, style.separators
    if separators:
        some = "[" + "".join("\\" + sign if sign in "]^-\\" else sign for sign in separators) + "]"
        groups = "[0-9]{1,3}(?:" + some + "[0-9]{3})+"
        if "," in separators:  # as Indians write it: 12,34,567
            groups = "(?:" + groups + "|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})"
        pattern = "^[+-]?" + groups + "(?:[" + decimal + "][0-9]*)?$"
        grouped = _text.str.contains(pattern)
        read = read.with_columns(
            pl.when(grouped).then(_text.str.replace_all(some, "")).otherwise(_text).alias("text")
        )
    if decimal == ",":
        # Once the comma is the decimal sign a point can only be a mistake: it makes the text no number.
        turned = _text.str.replace_all(".", "?", literal=True).str.replace(",", ".", literal=True)
        read = read.with_columns(text=turned)
    return read.with_columns(is_undressed=(_strip_groups(pl.lit(cleaned["text"])) != _strip_groups(_text)))


def _strip_groups(text: pl.Expr) -> pl.Expr:
    """A text without what merely writes a number otherwise: separators, points and commas."""
    return text.str.replace_all("[.,?'\u2019\\s\\x{a0}\\x{202f}\\x{2009}]", "")


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


def judge_booleans(texts: pl.Series, true: Sequence[str] = (), false: Sequence[str] = ()) -> pl.DataFrame:
    """Judgements on true/false, t/f, yes/no, y/n, on/off, checked/unchecked and 1/0, and the words of the
    spec, which win; in any case."""
    word = _text.str.to_lowercase()
    own_true, own_false = ([text.strip().lower() for text in words] for words in (true, false))
    usual_true = [text for text in TRUE if text not in own_false]
    usual_false = [text for text in FALSE if text not in own_true]
    read = (
        clean_texts(texts)
        .to_frame()
        .with_columns(
            is_true=word.is_in([*own_true, *usual_true]), is_false=word.is_in([*own_false, *usual_false])
        )
    )
    return read.select(
        value=pl.when("is_true").then(pl.lit("true")).when("is_false").then(pl.lit("false")),
        reason=code_where(~pl.col("is_true") & ~pl.col("is_false"), Reason.BOOLEAN_INVALID),
        change=pl.lit(None, pl.String),
    )
