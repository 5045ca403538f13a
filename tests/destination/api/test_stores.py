"""The stores of an account are listed page by page; of several of one name one is always the same."""

import httpx
import pytest

from memory_import.destination.api.stores import Store, list_stores
from memory_import.run.stores.account import pick
from tests.support.servers import make_client, refusal

IDS = [f"mem_store_{number:026d}" for number in range(1, 6)]
PAGES = {None: (IDS[:1:-1], "second"), "second": (IDS[:2], None)}


def respond(request: httpx.Request) -> httpx.Response:
    """Five stores on two pages, of which the third is gone when it is read."""
    last = request.url.path.rpartition("/")[2]
    if last == "Stores":
        ids, token = PAGES[request.url.params.get("pageToken")]
        meta = {"key": "stores", "pageSize": 3, **({"nextToken": token} if token else {})}
        return httpx.Response(200, json={"stores": ids, "meta": meta})
    if last == IDS[2]:
        return refusal(404, 20404)
    body = {
        "id": last,
        "displayName": f"s-{last[-1]}",
        "status": "ACTIVE",
        "version": 3,
        "intelligenceServiceId": None,
    }
    return httpx.Response(200, json=body, headers={"etag": '"3"'})


@pytest.mark.anyio
async def test_all_pages_are_read_and_a_store_that_goes_away_meanwhile_is_left_out() -> None:
    async with make_client(respond) as client:
        stores = await list_stores(client)
    assert [(each.store_id, each.name, each.etag) for each in stores] == [
        (store_id, f"s-{store_id[-1]}", '"3"') for store_id in IDS if store_id != IDS[2]
    ]


@pytest.mark.parametrize(
    ("statuses", "picked", "others"),
    [
        pytest.param({}, None, (), id="none"),
        pytest.param({4: "ACTIVE"}, 4, (), id="one"),
        pytest.param({4: "ACTIVE", 1: "QUEUED"}, 1, (4,), id="the smaller id"),
        pytest.param({0: "FAILED", 4: "ACTIVE"}, 4, (0,), id="one that could not be made last"),
        pytest.param({3: "FAILED"}, 3, (), id="one that could not be made, alone"),
    ],
)
def test_of_stores_of_one_name_the_smaller_id_is_used_and_the_others_are_named(
    statuses: dict[int, str], picked: int | None, others: tuple[int, ...]
) -> None:
    stores = [
        Store(store_id=IDS[at], name="acme" if at in statuses else "other", status=statuses.get(at, "ACTIVE"))
        for at in range(5)
    ]
    named = pick(stores, "acme")
    assert (named.store.store_id if named else None) == (None if picked is None else IDS[picked])
    assert (named.others if named else ()) == tuple(IDS[at] for at in others)
    warning = named.warning if named else None
    assert bool(warning) is bool(others)
    assert all(IDS[at] in str(warning) for at in others)
