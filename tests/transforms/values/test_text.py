"""Plain text: what is stripped, what is refused."""

import polars as pl
import pytest

from memory_import.transforms.values.text import judge_texts

CASES = {
    "plain": ("Ada", "Ada", None, None),
    "inner space stays": ("Ada  Lovelace", "Ada  Lovelace", None, None),
    "spaces around": ("  Ada ", "Ada", None, "text_trimmed"),
    "no-break and ideographic spaces around": ("\u00a0Ada\u3000", "Ada", None, "text_trimmed"),
    "tab and line end around": ("\tAda\r\n", "Ada", None, "text_trimmed"),
    "inner line end stays": ("two\nlines", "two\nlines", None, None),
    "NUL": ("A\x00da", "Ada", None, "invisible_characters_removed"),
    "byte-order mark and zero-width space": ("\ufeffA\u200bda", "Ada", None, "invisible_characters_removed"),
    "C1 control": ("Ada\x85", "Ada", None, "invisible_characters_removed"),
    "zero-width joiner of an emoji stays": (
        "\U0001f469\u200d\U0001f4bb",
        "\U0001f469\u200d\U0001f4bb",
        None,
        None,
    ),
    "blank": ("", None, None, None),
    "whitespace alone": (" \u2003\t", None, None, None),
    "control characters alone": ("\x00 \x07", None, None, None),
    "null": (None, None, None, None),
    "1,024 characters of four bytes": ("\U0001f600" * 1024, "\U0001f600" * 1024, None, None),
    "1,024 characters after trimming": (" " + "a" * 1024, "a" * 1024, None, "text_trimmed"),
    "1,025 characters": ("a" * 1025, None, "string_too_long", None),
    "1,025 characters after trimming": (" " + "a" * 1025, None, "string_too_long", None),
}


@pytest.mark.parametrize(("given", "value", "reason", "change"), CASES.values(), ids=CASES)
def test_a_text_is_stripped_and_measured(given, value, reason, change):
    # A clean neighbour and a stained one: neither may change the verdict on the other.
    texts = pl.Series([given, "plain", "st\x00ained"], dtype=pl.String)

    assert judge_texts(texts).row(0) == (value, reason, change)
    assert judge_texts(texts[:1]).row(0) == (value, reason, change)


def test_no_texts_have_no_verdicts():
    assert judge_texts(pl.Series([], dtype=pl.String)).shape == (0, 3)
