"""Delivers staged profiles: everything that is open in the ledger, in the order that identity asks for.

Rows that are a person of their own go as they come. What is sent for identity groups goes in rounds: a round
begins when the one before has ended, so that no two requests about one person are ever under way together.
"""

import asyncio
import time

from memory_import.columns import PAYLOAD
from memory_import.destination.api.lookup import identifier_values, wait_until_found
from memory_import.destination.delivery.entries import Entries
from memory_import.destination.delivery.sender import Observer, Sender
from memory_import.destination.delivery.shutdown import drained
from memory_import.destination.http.client import Client
from memory_import.destination.limits import VISIBLE_SECONDS
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch, LoadRecord
from memory_import.ledger.database.states import OPEN, BatchState
from memory_import.ledger.staging.staged import Staging, is_folded


class ProfileDelivery:
    """One load of profiles on its way into a store; for `wait_seconds` see `Sender`."""

    def __init__(
        self,
        *,
        client: Client,
        commits: GroupCommit,
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
        self._stop_signal = client.throttle.stop_signal
        self._commits = commits
        self._ledger = ledger
        self._entries = entries
        self._run_id = run_id
        self._store_id = store_id
        self._load = load
        self._wait_seconds = wait_seconds
        self._sender = Sender(
            client=client,
            commits=commits,
            staging=staging,
            entries=entries,
            store_id=store_id,
            wait_seconds=wait_seconds,
            observer=observer,
        )

    async def run(self) -> None:
        """Deliver what is not delivered yet; raises the reason when the run was halted."""
        single = [batch for batch in self._open_batches() if not is_folded(batch.part)]
        async with drained(self._stop_signal), asyncio.TaskGroup() as group:
            group.create_task(self._sender.guard(self._run_rounds()))
            await self._feed(single, group)

    async def _feed(self, batches: list[Batch], group: asyncio.TaskGroup) -> None:
        sender = self._sender
        for batch in batches:
            if batch.state is BatchState.ACCEPTED:
                group.create_task(sender.guard(sender.follow_again(batch)))
                continue
            await sender.slots.acquire()
            if self._stop_signal.reason is not None:
                return
            group.create_task(sender.guard(sender.carry(batch)))

    async def _run_rounds(self) -> None:
        for number in range(self._load.rounds):
            async with asyncio.TaskGroup() as group:
                await self._feed(self._open_folded(number), group)
            self._client.throttle.check()
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
        await self._commits.move(batch, BatchState.UNKNOWN)
        return True

    async def _is_visible(self, batch: Batch) -> bool:
        payloads = (await self._entries.of(batch))[PAYLOAD]
        values = [pair for payload in payloads for pair in identifier_values(payload, self._load.identifiers)]
        return await wait_until_found(
            self._client, self._store_id, values, patience_seconds=self._wait_seconds
        )
