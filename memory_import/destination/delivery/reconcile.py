"""What a profile really holds, read back after an answer was lost, and what that says of what was sent.

The API gives observations and summaries no ids of ours and answers 202 without any. What is compared is the
content and the time (of a summary its conversation, too), as a multiset: the same text twice is two.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.limits import MEMORIES_PER_PAGE
from memory_import.ledger.database.states import BatchState

RESOURCES = {"observations": "Observations", "summaries": "ConversationSummaries"}

Key = tuple[str, int, str]
"""Content, milliseconds since the epoch, conversation id (empty for observations)."""


async def _ignore(_canonical_id: str) -> None:
    return None


def read_keys(payloads: pl.Series) -> list[Key]:
    """The keys of staged memories (String, JSON), in order."""
    return [_key(json.loads(payload)) for payload in payloads]


def _key(memory: Mapping[str, Any]) -> Key:
    moment = _seconds(memory["occurredAt"])
    return str(memory["content"]), int(moment * 1_000 // 1), str(memory.get("conversationId") or "")


def _is_since(memory: Mapping[str, Any], created_after: float) -> bool:
    created_at = memory.get("createdAt")
    return created_at is None or _seconds(created_at) >= created_after


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def tell_apart(
    sent: Sequence[Key], others: Counter[Key], doubtful: Counter[Key], listed: Counter[Key]
) -> list[BatchState]:
    """For each memory of a request in doubt: VERIFIED when it is there, PLANNED when it is not, else UNKNOWN.

    `listed` is what the profile holds since the load began; of it, `others` certainly comes from other
    requests of ours, and `doubtful` perhaps. Where more copies are listed than we can have sent, somebody
    else wrote the same, and nobody can say whose is missing.
    """
    wanted = Counter(sent)
    found = {key: max(listed[key] - others[key], 0) for key in wanted}
    states = []
    for key in sent:
        if found[key] == 0:
            states.append(BatchState.PLANNED)
        elif doubtful[key] or listed[key] - others[key] > wanted[key]:
            states.append(BatchState.UNKNOWN)
        else:
            found[key] -= 1
            states.append(BatchState.VERIFIED)
    return states


def runs_of(states: Sequence[BatchState]) -> list[tuple[int, int, BatchState]]:
    """Where each stretch of equal states begins and ends."""
    starts = [at for at, state in enumerate(states) if at == 0 or state is not states[at - 1]]
    return [
        (start, stop, states[start]) for start, stop in zip(starts, [*starts[1:], len(states)], strict=True)
    ]


async def list_memories(
    client: Client,
    path: str,
    load: str,
    *,
    source: str | None,
    created_after: float,
    moved: Callable[[str], Awaitable[None]],
) -> Counter[Key] | None:
    """What a profile holds from a source since `created_after` (seconds since the epoch, the server's clock).

    None when there is no such profile any more. Only observations can be asked for by source and time.
    """
    listed = await fetch_memories(client, path, load, source=source, created_after=created_after, moved=moved)
    return None if listed is None else Counter(_key(memory) for memory in listed)


async def fetch_memories(
    client: Client,
    path: str,
    load: str,
    *,
    source: str | None,
    created_after: float | None = None,
    moved: Callable[[str], Awaitable[None]] = _ignore,
) -> list[Mapping[str, Any]] | None:
    """The same, as the API has it; all that the profile holds from the source where `created_after` is
    None."""
    params = {"pageSize": str(MEMORIES_PER_PAGE)}
    if load == "observations":
        params |= {} if source is None else {"source": source}
        if created_after is not None:
            params["createdAfter"] = datetime.fromtimestamp(created_after, UTC).isoformat(timespec="seconds")
    found: list[Mapping[str, Any]] = []
    while True:
        decision = await client.call(Request(method="GET", path=path, params=params, moved=moved))
        if isinstance(decision, Refused):
            if decision.status == 404:
                return None
            raise UnexpectedAnswer("GET", load, decision.status, decision.code, decision.request_id)
        page = decision.answer.document
        found += [
            memory
            for memory in page.get(load, ())
            if source in {None, memory.get("source")}
            and (created_after is None or _is_since(memory, created_after))
        ]
        token = (page.get("meta") or {}).get("nextToken")
        if not token:
            return found
        params = {**params, "pageToken": token}
