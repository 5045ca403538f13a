"""Recall: what the service would give an agent of the memories of a profile. Each one is billed."""

import json
from collections.abc import Mapping
from typing import Any

from memory_import.destination.api.store import require_store
from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import RECALL

QUERY_CHARACTERS = 1_024
LIMITS: Mapping[str, int] = {"observations": 20, "summaries": 5, "communications": 0}
"""How many of each the service gives where nothing else is asked for."""


async def recall(
    client: Client, store_id: str, profile_id: str, *, query: str | None, conversation_id: str | None
) -> tuple[str, Mapping[str, Any]] | None:
    """The canonical id of the profile, and `observations`, `summaries`, `communications`, `meta`; None where
    there is no such profile.

    By a query of at most `QUERY_CHARACTERS`, by a conversation, or, with neither, the most recent.
    """
    wanted: dict[str, Any] = {f"{name}Limit": limit for name, limit in LIMITS.items()}
    if query is not None:
        wanted["query"] = query
    if conversation_id is not None:
        wanted["conversationId"] = conversation_id
    canonical = [profile_id]

    async def follow(canonical_id: str) -> None:
        canonical.append(canonical_id)

    path = RECALL.at(store_id=store_id, profile_id=profile_id)
    content = json.dumps(wanted).encode()
    decision = await client.call(Request(route=RECALL, path=path, content=content, moved=follow))
    if not isinstance(decision, Refused):
        return canonical[-1], decision.answer.document
    if decision.status != 404:
        raise UnexpectedAnswer(
            RECALL.method, RECALL.template, decision.status, decision.code, decision.request_id
        )
    await require_store(client, store_id)
    return None
