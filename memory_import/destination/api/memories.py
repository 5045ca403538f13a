"""The observations and summaries that a profile holds, as the API has them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from memory_import.destination.api.pages import read_pages
from memory_import.destination.api.store import profile_exists
from memory_import.destination.errors import ServiceUnavailable, UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import LIST_MEMORIES
from memory_import.destination.limits import MEMORIES_PER_PAGE, TRIES

Moved = Callable[[str], Awaitable[None]]
"""Is told the canonical id of a profile that was merged into another one."""


async def _ignore(_canonical_id: str) -> None:
    return None


async def fetch_memories(
    client: Client,
    store_id: str,
    profile_id: str,
    load: str,
    *,
    source: str | None,
    moved: Moved = _ignore,
) -> list[Mapping[str, Any]] | None:
    """All that a profile holds from a source (None: from any); None when there is no such profile any more.

    Raises `ServiceUnavailable` where the profile is there and its memories cannot be read, and `StoreUnfit`
    where the store is gone.
    """
    route = LIST_MEMORIES[load]
    path = route.at(store_id=store_id, profile_id=profile_id)

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        decision = await client.call(Request(route=route, path=path, params=params, moved=moved))
        if isinstance(decision, Refused):
            raise _Refusal(decision)
        return decision.answer.document

    params = {"pageSize": str(MEMORIES_PER_PAGE)}
    if load == "observations" and source is not None:  # summaries cannot be asked for by source
        params["source"] = source
    for failures in range(TRIES):
        try:
            memories = await read_pages(read_page, load, params)
            return [memory for memory in memories if source in {None, memory.get("source")}]
        except _Refusal as refusal:
            if refusal.decision.status != 404:
                raise refusal.as_unexpected(route.method, load) from None
            if not await profile_exists(client, store_id, profile_id):
                return None
        await client.throttle.rest(client.throttle.backoff_seconds(failures))
    raise ServiceUnavailable(TRIES, "HTTP 404 for the memories of a profile that is there")


class _Refusal(Exception):
    """A page was refused."""

    def __init__(self, decision: Refused) -> None:
        self.decision = decision

    def as_unexpected(self, method: str, path: str) -> UnexpectedAnswer:
        """For the person who has to report it."""
        return UnexpectedAnswer(
            method, path, self.decision.status, self.decision.code, self.decision.request_id
        )
