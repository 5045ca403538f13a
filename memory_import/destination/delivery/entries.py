"""The entries behind a batch, read from the staged files: one file ahead, the last few kept."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise

import polars as pl

from memory_import.ledger.database.records import PlannedBatch

_FILES_KEPT = 4  # batches come file by file, those of identity groups meanwhile; a split may come late


class Entries:
    """Staged entries by file and position.

    `read` gives the entries of a file: `_payload` String and `_is_final` Boolean (whether it decides the
    outcome of a row). `parts` are files in the order in which they are sent: the next one is read while one
    is sent.
    """

    def __init__(self, read: Callable[[str], pl.DataFrame], parts: Sequence[str]) -> None:
        self._read = read
        self._next = dict(pairwise(parts))
        self._kept: OrderedDict[str, asyncio.Task[pl.DataFrame]] = OrderedDict()

    async def of(self, batch: PlannedBatch) -> pl.DataFrame:
        """The entries of a batch, in sending order."""
        entries = self._begin(batch.part)
        if batch.part in self._next:
            self._begin(self._next[batch.part])
        while len(self._kept) > _FILES_KEPT:
            self._kept.popitem(last=False)
        return (await asyncio.shield(entries))[batch.start : batch.stop]

    def _begin(self, part: str) -> asyncio.Task[pl.DataFrame]:
        if part not in self._kept:
            self._kept[part] = asyncio.create_task(asyncio.to_thread(self._read, part))
        self._kept.move_to_end(part)
        return self._kept[part]
