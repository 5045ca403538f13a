"""What an observation said before it was changed."""

from collections.abc import Mapping
from typing import Any

from memory_import.destination.api.pages import read_pages
from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import LIST_REVISIONS
from memory_import.destination.limits import MEMORIES_PER_PAGE


async def fetch_revisions(
    client: Client, store_id: str, profile_id: str, observation_id: str
) -> list[Mapping[str, Any]]:
    """The states of an observation before the present one; none where it is not there any more.

    `profile_id` must be canonical.
    """
    path = LIST_REVISIONS.at(store_id=store_id, profile_id=profile_id, memory_id=observation_id)

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        decision = await client.call(Request(route=LIST_REVISIONS, path=path, params=params))
        if not isinstance(decision, Refused):
            return decision.answer.document
        if decision.status == 404:
            return {"revisions": []}
        raise UnexpectedAnswer(
            LIST_REVISIONS.method,
            LIST_REVISIONS.template,
            decision.status,
            decision.code,
            decision.request_id,
        )

    return await read_pages(read_page, "revisions", {"pageSize": str(MEMORIES_PER_PAGE)})
