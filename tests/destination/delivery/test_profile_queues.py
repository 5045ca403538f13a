"""A profile's batches go one after the other, also where two profiles turn out to be one."""

import asyncio
from dataclasses import replace

import pytest

from memory_import.destination.delivery.profile_queues import ProfileQueues
from memory_import.destination.errors import ServiceUnavailable
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import BatchState
from tests.support.ledger_examples import RUN_ID, enter, make_load, make_planned
from tests.support.servers import take_turns

pytestmark = pytest.mark.anyio


@pytest.fixture
def batch(ledger: Ledger) -> Batch:
    [batch] = enter(ledger, make_load(1, load="observations"), [make_planned(load="observations")])
    return batch


async def test_lanes_that_lead_to_one_profile_take_turns(ledger: Ledger, batch: Batch) -> None:
    commits = GroupCommit(ledger, RUN_ID)
    queues = ProfileQueues(commits)
    queues.take_up("old", batch)
    queues.take_up("new", batch)
    old, new = queues.unfinished()
    events: list[str] = []
    has_old_begun = asyncio.Event()

    async def send_to_old() -> None:
        async with queues.hold(old) as move:
            events.append("old begins")
            has_old_begun.set()
            await move("new")
            events.append("old is new")
            events.append("old ends")

    async def send_to_new() -> None:
        async with queues.hold(new):
            events.append("new begins")
            await has_old_begun.wait()
            await take_turns()
            events.append("new ends")

    await asyncio.gather(send_to_new(), send_to_old())
    await commits.close()
    assert events == ["new begins", "old begins", "new ends", "old is new", "old ends"]
    assert old.profile_id == "new"
    assert queues.sharing(new) == queues.sharing(old) == [new, old]


async def test_nobody_waits_for_ever_where_profiles_are_said_to_be_merged_in_a_circle(
    ledger: Ledger, batch: Batch
) -> None:
    commits = GroupCommit(ledger, RUN_ID)
    queues = ProfileQueues(commits)
    names = ["a", "b", "c"]
    for name in names:
        queues.take_up(name, batch)
    everybody = asyncio.Barrier(3)

    async def send(at: int) -> str:
        async with queues.hold(queues.unfinished()[at]) as move:
            await everybody.wait()
            await move(names[(at + 1) % 3])
        return names[at]

    async with asyncio.timeout(10):
        ends = await asyncio.gather(*map(send, range(3)), return_exceptions=True)
    await commits.close()
    assert [type(end) for end in ends].count(ServiceUnavailable) == 1
    async with asyncio.timeout(10), queues.hold(queues.unfinished()[0]):
        pass


async def test_a_queue_that_goes_back_may_be_moved_once_more(ledger: Ledger, batch: Batch) -> None:
    commits = GroupCommit(ledger, RUN_ID)
    queues = ProfileQueues(commits)
    queues.take_up("old", batch)
    queues.take_up("new", batch)
    old, new = queues.unfinished()
    async with asyncio.timeout(10), queues.hold(old) as move:
        await move("new")
        assert old.go_back()
        assert (queues.sharing(new), queues.sharing(old)) == ([new], [old])
        await move("new")
        assert queues.sharing(old) == [new, old]
    async with asyncio.timeout(10), queues.hold(new):
        assert queues.sharing(new) == [new, old]
    await commits.close()


@pytest.mark.parametrize(
    ("state", "where"),
    [
        (BatchState.PLANNED, "waiting"),
        (BatchState.SENDING, "waiting"),
        (BatchState.ACCEPTED, "landed"),
        (BatchState.VERIFIED, "landed"),
        (BatchState.UNKNOWN, "unknown"),
        (BatchState.REJECTED, None),
    ],
    ids=str,
)
async def test_a_batch_is_taken_up_by_what_the_ledger_knows_of_it(
    ledger: Ledger, batch: Batch, state: BatchState, where: str | None
) -> None:
    commits = GroupCommit(ledger, RUN_ID)
    queues = ProfileQueues(commits)
    queues.take_up("p", batch)
    [queue] = queues.unfinished()
    queue.waiting.clear()
    queue.take_up(replace(batch, state=state))
    await commits.close()
    places = [name for name in ("waiting", "landed", "unknown") if getattr(queue, name)]
    assert places == ([] if where is None else [where])
