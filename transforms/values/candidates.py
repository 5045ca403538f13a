"""Options of a spec that may read values which were refused, to be tried one after the other."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import polars as pl

from memory_import.transforms.phones.library import find_usual_region
from memory_import.transforms.plan import TraitPlan, TraitType
from memory_import.transforms.values.answers import NO, YES
from memory_import.transforms.values.formats import match_format

_DAYS = (
    *("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y%m%d"),
    *("%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d %B %Y", "%d. %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d %Y", "%a %b %d %Y", "%a, %d %b %Y"),
    *("%A, %d %B %Y", "%A, %B %d, %Y", "%Y. %m. %d.", "%d/%b/%Y"),
    *("%Y年%m月%d日", "%Y년 %m월 %d일"),
)
_TIMES = (
    *("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"),
    *(", %I:%M %p", ", %I:%M:%S %p", "T%H:%M:%S", " %H.%M", " %Hh%M", " %H:%M Uhr"),
    *(" %H.%M.%S", ", %H:%M Uhr", " um %H:%M", " um %H:%M Uhr", " at %I:%M %p", " à %H:%M"),
)
_PLACED_TIMES = (" %H:%M:%S %z", " %H:%M:%S%z", " %H:%M %z", "T%H%M%S%#z", ":%H:%M:%S %z", " %H:%M:%S GMT%z")
"""Times that state their offset."""
_ZONES = {
    "Europe/Berlin": "CET CEST MEZ MESZ",
    "Europe/London": "GMT BST",
    "Europe/Lisbon": "WET WEST",
    "Europe/Athens": "EET EEST",
    "Europe/Moscow": "MSK",
    "America/New_York": "EST EDT",
    "America/Chicago": "CST CDT",
    "America/Denver": "MST MDT",
    "America/Los_Angeles": "PST PDT",
    "Australia/Sydney": "AEST AEDT",
    "Asia/Tokyo": "JST",
    "Asia/Kolkata": "IST",
}
"""Zones, and the names that their times go by."""
_NAMED = r"^(.*[0-9M])( ?)([A-Z]{3,4})$"
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
_GROUP_OF_THREE = r"^[^0-9]*[0-9]{1,3}[.,][0-9]{3}[^0-9]*$"
_SEPARATORS = (";", ",", "|", " ::: ")
_MOST_WORDS = 4
_SOME = 20  # texts that show what a format looks like
_ZONE = "timezone: UTC"
_LOCAL = "or the zone they are local in"


@dataclass(frozen=True, kw_only=True)
class Mend:
    """What to write into a spec: `line`, options of the trait or field; `load_line` and `source_line`,
    options of its load and of the source of that. Empty where there is nothing to write. `remark`: what a
    person has to decide."""

    line: str = ""
    load_line: str = ""
    source_line: str = ""
    remark: str = ""

    def describe(self, place: str, load: str) -> str:
        """In words: what goes where. `place` is that of the trait or field."""
        lines = ((self.line, place), (self.load_line, load), (self.source_line, f"{load}.source"))
        told = " and ".join(f"`{line}` in {where}" for line, where in lines if line)
        return f"{told} ({self.remark})" if self.remark else told


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A mend, the trait with it, and the region (ISO alpha-2) of its phones, None for that of the load."""

    mend: Mend
    trait: TraitPlan
    region: str | None = None


def list_candidates(refused: pl.Series, trait: TraitPlan) -> Iterator[Candidate]:
    """What may read some texts (String, not null) that a trait refused."""
    if trait.steps.mapped:
        yield from _mapped(refused, trait)
    match trait.type:
        case TraitType.DATE:
            written = map("".join, product(("%Y-%m-%d", *_DAYS), (*_TIMES, *_PLACED_TIMES)))
            for format in (*_fitting(refused, written), *_numbered(refused)):
                yield _with(trait, f"format: {quote_format(format)}", formats=(format,))
            yield from _zoned(refused, trait)
        case TraitType.DATETIME:
            yield from _datetimes(refused, trait)
        case TraitType.NUMBER | TraitType.INTEGER:
            yield from _decimals(refused, trait)
        case TraitType.ARRAY:
            yield from _separated(refused, trait)
        case TraitType.BOOLEAN:
            yield from _booleans(refused, trait)
        case TraitType.PHONE:
            for region in _REGIONS:
                yield Candidate(
                    mend=Mend(load_line=f"region: {{default: {region}}}"), trait=trait, region=region
                )
            yield _with(trait, "repair: true", repair=True)
            yield _with(trait, "vanity: true", vanity=True)
            yield from _separated(refused, trait)
        case TraitType.EMAIL:
            yield from _separated(refused, trait)
        case _:
            return


def simplest(fitting: list[Candidate], refused: pl.Series) -> list[Candidate]:
    """Of candidates that read the same texts, those that a person has to choose from.

    A zone alone is simpler than a format with it. Regions are one choice: the one whose people write their
    numbers so, else all of them for a person to name one.
    """
    if any(candidate.mend.line == _ZONE for candidate in fitting):
        return [candidate for candidate in fitting if candidate.mend.line == _ZONE]
    regions = [candidate for candidate in fitting if candidate.region is not None]
    others = [candidate for candidate in fitting if candidate.region is None]
    if len(regions) > 1:
        names = [str(candidate.region) for candidate in regions]
        usual = find_usual_region(refused.to_list(), names)
        mend = (
            Mend(load_line=f"region: {{default: {usual}}}")
            if usual
            else Mend(load_line="region: {default: …}", remark=f"they are valid in {', '.join(names)}")
        )
        regions = [replace(regions[0], mend=mend)]
    return [*regions, *others]


def _with(trait: TraitPlan, line: str, remark: str = "", **options: Any) -> Candidate:
    return Candidate(mend=Mend(line=line, remark=remark), trait=replace(trait, **options))


def _separated(refused: pl.Series, trait: TraitPlan) -> Iterator[Candidate]:
    for separator in _SEPARATORS:
        if refused.str.contains(separator, literal=True).any():
            yield _with(trait, f'separator: "{separator}"', separator=separator)


def _decimals(refused: pl.Series, trait: TraitPlan) -> Iterator[Candidate]:
    """Either mark; with what it means where every text can be read with both."""
    is_open = refused.str.contains(_GROUP_OF_THREE).all()
    for mark, other in ((".", ","), (",", ".")):
        remark = f"if {mark!r} is the decimal mark and {other!r} separates thousands" if is_open else ""
        yield _with(trait, f'decimal: "{mark}"', remark, decimal=mark)


def _numbered(refused: pl.Series) -> list[str]:
    return [format for format, look in _NUMBERED.items() if refused.str.contains(look).any()]


def _datetimes(refused: pl.Series, trait: TraitPlan) -> Iterator[Candidate]:
    zone = "" if trait.timezone else _ZONE
    remark = "" if trait.timezone else _LOCAL
    placed = replace(trait, timezone=trait.timezone or "UTC")
    if zone:
        yield _with(placed, zone, remark)
    for format in _fitting(refused, map("".join, product(("%Y-%m-%d", *_DAYS), _TIMES))):
        yield _with(placed, _listed(f"format: {quote_format(format)}", zone), remark, formats=(format,))
    for format in _fitting(refused, map("".join, product(_DAYS, _PLACED_TIMES))):
        yield _with(trait, f"format: {quote_format(format)}", formats=(format,))
    yield from _zoned(refused, trait)
    for format in _numbered(refused):
        is_local = format == "excel"
        line = _listed(f"format: {format}", zone if is_local else "")
        yield _with(placed, line, remark if is_local else "", formats=(format,))


def _zoned(refused: pl.Series, trait: TraitPlan) -> Iterator[Candidate]:
    """Times with the name of a zone behind them: a format for each name, and the zone that has them."""
    parts = refused.str.strip_chars().str.extract_groups(_NAMED).struct.unnest()
    parts.columns = ["text", "space", "name"]
    names = parts["name"].drop_nulls().unique().sort().to_list()
    zones = [zone for zone, known in _ZONES.items() if names and set(names) <= set(known.split())]
    zone = "UTC" if names in (["GMT"], ["UTC"]) else next(iter(zones), "")
    if not zone:
        return
    remark = "" if zone == "UTC" else f"if that is the zone of {' and '.join(names)} here"
    is_moment = trait.type == TraitType.DATETIME
    written = map("".join, product(("%Y-%m-%d", *_DAYS), _TIMES))
    for format in _fitting(parts["text"].drop_nulls(), written):
        formats = tuple(f"{format}{parts['space'].drop_nulls()[0]}{name}" for name in names)
        listed = ", ".join(map(quote_format, formats))
        line = f"format: {listed if len(formats) == 1 else f'[{listed}]'}"
        if is_moment:
            yield _with(trait, f"{line}, timezone: {zone}", remark, formats=formats, timezone=zone)
        else:
            yield _with(trait, line, formats=formats)


def _fitting(refused: pl.Series, formats: Iterable[str]) -> list[str]:
    """The formats that some of the texts look like; found out faster than by reading them."""
    some = [text.strip() for text in refused.head(_SOME)]
    patterns = {format: re.compile(match_format(format)) for format in formats}
    return [format for format, pattern in patterns.items() if any(map(pattern.match, some))]


def _booleans(refused: pl.Series, trait: TraitPlan) -> Iterator[Candidate]:
    """Two words or so that are no names: for a person to tell apart where they are none that are known."""
    words = _words_of(refused)
    if not words:
        return
    yes, no = ([word for word in words if word.lower() in known] for known in (YES, NO))
    if len(yes) + len(no) == len(words):
        line = _listed(
            *(f"{key}: [{', '.join(said)}]" for key, said in (("true", yes), ("false", no)) if said)
        )
        yield _with(trait, line, true=tuple(yes), false=tuple(no))
    else:
        yield _with(trait, "true: […], false: […]", f"the texts are: {', '.join(words)}", true=tuple(words))


def _mapped(refused: pl.Series, trait: TraitPlan) -> Iterator[Candidate]:
    """Words that the map does not have."""
    words = _words_of(refused)
    if words:
        some = next(iter(trait.steps.mapped.values()))
        steps = replace(trait.steps, otherwise=some)
        yield _with(
            trait, f"map: {{{', '.join(f'{word}: …' for word in words)}}}", "or an `else`", steps=steps
        )


def _words_of(refused: pl.Series) -> list[str]:
    """The texts, where they are a few words; else none."""
    words = sorted(refused.str.strip_chars().unique())
    are_words = len(words) <= _MOST_WORDS and all(
        word.replace(" ", "").isalpha() or word in YES | NO for word in words
    )
    return words if are_words else []


def _listed(*lines: str) -> str:
    return ", ".join(filter(None, lines))


def quote_format(format: str) -> str:
    """A format as it stands in YAML."""
    return f'"{format}"' if "%" in format else format
