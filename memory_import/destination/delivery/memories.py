"""Delivers observations or summaries: each once, in the order of time, never two requests for one profile.

A profile's batches are its lane: one after the other, many lanes side by side. A request whose answer was
lost is in doubt: before anything else goes to its profile, what the profile holds is read back, and only what
is missing is sent again. What nobody can tell stays unknown and is not sent again on a guess.
"""

import asyncio
import gzip
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import polars as pl

from memory_import.columns import IS_FINAL, PAYLOAD, PROFILE_ID
from memory_import.destination.api.store import store_exists
from memory_import.destination.delivery.batches import build_body, carve, halve, hash_body
from memory_import.destination.delivery.entries import Entries
from memory_import.destination.delivery.profile_queues import LANDED, OPEN, Move, ProfileQueue, ProfileQueues
from memory_import.destination.delivery.reconcile import (
    RESOURCES,
    Key,
    list_memories,
    read_keys,
    runs_of,
    tell_apart,
)
from memory_import.destination.delivery.sender import Observer
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.errors import ServiceUnavailable, StagingChanged, StoreUnfit, UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import InDoubt, Refused, Success
from memory_import.destination.limits import (
    CLOCK_MARGIN_SECONDS,
    GZIP_FROM_BYTES,
    LANES,
    MEMORY_SENDERS,
    SETTLE_POLL_SECONDS,
    TRIES,
)
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch, LoadRecord
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.staging.staged import Staging

OnUnknown = Literal["reconcile", "hold", "resend"]

_DIVISIBLE = frozenset({400, 413, 422})


class MemoryDelivery:
    """One load of observations or summaries on its way into a store.

    `source` is what all of them have as such. `on_unknown` says what to do about a request in doubt; what was
    sent may take `settle_seconds` until it can be read, and is missing only when it is not there by then.
    """

    def __init__(
        self,
        *,
        client: Client,
        commits: GroupCommit,
        ledger: Ledger,
        staging: Staging,
        run_id: str,
        store_id: str,
        load: LoadRecord,
        source: str | None,
        on_unknown: OnUnknown,
        settle_seconds: float,
        observer: Observer,
    ) -> None:
        self._client = client
        self._stop_signal = client.throttle.stop_signal
        self._commits = commits
        self._ledger = ledger
        self._staging = staging
        self._entries = Entries(lambda part: staging.entries(part, PAYLOAD), staging.sorted_parts)
        self._run_id = run_id
        self._store_id = store_id
        self._load = load
        self._source = source
        self._on_unknown = on_unknown
        self._settle_seconds = settle_seconds
        self._observer = observer
        self._slots = asyncio.Semaphore(MEMORY_SENDERS)
        self._lane_slots = asyncio.Semaphore(LANES)
        self._queues = ProfileQueues(commits)

    async def run(self) -> None:
        """Deliver what is not delivered yet; raises the reason when the run was halted."""
        for profile_id, batch in self._batches_by_profile():
            self._queues.take_up(profile_id, batch)
        async with drained(self._stop_signal), asyncio.TaskGroup() as group:
            for queue in self._queues.unfinished():
                await self._lane_slots.acquire()
                if self._stop_signal.reason is not None:
                    return
                group.create_task(guarded(self._stop_signal, self._run_lane(queue)))

    def _batches_by_profile(self) -> Iterable[tuple[str, Batch]]:
        """Every batch that has or may have something in the store, with its profile, in sending order."""
        states = (*OPEN, *LANDED, BatchState.UNKNOWN)
        batches = self._ledger.batches(self._run_id, self._load.load, states=states)
        profiles = {
            part: self._staging.entries(part, PROFILE_ID)[PROFILE_ID] for part in self._staging.sorted_parts
        }
        of_lanes = (batch for batch in batches if batch.part in profiles)
        for batch in sorted(of_lanes, key=lambda batch: (batch.part, batch.start)):
            yield profiles[batch.part][batch.start], batch

    async def _run_lane(self, queue: ProfileQueue) -> None:
        try:
            while queue.waiting:
                batch = queue.waiting.popleft()
                async with self._queues.hold(queue) as move:
                    pieces = await self._carry(queue, batch, move)
                queue.waiting.extendleft(reversed(pieces))
        finally:
            self._lane_slots.release()

    async def _carry(self, queue: ProfileQueue, batch: Batch, move: Move) -> list[Batch]:
        """Bring one batch as far as it goes; what has to be carried in its place."""
        entries = await self._entries.of(batch)
        if batch.state is BatchState.SENDING:
            return await self._clear_up(queue, batch, entries, move, "it was under way when a run ended")
        decision, tries = await self._send(queue, batch, entries, move)
        batch = replace(batch, tries=tries)
        match decision:
            case Success(answer):
                facts = {"http_status": answer.status, "request_id": answer.request_id}
                await self._commits.move(batch, BatchState.ACCEPTED, **facts, answered_at=time.time())
                self._note_landed(queue, batch)
                return []
            case InDoubt(reason):
                return await self._clear_up(queue, batch, entries, move, reason)
            case Refused():
                return await self._refuse(batch, entries, decision)

    async def _send(
        self,
        queue: ProfileQueue,
        batch: Batch,
        entries: pl.DataFrame,
        move: Move,
    ) -> tuple[Success | Refused | InDoubt, int]:
        body = build_body(entries[PAYLOAD], batch.load)
        body_hash = hash_body(body)
        if batch.body_hash not in {None, body_hash}:
            raise StagingChanged(f"batch {batch.id} is not what was sent before")
        content = gzip.compress(body, compresslevel=1) if len(body) >= GZIP_FROM_BYTES else body
        tries = batch.tries

        async def intend() -> None:
            nonlocal tries
            tries += 1
            await self._commits.move(batch, BatchState.SENDING, tries=tries, body_hash=body_hash)

        async def take_back() -> None:
            await self._commits.move(batch, BatchState.PLANNED)

        request = Request(
            method="POST",
            path=self._path(queue),
            content=content,
            is_gzipped=content is not body,
            before=intend,
            unprocessed=take_back,
            moved=move,
        )
        async with self._slots:
            return await self._client.call_once(request), tries

    def _path(self, queue: ProfileQueue) -> str:
        return f"/v1/Stores/{self._store_id}/Profiles/{queue.profile_id}/{RESOURCES[self._load.load]}"

    def _note_landed(self, queue: ProfileQueue, batch: Batch) -> None:
        queue.doubts = 0
        queue.landed.append(batch)
        self._observer.sent(batch.rows)
        self._observer.landed(batch.rows)

    async def _clear_up(
        self,
        queue: ProfileQueue,
        batch: Batch,
        entries: pl.DataFrame,
        move: Move,
        reason: str,
    ) -> list[Batch]:
        """A batch is in doubt: find out, as far as the spec lets us; what is to be sent again."""
        queue.doubts += 1
        match self._on_unknown:
            case "hold":
                states = [BatchState.UNKNOWN] * len(entries)
            case "resend":
                states = [BatchState.PLANNED] * len(entries)
            case "reconcile":
                states = await self._read_back(queue, entries, move)
        pieces = await self._divide(queue, batch, entries, states)
        if not pieces:
            queue.doubts = 0
        elif queue.doubts >= TRIES:
            raise ServiceUnavailable(queue.doubts, reason)
        elif self._on_unknown == "resend":
            await self._client.throttle.rest(self._client.throttle.backoff_seconds(queue.doubts))
        return pieces

    async def _read_back(self, queue: ProfileQueue, entries: pl.DataFrame, move: Move) -> list[BatchState]:
        """What became of each entry, asked until all are there or have had their time to appear."""
        sent = read_keys(entries[PAYLOAD])
        end = self._client.throttle.clock() + self._settle_seconds
        while True:
            is_late = self._client.throttle.clock() >= end
            listed = await list_memories(
                self._client,
                self._path(queue),
                self._load.load,
                source=self._source,
                created_after=self._began_at,
                moved=move,
            )
            if listed is None:
                return [BatchState.UNKNOWN] * len(sent)
            queues = self._queues.sharing(queue)
            others = await self._keys_of(batch for each in queues for batch in each.landed)
            doubtful = await self._keys_of(batch for each in queues for batch in each.unknown)
            states = tell_apart(sent, others, doubtful, listed)
            if is_late or BatchState.PLANNED not in states:
                return states
            await self._client.throttle.rest(min(SETTLE_POLL_SECONDS, self._settle_seconds))

    @property
    def _began_at(self) -> float:
        """When the load can have begun to write, by the server's clock."""
        return (self._load.planned_at or 0.0) + self._client.server_ahead_seconds - CLOCK_MARGIN_SECONDS

    async def _keys_of(self, batches: Iterable[Batch]) -> Counter[Key]:
        keys: Counter[Key] = Counter()
        for batch in batches:
            keys.update(read_keys((await self._entries.of(batch))[PAYLOAD]))
        return keys

    async def _divide(
        self, queue: ProfileQueue, batch: Batch, entries: pl.DataFrame, states: list[BatchState]
    ) -> list[Batch]:
        """Write down what became of each entry; the pieces that are to be sent."""
        cuts = runs_of(states)
        if len(cuts) == 1:
            await self._commits.move(batch, states[0])
            pieces = [replace(batch, state=states[0])]
        else:
            planned = carve(batch, entries[PAYLOAD], entries[IS_FINAL], cuts)
            pieces = await self._commits.split(batch, planned)
        for piece in pieces:
            if piece.state is BatchState.VERIFIED:
                self._note_landed(queue, piece)
            elif piece.state is BatchState.UNKNOWN:
                queue.unknown.append(piece)
        return [piece for piece in pieces if piece.state is BatchState.PLANNED]

    async def _refuse(self, batch: Batch, entries: pl.DataFrame, refused: Refused) -> list[Batch]:
        """The server refused the whole request: find the guilty, or stop when it is not about the rows."""
        facts = {"http_status": refused.status, "request_id": refused.request_id, "code": refused.code}
        if refused.status == 404 and not await store_exists(self._client, self._store_id):
            await self._commits.move(batch, BatchState.PLANNED)
            raise StoreUnfit([f"The store {self._store_id} is not there any more (HTTP 404)."])
        if refused.status == 404 or (refused.status in _DIVISIBLE and len(entries) == 1):
            self._staging.note_refusal(batch.id, refused.code, refused.message)
            await self._commits.move(batch, BatchState.REJECTED, **facts)
            self._observer.refused(batch.rows)
            return []
        if refused.status not in _DIVISIBLE:
            await self._commits.move(batch, BatchState.PLANNED)
            raise UnexpectedAnswer("POST", batch.load, refused.status, refused.code, refused.request_id)
        halves = halve(batch, entries[PAYLOAD], entries[IS_FINAL])
        return await self._commits.split(batch, halves, **facts)
