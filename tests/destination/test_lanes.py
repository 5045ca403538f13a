"""A profile's batches go one after the other, also where two profiles turn out to be one."""

import asyncio
from dataclasses import replace

import pytest

from destination.lanes import Lanes
from ledger.journal import Journal
from ledger.records import Batch
from ledger.states import BatchState
from ledger.store import Ledger
from tests.ledger.examples import RUN_ID, enter, make_load, make_planned

pytestmark = pytest.mark.anyio


@pytest.fixture
def batch(ledger: Ledger) -> Batch:
    [batch] = enter(ledger, make_load(1, load="observations"), [make_planned(load="observations")])
    return batch


async def test_lanes_that_lead_to_one_profile_take_turns(ledger: Ledger, batch: Batch) -> None:
    journal = Journal(ledger, RUN_ID)
    lanes = Lanes(journal)
    lanes.take_up("old", batch)
    lanes.take_up("new", batch)
    old, new = lanes.unfinished()
    events: list[str] = []

    async def send_to_old() -> None:
        async with lanes.hold(old) as move:
            events.append("old begins")
            await move("new")
            events.append("old is new")
            await asyncio.sleep(0.01)
            events.append("old ends")

    async def send_to_new() -> None:
        async with lanes.hold(new):
            events.append("new begins")
            await asyncio.sleep(0.01)
            events.append("new ends")

    await asyncio.gather(send_to_new(), send_to_old())
    await journal.close()
    assert events == ["new begins", "old begins", "new ends", "old is new", "old ends"]
    assert old.profile_id == "new"
    assert lanes.sharing(new) == lanes.sharing(old) == [new, old]


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
    journal = Journal(ledger, RUN_ID)
    lanes = Lanes(journal)
    lanes.take_up("p", batch)
    [lane] = lanes.unfinished()
    lane.waiting.clear()
    lane.take_up(replace(batch, state=state))
    await journal.close()
    places = [name for name in ("waiting", "landed", "unknown") if getattr(lane, name)]
    assert places == ([] if where is None else [where])
