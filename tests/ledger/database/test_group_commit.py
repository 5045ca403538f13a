"""Many batches move at once, few commits carry them, and each caller hears when its own is on disk."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from memory_import.ledger.database.engine import open_database
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch, RequestCount
from memory_import.ledger.database.states import BatchState, IllegalMove
from tests.support.ledger_examples import RUN_ID, enter, find, make_load, make_planned

pytestmark = pytest.mark.anyio
BATCHES = 200


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(tmp_path)
    yield opened
    opened.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


@pytest.fixture
def batches(ledger: Ledger) -> list[Batch]:
    planned = [make_planned(2 * number, 2 * number + 2) for number in range(BATCHES)]
    return enter(ledger, make_load(2 * BATCHES), planned)


@pytest.fixture
async def commits(ledger: Ledger, batches: list[Batch]) -> AsyncIterator[GroupCommit]:
    opened = GroupCommit(ledger, RUN_ID)
    yield opened
    await opened.close()


async def test_moves_that_come_together_share_their_commits(
    engine: Engine, ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    made: list[object] = []
    event.listen(engine, "commit", made.append)
    await asyncio.gather(*(commits.move(batch, BatchState.SENDING, tries=1) for batch in batches))
    assert len(made) <= 2
    assert len(ledger.batches(RUN_ID, "profiles", states=(BatchState.SENDING,))) == BATCHES


async def test_a_move_is_on_disk_when_its_caller_goes_on(
    ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    async def move_and_look(batch: Batch) -> BatchState:
        await commits.move(batch, BatchState.SENDING, tries=1)
        return find(ledger, batch).state

    seen = await asyncio.gather(*(move_and_look(batch) for batch in batches[:10]))
    assert set(seen) == {BatchState.SENDING}


async def test_moves_of_one_batch_keep_their_order(
    ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    for state in (BatchState.SENDING, BatchState.PLANNED, BatchState.SENDING, BatchState.ACCEPTED):
        await commits.move(batches[0], state)
    assert find(ledger, batches[0]).state is BatchState.ACCEPTED


async def test_a_move_that_is_not_allowed_comes_back_to_its_caller_and_the_journal_goes_on(
    ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    with pytest.raises(IllegalMove):
        await commits.move(batches[0], BatchState.COMPLETED)
    await commits.move(batches[0], BatchState.SENDING)
    assert find(ledger, batches[0]).state is BatchState.SENDING


async def test_a_commit_that_fails_is_told_to_everyone_who_shared_it(
    ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    first, second, third = batches[:3]
    results = await asyncio.gather(
        commits.move(first, BatchState.SENDING),
        commits.move(second, BatchState.SENDING),
        commits.move(third, BatchState.COMPLETED),
        return_exceptions=True,
    )
    told = dict(zip(("first", "second", "third"), results, strict=True))
    assert isinstance(told["third"], IllegalMove)
    for name, batch in (("first", first), ("second", second)):
        is_on_disk = find(ledger, batch).state is BatchState.SENDING
        assert is_on_disk is (told[name] is None)


async def test_a_move_happens_even_when_its_caller_no_longer_waits(
    ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    moving = asyncio.create_task(commits.move(batches[0], BatchState.SENDING))
    await asyncio.sleep(0)
    moving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await moving
    await commits.move(batches[1], BatchState.SENDING)
    assert find(ledger, batches[0]).state is BatchState.SENDING


async def test_a_split_enters_the_pieces_with_their_parent(
    ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    whole = batches[3]
    pieces = await commits.split(
        whole, [make_planned(6, 7, parent_id=whole.id), make_planned(7, 8, parent_id=whole.id)], code=520010
    )
    assert [(piece.start, piece.stop, piece.parent_id) for piece in pieces] == [
        (6, 7, whole.id),
        (7, 8, whole.id),
    ]
    assert [find(ledger, piece) for piece in pieces] == pieces
    assert (find(ledger, whole).state, find(ledger, whole).code) == (BatchState.SPLIT, 520010)


async def test_a_split_that_is_not_allowed_leaves_no_pieces(
    ledger: Ledger, commits: GroupCommit, batches: list[Batch]
) -> None:
    await commits.move(batches[0], BatchState.SENDING)
    await commits.move(batches[0], BatchState.UNKNOWN)
    with pytest.raises(IllegalMove):
        await commits.split(batches[0], [make_planned(0, 1), make_planned(1, 2)])
    assert len(ledger.batches(RUN_ID, "profiles", states=tuple(BatchState))) == BATCHES


async def test_requests_are_counted_now_and_then_with_a_change_and_the_last_ones_at_the_end(
    ledger: Ledger, batches: list[Batch]
) -> None:
    now = [0.0]
    commits = GroupCommit(ledger, RUN_ID, clock=lambda: now[0])
    commits.requests.add("429", is_retry=False)
    await commits.move(batches[0], BatchState.SENDING)
    assert ledger.request_counts(RUN_ID) == RequestCount()
    now[0] = 1.0
    commits.requests.add("202", is_retry=True)
    await commits.move(batches[1], BatchState.SENDING)
    assert ledger.request_counts(RUN_ID) == RequestCount({"429": 1, "202": 1}, {"429": 0, "202": 1})
    commits.requests.add("202", is_retry=False)
    await commits.close()
    assert ledger.request_counts(RUN_ID) == RequestCount({"429": 1, "202": 2}, {"429": 0, "202": 1})
