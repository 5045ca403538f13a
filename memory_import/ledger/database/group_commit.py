"""What happens to batches, written from an event loop: many small changes, few commits."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from memory_import.clock import seconds_now
from memory_import.ledger.database.edits import Edit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch, FoundProfile, PlannedBatch, RequestCount, Sample
from memory_import.ledger.database.samples import Sampler
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.database.transaction import Transaction

T = TypeVar("T")
_COUNT_SECONDS = 0.25  # between two writes of the request counts


class GroupCommit:
    """Changes of one run's batches. Each call returns when its change is on disk.

    Changes that arrive while a commit is under way share the next one, so that a slow disk costs time per
    commit and not per batch. `clock` counts seconds; `held_seconds` says for how many of them the service has
    wanted no request so far.
    """

    def __init__(
        self,
        ledger: Ledger,
        run_id: str,
        clock: Callable[[], float] = time.monotonic,
        held_seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.requests = RequestCount()
        self._sampler = Sampler(clock, held_seconds)
        self._clock = clock
        self._next_count = clock() + _COUNT_SECONDS
        self._ledger = ledger
        self._run_id = run_id
        self._waiting: list[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]] = []
        self._flush: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def move(self, batch: Batch, target: BatchState, **facts: Any) -> None:
        """Move a batch and note facts about it."""
        await self._write(lambda transaction: transaction.move(batch.id, target, facts))

    async def split(self, batch: Batch, pieces: Sequence[PlannedBatch], **facts: Any) -> list[Batch]:
        """Replace a batch by smaller ones, in one commit."""

        def change(transaction: Transaction) -> list[Batch]:
            transaction.move(batch.id, BatchState.SPLIT, facts)
            return transaction.plan_pieces(self._run_id, pieces)

        return await self._write(change)

    async def remember(self, load: str, found: FoundProfile) -> None:
        """Keep what a lookup found."""
        await self._write(lambda transaction: transaction.remember(self._run_id, load, found))

    async def note_edit(self, edit: Edit) -> None:
        """Say where the change of a profile stands."""
        await self._write(lambda transaction: transaction.note_edit(self._run_id, edit))

    async def replace_profile(self, profile_id: str, canonical_id: str) -> None:
        """Remember that a profile was merged into another one."""
        await self._write(
            lambda transaction: transaction.replace_profile(self._run_id, profile_id, canonical_id)
        )

    async def note_wait(self, api_url: str, seconds: float) -> None:
        """Keep for how long the server wants no request, for whoever starts after this process."""
        await self._write(lambda transaction: transaction.note_wait(api_url, seconds_now(), seconds))

    async def close(self) -> None:
        """Write the requests counted since the last change, and end the writing thread."""
        self._next_count = float("-inf")
        try:
            await self._write(lambda _: None)
        finally:
            self._thread.shutdown()

    async def _write(self, change: Callable[[Transaction], T]) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if self._flush is None:
            self._flush = asyncio.create_task(self._commit_waiting())
        return await done  # cancelling the caller cancels this future; the change is committed all the same

    async def _commit_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            counts, sample = self._take_counts()
            try:
                results = await loop.run_in_executor(self._thread, self._commit, group, counts, sample)
            except BaseException as error:
                for _, done in group:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), result in zip(group, results, strict=True):
                if not done.done():
                    done.set_result(result)
        self._flush = None

    def _take_counts(self) -> tuple[RequestCount, Sample | None]:
        """The requests counted so far, now and then: a commit for each change of them would cost more."""
        now = self._clock()
        if now < self._next_count:
            return RequestCount(), None
        is_last = self._next_count == float("-inf")
        self._next_count = now + _COUNT_SECONDS
        counts = self.requests.take()
        return counts, self._sampler.add(counts, is_last=is_last)

    def _commit(
        self,
        group: list[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]],
        counts: RequestCount,
        sample: Sample | None,
    ) -> list[Any]:
        with self._ledger.transaction() as transaction:
            transaction.count_requests(self._run_id, counts)
            if sample is not None:
                transaction.add_sample(self._run_id, sample)
            return [change(transaction) for change, _ in group]
