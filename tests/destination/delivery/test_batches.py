"""Batches are a partition of the entries, within both bounds, and a body is exactly its payloads."""

import json
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_import.destination.delivery.batches import again, build_body, halve, plan_batches
from memory_import.destination.limits import BODY_BYTES, PROFILES_PER_REQUEST
from memory_import.ledger.database.records import Batch, PlannedBatch
from memory_import.ledger.database.states import BatchState
from tests.support.ledger_examples import PART


def plan(payloads: list[str], owned: list[bool] | None = None, *, offset: int = 0) -> list[PlannedBatch]:
    flags = owned if owned is not None else [True] * len(payloads)
    return plan_batches(
        pl.Series(payloads, dtype=pl.String).str.len_bytes(),
        pl.Series(flags, dtype=pl.Boolean),
        load="profiles",
        round=2,
        part=PART,
        offset=offset,
    )


def as_batch(planned: PlannedBatch, **facts: object) -> Batch:
    known = {
        "id": 7,
        "state": BatchState.SENDING,
        "tries": 3,
        "body_hash": "abc",
        "http_status": None,
        "request_id": None,
        "operation_id": "op1",
        "code": None,
        "answered_at": None,
    }
    fields = {name: getattr(planned, name) for name in PlannedBatch.__slots__}
    return Batch(**fields | known | facts)


sized = st.builds(lambda size: json.dumps("x" * size), st.integers(0, BODY_BYTES // 3))
large_entries = st.lists(sized, max_size=12)
small_entries = st.lists(st.just('{"traits":{}}') | st.text(max_size=5).map(json.dumps), max_size=3_000)
texts = st.lists(
    st.text().map(lambda text: json.dumps({"a": text}, ensure_ascii=False)), min_size=1, max_size=20
)


@settings(max_examples=60)
@given(payloads=small_entries | large_entries, offset=st.integers(0, 10**6), data=st.data())
def test_batches_are_a_partition_within_bounds(payloads: list[str], offset: int, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    owned = [bool((seed * (position + 1)) % 3) for position in range(len(payloads))]
    batches = plan(payloads, owned, offset=offset)

    covered = [position for batch in batches for position in range(batch.start, batch.stop)]
    assert covered == list(range(offset, offset + len(payloads)))
    for batch in batches:
        own = payloads[batch.start - offset : batch.stop - offset]
        assert 1 <= len(own) <= PROFILES_PER_REQUEST
        body = build_body(pl.Series(own))
        assert batch.body_bytes == len(body)
        assert len(body) <= BODY_BYTES
        assert batch.rows == sum(owned[batch.start - offset : batch.stop - offset])
        assert (batch.round, batch.part, batch.parent_id) == (2, PART, None)


@settings(max_examples=100)
@given(texts)
def test_a_body_is_valid_json_of_exactly_its_payloads(payloads: list[str]) -> None:
    assert json.loads(build_body(pl.Series(payloads))) == {
        "profiles": [json.loads(text) for text in payloads]
    }


@settings(max_examples=40)
@given(payloads=small_entries | large_entries)
def test_batches_are_as_few_as_the_bounds_allow(payloads: list[str]) -> None:
    batches = plan(payloads)
    for batch, after in pairwise(batches):
        is_full = batch.stop - batch.start == PROFILES_PER_REQUEST
        one_more = batch.body_bytes + len(payloads[after.start].encode()) + 1
        assert is_full or one_more > BODY_BYTES


@given(st.lists(st.text(max_size=8).map(json.dumps), max_size=50))
@settings(max_examples=30)
def test_the_same_entries_make_the_same_batches(payloads: list[str]) -> None:
    assert plan(payloads) == plan(payloads)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, []), (1, [1]), (999, [999]), (1_000, [1_000]), (1_001, [1_000, 1]), (2_000, [1_000, 1_000])],
)
def test_a_request_carries_a_thousand_profiles_at_most(count: int, expected: list[int]) -> None:
    assert [batch.stop - batch.start for batch in plan(["{}"] * count)] == expected


def test_an_entry_over_the_ceiling_travels_alone() -> None:
    giant = json.dumps("x" * BODY_BYTES)
    batches = plan(["1", giant, "2", "3"])
    assert [(batch.start, batch.stop) for batch in batches] == [(0, 1), (1, 2), (2, 4)]


@pytest.mark.parametrize(("spare_bytes", "expected"), [(1, [3]), (0, [3]), (-1, [2, 1])])
def test_a_body_may_be_exactly_as_large_as_allowed(spare_bytes: int, expected: list[int]) -> None:
    small = ["{}", "{}"]
    frame_bytes = len(build_body(pl.Series([*small, ""])))
    filling = json.dumps("x" * (BODY_BYTES - frame_bytes - spare_bytes - 2))
    batches = plan([*small, filling])
    assert [batch.stop - batch.start for batch in batches] == expected
    assert sum(batch.body_bytes for batch in batches[:1]) <= BODY_BYTES


def test_bytes_are_counted_and_not_characters() -> None:
    third = json.dumps("é" * (BODY_BYTES // 6), ensure_ascii=False)
    assert [batch.stop - batch.start for batch in plan([third] * 4)] == [2, 2]


@settings(max_examples=60)
@given(
    payloads=st.lists(st.text(max_size=5).map(json.dumps), min_size=2, max_size=40), offset=st.integers(0, 99)
)
def test_halves_are_the_whole_with_its_rows_and_their_own_bytes(payloads: list[str], offset: int) -> None:
    owned = [position % 3 > 0 for position in range(len(payloads))]
    [planned] = plan(payloads, owned, offset=offset)
    first, second = halve(as_batch(planned), pl.Series(payloads), pl.Series(owned))
    assert (first.start, first.stop, second.stop) == (planned.start, second.start, planned.stop)
    assert abs((first.stop - first.start) - (second.stop - second.start)) <= 1
    assert first.rows + second.rows == planned.rows
    assert (first.parent_id, second.parent_id, first.round, second.part) == (7, 7, 2, PART)
    for half in (first, second):
        own = payloads[half.start - offset : half.stop - offset]
        assert half.body_bytes == len(build_body(pl.Series(own)))


def test_the_same_batch_again_is_a_new_one_that_nothing_is_known_of() -> None:
    [planned] = plan(["{}"] * 3, offset=10)
    repeated = again(as_batch(planned))
    assert type(repeated) is PlannedBatch
    assert repeated.parent_id == 7
    assert (repeated.start, repeated.stop, repeated.rows, repeated.body_bytes) == (
        10,
        13,
        3,
        planned.body_bytes,
    )
