"""The trait groups of a store: read page by page, created, and given further traits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memory_import.destination.api.control_plane import Written, read, write
from memory_import.destination.api.pages import read_pages
from memory_import.destination.http.client import Client
from memory_import.destination.http.routes import ADD_GROUP, CHANGE_GROUP, LIST_GROUPS

Definitions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitGroup:
    """A group and the definitions of its traits by name, as the API writes them."""

    name: str
    traits: Definitions


async def fetch_trait_groups(client: Client, store_id: str) -> list[TraitGroup]:
    """All groups of a store with all their traits."""

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        return (await read(client, LIST_GROUPS, params=params, store_id=store_id)).document

    listed = await read_pages(read_page, "traitGroups", {"includeTraits": "true", "pageSize": "100"})
    return [TraitGroup(name=group["displayName"], traits=group.get("traits") or {}) for group in listed]


async def create_trait_group(
    client: Client, store_id: str, name: str, traits: Definitions, description: str | None = None
) -> Written:
    """Create a group with its traits."""
    body: dict[str, object] = {"displayName": name, "traits": traits}
    if description is not None:
        body["description"] = description
    return await write(client, ADD_GROUP, body, store_id=store_id)


async def change_trait_group(client: Client, store_id: str, name: str, traits: Definitions) -> Written:
    """Add traits to a group, or replace their definitions; the others stay as they are."""
    return await write(client, CHANGE_GROUP, {"traits": traits}, store_id=store_id, group=name)
