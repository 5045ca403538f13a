"""Dates and times: formats, offsets, time zones and the hours when clocks are set."""

import polars as pl
import pytest

from memory_import.transforms.values.times import (
    check_time_format,
    check_timezone,
    judge_dates,
    judge_datetimes,
)

BERLIN = "Europe/Berlin"
DATES = {
    "ISO": (None, "2024-05-31", "2024-05-31", None),
    "leap day": (None, "2024-02-29", "2024-02-29", None),
    "spaces around": (None, " 2024-05-31 ", "2024-05-31", None),
    "German": ("%d.%m.%Y", "31.05.2024", "2024-05-31", None),
    "American": ("%m/%d/%Y", "05/31/2024", "2024-05-31", None),
    "month name": ("%d %b %Y", "31 May 2024", "2024-05-31", None),
    "time of day left out": ("%Y-%m-%d %H:%M", "2024-05-31 23:15", "2024-05-31", None),
    "blank": (None, " ", None, None),
    "null": (None, None, None, None),
    "no such day": (None, "2023-02-29", None, "date_invalid"),
    "another format": (None, "31.05.2024", None, "date_invalid"),
    "something after it": (None, "2024-05-31x", None, "date_invalid"),
    "a timestamp": (None, "2024-05-31 23:15:00", "2024-05-31", None),
    "a timestamp with an offset": (None, "2024-05-31T23:15:00+02:00", "2024-05-31", None),
    "two digits under %Y": ("%d/%m/%Y", "31/12/90", None, "date_invalid"),
    "two digits under %Y, packed": ("%Y%m%d", "240531", None, "date_invalid"),
    "two digits under %y": ("%d/%m/%y", "31/12/90", "1990-12-31", None),
    "two digits under %y, before the pivot": ("%d/%m/%y", "31/12/69", "2069-12-31", None),
    "without leading zeros": ("%m/%d/%Y", "1/2/2024", "2024-01-02", None),
    "the second of two formats": (("%Y-%m-%d", "%d.%m.%Y"), "31.05.2024", "2024-05-31", None),
    "as written, west": ("%Y-%m-%d %H:%M %z", "2024-05-31 23:15 -0500", "2024-05-31", None),
    "as written, east": ("%Y-%m-%d %H:%M %:z", "2024-05-31 01:15 +02:00", "2024-05-31", None),
    "as written, hours alone": ("%Y-%m-%d %H:%M%#z", "2024-05-31 01:15+02", "2024-05-31", None),
    "as written, ISO by its code": ("%+", "2024-05-31T23:15:00-05:00", "2024-05-31", None),
    "neither of two formats": (("%Y-%m-%d", "%d.%m.%Y"), "05/31/2024", None, "date_invalid"),
    "Excel": ("excel", "45443", "2024-05-31", None),
    "Excel, a day that is read in two ways": ("excel", "59", None, "date_invalid"),
    "Excel of 1904": ("excel_1904", "43981", "2024-05-31", None),
    "a date for Excel": ("excel", "2024-05-31", None, "date_invalid"),
    "seconds": ("epoch_s", "1717197300", "2024-05-31", None),
    "leap second": (None, "2016-12-31T23:59:60Z", "2016-12-31", None),
    "leap second, with a fraction": (None, "2016-12-31 23:59:60.5", "2016-12-31", None),
    "leap second, by a format": ("%d.%m.%Y %I:%M:%S %p", "31.12.2016 11:59:60 PM", "2016-12-31", None),
    "midnight": (None, "2017-01-01 00:00:00", "2017-01-01", None),
    "year 0": (None, "0000-01-01", None, "date_invalid"),
    "five-digit year": (None, "+12024-01-01", None, "date_invalid"),
    "a word": (None, "yesterday", None, "date_invalid"),
}
DATETIMES = {
    "UTC": (None, None, "2024-05-31T23:15:00Z", "2024-05-31T23:15:00Z", None, None),
    "offset": (None, None, "2024-05-31T23:15:00+02:00", "2024-05-31T21:15:00Z", None, None),
    "offset without a colon": (None, None, "2024-05-31 23:15:00 -0530", "2024-06-01T04:45:00Z", None, None),
    "offset beats the time zone": (None, BERLIN, "2024-05-31T23:15:00Z", "2024-05-31T23:15:00Z", None, None),
    "UTC in letters": (None, BERLIN, "2024-05-31 23:15:00 UTC", "2024-05-31T23:15:00Z", None, None),
    "small letters": (None, None, "2024-05-31t23:15:00z", "2024-05-31T23:15:00Z", None, None),
    "fraction": (None, None, "2024-05-31T23:15:00.250Z", "2024-05-31T23:15:00.250Z", None, None),
    "local summer": (None, BERLIN, "2024-05-31 23:15:00", "2024-05-31T21:15:00Z", None, None),
    "local winter": (None, BERLIN, "2024-01-31T23:15", "2024-01-31T22:15:00Z", None, None),
    "local with a fraction": (None, BERLIN, "2024-01-31T23:15:00.5", "2024-01-31T22:15:00.500Z", None, None),
    "format": ("%d.%m.%Y %H:%M", BERLIN, "31.05.2024 23:15", "2024-05-31T21:15:00Z", None, None),
    "format of a date": ("%Y-%m-%d", BERLIN, "2024-05-31", "2024-05-30T22:00:00Z", None, None),
    "format with an offset": (
        "%Y%m%d %H%M%z",
        BERLIN,
        "20240531 2315+0000",
        "2024-05-31T23:15:00Z",
        None,
        None,
    ),
    "Excel": ("excel", BERLIN, "45443.96875", "2024-05-31T21:15:00Z", None, None),
    "Excel without a time zone": ("excel", None, "45443.96875", None, "datetime_no_timezone", None),
    "seconds": ("epoch_s", None, "1717197300", "2024-05-31T23:15:00Z", None, None),
    "milliseconds": ("epoch_ms", None, "1717197300250", "2024-05-31T23:15:00.250Z", None, None),
    "the furthest offset": (None, None, "2024-05-31T12:00:00+14:00", "2024-05-30T22:00:00Z", None, None),
    "an offset too far": (None, None, "2024-05-31T12:00:00+14:01", None, "datetime_invalid", None),
    "an offset too far in a format": (
        *("%Y-%m-%d %H:%M%z", None, "2024-05-31 12:00+1500", None, "datetime_invalid", None),
    ),
    "two digits under %Y": ("%d/%m/%Y %H:%M", BERLIN, "05/03/24 10:00", None, "datetime_invalid", None),
    "offset of hours, as PostgreSQL has it": (
        *(None, None, "2024-05-31 23:15:00.5+02", "2024-05-31T21:15:00.500Z", None, None),
    ),
    "hours beyond any offset": (None, None, "2024-05-31 23:15:00+15", None, "datetime_invalid", None),
    "several formats": (
        *(("%d.%m.%Y", "%d.%m.%Y %H:%M"), BERLIN, "31.05.2024 23:15", "2024-05-31T21:15:00Z", None, None),
    ),
    "hour that came twice": (
        *(None, BERLIN, "2024-10-27 02:30:00", "2024-10-27T00:30:00Z", None, "datetime_earlier_taken"),
    ),
    "second reading, by its offset": (
        None,
        BERLIN,
        "2024-10-27T02:30:00+01:00",
        "2024-10-27T01:30:00Z",
        None,
        None,
    ),
    "hour that never was": (None, BERLIN, "2024-03-31 02:30:00", None, "datetime_skipped_by_clock", None),
    "after the last year": ("excel", "America/New_York", "2958465.99", None, "datetime_invalid", None),
    "no offset, no time zone": (None, None, "2024-05-31 23:15:00", None, "datetime_no_timezone", None),
    "blank": (None, BERLIN, "", None, None, None),
    "null": (None, BERLIN, None, None, None, None),
    "date alone": (None, BERLIN, "2024-05-31", None, "datetime_invalid", None),
    "no such hour": (None, BERLIN, "2024-05-31 25:00:00", None, "datetime_invalid", None),
    "another zone notation": (None, BERLIN, "2024-05-31 23:15:00 CET", None, "datetime_invalid", None),
    "another format": ("%d.%m.%Y", BERLIN, "2024-05-31", None, "datetime_invalid", None),
    "a word": (None, None, "now", None, "datetime_invalid", None),
}


def formats_of(form):
    """The formats of a case: none, one, or several."""
    return () if form is None else (form,) if isinstance(form, str) else form


@pytest.mark.parametrize(("form", "text", "value", "reason"), DATES.values(), ids=DATES)
def test_a_date_is_read_by_its_format(form, text, value, reason):
    assert judge_dates(pl.Series([text], dtype=pl.String), formats_of(form)).row(0) == (value, reason, None)


@pytest.mark.parametrize(
    ("form", "zone", "text", "value", "reason", "change"), DATETIMES.values(), ids=DATETIMES
)
def test_a_time_is_read_into_utc(form, zone, text, value, reason, change):
    neighbours = [text, "2024-05-31 23:15:00", None]  # what is read at once and what is not, side by side

    verdicts = judge_datetimes(pl.Series(neighbours, dtype=pl.String), formats_of(form), zone)

    assert verdicts.row(0) == (value, reason, change)


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%d.%m.%y", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y%m%dT%H%M%S%#z", "%+", "%s"]
)
def test_a_format_that_reads_dates_is_accepted(form):
    assert check_time_format(form) is None


@pytest.mark.parametrize("form", ["", "YYYY-MM-DD", "%Q", "%H:%M", "%Y-%m"])
def test_a_format_that_reads_no_date_is_named(form):
    assert repr(form) in check_time_format(form)


def test_the_name_of_a_zone_says_no_moment():
    form = "%a %b %d %H:%M:%S %Z %Y"
    assert repr(form) in check_time_format(form)
    assert check_time_format(form, is_moment=False) is None
    assert check_time_format("%d/%b/%Y %H:%M:%S %z %Z") is None


def test_time_zones_are_checked_by_name():
    assert check_timezone("Europe/Berlin") is None
    assert check_timezone("UTC") is None
    assert "'Europe/Atlantis'" in check_timezone("Europe/Atlantis")
