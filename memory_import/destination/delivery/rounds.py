"""The scheduler of profiles: everything that is open in the ledger, in the order that identity asks for.

Rows that are a person of their own go as they come. What is sent for identity groups goes in rounds: a round
begins when the one before has ended, so that no two requests about one person are ever under way together.
"""

import asyncio
import time

from memory_import.columns import PAYLOAD
from memory_import.destination.api.lookup import identifier_values, wait_until_found
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.flight import Flight
from memory_import.destination.delivery.profiles import ProfileKind
from memory_import.destination.delivery.sender import Sender
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.limits import SENDERS, VISIBLE_SECONDS
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import OPEN, BatchState
from memory_import.ledger.staging.layout import is_merged


async def deliver_in_rounds(work: Delivery, *, wait_seconds: float) -> None:
    """Deliver what is not delivered yet; raises the reason when the run was halted.

    `wait_seconds` is how long to wait for each of the server's jobs.
    """
    await _Rounds(work, wait_seconds).run()


class _Rounds:
    """Whoever carries a batch takes a slot first, and gives it back once the batch is sent."""

    def __init__(self, work: Delivery, wait_seconds: float) -> None:
        self._work = work
        self._wait_seconds = wait_seconds
        self._sender = Sender(work)
        self._kind = ProfileKind(work, self._sender, wait_seconds)
        self._slots = asyncio.Semaphore(SENDERS)

    async def run(self) -> None:
        single = [batch for batch in self._open_batches() if not is_merged(batch.part)]
        stop_signal = self._work.stop_signal
        async with drained(stop_signal):
            async with asyncio.TaskGroup() as group:
                group.create_task(guarded(stop_signal, self._run_rounds()))
                await self._feed(single, group)
            for failure in self._sender.failures[:1]:
                stop_signal.call(failure)

    async def _feed(self, batches: list[Batch], group: asyncio.TaskGroup) -> None:
        for batch in batches:
            flight = Flight(self._work, batch)
            if batch.state is BatchState.ACCEPTED:
                group.create_task(guarded(self._work.stop_signal, self._follow(flight)))
                continue
            await self._slots.acquire()
            if self._work.stop_signal.reason is not None:
                return
            group.create_task(guarded(self._work.stop_signal, self._carry(flight)))

    async def _carry(self, flight: Flight) -> None:
        """Send one batch; its slot is taken already."""
        try:
            result = await self._sender.send(flight, self._kind)
        finally:
            self._slots.release()
        await self._carry_all(await self._sender.settle(flight, self._kind, result))

    async def _follow(self, flight: Flight) -> None:
        await self._carry_all(await self._kind.follow_again(flight))

    async def _carry_all(self, pieces: list[Batch]) -> None:
        async with asyncio.TaskGroup() as group:
            for piece in pieces:
                await self._slots.acquire()
                group.create_task(guarded(self._work.stop_signal, self._carry(Flight(self._work, piece))))

    async def _run_rounds(self) -> None:
        for number in range(self._work.load.rounds):
            async with asyncio.TaskGroup() as group:
                await self._feed(self._open_merged(number), group)
            self._work.throttle.check()
            if not await self._is_settled(number):
                return

    def _open_batches(self, round: int | None = None) -> list[Batch]:
        work = self._work
        return work.ledger.batches(work.run_id, work.load.load, states=OPEN, round=round)

    def _open_merged(self, round: int) -> list[Batch]:
        return [batch for batch in self._open_batches(round) if is_merged(batch.part)]

    async def _is_settled(self, number: int) -> bool:
        """Whether the next round may begin: nothing of this round that a later entry builds on is open.

        Where the server gave no operation to follow, the round is settled when its identifiers are found; a
        batch that does not show for too long is unknown, and the others go on.
        """
        unsettled = self._open_merged(number)
        if any(batch.state is not BatchState.ACCEPTED or batch.operation_id for batch in unsettled):
            return False
        if number == self._work.load.rounds - 1:
            return True
        return all([await self._is_visible(batch) or await self._is_lost(batch) for batch in unsettled])

    async def _is_lost(self, batch: Batch) -> bool:
        """Whether a batch had time enough to show; then nobody can say what became of it."""
        if time.time() - (batch.answered_at or 0.0) < VISIBLE_SECONDS:
            return False
        await Flight(self._work, batch).unknown()
        return True

    async def _is_visible(self, batch: Batch) -> bool:
        payloads = (await self._work.entries.of(batch))[PAYLOAD]
        id_types = self._work.load.identifiers
        values = [pair for payload in payloads for pair in identifier_values(payload, id_types)]
        return await wait_until_found(
            self._work.client, self._work.store_id, values, patience_seconds=self._wait_seconds
        )
