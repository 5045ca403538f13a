"""What a spreadsheet took from a phone number is restored where one number comes of it, and only there."""

import phonenumbers
import polars as pl
import pytest

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.phones import normalise_phones
from memory_import.transforms.phones.judgement import FEWEST_ROWS_TO_COMPILE_FOR

RESTORED = {
    "plus, of another region": ("4915112345678", "US", "+4915112345678", Change.PHONE_PLUS_RESTORED),
    "plus, without a region": ("33612345678", None, "+33612345678", Change.PHONE_PLUS_RESTORED),
    "plus, spaces between": ("49 (151) 1234-5678", "US", "+4915112345678", Change.PHONE_PLUS_RESTORED),
    "plus, an apostrophe before": (" '4915112345678 ", "US", "+4915112345678", Change.PHONE_PLUS_RESTORED),
    "zero of Rome": ("6 1234567", "IT", "+39061234567", Change.PHONE_LEADING_ZERO_RESTORED),
    "zero of the dialling prefix": (
        "11442079460958",
        "US",
        "+442079460958",
        Change.PHONE_LEADING_ZERO_RESTORED,
    ),
    "plus or zero, the same number": ("497045556924", "WS", "+497045556924", Change.PHONE_PLUS_RESTORED),
    "plus, an extension behind": ("4915112345678 x5", "US", "+4915112345678", Change.PHONE_PLUS_RESTORED),
    "figure": ("2025550123.0", "US", "+12025550123", Change.PHONE_FIGURE_UNDONE),
    "figure that would pass for a longer number": (
        "3012345678.0",
        "DE",
        "+493012345678",
        Change.PHONE_FIGURE_UNDONE,
    ),
    "figure with two decimals": ("2025550123.00", "US", "+12025550123", Change.PHONE_FIGURE_UNDONE),
    "figure, with or without zero the same number": (
        "612345678.0",
        "FR",
        "+33612345678",
        Change.PHONE_FIGURE_UNDONE,
    ),
    "figure and plus": ("4915112345678.0", "FR", "+4915112345678", Change.PHONE_PLUS_RESTORED),
    "figure and zero": ("669812345.0", "IT", "+390669812345", Change.PHONE_LEADING_ZERO_RESTORED),
    "powers of ten": ("4.915112345678E+12", "FR", "+4915112345678", Change.PHONE_PLUS_RESTORED),
    "powers of ten, as Python has them": (
        "4.915112345678e12",
        "FR",
        "+4915112345678",
        Change.PHONE_PLUS_RESTORED,
    ),
    "powers of ten, with a comma": (
        "'4,915112345678E+12",
        "FR",
        "+4915112345678",
        Change.PHONE_PLUS_RESTORED,
    ),
    "powers of ten, zeros beyond": (
        "4.91511234567800E+12",
        "FR",
        "+4915112345678",
        Change.PHONE_PLUS_RESTORED,
    ),
    "powers of ten, the last digits zeros": (
        "3.3612345000E+10",
        "US",
        "+33612345000",
        Change.PHONE_PLUS_RESTORED,
    ),
}
REFUSED_ALL_THE_SAME = {
    "digits lost": ("4.91511E+12", "FR", Reason.PHONE_SPREADSHEET_DAMAGE),
    "zeros left out": ("3.36123450E+10", "US", Reason.PHONE_SPREADSHEET_DAMAGE),
    "no whole number": ("4.9151123456785E+12", "FR", Reason.PHONE_SPREADSHEET_DAMAGE),
    "more digits than any number": ("4.915112345678E+99", "FR", Reason.PHONE_SPREADSHEET_DAMAGE),
    "Luxembourg or Italy": ("35285267", "IT", Reason.PHONE_INVALID),
    "Budapest or Texas": ("3612345678.0", "US", Reason.PHONE_SPREADSHEET_DAMAGE),
    "a mobile or a landline": ("4915112345678.0", "DE", Reason.PHONE_SPREADSHEET_DAMAGE),
    "a number of its own, with and without a plus": ("4915112345678", "DE", Reason.PHONE_AMBIGUOUS),
    "valid with neither": ("5555550123", "US", Reason.PHONE_INVALID),
    "no zero without a region": ("612345678", None, Reason.PHONE_NO_REGION),
    "a zero still there": ("020 7946 0958 0958", "GB", Reason.PHONE_SEVERAL_READINGS),
    "one zero of a prefix still there": ("033612345678", "FR", Reason.PHONE_TOO_LONG),
    "a plus still there": ("+1 555-555-0123", "IT", Reason.PHONE_INVALID),
    "words": ("n/a", "US", Reason.PHONE_NOT_A_NUMBER),
}
THE_LIBRARY_S = {
    "national without its zero": ("612345678", "FR"),
    "international without its plus": ("447911 123456", "GB"),
    "e164": ("+442079460958", "US"),
    "blank": (" ", "US"),
    "null": (None, "US"),
}


def repair(*pairs: tuple[str | None, str | None]) -> list[tuple[str | None, str | None]]:
    numbers, regions = zip(*pairs, strict=True)
    columns = pl.Series(numbers, dtype=pl.String), pl.Series(regions, dtype=pl.String)
    return normalise_phones(*columns, repair=True).rows()


@pytest.mark.parametrize(("number", "region", "e164", "code"), RESTORED.values(), ids=RESTORED)
def test_what_was_lost_is_restored_and_the_code_says_so(number, region, e164, code):
    assert repair((number, region)) == [(e164, code)]


@pytest.mark.parametrize(
    ("number", "region", "reason"), REFUSED_ALL_THE_SAME.values(), ids=REFUSED_ALL_THE_SAME
)
def test_what_is_in_doubt_is_refused_as_before(number, region, reason):
    assert repair((number, region)) == [(None, reason)]
    assert normalise_phones(pl.Series([number]), pl.Series([region], dtype=pl.String)).rows() == [
        (None, reason)
    ]


@pytest.mark.parametrize(("number", "region"), THE_LIBRARY_S.values(), ids=THE_LIBRARY_S)
def test_what_the_library_takes_stays_as_it_takes_it(number, region):
    columns = pl.Series([number], dtype=pl.String), pl.Series([region], dtype=pl.String)
    assert normalise_phones(*columns, repair=True).equals(normalise_phones(*columns))


@pytest.mark.parametrize("region", ["DE", "FR", "IT", "US", "WS", None])
def test_a_figure_never_becomes_another_number_than_it_was_made_of(region):
    examples = [phonenumbers.example_number(country) for country in phonenumbers.SUPPORTED_REGIONS]
    numbers = [
        str(number.country_code) + phonenumbers.national_significant_number(number) for number in examples
    ]
    figures = [f"{digits[0]}.{digits[1:]}E+{len(digits) - 1}" for digits in numbers]
    repaired = [e164 for e164, _ in repair(*((figure, region) for figure in figures))]
    assert {e164 for e164, digits in zip(repaired, numbers, strict=True) if e164 != f"+{digits}"} <= {None}
    assert (
        sum(e164 is not None for e164 in repaired) > 20
    )  # German numbers have many lengths: most are in doubt


def test_a_long_column_is_repaired_row_for_row():
    kept = [(number, region) for number, region in THE_LIBRARY_S.values()]
    pairs = [(number, region) for number, region, *_ in (*RESTORED.values(), *REFUSED_ALL_THE_SAME.values())]
    expected = repair(*kept, *pairs)
    times = FEWEST_ROWS_TO_COMPILE_FOR // len(expected) + 1
    assert repair(*[*kept, *pairs] * times) == expected * times


@pytest.mark.parametrize("numbers", [[], ["+442079460958", None]], ids=["no rows", "no refusal"])
def test_the_frame_is_that_of_normalise_phones(numbers):
    columns = pl.Series(numbers, dtype=pl.String), pl.Series(["GB"] * len(numbers), dtype=pl.String)
    assert normalise_phones(*columns, repair=True).equals(normalise_phones(*columns))
    assert normalise_phones(*columns, repair=True).schema == {"e164": pl.String, "code": pl.String}
