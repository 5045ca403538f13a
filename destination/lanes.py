"""Lanes: what goes to each profile, one batch after the other, even where profiles are merged meanwhile."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from ledger.journal import Journal
from ledger.records import Batch
from ledger.states import BatchState

OPEN = (BatchState.PLANNED, BatchState.SENDING)
LANDED = (BatchState.ACCEPTED, BatchState.VERIFIED)

Move = Callable[[str], Awaitable[None]]
"""Takes a lane to another profile, by its id."""


@dataclass(slots=True, eq=False)
class Lane:
    """What goes to one profile: still to be sent, certainly there, perhaps there; doubts in a row so far."""

    profile_id: str
    waiting: deque[Batch] = field(default_factory=deque)
    landed: list[Batch] = field(default_factory=list)
    unknown: list[Batch] = field(default_factory=list)
    doubts: int = 0

    def take_up(self, batch: Batch) -> None:
        """Remember a batch by what the ledger knows of it."""
        if batch.state in OPEN:
            self.waiting.append(batch)
        elif batch.state in LANDED:
            self.landed.append(batch)
        elif batch.state is BatchState.UNKNOWN:
            self.unknown.append(batch)


class Lanes:
    """The lanes of all profiles. Two that lead to the same profile take turns."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lanes: defaultdict[str, list[Lane]] = defaultdict(list)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def take_up(self, profile_id: str, batch: Batch) -> None:
        """Put a batch at the end of its profile's lane."""
        if not self._lanes[profile_id]:
            self._lanes[profile_id].append(Lane(profile_id))
        self._lanes[profile_id][0].take_up(batch)

    def unfinished(self) -> list[Lane]:
        """The lanes in which something waits."""
        return [lane for lanes in self._lanes.values() for lane in lanes if lane.waiting]

    def sharing(self, lane: Lane) -> list[Lane]:
        """All lanes that lead to the same profile, this one included."""
        return self._lanes[lane.profile_id]

    @asynccontextmanager
    async def hold(self, lane: Lane) -> AsyncIterator[Move]:
        """Have the lane's profile for oneself, and whichever it turns out to be."""
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._locks[lane.profile_id])
            yield partial(self._move, lane, held)

    async def _move(self, lane: Lane, held: AsyncExitStack, canonical_id: str) -> None:
        if canonical_id == lane.profile_id:
            return
        await held.enter_async_context(self._locks[canonical_id])
        await self._journal.replace_profile(lane.profile_id, canonical_id)
        lane.profile_id = canonical_id
        self._lanes[canonical_id].append(lane)
