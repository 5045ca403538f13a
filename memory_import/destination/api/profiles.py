"""A profile of the store, as the API has it: its id, traits and identifiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memory_import.destination.api.pages import read_pages
from memory_import.destination.api.store import require_store
from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import READ_IDENTIFIERS, READ_PROFILE, READ_TRAITS, Route

TRAITS_PER_PAGE = "1000"  # https://www.twilio.com/docs/api/memory/v1: pageSize of traits


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """`profile_id` is canonical. `traits`: objects with `traitGroup`, `name`, `value` and `timestamp`;
    `identifiers`: objects with `idType` and `values`, as the API lists them."""

    profile_id: str
    created_at: str | None
    traits: list[Mapping[str, Any]]
    identifiers: list[Mapping[str, Any]]


async def fetch_profile(client: Client, store_id: str, profile_id: str) -> StoredProfile | None:
    """Read a profile, or the one that it was merged into; None where there is none.

    Raises `StoreUnfit` where the store is gone.
    """
    canonical = [profile_id]

    async def follow(canonical_id: str) -> None:
        canonical.append(canonical_id)

    path = READ_PROFILE.at(store_id=store_id, profile_id=profile_id)
    decision = await client.call(Request(route=READ_PROFILE, path=path, moved=follow))
    if isinstance(decision, Refused):
        if decision.status != 404:
            raise as_unexpected(READ_PROFILE, decision)
        await require_store(client, store_id)
        return None
    found = decision.answer.document
    identifiers = await _read(client, READ_IDENTIFIERS, store_id, canonical[-1], {})
    return StoredProfile(
        canonical[-1],
        found.get("createdAt"),
        await fetch_traits(client, store_id, canonical[-1]),
        list(identifiers["identifiers"]),
    )


async def fetch_traits(client: Client, store_id: str, profile_id: str) -> list[Mapping[str, Any]]:
    """All traits of a profile that is there, page by page."""

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        return await _read(client, READ_TRAITS, store_id, profile_id, params)

    return await read_pages(read_page, "traits", {"pageSize": TRAITS_PER_PAGE})


async def _read(
    client: Client, route: Route, store_id: str, profile_id: str, params: Mapping[str, str]
) -> Mapping[str, Any]:
    path = route.at(store_id=store_id, profile_id=profile_id)
    decision = await client.call(Request(route=route, path=path, params=params))
    if isinstance(decision, Refused):
        raise as_unexpected(route, decision)
    return decision.answer.document


def as_unexpected(route: Route, decision: Refused) -> UnexpectedAnswer:
    """For the person who has to report it; the path names no profile."""
    return UnexpectedAnswer(route.method, route.template, decision.status, decision.code, decision.request_id)
