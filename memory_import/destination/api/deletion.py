"""What deleting a profile takes: who it shows, the request, and whether the profile is there still."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from memory_import.destination.api.profiles import as_unexpected
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused, Success
from memory_import.destination.http.routes import DELETE_PROFILE, LOOKUP, READ_IDENTIFIERS, READ_PROFILE

Pair = tuple[str, str]
"""An identifier: its type and value."""


class ProfileMerged(Exception):
    """The profile is a part of another one by now."""


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
    path = READ_IDENTIFIERS.at(store_id=store_id, profile_id=profile_id)
    decision = await client.call(Request(route=READ_IDENTIFIERS, path=path, moved=_refuse_to_follow))
    if isinstance(decision, Refused):
        if decision.status != 404:
            raise as_unexpected(READ_IDENTIFIERS, decision)
        return None
    sets = decision.answer.document["identifiers"]
    return {(each["idType"], str(value)) for each in sets for value in each["values"]}


@dataclass(frozen=True, slots=True)
class Deletable:
    """A profile that may be deleted: `before` is awaited before each sending of the request, `unprocessed`
    when none had any effect so far."""

    profile_id: str
    before: Callable[[], Awaitable[None]]
    unprocessed: Callable[[], Awaitable[None]]


async def delete_profile(client: Client, store_id: str, profile: Deletable) -> Success | Refused:
    """Ask for a profile to be deleted, for good; to repeat it is to do it once.

    Raises `ProfileMerged` where the profile is a part of another one: the request never goes there.
    """
    return await client.call(
        Request(
            route=DELETE_PROFILE,
            path=DELETE_PROFILE.at(store_id=store_id, profile_id=profile.profile_id),
            before=profile.before,
            unprocessed=profile.unprocessed,
            moved=_refuse_to_follow,
        )
    )


async def is_missing(client: Client, store_id: str, profile_id: str) -> bool:
    """Whether the service says that there is no such profile. That the store is there is not looked at."""
    path = READ_PROFILE.at(store_id=store_id, profile_id=profile_id)
    try:
        decision = await client.call(Request(route=READ_PROFILE, path=path, moved=_refuse_to_follow))
    except ProfileMerged:
        return False
    if isinstance(decision, Refused) and decision.status != 404:
        raise as_unexpected(READ_PROFILE, decision)
    return isinstance(decision, Refused)
