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

from destination.batches import build_body, carve, halve, hash_body
from destination.carrier import Observer
from destination.client import Client, Request
from destination.drain import drained, guarded
from destination.entries import Entries
from destination.errors import ServiceUnavailable, StagingChanged, StoreUnfit, UnexpectedAnswer
from destination.lanes import LANDED, OPEN, Lane, Lanes, Move
from destination.limits import (
    CLOCK_MARGIN_SECONDS,
    GZIP_FROM_BYTES,
    LANES,
    MEMORY_SENDERS,
    SETTLE_POLL_SECONDS,
    TRIES,
)
from destination.outcomes import InDoubt, Refused, Success
from destination.reconcile import Key, list_memories, read_keys, runs_of, tell_apart
from destination.store import store_exists
from ledger.journal import Journal
from ledger.records import Batch, LoadRecord
from ledger.staging import Staging
from ledger.states import BatchState
from ledger.store import Ledger

OnUnknown = Literal["reconcile", "hold", "resend"]

RESOURCES = {"observations": "Observations", "summaries": "ConversationSummaries"}
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
        journal: Journal,
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
        self._halt = client.pace.halt
        self._journal = journal
        self._ledger = ledger
        self._staging = staging
        self._entries = Entries(lambda part: staging.entries(part, "_payload"), staging.sorted_parts)
        self._run_id = run_id
        self._store_id = store_id
        self._load = load
        self._source = source
        self._on_unknown = on_unknown
        self._settle_seconds = settle_seconds
        self._observer = observer
        self._slots = asyncio.Semaphore(MEMORY_SENDERS)
        self._lane_slots = asyncio.Semaphore(LANES)
        self._lanes = Lanes(journal)

    async def run(self) -> None:
        """Deliver what is not delivered yet; raises the reason when the run was halted."""
        for profile_id, batch in self._batches_by_profile():
            self._lanes.take_up(profile_id, batch)
        async with drained(self._halt), asyncio.TaskGroup() as group:
            for lane in self._lanes.unfinished():
                await self._lane_slots.acquire()
                if self._halt.reason is not None:
                    return
                group.create_task(guarded(self._halt, self._run_lane(lane)))

    def _batches_by_profile(self) -> Iterable[tuple[str, Batch]]:
        """Every batch that has or may have something in the store, with its profile, in sending order."""
        states = (*OPEN, *LANDED, BatchState.UNKNOWN)
        batches = self._ledger.batches(self._run_id, self._load.load, states=states)
        profiles = {
            part: self._staging.entries(part, "_profile_id")["_profile_id"]
            for part in self._staging.sorted_parts
        }
        for batch in sorted(batches, key=lambda batch: (batch.part, batch.start)):
            yield profiles[batch.part][batch.start], batch

    async def _run_lane(self, lane: Lane) -> None:
        try:
            while lane.waiting:
                batch = lane.waiting.popleft()
                async with self._lanes.hold(lane) as move:
                    pieces = await self._carry(lane, batch, move)
                lane.waiting.extendleft(reversed(pieces))
        finally:
            self._lane_slots.release()

    async def _carry(self, lane: Lane, batch: Batch, move: Move) -> list[Batch]:
        """Bring one batch as far as it goes; what has to be carried in its place."""
        entries = await self._entries.of(batch)
        if batch.state is BatchState.SENDING:
            return await self._clear_up(lane, batch, entries, move, "it was under way when a run ended")
        decision, tries = await self._send(lane, batch, entries, move)
        batch = replace(batch, tries=tries)
        match decision:
            case Success(answer):
                facts = {"http_status": answer.status, "request_id": answer.request_id}
                await self._journal.move(batch, BatchState.ACCEPTED, **facts, answered_at=time.time())
                self._note_landed(lane, batch)
                return []
            case InDoubt(reason):
                return await self._clear_up(lane, batch, entries, move, reason)
            case Refused():
                return await self._refuse(batch, entries, decision)

    async def _send(
        self,
        lane: Lane,
        batch: Batch,
        entries: pl.DataFrame,
        move: Move,
    ) -> tuple[Success | Refused | InDoubt, int]:
        body = build_body(entries["_payload"], batch.load)
        body_hash = hash_body(body)
        if batch.body_hash not in {None, body_hash}:
            raise StagingChanged(f"batch {batch.id} is not what was sent before")
        content = gzip.compress(body, compresslevel=1) if len(body) >= GZIP_FROM_BYTES else body
        tries = batch.tries

        async def intend() -> None:
            nonlocal tries
            tries += 1
            await self._journal.move(batch, BatchState.SENDING, tries=tries, body_hash=body_hash)

        async def take_back() -> None:
            await self._journal.move(batch, BatchState.PLANNED)

        request = Request(
            method="POST",
            path=self._path(lane),
            content=content,
            is_gzipped=content is not body,
            before=intend,
            unprocessed=take_back,
            moved=move,
        )
        async with self._slots:
            return await self._client.call_once(request), tries

    def _path(self, lane: Lane) -> str:
        return f"/v1/Stores/{self._store_id}/Profiles/{lane.profile_id}/{RESOURCES[self._load.load]}"

    def _note_landed(self, lane: Lane, batch: Batch) -> None:
        lane.doubts = 0
        lane.landed.append(batch)
        self._observer.sent(batch.rows)
        self._observer.landed(batch.rows)

    async def _clear_up(
        self,
        lane: Lane,
        batch: Batch,
        entries: pl.DataFrame,
        move: Move,
        reason: str,
    ) -> list[Batch]:
        """A batch is in doubt: find out, as far as the spec lets us; what is to be sent again."""
        lane.doubts += 1
        match self._on_unknown:
            case "hold":
                states = [BatchState.UNKNOWN] * len(entries)
            case "resend":
                states = [BatchState.PLANNED] * len(entries)
            case "reconcile":
                states = await self._read_back(lane, entries, move)
        pieces = await self._divide(lane, batch, entries, states)
        if not pieces:
            lane.doubts = 0
        elif lane.doubts >= TRIES:
            raise ServiceUnavailable(lane.doubts, reason)
        elif self._on_unknown == "resend":
            await self._client.pace.rest(self._client.pace.backoff_seconds(lane.doubts))
        return pieces

    async def _read_back(self, lane: Lane, entries: pl.DataFrame, move: Move) -> list[BatchState]:
        """What became of each entry, asked until all are there or have had their time to appear."""
        sent = read_keys(entries["_payload"])
        end = self._client.pace.clock() + self._settle_seconds
        while True:
            is_late = self._client.pace.clock() >= end
            listed = await list_memories(
                self._client,
                self._path(lane),
                self._load.load,
                source=self._source,
                created_after=self._began_at,
                moved=move,
            )
            if listed is None:
                return [BatchState.UNKNOWN] * len(sent)
            lanes = self._lanes.sharing(lane)
            others = await self._keys_of(batch for each in lanes for batch in each.landed)
            doubtful = await self._keys_of(batch for each in lanes for batch in each.unknown)
            states = tell_apart(sent, others, doubtful, listed)
            if is_late or BatchState.PLANNED not in states:
                return states
            await self._client.pace.rest(min(SETTLE_POLL_SECONDS, self._settle_seconds))

    @property
    def _began_at(self) -> float:
        """When the load can have begun to write, by the server's clock."""
        return (self._load.planned_at or 0.0) + self._client.server_ahead_seconds - CLOCK_MARGIN_SECONDS

    async def _keys_of(self, batches: Iterable[Batch]) -> Counter[Key]:
        keys: Counter[Key] = Counter()
        for batch in batches:
            keys.update(read_keys((await self._entries.of(batch))["_payload"]))
        return keys

    async def _divide(
        self, lane: Lane, batch: Batch, entries: pl.DataFrame, states: list[BatchState]
    ) -> list[Batch]:
        """Write down what became of each entry; the pieces that are to be sent."""
        cuts = runs_of(states)
        if len(cuts) == 1:
            await self._journal.move(batch, states[0])
            pieces = [replace(batch, state=states[0])]
        else:
            planned = carve(batch, entries["_payload"], entries["_is_final"], cuts)
            pieces = await self._journal.split(batch, planned)
        for piece in pieces:
            if piece.state is BatchState.VERIFIED:
                self._note_landed(lane, piece)
            elif piece.state is BatchState.UNKNOWN:
                lane.unknown.append(piece)
        return [piece for piece in pieces if piece.state is BatchState.PLANNED]

    async def _refuse(self, batch: Batch, entries: pl.DataFrame, refused: Refused) -> list[Batch]:
        """The server refused the whole request: find the guilty, or stop when it is not about the rows."""
        facts = {"http_status": refused.status, "request_id": refused.request_id, "code": refused.code}
        if refused.status == 404 and not await store_exists(self._client, self._store_id):
            await self._journal.move(batch, BatchState.PLANNED)
            raise StoreUnfit([f"The store {self._store_id} is not there any more (HTTP 404)."])
        if refused.status == 404 or (refused.status in _DIVISIBLE and len(entries) == 1):
            self._staging.note_refusal(batch.id, refused.code, refused.message)
            await self._journal.move(batch, BatchState.REJECTED, **facts)
            self._observer.refused(batch.rows)
            return []
        if refused.status not in _DIVISIBLE:
            await self._journal.move(batch, BatchState.PLANNED)
            raise UnexpectedAnswer("POST", batch.load, refused.status, refused.code, refused.request_id)
        halves = halve(batch, entries["_payload"], entries["_is_final"])
        return await self._journal.split(batch, halves, **facts)
