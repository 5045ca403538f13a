"""The entries behind a batch, read from the staged files: one file at a time, the last few kept."""

import asyncio
from collections import OrderedDict

import polars as pl

from ledger.records import PlannedBatch
from ledger.staging import Staging

_FILES_KEPT = 2  # batches come file by file; a split may come late


class Entries:
    """Staged entries by file and position."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._kept: OrderedDict[str, asyncio.Task[pl.DataFrame]] = OrderedDict()

    async def of(self, batch: PlannedBatch) -> pl.DataFrame:
        """`_payload` String and `_is_final` Boolean (whether it decides the outcome of a row), in order."""
        return (await self.of_part(batch.part))[batch.start : batch.stop]

    async def of_part(self, part: str) -> pl.DataFrame:
        """The same of all entries of one file."""
        if part not in self._kept:
            self._kept[part] = asyncio.create_task(asyncio.to_thread(self._staging.entries, part, "_payload"))
            while len(self._kept) > _FILES_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(part)
        return await asyncio.shield(self._kept[part])
