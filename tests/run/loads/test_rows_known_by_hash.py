"""Rows that are known by their hash: what is remembered of them, and what is said again."""

import dataclasses

import polars as pl
import pytest

from memory_import.columns import KNOWN_PERSON, POS, ROW_CODES, ROW_HASH, STATED
from memory_import.ledger.known.hashes import KeyedHash
from memory_import.ledger.known.store import ROWS
from memory_import.run.loads.known_persons.known_lines import RememberedLines, hash_lines
from memory_import.run.loads.known_persons.row_codes import read_codes, write_codes
from memory_import.run.loads.known_persons.row_hashes import (
    Hashes,
    RememberedRows,
    gather_rows,
    make_row_hash,
)
from memory_import.run.loads.known_persons.skipped import SkippedRows, find_changed
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitPlan, TraitType
from memory_import.transforms.prepare import prepare_profiles

PLAN = ProfilePlan(
    traits=(
        TraitPlan(group="Contact", name="phone", columns=("Phone", "Other"), type=TraitType.PHONE),
        TraitPlan(group="Contact", name="email", columns=("Email",), type=TraitType.EMAIL),
        TraitPlan(group="Account", name="since", columns=("Since",), type=TraitType.DATE),
    ),
    identifiers=(
        IdentifierPlan(trait="Contact.phone", id_type="phone", normalization="phone"),
        IdentifierPlan(trait="Contact.email", id_type="email", normalization="email"),
    ),
    region_default="US",
)
CELLS = [
    ("+12025550101", None, "ana@example.com", "2024-01-31"),
    ("(202) 555-0102", "12", "BOB@EXAMPLE.COM", "someday"),
    ("12", "(202) 555-0103", "cleo@example.com", None),
    ("12", "34", "dov@example.com", "31.01.2024"),
]
ROWS_READ = pl.DataFrame(CELLS, schema=["Phone", "Other", "Email", "Since"], orient="row").select(
    pl.lit("a.csv").alias("_file"), pl.int_range(1, 5, dtype=pl.Int64).alias("_row"), pl.all()
)


def test_all_that_was_said_of_rows_in_codes_is_said_again() -> None:
    prepared = prepare_profiles(ROWS_READ, PLAN)
    stated = ROWS_READ.with_columns(
        pl.coalesce(trait.columns).alias(trait.value_column) for trait in PLAN.traits
    )
    again = read_codes(stated.with_columns(write_codes(prepared, PLAN)), PLAN)
    assert again.changes == prepared.changes
    refused = prepared.others.filter(pl.col("value").is_null())
    assert again.others.equals(refused)
    assert refused.height
    for trait in PLAN.traits:
        before, after = prepared.frame, again.frame
        assert after[trait.code_column].to_list() == before[trait.code_column].to_list()
        assert after[trait.value_column].is_null().equals(before[trait.value_column].is_null())


def test_the_place_of_a_value_is_said_again_where_it_has_a_code() -> None:
    prepared = prepare_profiles(ROWS_READ, PLAN)
    stated = prepared.frame.select("_file", "_row", *(trait.value_column for trait in PLAN.traits))
    again = read_codes(stated.with_columns(write_codes(prepared, PLAN)), PLAN).frame
    has_code = prepared.frame["_code.Contact.phone"].is_not_null()
    assert (
        again["_place.Contact.phone"]
        .filter(has_code)
        .equals(prepared.frame["_place.Contact.phone"].filter(has_code))
    )


@pytest.mark.parametrize("column", ["Phone", "Other", "Email", "Since"])
def test_the_hash_of_a_row_is_that_of_its_cells_in_their_columns(column: str) -> None:
    row_hash = make_row_hash(KeyedHash(7), PLAN, ["Phone", "Other", "Email", "Since"])
    hashes = row_hash.hash(ROWS_READ)
    assert hashes.n_unique() == len(CELLS)
    changed = row_hash.hash(ROWS_READ.with_columns(pl.lit("x").alias(column)))
    assert not (changed == hashes).any()
    swapped = row_hash.hash(ROWS_READ.rename({"Phone": "Other", "Other": "Phone"}))
    assert not (swapped == hashes).any()
    assert row_hash.hash(ROWS_READ.with_columns(_file=pl.lit("b.csv"))).equals(hashes)


def test_the_name_of_the_file_counts_where_a_trait_says_it() -> None:
    origin = TraitPlan(group="Account", name="origin", columns=(), constant="from ${file}")
    plan = dataclasses.replace(PLAN, traits=(*PLAN.traits, origin))
    row_hash = make_row_hash(KeyedHash(7), plan, ["Phone"])
    other = row_hash.hash(ROWS_READ.with_columns(_file=pl.lit("b.csv")))
    assert not (other == row_hash.hash(ROWS_READ)).any()


def remember(*rows: tuple[int, int]) -> RememberedRows:
    """Rows by hash and person, in the order of the input."""
    listed = [(row, person, None, None, None) for row, person in rows]
    return gather_rows([pl.DataFrame(listed, schema=dict(ROWS), orient="row")])


def skip(*rows: tuple[int, int]) -> pl.DataFrame:
    """The same rows as they are found in an input."""
    listed = [(at, person, row) for at, (row, person) in enumerate(rows)]
    schema = {POS: pl.Int64, KNOWN_PERSON: pl.Int64, ROW_HASH: pl.UInt64}
    return pl.DataFrame(listed, schema=schema, orient="row")


def test_rows_are_found_by_their_hash() -> None:
    found = remember((30, 1), (10, 2), (20, 2)).find(pl.Series([20, 5, 30, 99], dtype=pl.UInt64))
    assert found[KNOWN_PERSON].to_list() == [2, None, 1, None]
    assert found[ROW_CODES].null_count() == 4
    assert RememberedRows().find(pl.Series([20], dtype=pl.UInt64))[KNOWN_PERSON].to_list() == [None]


def test_rows_that_were_released_are_held_no_more() -> None:
    remembered = remember((30, 1), (10, 2))
    _ = remembered.find(pl.Series([10, 99], dtype=pl.UInt64))
    assert remembered.release().rows() == [(1, 30), (2, 10)]
    assert remembered.find(pl.Series([10], dtype=pl.UInt64))[KNOWN_PERSON].to_list() == [None]
    assert remembered.lines.find(pl.Series([10], dtype=pl.UInt64)).to_list() == [None]


@pytest.mark.parametrize("wanted", [[5, None, 70], [*range(60, 90)], [*range(30), None, 99], []])
def test_the_places_of_few_hashes_and_of_many_are_found(wanted: list[int | None]) -> None:
    kept = [7, None, *range(20), 7]
    found = Hashes(pl.Series(kept, dtype=pl.UInt64)).find(pl.Series(wanted, dtype=pl.UInt64))
    places = [kept.index(one) if one is not None and one in kept else None for one in wanted]
    assert found.to_list() == places


@pytest.mark.parametrize("wanted", [(30, 10), (10, 20), (20,), (10, 20, 40), (10, 30)])
def test_rows_that_follow_one_another_are_those_that_are_found_one_by_one(wanted: tuple[int, ...]) -> None:
    kept = {30: 1, 10: 2, 20: 3}
    found = remember(*kept.items()).find(pl.Series(wanted, dtype=pl.UInt64))
    assert found[KNOWN_PERSON].to_list() == [kept.get(one) for one in wanted]


BEFORE = ((10, 1), (20, 2), (21, 2), (30, 3), (40, 4), (40, 4))


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        (BEFORE, set()),
        (BEFORE[::-1], {2}),
        (((30, 3), (20, 2), (40, 4), (21, 2), (40, 4)), set()),
        (((20, 2), (10, 1)), {2}),
        (((10, 1), (10, 1)), {1}),
        (((40, 4), (30, 3)), {4}),
        (((40, 4), (40, 4), (40, 4)), {4}),
    ],
    ids=["the same", "the other way round", "mixed", "a row less", "a row twice", "once", "thrice"],
)
def test_a_person_is_the_same_where_all_of_its_rows_are_there_in_their_order(
    now: tuple[tuple[int, int], ...], changed: set[int]
) -> None:
    assert set(find_changed(skip(*now), remember(*BEFORE).release())) == changed


@pytest.mark.parametrize("distance", [1, 1_000])
def test_the_last_row_of_a_person_stands_for_it(distance: int) -> None:
    persons = [3, 0, 3, 1, 0, 3, 2]
    rows = pl.DataFrame({POS: range(10, 17), KNOWN_PERSON: [distance * number for number in persons]})
    skipped = SkippedRows(rows)
    assert skipped.members["_representative"].to_list() == [15, 14, 15, 13, 14, 15, 16]
    assert sorted(skipped.present["person"]) == [distance * number for number in range(4)]


KEYED = KeyedHash(7)
LINES = [f"line {number}" for number in range(50)]


@pytest.mark.parametrize(
    "lines",
    [
        LINES,
        LINES[::-1],
        LINES[:10] + LINES[11:],
        [*LINES[:10], "new", *LINES[10:]],
        [*LINES[:10], "changed", *LINES[11:]],
        [*LINES[:10], None, *LINES[11:]],
        LINES[20:] + LINES[:20],
        LINES + LINES,
        ["new", "newer"],
    ],
    ids=["the same", "turned", "less", "more", "changed", "blank", "moved", "twice", "others"],
)
@pytest.mark.parametrize("at_once", [7, 1_000])
def test_lines_are_found_wherever_they_stand(lines: list[str | None], at_once: int) -> None:
    hashes = hash_lines(KEYED, pl.Series(LINES)).to_list()
    kept = [(100 + at, at, None, line, 3) for at, line in enumerate(hashes)]
    remembered = gather_rows([pl.DataFrame(kept, schema=dict(ROWS), orient="row")])
    known = RememberedLines(remembered, KEYED)
    found = [
        known.find(pl.Series(lines[start : start + at_once], dtype=pl.String))
        for start in range(0, len(lines), at_once)
    ]
    rows = pl.concat(found)
    persons = [LINES.index(line) if line in LINES else None for line in lines]
    assert rows[KNOWN_PERSON].to_list() == persons
    assert rows[ROW_HASH].to_list() == [None if person is None else 100 + person for person in persons]
    assert rows[STATED].to_list() == [None if person is None else 3 for person in persons]


def test_a_row_without_a_line_is_not_found_by_one() -> None:
    kept = pl.DataFrame([(1, 1, None, None, 3), (2, 2, None, None, 3)], schema=dict(ROWS), orient="row")
    for lines in (["a", None], [None, None]):
        known = RememberedLines(gather_rows([kept]), KEYED)
        assert known.find(pl.Series(lines, dtype=pl.String))[KNOWN_PERSON].null_count() == 2
