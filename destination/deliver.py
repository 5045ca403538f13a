"""Delivers staged profiles: everything that is open in the ledger, in the order that identity asks for.

Rows that are a person of their own go as they come. What is sent for identity groups goes in rounds: a round
begins when the one before has ended, so that no two requests about one person are ever under way together.
"""

import asyncio
import time

from destination.carrier import Carrier, Observer
from destination.client import Client
from destination.drain import drained
from destination.entries import Entries
from destination.limits import VISIBLE_SECONDS
from destination.lookups import identifier_values, wait_until_found
from ledger.journal import Journal
from ledger.records import Batch, LoadRecord
from ledger.staging import Staging, is_folded
from ledger.states import OPEN, BatchState
from ledger.store import Ledger


class ProfileDelivery:
    """One load of profiles on its way into a store; for `wait_seconds` see `Carrier`."""

    def __init__(
        self,
        *,
        client: Client,
        journal: Journal,
        ledger: Ledger,
        staging: Staging,
        entries: Entries,
        run_id: str,
        store_id: str,
        load: LoadRecord,
        wait_seconds: float,
        observer: Observer,
    ) -> None:
        self._client = client
        self._halt = client.pace.halt
        self._journal = journal
        self._ledger = ledger
        self._entries = entries
        self._run_id = run_id
        self._store_id = store_id
        self._load = load
        self._wait_seconds = wait_seconds
        self._carrier = Carrier(
            client=client,
            journal=journal,
            staging=staging,
            entries=entries,
            store_id=store_id,
            wait_seconds=wait_seconds,
            observer=observer,
        )

    async def run(self) -> None:
        """Deliver what is not delivered yet; raises the reason when the run was halted."""
        single = [batch for batch in self._open_batches() if not is_folded(batch.part)]
        async with drained(self._halt), asyncio.TaskGroup() as group:
            group.create_task(self._carrier.guard(self._run_rounds()))
            await self._feed(single, group)

    async def _feed(self, batches: list[Batch], group: asyncio.TaskGroup) -> None:
        carrier = self._carrier
        for batch in batches:
            if batch.state is BatchState.ACCEPTED:
                group.create_task(carrier.guard(carrier.follow_again(batch)))
                continue
            await carrier.slots.acquire()
            if self._halt.reason is not None:
                return
            group.create_task(carrier.guard(carrier.carry(batch)))

    async def _run_rounds(self) -> None:
        for number in range(self._load.rounds):
            async with asyncio.TaskGroup() as group:
                await self._feed(self._open_folded(number), group)
            self._client.pace.check()
            if not await self._is_settled(number):
                return

    def _open_batches(self, round: int | None = None) -> list[Batch]:
        return self._ledger.batches(self._run_id, self._load.load, states=OPEN, round=round)

    def _open_folded(self, round: int) -> list[Batch]:
        return [batch for batch in self._open_batches(round) if is_folded(batch.part)]

    async def _is_settled(self, number: int) -> bool:
        """Whether the next round may begin: nothing of this round that a later entry builds on is open.

        Where the server gave no operation to follow, the round is settled when its identifiers are found; a
        batch that does not show for too long is unknown, and the others go on.
        """
        unsettled = self._open_folded(number)
        if any(batch.state is not BatchState.ACCEPTED or batch.operation_id for batch in unsettled):
            return False
        if number == self._load.rounds - 1:
            return True
        return all([await self._is_visible(batch) or await self._is_lost(batch) for batch in unsettled])

    async def _is_lost(self, batch: Batch) -> bool:
        """Whether a batch had time enough to show; then nobody can say what became of it."""
        if time.time() - (batch.answered_at or 0.0) < VISIBLE_SECONDS:
            return False
        await self._journal.move(batch, BatchState.UNKNOWN)
        return True

    async def _is_visible(self, batch: Batch) -> bool:
        payloads = (await self._entries.of(batch))["_payload"]
        values = [pair for payload in payloads for pair in identifier_values(payload, self._load.identifiers)]
        return await wait_until_found(
            self._client, self._store_id, values, patience_seconds=self._wait_seconds
        )
