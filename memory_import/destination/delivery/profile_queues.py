"""What goes to each profile, one batch after the other, even where profiles are merged meanwhile."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from memory_import.destination.errors import ServiceUnavailable
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import UNSENT, BatchState

LANDED = (BatchState.ACCEPTED, BatchState.VERIFIED)

Move = Callable[[str], Awaitable[None]]
"""Takes a queue to another profile, by its id."""


@dataclass(slots=True, eq=False)
class ProfileQueue:
    """What goes to one profile: still to be sent, certainly there, perhaps there; doubts in a row so far.

    `taken_up` is all of it, as it was when the delivery began. `profile_id` is where it leads by the last
    answer, `proven_id` where by what was found there or landed.
    """

    profile_id: str
    waiting: deque[Batch] = field(default_factory=deque)
    landed: list[Batch] = field(default_factory=list)
    unknown: list[Batch] = field(default_factory=list)
    taken_up: list[Batch] = field(default_factory=list)
    doubts: int = 0
    proven_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.proven_id = self.profile_id

    def go_back(self) -> bool:
        """Lead to the proven profile again; False where it does."""
        was_moved = self.profile_id != self.proven_id
        self.profile_id = self.proven_id
        return was_moved

    def take_up(self, batch: Batch) -> None:
        """Remember a batch by what the ledger knows of it."""
        self.taken_up.append(batch)
        if batch.state in UNSENT:
            self.waiting.append(batch)
        elif batch.state in LANDED:
            self.landed.append(batch)
        elif batch.state is BatchState.UNKNOWN:
            self.unknown.append(batch)


class ProfileQueues:
    """The queues of all profiles. Two that lead to the same profile take turns."""

    def __init__(self, commits: GroupCommit) -> None:
        self._commits = commits
        self._queues: defaultdict[str, list[ProfileQueue]] = defaultdict(list)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._awaited: dict[str, str] = {}  # by a profile that somebody has: the one that they wait for

    def take_up(self, profile_id: str, batch: Batch) -> None:
        """Put a batch at the end of its profile's queue."""
        if not self._queues[profile_id]:
            self._queues[profile_id].append(ProfileQueue(profile_id))
        self._queues[profile_id][0].take_up(batch)

    def unfinished(self) -> list[ProfileQueue]:
        """The queues in which something waits."""
        return [queue for queues in self._queues.values() for queue in queues if queue.waiting]

    def sharing(self, queue: ProfileQueue) -> list[ProfileQueue]:
        """All queues that lead to the same profile, this one included."""
        return [each for each in self._queues[queue.profile_id] if each.profile_id == queue.profile_id]

    @asynccontextmanager
    async def hold(self, queue: ProfileQueue) -> AsyncIterator[Move]:
        """Have the queue's profile for oneself, and whichever it turns out to be.

        Where two are said to be merged into each other, which cannot be, `ServiceUnavailable` is raised:
        whoever has one would wait for the other for ever.
        """
        async with AsyncExitStack() as stack:
            held: set[str] = set()

            async def move(profile_id: str) -> None:
                if profile_id not in held:
                    with self._waiting(held, profile_id):
                        await stack.enter_async_context(self._locks[profile_id])
                    held.add(profile_id)
                queue.profile_id = profile_id
                if queue not in self._queues[profile_id]:
                    self._queues[profile_id].append(queue)

            await move(queue.profile_id)
            yield move

    @contextmanager
    def _waiting(self, held: set[str], profile_id: str) -> Iterator[None]:
        """Wait for a profile while one has others."""
        last = profile_id
        while last in self._awaited:
            last = self._awaited[last]
            if last in held:
                raise ServiceUnavailable(1, "profiles that are merged into each other")
        awaited = dict.fromkeys(held, profile_id)
        self._awaited |= awaited
        try:
            yield
        finally:
            for each in awaited:
                del self._awaited[each]

    async def note_move(self, queue: ProfileQueue) -> None:
        """Remember where a queue went, once something of it landed there."""
        if queue.profile_id != queue.proven_id:
            await self._commits.replace_profile(queue.proven_id, queue.profile_id)
            queue.proven_id = queue.profile_id
