"""The scheduler of memories: a queue per profile, in the order of time, never two requests for one profile.

A profile's batches go one after the other, many profiles side by side.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from memory_import.columns import PROFILE_ID
from memory_import.destination.api.store import require_store
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.flight import Flight
from memory_import.destination.delivery.memories import MemoryKind, MemoryRules
from memory_import.destination.delivery.profile_queues import LANDED, Move, ProfileQueue, ProfileQueues
from memory_import.destination.delivery.sender import Sender
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.limits import MEMORY_SENDERS, QUEUES
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import UNSENT, BatchState

_UNDER_WAY_ONCE = "it was under way when a run ended"


async def deliver_by_profile(work: Delivery, rules: MemoryRules) -> None:
    """Deliver what is not delivered yet; raises the reason when the run was halted."""
    async with drained(work.stop_signal):
        began_at = await _note_beginning(work)
        await _Queues(work, replace(rules, began_at=began_at)).run()


async def _note_beginning(work: Delivery) -> float | None:
    """When the load began to write, by the server's clock: noted once, before anything of it was sent."""
    if work.load.server_time is not None or not _is_untouched(work):
        return work.load.server_time
    await require_store(work.client, work.store_id)
    server_time = work.client.server_time
    if server_time is not None:
        work.ledger.note_server_time(work.run_id, work.load.load, server_time)
    return server_time


def _is_untouched(work: Delivery) -> bool:
    totals = work.ledger.totals(work.run_id, work.load.load)
    return bool(totals) and all(state is BatchState.PLANNED for state, _ in totals)


class _Queues:
    """Few requests are under way at once; most queues stand between two of theirs."""

    def __init__(self, work: Delivery, rules: MemoryRules) -> None:
        self._work = work
        self._rules = rules
        self._sender = Sender(work)
        self._queues = ProfileQueues(work.commits)
        self._slots = asyncio.Semaphore(MEMORY_SENDERS)
        self._queue_slots = asyncio.Semaphore(QUEUES)

    async def run(self) -> None:
        for profile_id, batch in self._batches_by_profile():
            self._queues.take_up(profile_id, batch)
        async with asyncio.TaskGroup() as group:
            for queue in self._queues.unfinished():
                await self._queue_slots.acquire()
                if self._work.stop_signal.reason is not None:
                    return
                group.create_task(guarded(self._work.stop_signal, self._run_queue(queue)))

    def _batches_by_profile(self) -> Iterable[tuple[str, Batch]]:
        """Every batch that has or may have something in the store, with its profile, in sending order."""
        work, states = self._work, (*UNSENT, *LANDED, BatchState.UNKNOWN)
        batches = work.ledger.batches(work.run_id, work.load.load, states=states)
        profiles = {
            part: work.staging.entries(part, PROFILE_ID)[PROFILE_ID] for part in work.staging.sorted_parts
        }
        added = (batch for batch in batches if batch.part in profiles)
        for batch in sorted(added, key=lambda batch: (batch.part, batch.start)):
            yield profiles[batch.part][batch.start], batch

    async def _run_queue(self, queue: ProfileQueue) -> None:
        try:
            while queue.waiting:
                batch = queue.waiting.popleft()
                async with self._queues.hold(queue) as move:
                    pieces = await self._carry(queue, Flight(self._work, batch), move)
                queue.waiting.extendleft(reversed(pieces))
        finally:
            self._queue_slots.release()

    async def _carry(self, queue: ProfileQueue, flight: Flight, move: Move) -> list[Batch]:
        """Bring one batch as far as it goes; what has to be carried in its place."""
        kind = MemoryKind(self._work, self._sender, self._rules, self._queues, queue, move)
        if flight.batch.state is BatchState.SENDING:
            return await kind.clear_doubt(flight, _UNDER_WAY_ONCE)
        async with self._slots:
            result = await self._sender.send(flight, kind)
        return await self._sender.settle(flight, kind, result)
