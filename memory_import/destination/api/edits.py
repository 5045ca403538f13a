"""What changing a single profile takes: who it shows, the requests, and what is there still."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memory_import.destination.api.pages import read_pages
from memory_import.destination.api.profiles import TRAITS_PER_PAGE, as_unexpected
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused, Success
from memory_import.destination.http.routes import (
    CHANGE_IDENTIFIER,
    CHANGE_PROFILE,
    DELETE_PROFILE,
    LOOKUP,
    READ_IDENTIFIERS,
    READ_PROFILE,
    READ_TRAITS,
    Route,
)

Pair = tuple[str, str]
"""An identifier: its type and value."""


class ProfileMerged(Exception):
    """The profile is a part of another one by now."""


class _NoProfile(Exception):
    """There is no such profile."""


async def _refuse_to_follow(_canonical_id: str) -> None:
    raise ProfileMerged


async def find_holders(client: Client, store_id: str, pair: Pair) -> set[str] | None:
    """The ids of the profiles that an identifier leads to; None where the service does not look it up."""
    body = json.dumps({"idType": pair[0], "value": pair[1]}).encode()
    request = Request(route=LOOKUP, path=LOOKUP.at(store_id=store_id), content=body)
    decision = await client.call(request)
    return set(decision.answer.document["profiles"]) if isinstance(decision, Success) else None


async def list_identifiers(client: Client, store_id: str, profile_id: str) -> set[Pair] | None:
    """All identifiers that a profile shows; None where the service says that there is no such profile.

    Raises `ProfileMerged` where it is a part of another one.
    """
    try:
        found = await _read(client, READ_IDENTIFIERS, store_id, profile_id)
    except _NoProfile:
        return None
    return {(each["idType"], str(value)) for each in found["identifiers"] for value in each["values"]}


async def list_traits(client: Client, store_id: str, profile_id: str) -> set[str] | None:
    """The paths of all traits that a profile has; None where the service says that there is no such profile.

    Raises `ProfileMerged` where it is a part of another one.
    """

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        return await _read(client, READ_TRAITS, store_id, profile_id, params)

    try:
        traits = await read_pages(read_page, "traits", {"pageSize": TRAITS_PER_PAGE})
    except _NoProfile:
        return None
    return {f"{trait['traitGroup']}.{trait['name']}" for trait in traits}


async def is_missing(client: Client, store_id: str, profile_id: str) -> bool:
    """Whether the service says that there is no such profile. That the store is there is not looked at."""
    try:
        await _read(client, READ_PROFILE, store_id, profile_id)
    except ProfileMerged:
        return False
    except _NoProfile:
        return True
    return False


async def _read(
    client: Client, route: Route, store_id: str, profile_id: str, params: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    path = route.at(store_id=store_id, profile_id=profile_id)
    request = Request(route=route, path=path, params=params or {}, moved=_refuse_to_follow)
    decision = await client.call(request)
    if isinstance(decision, Success):
        return decision.answer.document
    if decision.status == 404:
        raise _NoProfile
    raise as_unexpected(route, decision)


@dataclass(frozen=True, slots=True)
class Asking:
    """A profile that may be changed: `before` is awaited before each sending of the request, `unprocessed`
    when none had any effect so far."""

    store_id: str
    profile_id: str
    before: Callable[[], Awaitable[None]]
    unprocessed: Callable[[], Awaitable[None]]


async def delete_profile(client: Client, asking: Asking) -> Success | Refused:
    """Ask for a profile to be deleted, for good; to repeat it is to do it once.

    Raises `ProfileMerged` where the profile is a part of another one: the request never goes there.
    """
    return await _ask(client, asking, DELETE_PROFILE)


async def clear_traits(client: Client, asking: Asking, paths: Sequence[str]) -> Success | Refused:
    """Ask for traits (`Group.trait`) to be removed; all else as in `delete_profile`."""
    traits: dict[str, dict[str, None]] = {}
    for path in paths:
        group, _, name = path.rpartition(".")
        traits.setdefault(group, {})[name] = None
    return await _ask(client, asking, CHANGE_PROFILE, {"traits": traits})


async def replace_identifier(client: Client, asking: Asking, old: Pair, successor: str) -> Success | Refused:
    """Ask for an identifier value to give way to another one; all else as in `delete_profile`.

    Where it was done before, the service says 409: it does not hold the old value.
    """
    body = {"idType": old[0], "oldValue": old[1], "newValue": successor}
    return await _ask(client, asking, CHANGE_IDENTIFIER, body, id_type=old[0])


async def _ask(
    client: Client, asking: Asking, route: Route, body: Mapping[str, Any] | None = None, **ids: str
) -> Success | Refused:
    return await client.call(
        Request(
            route=route,
            path=route.at(store_id=asking.store_id, profile_id=asking.profile_id, **ids),
            content=None if body is None else json.dumps(body).encode(),
            before=asking.before,
            unprocessed=asking.unprocessed,
            moved=_refuse_to_follow,
        )
    )
