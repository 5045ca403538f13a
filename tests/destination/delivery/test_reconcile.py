"""What is read back tells what landed, and never more than it can."""

import json
from collections import Counter

import polars as pl
import pytest

from memory_import.destination.delivery.reconcile import Listing, read_keys, runs_of, tell_apart
from memory_import.ledger.database.states import BatchState

A, B = ("a", 1, ""), ("b", 1, "")
THERE, MISSING, UNKNOWABLE = BatchState.VERIFIED, BatchState.PLANNED, BatchState.UNKNOWN


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
    assert tell_apart(sent, Counter(others), Counter(doubtful), listing) == states


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
    assert tell_apart([A], Counter(others), Counter(), listing) == states


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
