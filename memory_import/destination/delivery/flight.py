"""A batch on its way: what it carries, and every move of it, which is in the ledger before it counts."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from memory_import.columns import IS_FINAL, PAYLOAD
from memory_import.destination.delivery.batches import build_body, carve, halve, hash_body
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.errors import StagingChanged
from memory_import.destination.http.decisions import Answer, Refused
from memory_import.ledger.database.records import Batch, PlannedBatch
from memory_import.ledger.database.states import BatchState


class Flight:
    """One batch, as the ledger knows it by now (`batch`), and the moves that it makes."""

    def __init__(self, work: Delivery, batch: Batch) -> None:
        self.batch = batch
        self._work = work
        self._body_hash = batch.body_hash

    @property
    def size(self) -> int:
        """How many entries it carries."""
        return self.batch.stop - self.batch.start

    async def entries(self) -> pl.DataFrame:
        """What it carries: `_payload` String, `_is_final` Boolean."""
        return await self._work.entries.of(self.batch)

    async def load_body(self) -> bytes:
        """The body of its request; `StagingChanged` when it is not the one that was sent before."""
        body = build_body((await self.entries())[PAYLOAD], self.batch.load)  # sooner done than in a thread
        body_hash = hash_body(body)
        if self._body_hash not in {None, body_hash}:
            raise StagingChanged(f"batch {self.batch.id} is not what was sent before")
        self._body_hash = body_hash
        return body

    async def sending(self) -> None:
        """Its request is about to leave."""
        await self._move(BatchState.SENDING, tries=self.batch.tries + 1, body_hash=self._body_hash)

    async def planned(self) -> None:
        """Its request certainly had no effect."""
        await self._move(BatchState.PLANNED)

    async def accepted(self, answer: Answer, operation_id: str | None = None) -> None:
        """The server took it, and perhaps named an operation to follow."""
        await self._move(
            BatchState.ACCEPTED,
            http_status=answer.status,
            request_id=answer.request_id,
            operation_id=operation_id,
            answered_at=time.time(),
        )
        self._work.observer.sent(self.batch.rows)

    async def completed(self, code: int | None, message: str) -> None:
        """Its operation ended well; `code` and `message` are of an error that it told all the same, which has
        the code 0 in the ledger where it told none."""
        if message:
            self._work.staging.note_refusal(self.batch.id, code, message)
        await self._move(BatchState.COMPLETED, **({"code": code or 0} if message else {}))
        self.landed()

    def landed(self) -> None:
        """Nothing more is to be learnt about it."""
        self._work.observer.landed(self.batch.rows)

    async def verified(self) -> None:
        """It was read back."""
        await self._move(BatchState.VERIFIED)
        self._work.observer.sent(self.batch.rows)
        self.landed()

    async def unknown(self) -> None:
        """Nobody can say what became of it."""
        await self._move(BatchState.UNKNOWN)

    async def rejected(self, code: int | None, message: str, **facts: Any) -> None:
        """The server refused it for good, in these words."""
        self._work.staging.note_refusal(self.batch.id, code, message)
        await self._move(BatchState.REJECTED, code=code, **facts)
        self._work.observer.refused(self.batch.rows)

    async def failed_again(self) -> None:
        """The server failed at it in this run, as often as it was tried."""
        await self._move(BatchState.SENDING, failed_runs=self.batch.failed_runs + 1)

    async def halved(self, **facts: Any) -> list[Batch]:
        """Its two halves, in its place."""
        entries = await self.entries()
        return await self.replaced(halve(self.batch, entries[PAYLOAD], entries[IS_FINAL]), **facts)

    async def sorted_out(self, cuts: Sequence[tuple[int, int, BatchState]]) -> list[Batch]:
        """Pieces in its place: from where to where among its entries, and what is known of each."""
        if len(cuts) == 1:
            await self._move(cuts[0][2])
            return [self.batch]
        entries = await self.entries()
        return await self.replaced(carve(self.batch, entries[PAYLOAD], entries[IS_FINAL], cuts))

    async def replaced(self, pieces: Sequence[PlannedBatch], **facts: Any) -> list[Batch]:
        """Other batches in its place."""
        return await self._work.commits.split(self.batch, pieces, **facts)

    async def _move(self, state: BatchState, **facts: Any) -> None:
        await self._work.commits.move(self.batch, state, **facts)
        self.batch = replace(self.batch, state=state, **facts)


def facts_of(refused: Refused) -> dict[str, Any]:
    """What the ledger keeps of a refusal."""
    return {"http_status": refused.status, "request_id": refused.request_id}
