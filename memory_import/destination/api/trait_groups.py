"""The trait groups of a store: read page by page, created, and given further traits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from memory_import.destination.api.control_plane import read, write
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused

Definitions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitGroup:
    """A group and the definitions of its traits by name, as the API writes them."""

    name: str
    traits: Definitions


async def fetch_trait_groups(client: Client, store_id: str) -> list[TraitGroup]:
    """All groups of a store with all their traits."""
    groups: list[TraitGroup] = []
    params = {"includeTraits": "true", "pageSize": "100"}
    while True:
        page = (await read(client, _path(store_id), params=params)).document
        groups += [
            TraitGroup(name=group["displayName"], traits=group.get("traits") or {})
            for group in page.get("traitGroups", ())
        ]
        token = (page.get("meta") or {}).get("nextToken")
        if not token:
            return groups
        params = {**params, "pageToken": token}


async def create_trait_group(client: Client, store_id: str, name: str, traits: Definitions) -> Refused | None:
    """Create a group with its traits; the refusal, where there is one."""
    return await write(client, "POST", _path(store_id), {"displayName": name, "traits": traits})


async def change_trait_group(client: Client, store_id: str, name: str, traits: Definitions) -> Refused | None:
    """Add traits to a group, or replace their definitions; the others stay as they are."""
    path = f"{_path(store_id)}/{quote(name, safe='')}"
    return await write(client, "PATCH", path, {"traits": traits})


def _path(store_id: str) -> str:
    return f"/v1/ControlPlane/Stores/{store_id}/TraitGroups"
