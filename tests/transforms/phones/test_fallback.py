"""What the columns cannot carry from the metadata goes to the library, calling code by calling code."""

import phonenumbers
import polars as pl
import pytest
from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

from memory_import.transforms.phones.judgement import judge_by_rules
from memory_import.transforms.phones.library import judge_phone
from memory_import.transforms.phones.patterns import UncarriedPatternError, carry_pattern, keep_last_capture
from memory_import.transforms.phones.rules import compile_rules
from memory_import.transforms.phones.territories import carry_territories, read_metadata

UNKNOWN_CONSTRUCTS = {
    "look-ahead": r"(?=20)\d{10}",
    "look-behind": r"\d{9}(?<=0)\d",
    "back-reference": r"(\d)\1{9}",
    "lazy repetition": r"\d+?",
    "possessive repetition": r"\d{10}+",
    "named group": r"(?P<area>20)\d{8}",
    "negated class": r"[^0]\d{9}",
    "word class": r"\w{10}",
    "any character": r"20.{8}",
    "group that repeats without end": r"(?:20)+",
    "letters": r"20x\d{7}",
    "beginning": r"^20\d{8}",
    "flags": r"(?i)20\d{8}",
    "word boundary": r"20\d{8}\b",
}
DERIVED = {"_mutable", "short_data", "same_mobile_and_fixed_line_pattern"}
NUMBERS = pl.Series(["020 7946 0958", "+44 20 7946 0958", "030 901820", "+49 30 901820"])
REGIONS = pl.Series(["GB", "FR", "DE", "FR"])
E164 = ["+442079460958", "+442079460958", "+4930901820", "+4930901820"]


def plant(region: str, **changes: object) -> dict[int, list[PhoneMetadata]]:
    """The installed metadata with one region's changed."""
    metadata = {code: list(regions) for code, regions in read_metadata().items()}
    for regions in metadata.values():
        regions[:] = [_change(found, changes) if found.id == region else found for found in regions]
    return metadata


def _change(metadata: PhoneMetadata, changes: dict[str, object]) -> PhoneMetadata:
    parts = {name: value for name, value in vars(metadata).items() if name not in DERIVED}
    return PhoneMetadata(**parts | changes | {"register": False})


def normalise(
    metadata: dict[int, list[PhoneMetadata]], numbers: pl.Series = NUMBERS, regions: pl.Series = REGIONS
) -> tuple[list[str | None], list[str]]:
    """The E.164 forms of the numbers, and those that the library was asked about."""
    rules = compile_rules(carry_territories(metadata), sorted(phonenumbers.SUPPORTED_REGIONS))
    asked: list[str] = []

    def judge(number: str, region: str | None) -> tuple[str | None, str | None]:
        asked.append(number)
        return judge_phone(number, region)

    verdicts = judge_by_rules(numbers, regions, rules, judge)
    return verdicts["e164"].to_list(), sorted(asked)


def test_the_library_is_not_asked_about_plain_numbers_of_carried_regions():
    assert normalise(plant("GB")) == (E164, [])


@pytest.mark.parametrize("pattern", UNKNOWN_CONSTRUCTS.values(), ids=UNKNOWN_CONSTRUCTS)
@pytest.mark.parametrize("place", ["general_desc", "mobile"])
def test_a_number_pattern_with_an_unknown_construct_leaves_its_calling_code_to_the_library(place, pattern):
    description = PhoneNumberDesc(national_number_pattern=pattern, possible_length=(10,))
    assert normalise(plant("GB", **{place: description})) == (E164, ["+44 20 7946 0958", "020 7946 0958"])


@pytest.mark.parametrize("place", ["international_prefix", "national_prefix_for_parsing", "leading_digits"])
def test_a_prefix_with_an_unknown_construct_leaves_its_calling_code_to_the_library(place):
    assert normalise(plant("GB", **{place: "0(?!0)"})) == (E164, ["+44 20 7946 0958", "020 7946 0958"])


def test_a_minor_territory_takes_its_whole_calling_code_along():
    assert normalise(plant("JE", leading_digits="(?=7)")) == (E164, ["+44 20 7946 0958", "020 7946 0958"])


def test_the_first_territory_that_claims_a_number_decides():
    christmas_island, no_region = pl.Series(["+61 8 9164 1234"]), pl.Series([None])
    assert normalise(plant("CC"), christmas_island, no_region) == (["+61891641234"], [])
    claimed_before = plant("CC", leading_digits="89164")
    assert normalise(claimed_before, christmas_island, no_region) == ([None], [])


@pytest.mark.parametrize(
    "rule", [r"\1\1", r"9\2", r"9\g<1>", "9"], ids=["twice", "no such group", "by name", "no group"]
)
def test_a_prefix_rule_of_another_form_leaves_its_calling_code_to_the_library(rule):
    changes = {"national_prefix_for_parsing": "0(20)?", "national_prefix_transform_rule": rule}
    assert normalise(plant("GB", **changes)) == (E164, ["+44 20 7946 0958", "020 7946 0958"])


def test_a_prefix_rule_whose_group_may_match_nothing_leaves_its_calling_code_to_the_library():
    changes = {"national_prefix_for_parsing": "0(2?)", "national_prefix_transform_rule": r"1\1"}
    _, asked = normalise(plant("GB", **changes))
    assert asked == ["+44 20 7946 0958", "020 7946 0958"]


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("0(20)?", "0(20)?"),
        ("(0)(20|(?:3[0-9]))1", "(?:0)(20|(?:3[0-9]))1"),
        ("0?(?:(11|2(?:2|3(?:4)))15)?", "0?(?:(11|2(?:2|3(?:4)))15)?"),
    ],
    ids=["one", "two", "nested"],
)
def test_the_last_group_alone_is_captured(pattern, kept):
    assert keep_last_capture(pattern) == kept


@pytest.mark.parametrize("pattern", UNKNOWN_CONSTRUCTS.values(), ids=UNKNOWN_CONSTRUCTS)
def test_an_unknown_construct_is_refused(pattern):
    with pytest.raises(UncarriedPatternError, match="no known equivalent"):
        carry_pattern(pattern)


def test_every_pattern_of_the_installed_metadata_is_carried():
    metadata = read_metadata()
    assert len(carry_territories(metadata)) == len(metadata)
