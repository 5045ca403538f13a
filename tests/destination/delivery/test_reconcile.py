"""What is read back tells what landed, and never more than it can."""

import asyncio
import json
from collections import Counter

import httpx
import polars as pl
import pytest

from memory_import.destination.delivery.reconcile import list_memories, read_keys, runs_of, tell_apart
from memory_import.ledger.database.states import BatchState
from tests.support.servers import STORE, make_client

A, B = ("a", 1, ""), ("b", 1, "")
THERE, MISSING, UNKNOWABLE = BatchState.VERIFIED, BatchState.PLANNED, BatchState.UNKNOWN
PATH = f"/v1/Stores/{STORE}/Profiles/mem_profile_{26 * '0'}/Observations"


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
    assert tell_apart(sent, Counter(others), Counter(doubtful), Counter(listed)) == states


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


def memory(content: str, source: str = "crm", created: str = "2024-05-02T00:00:00Z") -> dict[str, str]:
    return {"content": content, "source": source, "occurredAt": "2024-05-01T00:00:00Z", "createdAt": created}


async def read_back(respond) -> Counter | None:
    async def moved(_canonical_id: str) -> None:
        return None

    client = make_client(respond)
    created_after = 1_714_600_000.0  # 2024-05-01T21:46:40Z
    async with client:
        return await list_memories(
            client, PATH, "observations", source="crm", created_after=created_after, moved=moved
        )


def test_all_pages_are_read_and_what_is_of_another_source_or_time_is_left_out():
    pages = {
        None: {
            "observations": [memory("a"), memory("b", source="other")],
            "meta": {"nextToken": "2"},
        },
        "2": {"observations": [memory("c"), memory("d", created="2024-04-01T00:00:00Z")], "meta": {}},
    }
    keys = asyncio.run(
        read_back(lambda request: httpx.Response(200, json=pages[request.url.params.get("pageToken")]))
    )
    assert sorted(content for content, _, _ in keys) == ["a", "c"]


def test_a_profile_that_is_gone_is_told_from_one_that_holds_nothing():
    assert asyncio.run(read_back(lambda _: httpx.Response(404, json={"code": 20404}))) is None
    assert (
        asyncio.run(read_back(lambda _: httpx.Response(200, json={"observations": [], "meta": {}})))
        == Counter()
    )
