"""What a profile really holds, read back after an answer was lost, and what that says of what was sent.

The API gives observations and summaries no ids of ours and answers 202 without any. What is compared is the
content and the time (of a summary its conversation, too), as a multiset: the same text twice is two.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from memory_import.destination.api.memories import Moved, fetch_memories
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.limits import CLOCK_MARGIN_SECONDS
from memory_import.ledger.database.states import BatchState

Key = tuple[str, int, str]
"""Content, milliseconds since the epoch, conversation id (empty for observations)."""


def read_keys(payloads: pl.Series) -> list[Key]:
    """The keys of staged memories (String, JSON), in order."""
    return [_key(json.loads(payload)) for payload in payloads]


def _key(memory: Mapping[str, Any]) -> Key:
    moment = _seconds(memory["occurredAt"])
    return str(memory["content"]), int(moment * 1_000 // 1), str(memory.get("conversationId") or "")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


@dataclass(frozen=True, slots=True)
class Listing:
    """What a profile holds from a source since the load began to write, and before, by the server's clock.

    `unnamed` counts those without content or time, which the API allows: any of them may be anything.
    """

    since: Counter[Key]
    before: Counter[Key]
    unnamed: int = 0

    @property
    def keys(self) -> Counter[Key]:
        """All of them."""
        return self.since + self.before


def tell_apart(
    sent: Sequence[Key], others: Counter[Key], doubtful: Counter[Key], listing: Listing
) -> list[BatchState]:
    """For each memory of a request in doubt: VERIFIED when it is there, PLANNED when it is not, else UNKNOWN.

    Of what is listed `others` certainly comes from other requests of ours, and `doubtful` perhaps. Where more
    copies are listed than we can have sent, somebody else wrote the same, and nobody can say whose is
    missing.

    Clocks prove nothing, for any of them may have been set meanwhile: where a copy that seems to be older
    than the load, or one that says nothing, may be ours, nobody can say either.
    """
    listed = listing.since
    wanted = Counter(sent)
    found = {key: max(listed[key] - others[key], 0) for key in wanted}
    states = []
    for key in sent:
        if found[key] == 0:
            is_seen = bool(listing.before[key]) and listing.keys[key] > others[key]
            is_missing = not is_seen and not listing.unnamed
            states.append(BatchState.PLANNED if is_missing else BatchState.UNKNOWN)
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
    work: Delivery, profile_id: str, *, source: str | None, began_at: float | None, moved: Moved
) -> Listing | None:
    """What a profile holds from a source; None when there is no such profile any more.

    `began_at` is when the load began to write, in seconds since the epoch by the server's clock; None where
    the server never told its time.
    """
    memories = await fetch_memories(
        work.client, work.store_id, profile_id, work.load.load, source=source, moved=moved
    )
    return None if memories is None else _sort_out(memories, began_at)


def _sort_out(memories: Sequence[Mapping[str, Any]], began_at: float | None) -> Listing:
    since: Counter[Key] = Counter()
    before: Counter[Key] = Counter()
    unnamed = 0
    for memory in memories:
        if memory.get("content") is None or memory.get("occurredAt") is None:
            unnamed += 1
            continue
        is_since = began_at is None or _seconds(memory["createdAt"]) >= began_at - CLOCK_MARGIN_SECONDS
        (since if is_since else before)[_key(memory)] += 1
    return Listing(since, before, unnamed)
