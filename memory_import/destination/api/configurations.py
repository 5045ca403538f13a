"""Conversation configurations, which the API serves on a host of its own: listed, created, changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from memory_import.destination.api.control_plane import Written, read, write
from memory_import.destination.api.pages import read_pages
from memory_import.destination.http.client import Client
from memory_import.destination.http.routes import (
    ADD_CONFIGURATION,
    CHANGE_CONFIGURATION,
    LIST_CONFIGURATIONS,
    READ_CONFIGURATION_OPERATION,
)
from memory_import.destination.limits import CONFIGURATIONS_PER_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A configuration as the API describes it; `channels` by channel, in the API's own form."""

    configuration_id: str
    name: str
    store_id: str
    grouping: str
    channels: Mapping[str, Mapping[str, Any]]
    has_extraction: bool


async def list_configurations(client: Client, store_id: str | None = None) -> list[Configuration]:
    """The configurations of a store, or of the whole account, by id."""
    wanted = {"pageSize": str(CONFIGURATIONS_PER_PAGE)}
    if store_id is not None:
        wanted["memoryStoreId"] = store_id

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        return (await read(client, LIST_CONFIGURATIONS, params=params)).document

    listed = [_read(each) for each in await read_pages(read_page, "configurations", wanted)]
    return sorted(listed, key=lambda each: each.configuration_id)


def _read(document: Mapping[str, Any]) -> Configuration:
    channels = document.get("channelSettings")
    return Configuration(
        configuration_id=document["id"],
        name=document["displayName"],
        store_id=document["memoryStoreId"],
        grouping=document["conversationGroupingType"],
        channels=channels if isinstance(channels, dict) else {},
        has_extraction=document.get("memoryExtractionEnabled") is True,
    )


async def create_configuration(client: Client, body: Mapping[str, object]) -> Written:
    """Create a configuration and follow its operation.

    However often the request has to be repeated, the service makes one: the key that it bears says so.
    """
    return await write(
        client,
        ADD_CONFIGURATION,
        body,
        idempotency_key=str(uuid4()),
        operations=READ_CONFIGURATION_OPERATION,
    )


async def change_configuration(client: Client, configuration_id: str, body: Mapping[str, object]) -> Written:
    """Change what `body` names, and follow the operation."""
    return await write(
        client,
        CHANGE_CONFIGURATION,
        body,
        idempotency_key=str(uuid4()),
        operations=READ_CONFIGURATION_OPERATION,
        configuration_id=configuration_id,
    )
