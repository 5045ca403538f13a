"""Columns of numbers get the verdicts of phonenumbers, and every change and refusal says why."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import phonenumbers
import polars as pl
import pytest
from phonenumbers import PhoneNumberFormat

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.phones.judgement import (
    CHUNK_ROWS,
    FEWEST_ROWS_TO_COMPILE_FOR,
    judge_by_rules,
    judge_phones,
)
from memory_import.transforms.phones.library import judge_phone
from memory_import.transforms.phones.rules import installed_rules
from tests.fuzz.comparison import compare_phones
from tests.fuzz.numbers import generate_numbers

KEPT = {
    "e164": ("+12025550123", "US", "+12025550123", None),
    "e164 from elsewhere": ("+442079460958", "US", "+442079460958", None),
    "e164 without a region": ("+442079460958", None, "+442079460958", None),
    "spaces": ("+44 20 7946 0958", "US", "+442079460958", Change.PHONE_REFORMATTED),
    "white space around": (" +442079460958\n", "GB", "+442079460958", Change.PHONE_REFORMATTED),
    "trunk zero in brackets": ("+44 (0)20 7946 0958", "GB", "+442079460958", Change.PHONE_REFORMATTED),
    "no-break spaces and dashes": ("+44\u00a020–7946–0958", "GB", "+442079460958", Change.PHONE_REFORMATTED),
    "national": ("020 7946 0958", "GB", "+442079460958", Change.PHONE_COUNTRY_CODE_ADDED),
    "national of the US": ("(202) 555-0123", "US", "+12025550123", Change.PHONE_COUNTRY_CODE_ADDED),
    "Italian zero": ("06 698 12345", "IT", "+390669812345", Change.PHONE_COUNTRY_CODE_ADDED),
    "Argentine mobile rewritten": (
        "011 15 2345-6789",
        "AR",
        "+5491123456789",
        Change.PHONE_COUNTRY_CODE_ADDED,
    ),
    "Brazilian carrier code": ("0 15 21 2123-4567", "BR", "+552121234567", Change.PHONE_COUNTRY_CODE_ADDED),
    "Bahamian area code": ("365 1234", "BS", "+12423651234", Change.PHONE_COUNTRY_CODE_ADDED),
    "lost plus": ("447911 123456", "GB", "+447911123456", Change.PHONE_PLUS_ADDED),
    "American one": ("1-202-555-0123", "US", "+12025550123", Change.PHONE_PLUS_ADDED),
    "dialled from home": (
        "00 44 20 7946 0958",
        "DE",
        "+442079460958",
        Change.PHONE_INTERNATIONAL_PREFIX_REPLACED,
    ),
    "dialled from the US": (
        "011 44 20 7946 0958",
        "US",
        "+442079460958",
        Change.PHONE_INTERNATIONAL_PREFIX_REPLACED,
    ),
    "extension": ("(202) 555-0123 x45", "US", "+12025550123", Change.PHONE_EXTENSION_DROPPED),
    "extension spelt out": ("+44 20 7946 0958 ext. 5", "GB", "+442079460958", Change.PHONE_EXTENSION_DROPPED),
    "RFC 3966 extension": (
        "tel:+44-20-7946-0958;ext=5",
        None,
        "+442079460958",
        Change.PHONE_EXTENSION_DROPPED,
    ),
    "RFC 3966": ("tel:+44-20-7946-0958", None, "+442079460958", Change.PHONE_LETTERS_CHANGED),
    "label": ("Phone: 020 7946 0958", "GB", "+442079460958", Change.PHONE_LETTERS_CHANGED),
    "vanity": ("1-800-FLOWERS", "US", "+18003569377", Change.PHONE_LETTERS_CHANGED),
    "apostrophe": ("'+442079460958", "GB", "+442079460958", Change.PHONE_APOSTROPHE_DROPPED),
    "full-width digits": ("＋４４２０７９４６０９５８", "US", "+442079460958", Change.PHONE_REFORMATTED),
    "zeros alone": ("+992 000 000 000", None, "+992000000000", Change.PHONE_REFORMATTED),
    "toll-free of no region": ("+800 1234 5678", None, "+80012345678", Change.PHONE_REFORMATTED),
}
REFUSED = {
    "words": ("n/a", "US", Reason.PHONE_NOT_A_NUMBER),
    "two numbers in one": ("+44 20 7946 0958 or +44 20 7946 0959", "GB", Reason.PHONE_NOT_A_NUMBER),
    "powers of ten": ("4.4E+11", "GB", Reason.PHONE_SPREADSHEET_DAMAGE),
    "powers of ten in a comma country": ("'4,47911E+11", "DE", Reason.PHONE_SPREADSHEET_DAMAGE),
    "decimal": ("442079460958.0", "GB", Reason.PHONE_SPREADSHEET_DAMAGE),
    "no region": ("020 7946 0958", None, Reason.PHONE_NO_REGION),
    "unknown region": ("020 7946 0958", "ZZ", Reason.PHONE_NO_REGION),
    "region in small letters": ("020 7946 0958", "gb", Reason.PHONE_NO_REGION),
    "unassigned country code": ("+999 123 4567", "US", Reason.PHONE_INVALID_COUNTRY_CODE),
    "unassigned country code without a region": ("+999 123 4567", None, Reason.PHONE_INVALID_COUNTRY_CODE),
    "too short": ("123", "US", Reason.PHONE_TOO_SHORT),
    "too long": ("020 7946 0958 0958", "GB", Reason.PHONE_TOO_LONG),
    "no area code": ("555-0123", "US", Reason.PHONE_NO_AREA_CODE),
    "a length between": ("+65 222 222 222", "SG", Reason.PHONE_INVALID_LENGTH),
    "unused area": ("+1 555-555-0123", "US", Reason.PHONE_INVALID),
    "over 250 digits": ("0" * 251, "US", Reason.PHONE_TOO_LONG),
    "over 250 letters": ("x" * 251, "US", Reason.PHONE_TOO_LONG),
}


def by_columns(numbers: list[str | None], regions: list[str | None]) -> pl.DataFrame:
    numbers_column, regions_column = pl.Series(numbers, dtype=pl.String), pl.Series(regions, dtype=pl.String)
    verdicts = judge_by_rules(numbers_column, regions_column, installed_rules(), judge_phone)
    return verdicts.cast({"code": pl.String})


def by_library(numbers: list[str | None], regions: list[str | None]) -> pl.DataFrame:
    assert len(numbers) < FEWEST_ROWS_TO_COMPILE_FOR
    return judge_phones(pl.Series(numbers, dtype=pl.String), pl.Series(regions, dtype=pl.String))


ways = pytest.mark.parametrize("normalise", [by_columns, by_library])


@ways
@pytest.mark.parametrize(("number", "region", "e164", "code"), KEPT.values(), ids=KEPT)
def test_a_valid_number_becomes_e164_with_a_note_of_what_changed(normalise, number, region, e164, code):
    assert normalise([number], [region]).rows() == [(e164, code)]


@ways
@pytest.mark.parametrize(("number", "region", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_refused_number_has_no_e164_and_a_reason(normalise, number, region, reason):
    assert normalise([number], [region]).rows() == [(None, reason)]


@ways
@pytest.mark.parametrize(
    "blank", [None, "", " ", "\t\n\u00a0"], ids=["null", "empty", "space", "white space"]
)
def test_a_blank_number_has_neither_e164_nor_code(normalise, blank):
    assert normalise([blank, "+442079460958"], ["US", None]).rows() == [(None, None), ("+442079460958", None)]


@ways
def test_no_rows_give_no_rows_of_text(normalise):
    assert normalise([], []).schema == {"e164": pl.String, "code": pl.String}


def test_verdicts_stay_row_for_row_when_the_input_is_read_in_chunks():
    numbers = ["+442079460958", "n/a", None, "020 7946 0958", "+1 202 555 0123"]
    times = CHUNK_ROWS // len(numbers) + 10
    verdicts = judge_phones(pl.Series(numbers * times), pl.Series(["GB"] * len(numbers) * times))
    assert verdicts.equals(pl.concat([by_library(numbers, ["GB"] * len(numbers))] * times))


def test_threads_may_normalise_at_once():
    pairs = list(generate_numbers(FEWEST_ROWS_TO_COMPILE_FOR, seed=11))
    numbers = pl.Series([number for number, _ in pairs])
    regions = pl.Series([region for _, region in pairs], dtype=pl.String)
    with ThreadPoolExecutor(8) as pool:
        first, *others = pool.map(lambda _: judge_phones(numbers, regions), range(16))
    assert all(first.equals(other) for other in others)


def test_a_refusal_keeps_nothing_in_memory_that_its_caller_holds():
    class Held:
        pass

    def call() -> weakref.ref[Held]:
        held = Held()
        judge_phones(pl.Series(["+0044 20", "0068448x726", "n/a"]), pl.Series(["GB", "FR", None]))
        return weakref.ref(held)

    gc.disable()
    try:
        assert call()() is None
    finally:
        gc.enable()


def example_numbers() -> list[phonenumbers.PhoneNumber]:
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    kinds = phonenumbers.PhoneNumberType.values()
    by_kind = [phonenumbers.example_number_for_type(region, kind) for region in regions for kind in kinds]
    invalid = [phonenumbers.invalid_example_number(region) for region in regions]
    codes = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    everywhere = [phonenumbers.example_number_for_non_geo_entity(code) for code in codes]
    return [number for number in by_kind + invalid + everywhere if number is not None]


@pytest.mark.parametrize(
    "form",
    [
        PhoneNumberFormat.E164,
        PhoneNumberFormat.INTERNATIONAL,
        PhoneNumberFormat.NATIONAL,
        PhoneNumberFormat.RFC3966,
    ],
    ids=PhoneNumberFormat.to_string,
)
def test_the_library_s_own_examples_get_the_library_s_answers(form):
    pairs = [
        (
            phonenumbers.format_number(number, form),
            phonenumbers.region_code_for_country_code(number.country_code),
        )
        for number in example_numbers()
    ]
    result = compare_phones(installed_rules(), pairs)
    assert result.rows > 1_400
    assert result.left_to_library < 0.05 * result.rows
    assert result.differences == []
