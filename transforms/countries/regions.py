"""Country names, ISO alpha-2 and alpha-3 codes to ISO alpha-2, on distinct values."""

import re
import unicodedata
from collections import Counter
from functools import cache

import polars as pl
import pycountry

from memory_import.transforms.codes import Change
from memory_import.transforms.countries.aliases import ALIASES, SHARED_NAMES
from memory_import.transforms.judgements import judge_distinct

BRACKETS = re.compile(r"[(\[].*?[)\]]")
PUNCTUATION = re.compile(r"[^\w]+")
NOT_AVAILABLE = re.compile(r"\s*n\.\s*a\.?\s*", re.IGNORECASE)  # and not Namibia, whose code has no dots
WORDS = {"st": "saint", "ste": "sainte", "&": "and", "rep": "republic", "is": "islands"}


def find_regions(countries: pl.Series) -> pl.DataFrame:
    """`region` (ISO 3166 alpha-2, null where none is known) and `code` of each country, row for row.

    `code` is `Change.COUNTRY_UNKNOWN` where a country is stated that nothing is known of, else null. Case,
    accents, punctuation, bracketed additions and a leading "the" do not count.
    """
    return judge_distinct(countries.cast(pl.String), _find_each)


def _find_each(countries: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        [(None, None) if country is None else _judge_country(country) for country in countries],
        schema={"region": pl.String, "code": pl.String},
        orient="row",
    )


def _judge_country(country: str) -> tuple[str | None, str | None]:
    region = find_region(country)
    is_unknown = region is None and country.strip()
    return region, Change.COUNTRY_UNKNOWN.value if is_unknown else None


def find_region(country: str) -> str | None:
    """The ISO alpha-2 code of one country by name or code; None where it is blank or unknown."""
    if NOT_AVAILABLE.fullmatch(country):
        return None
    names = _regions_by_name()
    head, comma, rest = country.partition(",")
    readings = [_simplify(country), _simplify(f"{rest} {head}")] if comma else [_simplify(country)]
    if (plain := _simplify(BRACKETS.sub(" ", country))) not in SHARED_NAMES:
        readings.append(plain)
    return next((names[reading] for reading in readings if reading in names), None)


@cache
def _regions_by_name() -> dict[str, str]:
    """Every name that belongs to one country alone, simplified; the more official reading of a name wins."""
    regions: dict[str, str] = {_simplify(name): region for name, region in ALIASES.items()}
    for country in pycountry.countries:
        for name in _official_names(country):
            regions.setdefault(_simplify(name), country.alpha_2)
    for name, region in _short_names():
        regions.setdefault(name, region)
    return regions


def _official_names(country: object) -> list[str]:
    """Codes and names as the ISO list has them, and `Name, Rest of` also as `Rest of Name`."""
    fields = ("alpha_2", "alpha_3", "common_name", "name", "official_name")
    names = [name for field in fields if (name := getattr(country, field, None))]
    turned = [f"{rest} {head}" for head, comma, rest in (name.partition(",") for name in names) if comma]
    return names + turned


def _short_names() -> list[tuple[str, str]]:
    """Names without what follows the comma or stands in brackets, where no two countries share them."""
    shortened = [
        (_simplify(BRACKETS.sub(" ", country.name).partition(",")[0]), country.alpha_2)
        for country in pycountry.countries
    ]
    uses = Counter(name for name, _ in shortened)
    return [(name, region) for name, region in shortened if uses[name] == 1]


def _simplify(name: str) -> str:
    """Lower case without accents, dots and apostrophes; words apart by one space; no leading "the"."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    spaced = PUNCTUATION.sub(" ", re.sub(r"[.'’`]", "", letters).replace("&", " and ")).split()
    words = [WORDS.get(word, word) if len(spaced) > 1 else word for word in spaced]
    return " ".join(words).removeprefix("the ")
