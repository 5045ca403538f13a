"""What profiles hold already of what is to be sent, by what is known and what was read."""

from typing import Any

import polars as pl
import pytest

from memory_import.ledger.known.store import MEMORIES
from memory_import.run.compare.memory_matches import (
    CHANGED,
    COMPARED,
    IN_STORE,
    KNOWN,
    NEW,
    STATE,
    count_copies,
    match_store,
)

Told = tuple[str, list[int], str]  # profile, what each part says, key
_TOLD = ("profile", "content", "key")


def rows_of(schema: dict[str, Any], *told: Told, **facts: Any) -> pl.DataFrame:
    """Rows with own keys, of one letter each, that are the identifiers, too."""
    rows = [{**dict(zip(_TOLD, each, strict=True)), "is_own_key": True, "nth": 0, **facts} for each in told]
    keyed = [{**row, "_pos": at, "key": ord(row["key"])} for at, row in enumerate(rows)]
    return pl.DataFrame([{**row, "reference": row["key"]} for row in keyed], schema)


def compared(state: str, *told: Told) -> pl.DataFrame:
    return rows_of(COMPARED, *told, **{STATE: state})


def read(*counts: tuple[str, int, int]) -> pl.DataFrame:
    """What profiles hold: a part, and how often."""
    schema = {"profile": pl.String, "content": pl.UInt64, "copies": pl.UInt32}
    return pl.DataFrame(counts, schema=schema, orient="row")


def count(rows: pl.DataFrame, known: pl.DataFrame, *held: tuple[str, int, int]) -> pl.DataFrame:
    return count_copies(rows, known, read(*held), pl.Series([one[0] for one in held], dtype=pl.String))


@pytest.mark.parametrize(
    ("known", "stated", "held", "counts"),
    [
        pytest.param([], [], [], None, id="nothing"),
        pytest.param([("p", [1], "b")], [], [], ([1], [0]), id="one that is known"),
        pytest.param(
            [("p", [1], "b"), ("p", [1], "c")], [("p", [1], "b")], [], ([2], [0]), id="two that are known"
        ),
        pytest.param([("q", [1], "b"), ("p", [2], "c")], [], [], None, id="of others, and other words"),
        pytest.param([("p", [3, 1], "b")], [], [], ([1], [0]), id="a part of a longer one"),
        pytest.param([("q", [1], "b")], [("p", [1], "b")], [], ([0], [1]), id="one whose key came here"),
        pytest.param([("q", [1], "a")], [], [], ([0], [1]), id="one whose identifier leads here"),
        pytest.param([("q", [1], "a")], [], [("p", 1, 1)], ([1], [0]), id="and that was read here"),
        pytest.param([], [], [("p", 1, 2), ("q", 1, 1), ("p", 2, 1)], ([2], [0]), id="two that were read"),
        pytest.param([("p", [1], "b")], [], [("p", 2, 1)], ([0], [1]), id="one that does not show yet"),
    ],
)
def test_copies_of_a_row_are_counted_by_profile_and_words(known, stated, held, counts):
    rows = pl.concat([compared(NEW, ("p", [1], "a")), compared(KNOWN, *stated)])
    found = count(rows, rows_of(MEMORIES, *known), *held)
    assert found.schema == {"_pos": pl.Int64, **dict.fromkeys(found.columns[1:], pl.List(pl.UInt32))}
    assert found.rows() == ([(0, *counts)] if counts else [])


def test_a_made_key_is_of_its_profile_and_a_doubt_is_no_copy():
    rows = compared(NEW, ("p", [1], "a"))
    made = rows_of(MEMORIES, ("q", [1], "a"), is_own_key=False)
    doubt = pl.DataFrame([{"profile": "p"}], MEMORIES)
    assert count(rows, pl.concat([made, doubt])).is_empty()


def test_copies_are_counted_part_by_part_in_the_order_of_the_parts():
    rows = compared(NEW, ("p", [5], "a"), ("p", [1, 2, 3], "b"), ("q", [3], "c"))
    found = count(rows, rows_of(MEMORIES, ("p", [3], "d"), ("p", [3, 1], "e")))
    assert found.rows() == [(1, [1, 0, 2], [0, 0, 0])]


@pytest.mark.parametrize(
    ("state", "is_counted"), [(NEW, True), (CHANGED, True), (KNOWN, False), (IN_STORE, False)]
)
def test_copies_are_counted_of_what_may_be_sent(state, is_counted):
    known = rows_of(MEMORIES, ("p", [1], "b"))
    assert count(compared(state, ("p", [1], "a")), known).height == is_counted


@pytest.mark.parametrize(
    ("known", "copies", "states"),
    [
        pytest.param([], 1, [IN_STORE, NEW], id="one that nobody knows"),
        pytest.param([("p", [1], "k")], 1, [NEW, NEW], id="the one there is known"),
        pytest.param([("p", [1], "k")], 2, [IN_STORE, NEW], id="one is known and one is not"),
        pytest.param([("q", [1], "a"), ("p", [1], "k")], 2, [NEW, NEW], id="one came with another profile"),
        pytest.param([("q", [1], "x"), ("p", [1], "k")], 2, [IN_STORE, NEW], id="another profile's is there"),
    ],
)
def test_what_a_profile_holds_is_of_known_rows_first(known, copies, states):
    rows = compared(NEW, ("p", [1], "a"), ("p", [1], "b"))
    found = match_store(rows, rows_of(MEMORIES, *known), read(("p", 1, copies)))
    assert found[STATE].to_list() == states
