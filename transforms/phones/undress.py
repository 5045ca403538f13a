"""What cells hold beside phone numbers, taken off: labels, extensions, notes; and what hides a number.

Nothing here says what a number is. A part of a cell comes out as the text that `phonenumbers` is asked about,
or as the reason why it is not asked.
"""

import unicodedata
from functools import cache

import polars as pl

from memory_import.transforms.cells import INVISIBLE, LINE_END
from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.phones.words import (
    ANY_LABEL,
    EXTENSION,
    EXTENSION_INSIDE,
    FAX,
    FAX_AND_PHONE,
    LABEL,
    LABEL_INSIDE,
    LABELS_ADDED,
    NOTE_AT_END,
    NOTE_IN_BRACKETS,
    NOTE_INSIDE,
    OR,
    OUT_OF_USE,
)
from memory_import.transforms.placeholders import is_placeholder

_END = "\n"  # stands between parts

_SCRIPTS = range(0x80, 0x20000)  # beyond are ideographs, tags and private use: no digits
_WIDE = dict(zip("＋﹢（）［］－／；，、،؛｜＆：．＃ｘ｡", "++()[]-/;,,,;|&:.#x.", strict=True))

_LONG_SOUND = r"([0-9)])ー"  # a letter, which Japanese keyboards give for a dash
_FORMULA = r'^\s*=\s*"([^"]*)"\s*$'
_QUOTES = "\"'`´‘’‚‛“”„‟«»"
_QUOTES_AROUND = rf"^[\s{_QUOTES}]+|[\s{_QUOTES}]+$"
_HARD_SEPARATOR = r":::|[;|&]"
TWO_ZEROS = r"^ *\(?0[1-9](?:[ ().-]*[0-9]){4,}[ ().-]* \(?0(?:[ ().-]*[0-9]){5,} *$"
"""Two numbers of at least six digits that begin with a zero, and only a space between."""
_PLUS_INSIDE = r"([0-9](?:[ ()./-]*[0-9]){5}[ ()./-]*) \+"
"""A plus behind a number of six digits and more, and a space: another number begins."""

LONG_GROUPS = r"([0-9]{5}) *[\x{2010}-\x{2015}-]+ *([0-9]{5,}) *$|([0-9]{6})[ \x{A0}]+([0-9]{6,}) *$"
"""Two long groups of digits at the end: a range, or two numbers, where what stands before is one already."""

# A figure with decimals, be there a plus or a space in it: its zeros are no digits of a number.
_DECIMAL = r"^(?:[^.,0-9]*[0-9]){6,}[.,]0{1,2}\s*$"

_MASK = r"(?i)[x*•●∗_?×#]{2,}|[*•●∗×?…]|\.{3,}|[0-9][x]$|^[x ()/.-]+$"
_CONTEXT = "(?i);phone-context="
_URI_PARAMETERS = r"(?i);(?:isub|cpc|tgrp|npdi|rn)=[^;]*"
_VANITY = r"^\+?[0-9][0-9 ().-]*[A-Za-z][A-Za-z0-9 ().-]*$"
_AROUND = r"^[\s,;:/&|.–—-]+|[\s,;:/&|–—-]+$"


def take_parts(cells: pl.DataFrame, separator: str | None, *, vanity: bool) -> pl.DataFrame:
    """`row`, `region`, `question`, `reason` and `change` of what cells hold, one row a part, in order.

    `cells` has `row`, `number` and `region`. `question` is null where there is a `reason`; `change`
    names what was taken off, null where nothing was. Parts without a digit are notes to the others and left
    out, unless a cell holds nothing else; between separators that the spec states they are refused values.
    """
    parts = cells.with_columns(part=_split(_clean(pl.col("number")), separator)).explode("part")
    parts = parts.with_columns(pl.col("part").str.replace_all(_AROUND, ""))
    has_digits = pl.col("part").str.contains("[0-9]")
    is_alone = ~has_digits.any().over("row") & pl.col("row").is_first_distinct()
    is_note = ~has_digits & pl.col("part").str.contains(r"\pL") & ~is_placeholder(pl.col("part"))
    marked = parts.select(
        pl.all(),
        is_listed=has_digits | is_alone | (is_note if separator else False),
        is_noted=is_note.any().over("row"),
        is_out_of_use=(is_note & pl.col("part").str.contains(OUT_OF_USE)).any().over("row"),
    )
    return _read_parts(marked.filter("is_listed"), vanity=vanity).select(
        "row", "region", "question", "reason", "change"
    )


@cache
def _plain_forms() -> dict[str, str]:
    """Digits of any script, and punctuation of East Asian width, each with its form in ASCII."""
    digits = filter(str.isdecimal, map(chr, _SCRIPTS))
    return {letter: str(unicodedata.decimal(letter)) for letter in digits} | _WIDE


def _clean(number: pl.Expr) -> pl.Expr:
    plain_forms = _plain_forms()
    return (
        number.str.replace_many(list(plain_forms), list(plain_forms.values()))
        .str.replace_all(INVISIBLE, "")
        .str.replace_all(LINE_END, _END)
        .str.replace_all(r"\p{Zs}", " ")
        .str.replace_all(_LONG_SOUND, "$1-")
        .str.replace_all(LABELS_ADDED, "$1/$2")
        .str.replace_all(FAX_AND_PHONE, "$1$3/$2$4")
        .str.replace(_FORMULA, "$1")
        .str.replace_all(_QUOTES_AROUND, "")
    )


def _split(text: pl.Expr, separator: str | None) -> pl.Expr:
    """The parts of each text; those of a URI with a context stay together."""
    uri = text.str.replace_all(_URI_PARAMETERS, "").str.replace_all("(?i);ext=", " ext ")
    if separator:
        parted = uri.str.replace_all(separator, _END, literal=True)
    else:
        parted = (
            uri.str.replace_all(_HARD_SEPARATOR, _END)
            .str.replace_all(OR, _END)
            .str.replace_all(_PLUS_INSIDE, f"$1{_END}+")
            .str.replace_all(LABEL_INSIDE, f"$1{_END}$2")
            .str.replace_all(NOTE_INSIDE, f"$1{_END}$2")
            .str.replace_all(EXTENSION_INSIDE, f"$1{_END}$2")
        )
    return pl.when(text.str.contains(_CONTEXT)).then(pl.concat_list(text)).otherwise(parted.str.split(_END))


def _read_parts(parts: pl.DataFrame, *, vanity: bool) -> pl.DataFrame:
    """What is left of each `part` without label, note and extension, and why it is not asked about."""
    part = pl.col("part")
    bare = part.str.replace(ANY_LABEL, "$1").str.replace(LABEL, "$1")
    read = parts.with_columns(bare=bare).with_columns(
        noteless=pl.col("bare")
        .str.replace(rf"{NOTE_IN_BRACKETS}$", "")
        .str.replace(rf"^{NOTE_IN_BRACKETS}", "")
        .str.replace(NOTE_AT_END, "$1")
    )
    read = read.with_columns(short=pl.col("noteless").str.replace(EXTENSION, "$1"))
    read = read.with_columns(short=pl.col("short").str.replace_all(_AROUND, ""))
    reason = _find_reason(pl.col("short"), vanity=vanity)
    is_context = part.str.contains(_CONTEXT)
    return read.with_columns(reason=pl.when(~is_context).then(reason)).with_columns(
        question=pl.when(is_context).then("part").when(pl.col("reason").is_null()).then("short"),
        change=_name_change(),
    )


def _find_reason(short: pl.Expr, *, vanity: bool) -> pl.Expr:
    """Why a text is no number, as far as its letters and signs say; null where `phonenumbers` has to."""
    part = pl.col("part")
    is_fax = part.str.contains(FAX) & ~part.str.contains(FAX_AND_PHONE)
    is_vanity = short.str.contains(_VANITY) if vanity else pl.lit(value=False)
    return (
        pl.when(is_fax & part.str.contains("[0-9]"))
        .then(pl.lit(Reason.PHONE_IS_FAX.value))
        .when(part.str.contains("[0-9]") & (pl.col("is_out_of_use") | part.str.contains(OUT_OF_USE)))
        .then(pl.lit(Reason.PHONE_OUT_OF_USE.value))
        .when(short.str.contains(_MASK))
        .then(pl.lit(Reason.PHONE_MASKED.value))
        .when(~part.str.contains("[0-9]"))
        .then(pl.lit(Reason.PHONE_NOT_A_NUMBER.value))
        .when(short.str.contains(r"\pL") & ~is_vanity)
        .then(pl.lit(Reason.PHONE_HOLDS_LETTERS.value))
        .when(short.str.contains(_DECIMAL))
        .then(pl.lit(Reason.PHONE_SPREADSHEET_DAMAGE.value))
    )


def _name_change() -> pl.Expr:
    """What says most about what was taken off; of what cannot be seen last."""
    number = pl.col("number")
    return (
        pl.when(
            pl.col("short").str.len_bytes() < pl.col("noteless").str.replace_all(_AROUND, "").str.len_bytes()
        )
        .then(pl.lit(Change.PHONE_EXTENSION_DROPPED.value))
        .when(pl.col("bare") != pl.col("part"))
        .then(pl.lit(Change.PHONE_LABEL_DROPPED.value))
        .when((pl.col("noteless") != pl.col("bare")) | pl.col("is_noted"))
        .then(pl.lit(Change.PHONE_NOTE_DROPPED.value))
        .when(number.str.contains(rf"^\s*=?[{_QUOTES}]"))
        .then(pl.lit(Change.PHONE_APOSTROPHE_DROPPED.value))
        .when(number.str.contains(INVISIBLE))
        .then(pl.lit(Change.INVISIBLE_CHARACTERS_REMOVED.value))
    )
