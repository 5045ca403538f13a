"""What is read back tells what landed, and never more than it can."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import product

import polars as pl
import pytest

from memory_import.destination.delivery.reconcile import (
    Accounted,
    Key,
    Listing,
    read_counts,
    read_keys,
    runs_of,
    tell_apart,
)
from memory_import.ledger.database.states import BatchState

A, B = ("a", 1, ""), ("b", 1, "")
THERE, MISSING, UNKNOWABLE = BatchState.VERIFIED, BatchState.PLANNED, BatchState.UNKNOWN


def account(
    landed: Sequence[Key] = (),
    doubtful: Sequence[Key] = (),
    earlier: Sequence[Key] = (),
    possible: Sequence[Key] = (),
) -> Accounted:
    return Accounted(
        landed=Counter(landed),
        doubtful=Counter(doubtful),
        earlier=Counter(earlier),
        possible=Counter(possible),
    )


@pytest.mark.parametrize(
    ("sent", "others", "doubtful", "listed", "states"),
    [
        pytest.param([A, B], [], [], [A, B], [THERE, THERE], id="all there"),
        pytest.param([A, B], [], [], [], [MISSING, MISSING], id="nothing there"),
        pytest.param([A, B], [], [], [B], [MISSING, THERE], id="one there"),
        pytest.param([A, A], [], [], [A, A], [THERE, THERE], id="twice on purpose, both there"),
        pytest.param([A, A], [], [], [A], [THERE, MISSING], id="twice on purpose, one there"),
        pytest.param([A], [A], [], [A], [MISSING], id="the one there is another request's"),
        pytest.param([A], [A], [], [A, A], [THERE], id="another request's and this one's"),
        pytest.param([A], [], [], [A, A], [UNKNOWABLE], id="more than we sent: somebody else's"),
        pytest.param([A], [], [A], [A], [UNKNOWABLE], id="this one or one that was in doubt before"),
        pytest.param([A], [], [A], [], [MISSING], id="neither this one nor one in doubt before"),
        pytest.param([A], [A, A], [], [A], [MISSING], id="what surely landed cannot be seen yet"),
    ],
)
def test_what_is_listed_says_what_landed(sent, others, doubtful, listed, states):
    listing = Listing(Counter(listed), Counter())
    assert tell_apart(sent, account(others, doubtful), listing) == states


@pytest.mark.parametrize(
    ("others", "since", "before", "states"),
    [
        pytest.param([], [], [A], [UNKNOWABLE], id="one that seems older"),
        pytest.param([B], [B], [A], [UNKNOWABLE], id="the clock may have been set after what landed"),
        pytest.param([B], [], [A, B], [UNKNOWABLE], id="the clocks are wrong: what landed seems older"),
        pytest.param([A], [], [A], [MISSING], id="what landed seems older and is the only one"),
        pytest.param([A], [A], [A], [UNKNOWABLE], id="what landed and one that seems older"),
        pytest.param([], [A], [A], [THERE], id="an older one and this one"),
    ],
)
def test_clocks_alone_never_make_a_second_sending(others, since, before, states):
    listing = Listing(Counter(since), Counter(before))
    assert tell_apart([A], account(others), listing) == states


@pytest.mark.parametrize(
    ("earlier", "since", "before", "states"),
    [
        pytest.param([A], [A], [], [MISSING], id="the one there is of an earlier run, just before"),
        pytest.param([A], [], [A], [MISSING], id="the one there is of an earlier run, long before"),
        pytest.param([A], [A, A], [], [THERE], id="that of an earlier run and this one"),
        pytest.param([A], [A], [A], [THERE], id="an older one of an earlier run and this one"),
        pytest.param([A], [], [A, A], [UNKNOWABLE], id="two that seem older and one is of an earlier run"),
        pytest.param([A, A], [A], [A], [MISSING], id="of two earlier ones one seems younger"),
        pytest.param([A], [A, A, A], [], [UNKNOWABLE], id="more than we and earlier runs sent"),
    ],
)
def test_copies_of_earlier_runs_are_accounted_for(earlier, since, before, states):
    listing = Listing(Counter(since), Counter(before))
    assert tell_apart([A], account(earlier=earlier), listing) == states


def test_a_copy_that_seems_too_young_for_an_earlier_run_decides_nothing():
    listing = Listing(Counter([A]), Counter(), after=Counter([A]))
    assert tell_apart([A], account(earlier=[A]), listing) == [UNKNOWABLE]


@pytest.mark.parametrize(
    ("since", "before", "state"),
    [([A], [], UNKNOWABLE), ([], [], MISSING), ([A], [A], THERE), ([], [A], UNKNOWABLE)],
    ids=["one that may have moved here", "nothing", "an older one that moved here", "only an older one"],
)
def test_what_earlier_runs_perhaps_brought_proves_nothing(since, before, state):
    listing = Listing(Counter(since), Counter(before))
    assert tell_apart([A], account(possible=[A]), listing) == [state]


def test_a_copy_that_is_younger_than_the_beginning_is_not_of_an_earlier_run_that_perhaps_brought_one():
    listing = Listing(Counter([A]), Counter(), after=Counter([A]))
    assert tell_apart([A], account(possible=[A]), listing) == [THERE]
    assert tell_apart([A], account([A], possible=[A]), listing) == [MISSING]


BEFORE, AROUND, AFTER = "before", "around", "after"  # when a copy says that it was made, by the beginning


def up_to_two(*moments: str) -> list[tuple[str, ...]]:
    """None, one or two copies, made at any of these moments."""
    return [copies for count in range(3) for copies in product(moments, repeat=count)]


OLD, OURS, ANY = up_to_two(BEFORE, AROUND), up_to_two(AROUND, AFTER), up_to_two(BEFORE, AROUND, AFTER)


def judge(copies: Sequence[str], sent: int, accounted: Accounted) -> Counter[BatchState]:
    """What is said of so many equal ones that were sent, where these copies are listed."""
    counts = Counter(copies)
    listing = Listing(
        since=+Counter({A: counts[AROUND] + counts[AFTER]}),
        before=+Counter({A: counts[BEFORE]}),
        after=+Counter({A: counts[AFTER]}),
    )
    return Counter(tell_apart([A] * sent, accounted, listing))


@pytest.mark.parametrize("old", OLD, ids=str)
def test_where_all_is_accounted_for_the_verdict_is_the_truth(old):
    """Beside `old` copies of earlier runs there are others of the load, and what landed of one or two."""
    for others, landed, sent in product(OURS, OURS, (1, 2)):
        if len(landed) <= sent:
            accounted = account([A] * len(others), earlier=[A] * len(old))
            states = judge([*old, *others, *landed], sent, accounted)
            assert states == +Counter({THERE: len(landed), MISSING: sent - len(landed)}), (others, landed)


@pytest.mark.parametrize("old", ANY, ids=str)
def test_where_clocks_are_wrong_too_no_verdict_is(old):
    for others, landed, sent in product(ANY, ANY, (1, 2)):
        if len(landed) <= sent:
            accounted = account([A] * len(others), earlier=[A] * len(old))
            states = judge([*old, *others, *landed], sent, accounted)
            assert states[THERE] <= len(landed), (others, landed)
            assert states[MISSING] <= sent - len(landed), (others, landed)


@pytest.mark.parametrize("old", OLD, ids=str)
def test_where_a_copy_may_have_moved_here_no_verdict_is_wrong(old):
    for moved, is_moved, landed in product(OLD, (True, False), OURS):
        accounted = account(earlier=[A] * len(old), possible=[A] * len(moved))
        states = judge([*old, *(moved if is_moved else ()), *landed], 2, accounted)
        assert states[THERE] <= len(landed), (moved, is_moved, landed)
        assert states[MISSING] <= 2 - len(landed), (moved, is_moved, landed)


@pytest.mark.parametrize("deleted", [1, 2])
def test_where_somebody_deleted_a_copy_nothing_is_sent_twice(deleted):
    for landed in ([AFTER], [AFTER, AFTER]):
        states = judge(landed, 2, account(earlier=[A] * deleted))
        assert states[MISSING] <= 2 - len(landed), landed


def test_all_that_is_certain_is_wanted_in_a_listing():
    accounted = account([A], earlier=[A, B], possible=[B])
    assert not accounted.is_listed(Listing(Counter([A, B]), Counter()))
    assert accounted.is_listed(Listing(Counter([A, B]), Counter([A])))


def test_stretches_of_equal_states_are_found():
    assert runs_of([THERE, THERE, MISSING, THERE]) == [(0, 2, THERE), (2, 3, MISSING), (3, 4, THERE)]


@pytest.mark.parametrize(
    "written",
    ["2024-05-01T10:00:00Z", "2024-05-01T10:00:00.000Z", "2024-05-01T12:00:00+02:00"],
    ids=["as sent", "with milliseconds", "with an offset"],
)
def test_a_time_is_the_same_however_the_server_writes_it(written):
    sent, listed = (
        json.dumps({"content": "x", "occurredAt": at}) for at in ("2024-05-01T10:00:00Z", written)
    )
    assert read_keys(pl.Series([sent])) == read_keys(pl.Series([listed]))


def test_of_entries_that_say_the_same_the_most_is_counted_once():
    payload = json.dumps({"content": "x", "occurredAt": "2024-05-01T10:00:00Z"})
    finer = json.dumps({"content": "x", "occurredAt": "2024-05-01T10:00:00.5Z"})
    entries = pl.DataFrame({"_payload": [payload, payload, finer], "_copies": [1, 2, 0]})
    assert read_counts(entries, "_copies") == {read_keys(pl.Series([payload]))[0]: 2}
