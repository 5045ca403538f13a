"""Countries by name, ISO or dial code to ISO alpha-2, on distinct values."""

import re
import unicodedata
from collections import Counter
from functools import cache

import phonenumbers
import polars as pl
import pycountry
from babel import Locale, localedata

from memory_import.transforms.codes import Change
from memory_import.transforms.countries.aliases import ALIASES, SHARED_NAMES, STATES
from memory_import.transforms.judgements import judge_distinct

BRACKETS = re.compile(r"[(\[].*?[)\]]")
PUNCTUATION = re.compile(r"[^\w]+")
NOT_AVAILABLE = re.compile(r"\s*n\.\s*a\.?\s*", re.IGNORECASE)  # and not Namibia, whose code has no dots
BRACKETED = re.compile(r"([^()\[\]]+)[(\[]([^()\[\]]*)[)\]]\s*")
SIDES = re.compile(r"\s+[-–—:|/]\s+|\s*[:|,/]\s*")
LOCALE = re.compile(r"[a-z]{2}[-_]([A-Z]{2})")
WORDS = {"st": "saint", "ste": "sainte", "&": "and", "rep": "republic", "is": "islands"}


def find_regions(countries: pl.Series, default: str | None = None) -> pl.DataFrame:
    """`region` (ISO 3166 alpha-2, null where none is known) and `code` of each country, row for row.

    `default` is the region of blank countries alone. `code` is `Change.COUNTRY_UNKNOWN` where a country is
    stated that nothing is known of, else null.
    """
    found = judge_distinct(countries.cast(pl.String), _find_each)
    if default is None:
        return found
    is_blank = pl.col("region").is_null() & pl.col("code").is_null()
    return found.with_columns(region=pl.when(is_blank).then(pl.lit(default)).otherwise("region"))


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
    """The ISO alpha-2 code of one country; None where it is blank or unknown.

    Known are names in any language, ISO 3166 codes of letters and digits, dial codes (`+41`, `0041`, and
    `+44 1481`), the country of a locale (`en-US`), and two that say the same (`US - United States`). Case,
    accents, punctuation, bracketed additions and a leading "the" do not count.
    """
    text = unicodedata.normalize("NFKC", country).strip()
    if NOT_AVAILABLE.fullmatch(text):
        return None
    if not any(letter.isalpha() for letter in text):
        return _find_by_digits(text)
    return _find_by_name(text) or _find_by_sides(text)


def _find_by_digits(text: str) -> str | None:
    """By a dial code; by digits without a plus, only if they do not mean two countries."""
    dialled = re.fullmatch(r"(?:\+|00) *([1-9][0-9]{0,2})(?:[ ()-]+[0-9]{1,4}\)?)?", text)
    dialled = dialled or re.fullmatch(r"(?:\+|00) *(1|44)[0-9]{3,4}", text)
    if dialled:  # what follows a calling code are its area codes: numbers are dialled alike in all of them
        return _region_of_dial_code(int(dialled[1]))
    if not re.fullmatch(r"[0-9]{1,3}", text):
        return None
    listed = pycountry.countries.get(numeric=text.zfill(3))
    meant = {listed.alpha_2 if listed else None, _region_of_dial_code(int(text))} - {None}
    return meant.pop() if len(meant) == 1 else None


def _region_of_dial_code(code: int) -> str | None:
    region = phonenumbers.region_code_for_country_code(code)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def _find_by_name(text: str) -> str | None:
    if locale := LOCALE.fullmatch(text):
        return _regions_by_name().get(locale[1].lower())
    names = _regions_by_name()
    head, comma, rest = text.partition(",")
    readings = [_simplify(text), _simplify(f"{rest} {head}")] if comma else [_simplify(text)]
    known = next((names[reading] for reading in readings if reading in names), None)
    return known or _regions_by_foreign_name().get(readings[0])


def _find_by_sides(text: str) -> str | None:
    """By a name and what is behind it, in brackets, a dash or a comma: both have to mean one country."""
    if bracketed := BRACKETED.fullmatch(text):
        outside, inside = map(_find_by_name, bracketed.groups())
        if inside is None and _simplify(bracketed[1]) not in SHARED_NAMES:
            return outside
    elif len(sides := SIDES.split(text)) == 2:
        outside, inside = map(_find_by_name, sides)
    else:
        return None
    if outside is None or inside is None:
        return None
    if STATES.get(outside) == inside:
        return outside
    return inside if inside == outside or STATES.get(inside) == outside else None


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


@cache
def _regions_by_foreign_name() -> dict[str, str]:
    """The names that CLDR has in all its languages, simplified; without those of two countries."""
    regions: dict[str, set[str]] = {}
    for language in localedata.locale_identifiers():
        if "_" in language:
            continue
        for region, name in Locale.parse(language).territories.items():
            if region in phonenumbers.SUPPORTED_REGIONS:
                regions.setdefault(_simplify(name), set()).add(region)
    return {name: found.pop() for name, found in regions.items() if name and len(found) == 1}


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
