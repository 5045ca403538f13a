"""What an observation said before it was changed."""

from collections.abc import Mapping
from typing import Any

from memory_import.destination.api.memories import fetch_memories
from memory_import.destination.api.pages import read_pages
from memory_import.destination.errors import ServiceUnavailable, UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import LIST_REVISIONS
from memory_import.destination.limits import MEMORIES_PER_PAGE, TRIES


async def fetch_revisions(
    client: Client, store_id: str, profile_id: str, observation_id: str
) -> list[Mapping[str, Any]]:
    """The states of an observation before the present one; none where its profile does not list it any more.

    `profile_id` must be canonical. Raises `ServiceUnavailable` where the observation is there and its
    revisions cannot be read.
    """
    path = LIST_REVISIONS.at(store_id=store_id, profile_id=profile_id, memory_id=observation_id)

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        decision = await client.call(Request(route=LIST_REVISIONS, path=path, params=params))
        if not isinstance(decision, Refused):
            return decision.answer.document
        if decision.status == 404:
            raise _NotFound
        raise UnexpectedAnswer(
            LIST_REVISIONS.method,
            LIST_REVISIONS.template,
            decision.status,
            decision.code,
            decision.request_id,
        )

    for failures in range(TRIES):
        try:
            return await read_pages(read_page, "revisions", {"pageSize": str(MEMORIES_PER_PAGE)})
        except _NotFound:
            listed = await fetch_memories(client, store_id, profile_id, "observations", source=None)
            if observation_id not in {memory["id"] for memory in listed or ()}:
                return []
        await client.throttle.rest(client.throttle.backoff_seconds(failures))
    raise ServiceUnavailable(TRIES, "HTTP 404 for the revisions of an observation that is there")


class _NotFound(Exception):
    """A page was not there."""
