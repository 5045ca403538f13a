"""The line of a spec that would read values which were refused: candidates are tried, the one that fits is
named."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import polars as pl

from memory_import.transforms.plan import TraitPlan, TraitType
from memory_import.transforms.values.traits import judge_trait

_LEAST_SHARE = 0.9
"""The share of the refused values that a candidate has to read."""

_DAYS = (
    *("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y%m%d"),
    *("%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
_NUMBERED = ("excel", "epoch_s", "epoch_ms")
_REGIONS = (
    *("US", "GB", "DE", "FR", "NL", "AU", "ES", "IT", "CH", "AT", "SE", "BE", "CA", "MX", "BR", "IN", "IE"),
    *("DK", "NO", "FI", "PL", "PT", "NZ", "ZA", "SG", "JP", "CZ", "AR", "CO", "CL"),
)
_SEPARATORS = (";", ",", "|", " ::: ")
_MOST_WORDS = 4

EXPECTED = {
    TraitType.STRING: "a text",
    TraitType.INTEGER: "a whole number such as 12",
    TraitType.NUMBER: "a number such as 1234.5",
    TraitType.BOOLEAN: "true or false",
    TraitType.DATE: "a date such as 2024-05-31",
    TraitType.DATETIME: "a time such as 2024-05-31T23:15:00Z",
    TraitType.ARRAY: "a list",
    TraitType.PHONE: "a phone number of a known country",
    TraitType.EMAIL: "an email address",
}


def find_mends(refused: pl.Series, trait: TraitPlan) -> list[str]:
    """The options of a trait, as they stand in a spec, that read (nearly) all of the refused texts (String,
    not null); several where the texts fit several, none where nothing fits."""
    fitting: list[tuple[int, str]] = []
    for line, candidate, region in _candidates(refused, trait):
        read = _count_read(refused, candidate, region)
        if read >= max(1, _LEAST_SHARE * len(refused)):
            fitting.append((read, line))
    most = max((read for read, _ in fitting), default=0)
    return [line for read, line in fitting if read == most]


def describe_text(text: str) -> str:
    """The shape of a text, which tells how it is written and no more: `31.12.2024` is `99.99.9999`."""
    shape = "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in text[:40])
    return shape if len(text) <= 40 else f"{shape}…"


def _count_read(refused: pl.Series, trait: TraitPlan, region: str | None) -> int:
    column = trait.columns[0]
    regions = pl.repeat(region, len(refused), dtype=pl.String, eager=True)
    alone = replace(trait, columns=(column,))
    return int(judge_trait(refused.alias(column).to_frame(), alone, regions).values.count())


def _candidates(refused: pl.Series, trait: TraitPlan) -> Iterator[tuple[str, TraitPlan, str | None]]:
    """What to write, the trait with it, and the region to read phones with."""
    match trait.type:
        case TraitType.DATE:
            for format in (*_DAYS, *_NUMBERED):
                yield f"format: {_quote(format)}", replace(trait, formats=(format,)), None
        case TraitType.DATETIME:
            yield from _datetimes(trait)
        case TraitType.NUMBER | TraitType.INTEGER:
            for decimal in (",", "."):
                yield f'decimal: "{decimal}"', replace(trait, decimal=decimal), None
        case TraitType.ARRAY:
            for separator in _SEPARATORS:
                yield f'separator: "{separator}"', replace(trait, separator=separator), None
        case TraitType.BOOLEAN:
            yield from _booleans(refused, trait)
        case TraitType.PHONE:
            for region in _REGIONS:
                yield f"region: {{default: {region}}}", trait, region
        case _:
            return


def _datetimes(trait: TraitPlan) -> Iterator[tuple[str, TraitPlan, str | None]]:
    zone = "" if trait.timezone else ", timezone: UTC (or the zone they are local in)"
    placed = replace(trait, timezone=trait.timezone or "UTC")
    if not trait.timezone:
        yield zone.removeprefix(", "), placed, None
    for day, time in product(_DAYS, _TIMES):
        yield f"format: {_quote(day + time)}{zone}", replace(placed, formats=(day + time,)), None
    for format in _NUMBERED:
        needs = zone if format == "excel" else ""
        yield f"format: {format}{needs}", replace(placed, formats=(format,)), None


def _booleans(refused: pl.Series, trait: TraitPlan) -> Iterator[tuple[str, TraitPlan, str | None]]:
    """Two words or so that are no names, for a person to tell apart."""
    words = sorted(refused.str.strip_chars().unique())
    if len(words) <= _MOST_WORDS and all(word.replace(" ", "").isalpha() for word in words):
        listed = ", ".join(words)
        yield f"true: […], false: […] (the texts are: {listed})", replace(trait, true=tuple(words)), None


def _quote(format: str) -> str:
    return f'"{format}"' if "%" in format else format
