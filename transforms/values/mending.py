"""The line of a spec that would read values which were refused: candidates are tried, the one that fits is
named."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

import polars as pl

from memory_import.transforms.limits import (
    ARRAY_ITEMS,
    CONTENT_CHARACTERS,
    CONVERSATION_ID,
    PROFILE_ID,
    STRING_CHARACTERS,
)
from memory_import.transforms.placeholders import is_placeholder
from memory_import.transforms.plan import TraitPlan, TraitType
from memory_import.transforms.values.times import ISO_DATE
from memory_import.transforms.values.traits import judge_trait

_LEAST_SHARE = 0.9
"""The share of the refused values that a candidate has to read."""

_DAYS = (
    *("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y%m%d"),
    *("%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"),
    "%b %d %Y",
)
_TIMES = (
    "",
    " %H:%M",
    " %H:%M:%S",
    ", %H:%M",
    ", %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    "T%H:%M:%S",
)
_NUMBERED = {
    "excel": r"^[1-9][0-9]{4}(?:\.[0-9]+)?$",
    "epoch_s": r"^[0-9]{9,10}$",
    "epoch_ms": r"^[0-9]{12,13}$",
}
"""Times written as numbers, and how those of our days look."""
_REGIONS = (
    *("US", "GB", "DE", "FR", "NL", "AU", "ES", "IT", "CH", "AT", "SE", "BE", "CA", "MX", "BR", "IN", "IE"),
    *("DK", "NO", "FI", "PL", "PT", "NZ", "ZA", "SG", "JP", "CZ", "AR", "CO", "CL"),
)
_SEPARATORS = (";", ",", "|", " ::: ")
_FORMAT = re.compile(r'format: "?(?P<format>[^",]+|%[^"]+)"?(?P<rest>.*)')
_MOST_WORDS = 4
_LONGEST_WORD = 20
_FEWEST_REPEATS = 3
_ZEROS = r"^[0.,:/ -]+$"
_ENCODINGS = (
    *("utf-8", "windows-1252", "windows-1250", "windows-1251", "iso-8859-15", "mac-roman", "cp850", "cp437"),
)

_EXPECTED = {
    TraitType.STRING: f"a text of at most {STRING_CHARACTERS:,} characters",
    TraitType.INTEGER: "a whole number such as 12",
    TraitType.NUMBER: "a number such as 1234.5",
    TraitType.BOOLEAN: "true or false",
    TraitType.DATE: "a date such as 2024-05-31",
    TraitType.DATETIME: "a time such as 2024-05-31T23:15:00Z",
    TraitType.ARRAY: f"a list of at most {ARRAY_ITEMS} items",
    TraitType.PHONE: "a phone number of a known country",
    TraitType.EMAIL: "an email address",
}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """How texts that were refused were read: the `encoding` of their CSV file, None of Parquet; the `region`
    of phones without a country (ISO alpha-2); and `others`, texts of their column (String, not null) that
    have a value."""

    encoding: str | None = None
    region: str | None = None
    others: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))


_ONE_ID = CONVERSATION_ID.strip("^$")
_SHAPES = {
    "profile.id": PROFILE_ID,
    "conversation_id": rf'^\["{_ONE_ID}"\]$',
    "conversation_ids": rf'^\["{_ONE_ID}"(?:,"{_ONE_ID}")*\]$',
}
"""What a field of a memory has to look like once it is read, by its path."""

_EXPECTED_OF_FIELDS = {
    "content": f"a text of at most {CONTENT_CHARACTERS:,} characters",
    "profile.id": "the id of a profile (mem_profile_…)",
    "conversation_id": "the id of a conversation (conv_conversation_…)",
    "conversation_ids": "ids of conversations (conv_conversation_…)",
}


def describe_expected(trait: TraitPlan) -> str:
    """What a cell of the trait, or of the field of a memory, should hold."""
    if trait.steps.mapped:
        return "one of the texts that its map has"
    return _EXPECTED_OF_FIELDS.get(trait.path, _EXPECTED[trait.type])


def find_mends(refused: pl.Series, trait: TraitPlan, around: Circumstances) -> list[str]:
    """The options of a trait, as they stand in a spec, that read (nearly) all of the refused texts (String,
    not null); several where the texts fit several, none where nothing fits.

    Where no option of the trait does, options of its source are tried: `null_values` for texts that stand
    for nothing, and another `encoding`.
    """
    least = max(1, _LEAST_SHARE * len(refused))
    if trait.path == "content" and (refused.str.len_chars() > CONTENT_CHARACTERS).sum() >= least:
        return ["too_long: split"]
    for given, texts in _variants(refused, around):
        nothing = len(refused) - len(texts)
        fitting: list[tuple[int, str]] = []
        if given and nothing + _count_read(texts, trait, around.region) >= least:
            return [given]
        for line, candidate, region in _candidates(texts, trait):
            read = nothing + _count_read(texts, candidate, region)
            if read - nothing > 0 and read >= least:
                fitting.append((read, line))
        most = max((read for read, _ in fitting), default=0)
        if fitting:
            lines = [_keep_others(line, trait, around) for read, line in fitting if read == most]
            return [", ".join(filter(None, (line, given))) for line in lines]
    return []


def _keep_others(line: str, trait: TraitPlan, around: Circumstances) -> str:
    """The line; of a format one beside those that the trait has, where it does not read the other texts."""
    named = _FORMAT.match(line)
    known = trait.formats or ((ISO_DATE,) if trait.type == TraitType.DATE else ())
    if not named or not known or around.others.is_empty():
        return line
    alone = replace(trait, formats=(named["format"],), timezone=trait.timezone or "UTC")
    if _count_read(around.others, alone, None) >= _LEAST_SHARE * len(around.others):
        return line
    listed = ", ".join(_quote(format) for format in (*known, named["format"]))
    return f"format: [{listed}]{named['rest']}"


def _variants(refused: pl.Series, around: Circumstances) -> Iterator[tuple[str, pl.Series]]:
    """An option of the source ("": none), and what of the texts it leaves to be read."""
    yield "", refused
    words = _find_words_for_nothing(refused, around)
    if words:
        listed = json.dumps(["", *words], ensure_ascii=False)
        yield f"source.null_values: {listed}", refused.filter(~refused.str.strip_chars().is_in(words))
    if around.encoding is None or refused.str.contains(r"^[\x00-\x7f]*$").all():
        return
    for encoding in _ENCODINGS:
        try:
            texts = [text.encode(around.encoding).decode(encoding) for text in refused]
        except UnicodeError:
            continue
        if texts != refused.to_list():
            yield f"source.encoding: {encoding}", pl.Series(texts, dtype=pl.String)


def _find_words_for_nothing(refused: pl.Series, around: Circumstances) -> list[str]:
    """The few texts without figures that come again and again among others, which do not."""
    text = pl.col("text")
    counted = refused.str.strip_chars().alias("text").value_counts(name="count").sort("count", "text")
    is_nothing = is_placeholder(text) | text.str.contains(_ZEROS)
    is_word = (pl.col("count") >= _FEWEST_REPEATS) & ~text.str.contains("[1-9@]")
    words = counted.filter(
        (is_nothing | (is_word & (not around.others.is_empty()))) & (text.str.len_chars() <= _LONGEST_WORD)
    )
    return words["text"].to_list() if words.height <= _MOST_WORDS else []


def has_decimal_comma(refused: pl.Series, trait: TraitPlan) -> pl.Series:
    """Whether each text (String) that a number trait refused is one with a decimal comma, and nothing else
    (Boolean)."""
    texts = refused.alias(trait.columns[0]).to_frame()
    comma, point = (
        judge_trait(
            texts, replace(trait, columns=(texts.columns[0],), decimal=mark), refused.clear(len(refused))
        )
        for mark in (",", ".")
    )
    has_comma = refused.str.contains(",", literal=True).fill_null(value=False)
    return has_comma & comma.values.is_not_null() & point.values.is_null()


def describe_text(text: str) -> str:
    """The shape of a text, which tells how it is written and no more: `31.12.2024` is `99.99.9999`."""
    shape = "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in text[:40])
    return shape if len(text) <= 40 else f"{shape}…"


def _count_read(refused: pl.Series, trait: TraitPlan, region: str | None) -> int:
    column = trait.columns[0]
    regions = pl.repeat(region, len(refused), dtype=pl.String, eager=True)
    alone = replace(trait, columns=(column,))
    values = judge_trait(refused.alias(column).to_frame(), alone, regions).values
    return int(values.str.contains(_SHAPES.get(trait.path, "")).sum())


def _candidates(refused: pl.Series, trait: TraitPlan) -> Iterator[tuple[str, TraitPlan, str | None]]:
    """What to write, the trait with it, and the region to read phones with."""
    if trait.steps.mapped:
        yield from _mapped(refused, trait)
    match trait.type:
        case TraitType.DATE:
            for format in (*_DAYS, *_numbered(refused)):
                yield f"format: {_quote(format)}", replace(trait, formats=(format,)), None
        case TraitType.DATETIME:
            yield from _datetimes(refused, trait)
        case TraitType.NUMBER | TraitType.INTEGER:
            for decimal in (",", "."):
                yield f'decimal: "{decimal}"', replace(trait, decimal=decimal), None
        case TraitType.ARRAY:
            for separator in filter(lambda each: refused.str.contains(each, literal=True).any(), _SEPARATORS):
                yield f'separator: "{separator}"', replace(trait, separator=separator), None
        case TraitType.BOOLEAN:
            yield from _booleans(refused, trait)
        case TraitType.PHONE:
            for region in _REGIONS:
                yield f"region: {{default: {region}}}", trait, region
        case _:
            return


def _numbered(refused: pl.Series) -> list[str]:
    return [format for format, look in _NUMBERED.items() if refused.str.contains(look).any()]


def _datetimes(refused: pl.Series, trait: TraitPlan) -> Iterator[tuple[str, TraitPlan, str | None]]:
    zone = "" if trait.timezone else ", timezone: UTC (or the zone they are local in)"
    placed = replace(trait, timezone=trait.timezone or "UTC")
    if not trait.timezone:
        yield zone.removeprefix(", "), placed, None
    for day, time in product(_DAYS, _TIMES):
        yield f"format: {_quote(day + time)}{zone}", replace(placed, formats=(day + time,)), None
    for format in _numbered(refused):
        needs = zone if format == "excel" else ""
        yield f"format: {format}{needs}", replace(placed, formats=(format,)), None


def _booleans(refused: pl.Series, trait: TraitPlan) -> Iterator[tuple[str, TraitPlan, str | None]]:
    """Two words or so that are no names, for a person to tell apart."""
    words = sorted(refused.str.strip_chars().unique())
    if len(words) <= _MOST_WORDS and all(word.replace(" ", "").isalpha() for word in words):
        listed = ", ".join(words)
        yield f"true: […], false: […] (the texts are: {listed})", replace(trait, true=tuple(words)), None


def _mapped(refused: pl.Series, trait: TraitPlan) -> Iterator[tuple[str, TraitPlan, str | None]]:
    """Words that the map does not have."""
    words = sorted(refused.str.strip_chars().unique())
    if len(words) <= _MOST_WORDS and all(word.replace(" ", "").isalpha() for word in words):
        listed = ", ".join(f"{word}: …" for word in words)
        some = next(iter(trait.steps.mapped.values()))
        yield (
            f"map: {{{listed}}}, or an else",
            replace(trait, steps=replace(trait.steps, otherwise=some)),
            None,
        )


def _quote(format: str) -> str:
    return f'"{format}"' if "%" in format else format
