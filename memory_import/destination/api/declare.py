"""Declares in a store what a spec uses. Done in the emulator only: a real store is its owner's to shape."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from memory_import.destination.api.operations import Completed, follow
from memory_import.destination.api.store import StoreSchema, TraitUse, fetch_schema
from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import (
    ADD_GROUP,
    CHANGE_GROUP,
    READ_IDENTITY,
    WRITE_IDENTITY,
    Route,
)


async def declare_traits(
    client: Client, store_id: str, uses: Sequence[TraitUse], promotions: Mapping[str, str]
) -> None:
    """Add the trait groups, traits and identifier types that the store lacks.

    `promotions` maps `Group.trait` to the identifier type that it is promoted to.
    """
    schema = await fetch_schema(client, store_id)
    await _declare_id_types(client, store_id, schema, promotions)
    missing: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for use in uses:
        if use.path not in schema.data_types:
            missing[use.group][use.name] = {"dataType": use.data_type}
            if use.path in promotions:
                missing[use.group][use.name]["idTypePromotion"] = promotions[use.path]
    for group, traits in missing.items():
        if group in schema.groups:
            path = CHANGE_GROUP.at(store_id=store_id, group=group)
            await _write(client, CHANGE_GROUP, path, {"traits": traits})
        else:
            path = ADD_GROUP.at(store_id=store_id)
            await _write(client, ADD_GROUP, path, {"displayName": group, "traits": traits})


async def _declare_id_types(
    client: Client, store_id: str, schema: StoreSchema, promotions: Mapping[str, str]
) -> None:
    new = sorted(set(promotions.values()) - set(schema.normalizations))
    if not new:
        return
    path = READ_IDENTITY.at(store_id=store_id)
    decision = await client.call(Request(route=READ_IDENTITY, path=path))
    if isinstance(decision, Refused):
        raise UnexpectedAnswer("GET", path, decision.status, decision.code, decision.request_id)
    settings = decision.answer.document
    body = {
        "identifierConfigs": [*settings["identifierConfigs"], *({"idType": id_type} for id_type in new)],
        "matchingRules": [*settings["matchingRules"], *new],
    }
    await _write(client, WRITE_IDENTITY, path, body)


async def _write(client: Client, route: Route, path: str, body: Mapping[str, object]) -> None:
    decision = await client.call(Request(route=route, path=path, content=json.dumps(body).encode()))
    if isinstance(decision, Refused):
        raise UnexpectedAnswer(route.method, path, decision.status, decision.code, decision.request_id)
    operation_id = decision.answer.headers.get("operation-id")
    if operation_id is None:
        return
    verdict = await follow(
        client,
        operation_id,
        age_seconds=0,
        first_wait_seconds=0,
        patience_seconds=60,
        slots=asyncio.Semaphore(),
    )
    if not isinstance(verdict, Completed):
        raise UnexpectedAnswer(route.method, path, decision.answer.status, None, decision.answer.request_id)
