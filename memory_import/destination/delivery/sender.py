"""Carries one batch from the ledger to its outcome.

`carry` sends it; an operation is followed to its end; a refused batch is divided and its pieces are carried
again, down to the guilty entry. Every step is in the journal before the next one begins.
"""

import asyncio
import math
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from memory_import.columns import IS_FINAL, PAYLOAD
from memory_import.destination.api.operations import (
    Completed,
    Failed,
    Forgotten,
    StillOpen,
    follow,
    operation_id_of,
    poll_seconds,
)
from memory_import.destination.delivery.batches import again, build_body, halve, hash_body
from memory_import.destination.delivery.entries import Entries
from memory_import.destination.delivery.shutdown import guarded
from memory_import.destination.errors import ServiceUnavailable, StagingChanged, StoreUnfit, UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused, Success
from memory_import.destination.limits import FOLLOWERS, SENDERS
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.staging.staged import Staging

_DIVISIBLE = frozenset({400, 413, 422})
_REISSUES = 5  # of a batch whose operation failed for a reason that is not the batch's


class Observer(Protocol):
    """Hears of rows as they move on."""

    def sent(self, rows: int) -> None:
        """The server accepted a request with so many rows."""

    def landed(self, rows: int) -> None:
        """The outcome of so many rows is known and good, or as good as the server lets us know."""

    def refused(self, rows: int) -> None:
        """The server refused so many rows for good."""


class Sender:
    """Carries the batches of one load into a store, so many at once as there are `slots`.

    Whoever carries a batch takes a slot first. `wait_seconds` is how long to wait for the server to finish a
    job; what is not finished by then stays accepted, and a later run follows it again.
    """

    def __init__(
        self,
        *,
        client: Client,
        commits: GroupCommit,
        staging: Staging,
        entries: Entries,
        store_id: str,
        wait_seconds: float,
        observer: Observer,
    ) -> None:
        self.slots = asyncio.Semaphore(SENDERS)
        self._client = client
        self._stop_signal = client.throttle.stop_signal
        self._commits = commits
        self._staging = staging
        self._entries = entries
        self._store_id = store_id
        self._wait_seconds = wait_seconds
        self._observer = observer
        self._follow_slots = asyncio.Semaphore(FOLLOWERS)
        self._too_large_bytes = math.inf
        self._taken_bytes = 0
        self._reissues: dict[int, int] = {}

    async def guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Await work on a batch; what ends the delivery early halts it for everyone."""
        await guarded(self._stop_signal, work)

    async def carry(self, batch: Batch) -> None:
        """Send one batch; its slot among the senders is taken already, and given back here."""
        try:
            decision = await self._send(batch) if self._fits(batch) else None
        finally:
            self.slots.release()
        match decision:
            case None:
                await self._divide(batch, "", {})
            case Success():
                await self._accept(batch, decision)
            case Refused():
                await self._refuse(batch, decision)

    def _fits(self, batch: Batch) -> bool:
        """Whether a batch is smaller than what the server called too large.

        A single entry is always tried, and a size that the server took before is not too large.
        """
        return (
            batch.body_bytes < self._too_large_bytes
            or batch.body_bytes <= self._taken_bytes
            or batch.stop - batch.start == 1
        )

    async def _carry_all(self, batches: list[Batch]) -> None:
        async with asyncio.TaskGroup() as group:
            for batch in batches:
                await self.slots.acquire()
                group.create_task(self.guard(self.carry(batch)))

    async def _send(self, batch: Batch) -> Success | Refused:
        entries = await self._entries.of(batch)
        body = build_body(entries[PAYLOAD])  # sooner done than handed to a thread
        body_hash = hash_body(body)
        if batch.body_hash not in {None, body_hash}:
            raise StagingChanged(f"batch {batch.id} is not what was sent before")
        tries = batch.tries

        async def intend() -> None:
            nonlocal tries
            tries += 1
            await self._commits.move(batch, BatchState.SENDING, tries=tries, body_hash=body_hash)

        async def take_back() -> None:
            await self._commits.move(batch, BatchState.PLANNED)

        return await self._client.call(
            Request(
                method="PUT",
                path=f"/v1/Stores/{self._store_id}/Profiles/Bulk",
                content=body,
                before=intend,
                unprocessed=take_back,
            )
        )

    async def _accept(self, batch: Batch, decision: Success) -> None:
        answer = decision.answer
        operation_id = operation_id_of(answer)
        self._taken_bytes = max(self._taken_bytes, batch.body_bytes)
        await self._commits.move(
            batch,
            BatchState.ACCEPTED,
            http_status=answer.status,
            request_id=answer.request_id,
            operation_id=operation_id,
            answered_at=time.time(),
        )
        self._observer.sent(batch.rows)
        await self._follow(batch, operation_id, age_seconds=0.0, first_wait_seconds=poll_seconds(answer))

    async def follow_again(self, batch: Batch) -> None:
        """Go on with a batch that was accepted before."""
        age_seconds = time.time() - (batch.answered_at or 0.0)
        await self._follow(batch, batch.operation_id, age_seconds=age_seconds, first_wait_seconds=0.0)

    async def _follow(
        self, batch: Batch, operation_id: str | None, *, age_seconds: float, first_wait_seconds: float | None
    ) -> None:
        if operation_id is None:
            self._observer.landed(batch.rows)
            return
        verdict = await follow(
            self._client,
            operation_id,
            age_seconds=age_seconds,
            first_wait_seconds=first_wait_seconds,
            patience_seconds=self._wait_seconds,
            slots=self._follow_slots,
        )
        match verdict:
            case Completed():
                await self._commits.move(batch, BatchState.COMPLETED)
                self._observer.landed(batch.rows)
            case Forgotten():
                await self._commits.move(batch, BatchState.UNKNOWN)
            case Failed():
                await self._reissue_or_divide(batch, verdict)
            case StillOpen():
                return

    async def _refuse(self, batch: Batch, refused: Refused) -> None:
        """The server refused the whole request: find the guilty, or stop when it is not about the rows."""
        if refused.status == 404:
            await self._commits.move(batch, BatchState.PLANNED)
            raise StoreUnfit(
                [f"The store {self._store_id} is not there any more (HTTP 404, code {refused.code})."]
            )
        if refused.status not in _DIVISIBLE:
            await self._commits.move(batch, BatchState.PLANNED)
            raise UnexpectedAnswer("PUT", "Profiles/Bulk", refused.status, refused.code, refused.request_id)
        if refused.status == 413:
            self._too_large_bytes = min(self._too_large_bytes, batch.body_bytes)
        facts = {"http_status": refused.status, "request_id": refused.request_id, "code": refused.code}
        await self._divide(batch, refused.message, facts)

    async def _reissue_or_divide(self, batch: Batch, failed: Failed) -> None:
        facts = {"code": failed.code}
        if not failed.is_transient:
            await self._divide(batch, failed.message, facts)
            return
        generation = self._reissues.get(batch.id, 0) + 1
        if generation > _REISSUES:
            raise ServiceUnavailable(generation, f"operation failed, code {failed.code}")
        await self._client.throttle.rest(self._client.throttle.backoff_seconds(generation))
        pieces = await self._commits.split(batch, [again(batch)], **facts)
        self._reissues[pieces[0].id] = generation
        await self._carry_all(pieces)

    async def _divide(self, batch: Batch, message: str, facts: Mapping[str, Any]) -> None:
        """Replace a batch by its halves; a single entry that was refused is rejected for good."""
        if batch.stop - batch.start == 1:
            self._staging.note_refusal(batch.id, facts.get("code"), message)
            await self._commits.move(batch, BatchState.REJECTED, **facts)
            self._observer.refused(batch.rows)
            return
        entries = await self._entries.of(batch)
        pieces = await self._commits.split(batch, halve(batch, entries[PAYLOAD], entries[IS_FINAL]), **facts)
        await self._carry_all(pieces)
