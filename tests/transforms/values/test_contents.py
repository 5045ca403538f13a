"""Content that is too long is cut where people would cut it, and nothing of it is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_import.transforms.values.contents import split_content

SENTENCE = "A first sentence that is long enough."


def without_numbers(parts: list[str]) -> str:
    return "".join(re.sub(r"^\[\d+/\d+\] ", "", part) for part in parts)


def test_content_that_fits_is_left_alone():
    assert split_content("x" * 60, 60) == ["x" * 60]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param(f"{SENTENCE} And a second one that does not fit.", f"[1/2] {SENTENCE}", id="a sentence"),
        pytest.param("words " * 20, "[1/3] " + "words " * 8 + "words", id="a word"),
        pytest.param("x" * 100, "[1/2] " + "x" * 54, id="anywhere"),
    ],
)
def test_a_part_ends_at_the_best_border_there_is(text, first):
    assert split_content(text.strip(), 60)[0] == first


def test_a_family_of_emoji_stays_together():
    family = "👩‍👩‍👧"
    parts = split_content(family * 30, 60)
    assert all(re.sub(r"^\[\d+/\d+\] ", "", part).strip(family) == "" for part in parts)
    assert not any(part.endswith("\u200d") or "] \u200d" in part for part in parts)


@given(st.text(min_size=1, max_size=2_000))
def test_nothing_but_space_at_the_borders_is_lost_and_no_part_is_too_long(text):
    parts = split_content(text.strip(), 60)
    assert all(len(part) <= 60 for part in parts)
    if len(parts) > 1:
        assert re.sub(r"\s", "", without_numbers(parts)) == re.sub(r"\s", "", text)
