"""What is particular to observations and summaries: each once, however often an answer is lost.

A request whose answer was lost is in doubt: before anything else goes to its profile, what the profile holds
is read back, and only what is missing is sent again. What nobody can tell stays unknown and is not sent again
on a guess.
"""

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from memory_import.columns import COPIES, PAYLOAD, POSSIBLE_COPIES
from memory_import.destination.api.store import profile_exists
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.flight import Flight
from memory_import.destination.delivery.profile_queues import Move, ProfileQueue, ProfileQueues
from memory_import.destination.delivery.reconcile import (
    Accounted,
    Key,
    Listing,
    list_memories,
    read_counts,
    read_keys,
    runs_of,
    tell_apart,
)
from memory_import.destination.delivery.sender import Sender
from memory_import.destination.errors import ServiceUnavailable
from memory_import.destination.http.client import Request
from memory_import.destination.http.decisions import Success
from memory_import.destination.http.routes import ADD_MEMORIES
from memory_import.destination.limits import GZIP_FROM_BYTES, READ_BACK_MOMENTS, TRIES
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import BatchState

OnUnknown = Literal["reconcile", "hold", "resend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRules:
    """How the memories of a load are treated.

    `source` is what all of them have as such. `on_unknown` says what to do about a request in doubt; what was
    sent may take `settle_seconds` until it can be read, and is missing only when it is not there by then.
    `began_at` is when the load began to write, in seconds since the epoch by the server's clock; None where
    the server never told its time.
    """

    source: str | None
    on_unknown: OnUnknown
    settle_seconds: float
    began_at: float | None = None


class MemoryKind:
    """Memories on their way to the profile of one queue, which `move` takes to another one."""

    is_repeatable = False

    def __init__(
        self,
        work: Delivery,
        sender: Sender,
        rules: MemoryRules,
        queues: ProfileQueues,
        queue: ProfileQueue,
        move: Move,
    ) -> None:
        self._work = work
        self._sender = sender
        self._rules = rules
        self._queues = queues
        self._queue = queue
        self._move = move

    def make_request(self, flight: Flight, body: bytes) -> Request:
        """The whole batch in one request to its profile."""
        route = ADD_MEMORIES[self._work.load.load]
        is_gzipped = len(body) >= GZIP_FROM_BYTES
        return Request(
            route=route,
            path=route.at(store_id=self._work.store_id, profile_id=self._queue.profile_id),
            content=gzip.compress(body, compresslevel=1) if is_gzipped else body,
            is_gzipped=is_gzipped,
            before=flight.sending,
            unprocessed=flight.planned,
            moved=self._move,
        )

    async def follow_success(self, flight: Flight, success: Success) -> list[Batch]:
        """There is nothing to follow."""
        await flight.accepted(success.answer)
        await self._note_landed(flight.batch)
        return []

    async def _note_landed(self, batch: Batch) -> None:
        await self._queues.note_move(self._queue)
        self._sender.note_end()
        self._queue.doubts = 0
        self._queue.landed.append(batch)
        self._work.observer.landed(batch.rows)

    async def is_gone(self) -> bool:
        """Whether the profile is not there any more.

        One that it is said to have been merged into, and that is not there, proves nothing while the profile
        itself is.
        """
        work, queue = self._work, self._queue
        if await profile_exists(work.client, work.store_id, queue.profile_id):
            return False
        return not (queue.go_back() and await profile_exists(work.client, work.store_id, queue.profile_id))

    async def clear_doubt(self, flight: Flight, reason: str) -> list[Batch]:
        """Find out what became of it, as far as the spec lets us; what is to be sent again."""
        self._queue.doubts += 1
        match self._rules.on_unknown:
            case "hold":
                states = [BatchState.UNKNOWN] * flight.size
            case "resend":
                states = [BatchState.PLANNED] * flight.size
            case "reconcile":
                states = await self._read_back(flight)
        missing = await self._sort_out(flight, states)
        if not missing:
            self._queue.doubts = 0
        elif self._queue.doubts >= TRIES:
            raise ServiceUnavailable(self._queue.doubts, reason)
        elif self._rules.on_unknown == "resend":
            await self._work.throttle.rest(self._work.throttle.backoff_seconds(self._queue.doubts))
        return missing

    async def _read_back(self, flight: Flight) -> list[BatchState]:
        """What became of each entry, asked until all are there or have had their time to appear.

        Where even what certainly landed cannot be seen, what is missing may be there as well.
        """
        entries = await flight.entries()
        sent = read_keys(entries[PAYLOAD])
        waited, is_whole = 0.0, False
        states: list[BatchState] = []
        for moment in READ_BACK_MOMENTS:
            seconds = moment * self._rules.settle_seconds
            await self._work.throttle.rest(seconds - waited)
            waited = seconds
            listing = await self._list()
            if listing is None and self._queue.go_back():
                listing = await self._list()
            if listing is None:
                return [BatchState.UNKNOWN] * len(sent)
            accounted = await self._account(entries)
            states = tell_apart(sent, accounted, listing)
            is_whole = accounted.is_listed(listing)
            if BatchState.PLANNED not in states:
                return states
        if is_whole:
            return states
        return [BatchState.UNKNOWN if state is BatchState.PLANNED else state for state in states]

    async def _list(self) -> Listing | None:
        return await list_memories(
            self._work,
            self._queue.profile_id,
            source=self._rules.source,
            began_at=self._rules.began_at,
            moved=self._move,
        )

    async def _account(self, entries: pl.DataFrame) -> Accounted:
        """What the profile holds beside the `entries` of the request in doubt.

        Profiles that became one hold what each of them held before, as far as what goes to them tells.
        """
        landed, doubtful, earlier, possible = (Counter[Key]() for _ in range(4))
        for queue in self._queues.sharing(self._queue):
            there = await self._entries_of(queue.landed, entries)
            perhaps = await self._entries_of(queue.unknown, entries)
            every = await self._entries_of(queue.taken_up, entries)
            landed.update(read_keys(there[PAYLOAD]))
            doubtful.update(read_keys(perhaps[PAYLOAD]))
            earlier.update(read_counts(every, COPIES))
            possible.update(read_counts(every, POSSIBLE_COPIES))
        return Accounted(landed=landed, doubtful=doubtful, earlier=earlier, possible=possible)

    async def _entries_of(self, batches: Iterable[Batch], like: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([like.clear(), *[await self._work.entries.of(batch) for batch in batches]])

    async def _sort_out(self, flight: Flight, states: list[BatchState]) -> list[Batch]:
        """Write down what became of each entry; the pieces that are to be sent."""
        pieces = await flight.sorted_out(runs_of(states))
        for piece in pieces:
            if piece.state is BatchState.VERIFIED:
                self._work.observer.sent(piece.rows)
                await self._note_landed(piece)
            elif piece.state is BatchState.UNKNOWN:
                self._queue.unknown.append(piece)
        return [piece for piece in pieces if piece.state is BatchState.PLANNED]
