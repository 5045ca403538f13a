"""Integers, numbers and booleans: what is read, what is refused and why."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_import.transforms.values.numerals import (
    judge_booleans,
    judge_integers,
    judge_numbers,
    write_numbers,
)

INTEGERS = {
    "digits": ("42", "42", None, None),
    "plus": ("+5", "5", None, None),
    "minus": ("-5", "-5", None, None),
    "minus zero": ("-0", "0", None, None),
    "spaces around": (" 7 ", "7", None, None),
    "leading zeros": ("007", "7", None, None),
    "largest": ("2147483647", "2147483647", None, None),
    "smallest": ("-2147483648", "-2147483648", None, None),
    "a fraction of zeros": ("12.0", "12", None, "integer_fraction_dropped"),
    "a point and nothing": ("12.", "12", None, "integer_fraction_dropped"),
    "blank": ("  ", None, None, None),
    "null": (None, None, None, None),
    "NaN": ("NaN", None, None, None),
    "zeros that may be thousands": ("12.000", None, "integer_invalid", None),
    "zeros that are none": ("12.000000", "12", None, "integer_fraction_dropped"),
    "one too large": ("2147483648", None, "integer_out_of_range", None),
    "one too small": ("-2147483649", None, "integer_out_of_range", None),
    "beyond 64 bits": ("9" * 40, None, "integer_out_of_range", None),
    "a fraction": ("12.5", None, "integer_invalid", None),
    "thousands separators": ("1,234", None, "integer_invalid", None),
    "exponent": ("1e3", None, "integer_invalid", None),
    "digits that are not ASCII": ("１２", None, "integer_invalid", None),
    "a sign alone": ("-", None, "integer_invalid", None),
    "a sign apart": ("- 5", None, "integer_invalid", None),
    "two signs": ("+-5", None, "integer_invalid", None),
    "underscore": ("1_000", None, "integer_invalid", None),
    "a word": ("none", None, "integer_invalid", None),
}
NUMBERS = {
    "fraction": ("1.5", "1.5", None, None),
    "whole": ("100", "100", None, None),
    "whole with a point": ("100.00", "100", None, None),
    "no leading zero": ("-.5", "-0.5", None, None),
    "exponent": ("2e3", "2000", None, None),
    "small exponent": ("1E-7", "1e-7", None, None),
    "plus": ("+0.25", "0.25", None, None),
    "minus zero": ("-0.0", "0", None, None),
    "largest": ("2147483647", "2147483647", None, None),
    "blank": (" ", None, None, None),
    "null": (None, None, None, None),
    "too large": ("2147483647.5", None, "number_out_of_range", None),
    "overflow": ("1e999", None, "number_out_of_range", None),
    "NaN": ("NaN", None, None, None),
    "infinity": ("-Infinity", None, None, None),
    "inf": ("inf", None, None, None),
    "decimal comma": ("1,5", None, "number_invalid", None),
    "currency": ("$5", "5", None, "number_signs_taken_off"),
    "a word for money": ("Fr. 12.50", "12.5", None, "number_signs_taken_off"),
    "letters before the sign": ("US$12", "12", None, "number_signs_taken_off"),
    "no cents": ("12.–", "12", None, "number_signs_taken_off"),
    "brackets": ("(12)", "-12", None, "number_signs_taken_off"),
    "brackets behind the sign": ("$(12.50)", "-12.5", None, "number_signs_taken_off"),
    "another minus in brackets": ("(−12)", "-12", None, "number_signs_taken_off"),
    "another minus": ("−12", "-12", None, "number_signs_taken_off"),
    "a minus behind": ("12-", "-12", None, "number_signs_taken_off"),
    "a minus behind one digit": ("5-", "-5", None, "number_signs_taken_off"),
    "a range": ("1-2", None, "number_invalid", None),
    "a minus at both ends": ("-5-", None, "number_invalid", None),
    "a unit": ("10 km", None, "number_invalid", None),
    "hexadecimal": ("0x10", None, "number_invalid", None),
    "a point alone": (".", None, "number_invalid", None),
    "two points": ("1.2.3", None, "number_invalid", None),
}
BOOLEANS = {
    **{f"true as {word}": (word, "true", None, None) for word in ("true", "T", "YES", "y", "1", " True ")},
    **{f"false as {word}": (word, "false", None, None) for word in ("false", "F", "No", "n", "0")},
    "blank": ("", None, None, None),
    "null": (None, None, None, None),
    "another digit": ("2", None, "boolean_invalid", None),
    "another word": ("maybe", None, "boolean_invalid", None),
}


@pytest.mark.parametrize(("text", "value", "reason", "change"), INTEGERS.values(), ids=INTEGERS)
def test_an_integer_is_read_strictly(text, value, reason, change):
    assert judge_integers(pl.Series([text], dtype=pl.String)).row(0) == (value, reason, change)


@pytest.mark.parametrize(("text", "value", "reason", "change"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_read_strictly(text, value, reason, change):
    assert judge_numbers(pl.Series([text], dtype=pl.String)).row(0) == (value, reason, change)


@pytest.mark.parametrize(("text", "value", "reason", "change"), BOOLEANS.values(), ids=BOOLEANS)
def test_a_boolean_is_read_strictly(text, value, reason, change):
    assert judge_booleans(pl.Series([text], dtype=pl.String)).row(0) == (value, reason, change)


@given(st.lists(st.floats(-(2**31), 2**31 - 1)))
def test_a_number_is_written_as_json_that_reads_back_the_same(numbers):
    written = write_numbers(pl.Series(numbers, dtype=pl.Float64))

    assert [float(json.loads(text)) for text in written] == numbers
