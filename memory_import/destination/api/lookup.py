"""Asks which profiles an identifier leads to, and waits until profiles can be found."""

import json
from collections.abc import Iterable, Mapping

from memory_import.destination.api.store import require_store
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Success
from memory_import.destination.http.routes import LOOKUP
from memory_import.destination.limits import LOOKUP_POLL_SECONDS


def identifier_values(payload: str, id_types: Mapping[str, str]) -> list[tuple[str, str]]:
    """The (identifier type, value) pairs of one profile text; `id_types` is by `Group.trait`."""
    traits = json.loads(payload)["traits"]
    return [
        (id_types[f"{group}.{name}"], str(value))
        for group, values in traits.items()
        for name, value in values.items()
        if f"{group}.{name}" in id_types
    ]


async def wait_until_found(
    client: Client, store_id: str, identifiers: Iterable[tuple[str, str]], *, patience_seconds: float
) -> bool:
    """Look identifiers up, one by one, until each leads to a profile; False when patience ends first."""
    end = client.throttle.clock() + patience_seconds
    for id_type, value in identifiers:
        while not await look_up(client, store_id, id_type, value):
            if client.throttle.clock() >= end:
                return False
            await client.throttle.rest(LOOKUP_POLL_SECONDS)
    return True


async def look_up(client: Client, store_id: str, id_type: str, value: str) -> list[str]:
    """The ids of the profiles that an identifier leads to: none where the API says so, or refuses the value.

    A refusal counts only where the store is still there; `StoreUnfit` where it is not.
    """
    decision = await client.call(
        Request(
            route=LOOKUP,
            path=LOOKUP.at(store_id=store_id),
            content=json.dumps({"idType": id_type, "value": value}).encode(),
        )
    )
    if isinstance(decision, Success):
        return list(decision.answer.document["profiles"])
    await require_store(client, store_id)
    return []
