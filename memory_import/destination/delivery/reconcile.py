"""What a profile really holds, read back after an answer was lost, and what that says of what was sent.

The API gives observations and summaries no ids of ours and answers 202 without any. What is compared is the
content and the time (of a summary its conversation, too), as a multiset: the same text twice is two.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from memory_import.columns import PAYLOAD
from memory_import.destination.api.memories import Moved, fetch_memories
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.limits import CLOCK_MARGIN_SECONDS
from memory_import.ledger.database.states import BatchState

Key = tuple[str, int, str]
"""Content, whole seconds since the epoch, conversation id (empty for observations): what is known of earlier
runs tells no finer."""


def read_keys(payloads: pl.Series) -> list[Key]:
    """The keys of staged memories (String, JSON), in order."""
    return [_key(json.loads(payload)) for payload in payloads]


def read_counts(entries: pl.DataFrame, column: str) -> Counter[Key]:
    """What a column of counts of staged memories (`_payload`) says of each key, of several the most."""
    counted = entries.filter(pl.col(column) > 0).sort(column)
    return Counter(dict(zip(read_keys(counted[PAYLOAD]), counted[column], strict=True)))


def _key(memory: Mapping[str, Any]) -> Key:
    moment = _seconds(memory["occurredAt"])
    return str(memory["content"]), int(moment // 1), str(memory.get("conversationId") or "")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


@dataclass(frozen=True, slots=True)
class Listing:
    """What a profile holds from a source since the load began to write, and before, by the server's clock.

    The margin of clocks belongs to `since`; `after` has those that are beyond it, too. `unnamed` counts those
    without content or time, which the API allows: any of them may be anything.
    """

    since: Counter[Key]
    before: Counter[Key]
    after: Counter[Key] = field(default_factory=Counter)
    unnamed: int = 0

    @property
    def keys(self) -> Counter[Key]:
        """All of them."""
        return self.since + self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """Copies that a profile holds beside those of a request in doubt.

    `landed` certainly comes from other requests of the load, and `doubtful` perhaps. `earlier` was certainly
    there before the load began to write, and `possible` perhaps.
    """

    landed: Counter[Key]
    doubtful: Counter[Key]
    earlier: Counter[Key]
    possible: Counter[Key]

    def is_listed(self, listing: Listing) -> bool:
        """Whether all that is certain is listed."""
        return self.landed + self.earlier <= listing.keys

    def of_earlier(self, key: Key, listing: Listing) -> int:
        """How many of those listed `since` are of before: older ones are the first that come from there."""
        return max(self.earlier[key] - listing.before[key], 0)

    def is_contradicted(self, key: Key, listing: Listing) -> bool:
        """Whether the listing can be right only where a clock is wrong, or something was deleted."""
        is_unexplained = listing.before[key] > self.earlier[key]
        is_one_more = listing.keys[key] > self.landed[key] + self.earlier[key]
        is_too_young = self.of_earlier(key, listing) > listing.since[key] - listing.after[key]
        return (is_unexplained and is_one_more) or is_too_young

    def most_of_request(self, key: Key, listing: Listing) -> int:
        """How many of those listed may be of the request."""
        return listing.since[key] - self.landed[key] - self.of_earlier(key, listing)

    def least_of_request(self, key: Key, listing: Listing) -> int:
        """How many of those listed are of the request, as far as that does not rest on what is possible."""
        if self.doubtful[key]:
            return 0
        not_before = min(listing.after[key] - self.landed[key], self.most_of_request(key, listing))
        spare = max(listing.before[key] - self.earlier[key], 0)
        possible = max(self.possible[key] - spare, 0)
        return max(self.most_of_request(key, listing) - possible, not_before)


def tell_apart(sent: Sequence[Key], accounted: Accounted, listing: Listing) -> list[BatchState]:
    """For each memory of a request in doubt: VERIFIED when it is there, PLANNED when it is not, else UNKNOWN.

    What is `accounted` for is not counted again. Where more copies are listed than we can have sent, somebody
    else wrote the same, and nobody can say whose is missing.

    Clocks prove nothing, for any of them may have been set meanwhile: where a copy that seems to be older
    than the load, or one that says nothing, may be ours, nobody can say either; nor where what is of before
    can only be one that seems to be younger than the beginning.
    """
    wanted = Counter(sent)
    most = {key: accounted.most_of_request(key, listing) for key in wanted}
    least = {key: accounted.least_of_request(key, listing) for key in wanted}
    nth: Counter[Key] = Counter()
    states = []
    for key in sent:
        if nth[key] >= most[key]:
            is_missing = not listing.unnamed and not accounted.is_contradicted(key, listing)
            states.append(BatchState.PLANNED if is_missing else BatchState.UNKNOWN)
        elif nth[key] >= least[key] or most[key] > wanted[key]:
            states.append(BatchState.UNKNOWN)
        else:
            states.append(BatchState.VERIFIED)
        nth[key] += 1
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
    after: Counter[Key] = Counter()
    unnamed = 0
    for memory in memories:
        if memory.get("content") is None or memory.get("occurredAt") is None:
            unnamed += 1
            continue
        key = _key(memory)
        age = 0.0 if began_at is None else began_at - _seconds(memory["createdAt"])
        (before if age > CLOCK_MARGIN_SECONDS else since)[key] += 1
        after[key] += age < -CLOCK_MARGIN_SECONDS
    return Listing(since, before, after, unnamed)
