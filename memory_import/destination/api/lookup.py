"""Asks which profiles an identifier leads to, and waits until profiles can be found."""

import json
from collections.abc import Iterable, Mapping

from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Success
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
    """The ids of the profiles that an identifier leads to."""
    decision = await client.call(
        Request(
            method="POST",
            path=f"/v1/Stores/{store_id}/Profiles/Lookup",
            content=json.dumps({"idType": id_type, "value": value}).encode(),
        )
    )
    found = decision.answer.document.get("profiles") if isinstance(decision, Success) else None
    return [str(profile_id) for profile_id in found or ()]
