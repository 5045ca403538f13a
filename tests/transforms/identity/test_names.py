"""Names as hashed words: equal, full, inside one another; and what is kept of them."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_import.transforms.identity.inside import find_anchors
from memory_import.transforms.identity.names import (
    BLANK,
    WordHashes,
    hash_words,
    names_of_hashes,
    read_names,
)
from tests.support.persons_reference import Name, maximal, words_of
from tests.support.persons_worlds import NAMES


def read(*names):
    return read_names(pl.Series(range(len(names)), dtype=pl.Int64), [pl.Series(names, dtype=pl.String)])


def hashes_of(text):
    """What is kept of one name, with the name that its words make."""
    kept = WordHashes(hash_words).list(pl.Series([text]))
    return kept.with_columns(name=pl.col("word").sum())


def is_inside(names, first=0, second=1):
    keys = names.keys.sort("claimant")["name"]
    here = pl.DataFrame({"place": [0, 0], "name": [keys[first], keys[second]]})
    return find_anchors(here, names)["name"].to_list() == [keys[second]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Robert", "ROBERT"),
        ("Müller, Ana", "ana mueller"),
        ("José Núñez", "Jose Nunez"),
        ("Sean O’Brien", "SEAN OBRIEN"),
        ("Straße Anna", "anna strasse"),
        ("Łukasz Søren", "lukasz soren"),
        ("Ann  Lee", "Lee-Ann"),
        ("Ann Ann Lee", "Ann Lee"),
        ("ＡＮＮ Lee", "ann lee"),
    ],
)
def test_these_names_are_one(one, other):
    assert read(one, other).keys["name"].n_unique() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Bauer", "Baur"), ("かとう", "がとう"), ("राम", "रीम"), ("Joe", "Jo"), ("Michal", "Michel")],
)
def test_these_names_are_two(one, other):
    assert read(one, other).keys["name"].n_unique() == 2


@pytest.mark.parametrize(
    "cell",
    [None, "", " ", "-", "?!", "Unknown", "unknown unknown", "(none)", "N/A", "Guest, Customer", "NULL"],
)
def test_what_holds_no_word_is_blank(cell):
    assert read(cell).keys["name"].to_list() == [BLANK]


@pytest.mark.parametrize("name", ["Unknown Lee", "Ann Null", "Guestrin", "Test Pilot", "Na Li", "Nan"])
def test_what_holds_more_than_a_placeholder_is_a_name(name):
    assert read(name).keys["name"].to_list() != [BLANK]
    assert not hashes_of(name).is_empty()


def test_a_placeholder_is_none_only_where_nothing_else_is_stated():
    claimants = pl.Series([0, 1], dtype=pl.Int64)
    first, last = pl.Series(["Unknown", "Unknown"]), pl.Series(["Unknown", "Lee"])
    is_blank = read_names(claimants, [first, last]).keys["name"] == BLANK
    assert is_blank.to_list() == [True, False]
    assert hashes_of("Unknown Unknown").is_empty()


@pytest.mark.parametrize(
    ("name", "longer"), [("欧阳娜", "欧阳娜娜"), ("김민수", "김민수진"), ("李", "李明"), ("محمد", "محمدي")]
)
def test_a_word_of_a_script_without_case_begins_no_other(name, longer):
    assert not is_inside(read(name, longer))
    both = read(name, longer)
    kept = names_of_hashes(both.keys.filter(pl.col("claimant") == 1), hashes_of(longer))
    assert not is_inside(read(name) + kept)


def test_a_name_is_put_together_from_several_cells():
    claimants = pl.Series([0, 1, 2], dtype=pl.Int64)
    first = pl.Series(["Ann", "Ann Lee", None])
    last = pl.Series(["Lee", "Lee", None], dtype=pl.String)

    assert read_names(claimants, [first, last]).keys["name"].to_list()[:2] == 2 * [
        read("Lee Ann").keys["name"][0]
    ]
    assert read_names(claimants, [first, last]).keys["name"][2] == BLANK


@pytest.mark.parametrize(
    ("name", "is_full"),
    [("Ann Lee", True), ("Ann", False), ("A Lee", False), ("李 明", True), ("Ann L. Lee", False)],
)
def test_a_full_name_has_two_words_and_no_initial(name, is_full):
    names = read(name)
    assert names.keys["name"].is_in(names.find_full().implode()).to_list() == [is_full]


@given(st.sampled_from([n for n in NAMES if n]), st.sampled_from([n for n in NAMES if n]))
@settings(max_examples=150)
def test_a_name_is_another_or_inside_it_as_defined(one, other):
    expected = maximal([Name(2, words_of(one)), Name(2, words_of(other))]) == {Name(2, words_of(other))}
    assert is_inside(read(one, other)) == expected


@pytest.mark.parametrize(
    ("row", "known", "is_recognised"),
    [
        ("J Smith", "John Smith", True),
        ("Jon Smith", "Jonathan Smith", True),
        ("Ann", "Ann Lee", True),
        ("Alex Lee", "Alexander Lee", False),
        ("Bob Smith", "John Smith", False),
    ],
)
def test_names_that_are_kept_as_hashes_are_compared_with_others(row, known, is_recognised):
    both = read(row, known)
    kept = names_of_hashes(both.keys.filter(pl.col("claimant") == 1), hashes_of(known))

    assert is_inside(read(row) + kept) == is_recognised


def test_a_known_beginning_is_recognised_in_a_longer_word_of_a_row():
    both = read("Alex Lee", "Alexander Lee")
    kept = names_of_hashes(both.keys.filter(pl.col("claimant") == 0), hashes_of("Alex Lee"))
    row = read_names(pl.Series([1], dtype=pl.Int64), [pl.Series(["Alexander Lee"])])

    assert is_inside(kept + row)


def test_two_words_of_one_hash_are_kept_as_one():
    texts = pl.Series(["Ana Smith", "Bob Smith", "Ana Ana"])
    for clash in (lambda words: words.str.tail(1).hash(0), lambda words: words.is_null().hash(0)):
        assert not WordHashes(clash).list(texts).select("at", "word").is_duplicated().any()
