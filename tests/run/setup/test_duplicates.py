"""Two stores of one name: the one with the smaller id is set up, the other one named and left alone."""

from typing import Any

import httpx
import pytest

from memory_import.run.setup.carry_out import look_at_store, set_up_store
from memory_import.run.setup.wanted import Wanted
from memory_import.spec.store import StoreSpec
from tests.support.servers import make_client

IDS = [f"mem_store_{number:026d}" for number in (7, 8, 9)]
NAMES = dict(zip(IDS, ("other", "acme", "acme"), strict=True))
NOTHING = Wanted(promotions={})


def respond(request: httpx.Request) -> httpx.Response:
    last = request.url.path.rpartition("/")[2]
    store = {"id": last, "status": "ACTIVE", "version": 1, "intelligenceServiceId": None}
    documents: dict[str, dict[str, Any]] = {
        "Stores": {"stores": IDS[::-1]},
        "TraitGroups": {"traitGroups": []},
        "IdentityResolutionSettings": {
            "identifierConfigs": [{"idType": "phone"}],
            "matchingRules": ["phone"],
            "version": 1,
        },
    }
    assert request.method == "GET"
    return httpx.Response(200, json=documents.get(last, {**store, "displayName": NAMES.get(last, "")}))


@pytest.mark.anyio
async def test_the_smaller_id_is_used_and_the_other_one_named() -> None:
    async with make_client(respond) as client:
        plan = await look_at_store(client, StoreSpec(name="acme"), NOTHING)
        assert await set_up_store(client, StoreSpec(name="acme"), NOTHING) == []
    assert plan.store is not None
    assert plan.store.store_id == IDS[1]
    (warning,) = plan.warnings
    assert f"2 stores are named 'acme': {IDS[1]} is used; nothing is done with {IDS[2]}" in warning
