"""Countries as people write them."""

import phonenumbers
import polars as pl
import pycountry
import pytest

from memory_import.transforms.countries.aliases import ALIASES
from memory_import.transforms.countries.regions import find_region, find_regions
from tests.support.shared import CUSTOMERS

SPELLINGS = {
    "US": [
        "+1-684",
        "+1 (809)",
        "+1684",
        "en-US",
        "US - United States",
        "United States (US)",
        "USA / United States",
        "840",
        "+1",
        "1",
        "Vereinigte Staaten",
        "США",
        "USA",
        "u.s.a.",
        "U.S.",
        "us",
        "United States",
        "the United States of America",
        "America",
    ],
    "GB": [
        "+44-1481",
        "+44 1534",
        "+441624",
        "UK",
        "U.K.",
        "Great Britain",
        "United Kingdom",
        "england",
        "GBR",
    ],
    "DE": ["Germany", "  germany ", "DEU", "Federal Republic of Germany"],
    "NL": ["the Netherlands", "Holland", "Netherlands, Kingdom of the"],
    "CI": ["Côte d'Ivoire", "Cote d’Ivoire", "Ivory Coast"],
    "KR": ["Korea", "South Korea", "Korea, Republic of", "Korea (South)"],
    "KP": ["North Korea", "Korea (North)", "Korea, Democratic People's Republic of"],
    "CG": ["Congo", "Republic of the Congo"],
    "CD": [
        "DR Congo",
        "Congo, Democratic Republic of the",
        "Congo (Kinshasa)",
        "The Democratic Republic of the Congo",
    ],
    "LC": ["St. Lucia", "Saint Lucia"],
    "MF": ["Saint Martin", "Saint Martin (French part)"],
    "SX": ["Sint Maarten", "Sint Maarten (Dutch part)"],
    "BA": ["Bosnia & Herzegovina", "Bosnia and Herzegovina"],
    "BV": ["Bouvet Island (Bouvetoya)"],
    "AQ": ["Antarctica (the territory South of 60 deg S)"],
    "FM": ["Micronesia", "Federated States of Micronesia"],
    "LY": ["Libyan Arab Jamahiriya", "Libya"],
    "PS": ["Palestinian Territory", "Palestine, State of"],
    "VI": ["United States Virgin Islands", "Virgin Islands (U.S.)"],
    "VG": ["British Virgin Islands", "Virgin Islands, British"],
    "TR": ["Turkey", "Türkiye"],
    "GM": ["Gambia", "The Gambia", "Gambia, The"],
    "CW": ["Netherlands Antilles", "Curaçao"],
    "NA": ["NA", "Namibia"],
    "HK": ["China (Hong Kong)", "Hong Kong (China)", "Hong Kong, China", "Hong Kong SAR China", "香港"],
    "XK": ["XK", "xkx", "Kosovo", "Косово"],
    "IE": ["Eire", "Éire", "Republic of Ireland", "Irland", "IRL"],
    "CH": ["+41", "0041", " + 41 ", "41", "756", "Schweiz", "Suisse", "Svizzera"],
    "JP": ["日本", "392", "+81", "Giappone"],
    "AT": ["Österreich", "de-AT", "de_AT", "Австрия", "AT - Austria"],
    "RE": ["France (Réunion)", "Réunion (France)"],
    "CA": ["en-CA", "124"],
}
UNKNOWN = [
    "Atlantis",
    "xx",
    "380",  # Italy by ISO, Ukraine by dial code
    "999",
    "+999",
    "12345",
    "Georgia, USA",
    "Georgia (US)",
    "Georgia, Texas",
    "Germany - Austria",
    "DE, AT",
    "Congo (somewhere)",
    "Virgin Islands",
    "Saint Martin (Dutch)",
    "-",
    "()",
    "N.A.",
    "n. a.",
    "N/A",
]


@pytest.mark.parametrize(
    ("country", "region"), [(country, region) for region, names in SPELLINGS.items() for country in names]
)
def test_a_country_is_known_by_its_names(country, region):
    assert find_region(country) == region


@pytest.mark.parametrize("country", UNKNOWN)
def test_a_name_that_is_no_country_or_could_be_two_is_unknown(country):
    assert find_region(country) is None


@pytest.mark.parametrize("field", ["alpha_2", "alpha_3", "name", "official_name", "common_name"])
def test_every_name_of_the_iso_list_finds_its_country(field):
    wrong = [
        (name, country.alpha_2, region)
        for country in pycountry.countries
        if (name := getattr(country, field, None)) and (region := find_region(name)) != country.alpha_2
    ]

    assert wrong == []


def test_aliases_name_regions_that_have_phone_numbers_of_their_own():
    assert set(ALIASES.values()) - phonenumbers.SUPPORTED_REGIONS == {"PN"}


def test_unknown_countries_have_a_code_and_blank_ones_none():
    found = find_regions(pl.Series(["France", "Atlantis", " ", None, "France"], dtype=pl.String))

    assert found.rows() == [
        *[("FR", None), (None, "country_unknown"), (None, None), (None, None), ("FR", None)],
    ]


def test_the_default_is_for_blank_countries_alone():
    found = find_regions(pl.Series(["France", "Atlantis", " ", None], dtype=pl.String), "US")

    assert found["region"].to_list() == ["FR", None, "US", "US"]
    assert found["code"].to_list() == [None, "country_unknown", None, None]


@pytest.mark.skipif(not CUSTOMERS.exists(), reason="the shared sample of customers is not there")
def test_every_country_of_the_sample_is_known():
    countries = pl.read_csv(CUSTOMERS, infer_schema=False)["Country"]

    assert find_regions(countries)["region"].null_count() == 0
