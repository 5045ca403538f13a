"""Entries of one person follow each other: a round begins when nothing of the round before is open."""

import time
from pathlib import Path

import httpx
import pytest

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.states import BatchState
from tests.support.journey import Journey, Reply, Service, begin_merged
from tests.support.ledger_examples import MERGED, PART, drive
from tests.support.servers import operation, refusal

pytestmark = pytest.mark.anyio
FAILURE = {"title": "Bulk trait upsert failed", "code": 520010, "detail": "a wrong type"}


def begin(ledger: Ledger, folder: Path) -> Journey:
    """Rows 0, 1, 2 are one person: first 2, then 1, then the final profile of 0. Rows 3 to 5 are alone."""
    return begin_merged(ledger, folder, 6, [[2], [1], [0]])


def of_person(service: Service) -> list[list[int]]:
    """The sendings that are about the person with several rows."""
    return [rows for rows in service.sendings if set(rows) <= {0, 1, 2}]


async def test_each_round_waits_until_the_one_before_is_completed(ledger: Ledger, tmp_path: Path) -> None:
    service = Service(poll=lambda _rows, before: operation("RUNNING") if before < 3 else None)
    journey = begin(ledger, tmp_path)
    await journey.deliver(service)
    about = [(kind, told) for kind, told in service.events if told not in ([3, 4, 5],)]
    story = [
        told if kind == "bulk" else told[1]
        for kind, told in about
        if kind == "bulk" or (told[0] != [3, 4, 5] and told[1] == "COMPLETED")
    ]
    assert story == [[2], "COMPLETED", [1], "COMPLETED", [0], "COMPLETED"]
    assert journey.outcomes == {"completed": 4, "merged": 2}


async def test_the_rows_of_a_round_count_once_and_with_its_final_entry(
    ledger: Ledger, tmp_path: Path
) -> None:
    journey = begin(ledger, tmp_path)
    await journey.deliver(Service())
    assert journey.watcher.rows == {"sent": 4, "landed": 4}


async def test_a_round_that_is_not_over_in_time_leaves_the_next_ones_planned(
    ledger: Ledger, tmp_path: Path
) -> None:
    service = Service(poll=lambda rows, _: operation("RUNNING") if rows == [2] else None)
    journey = begin(ledger, tmp_path)
    await journey.deliver(service, wait_seconds=10)
    assert of_person(service) == [[2]]
    assert journey.outcomes == {"pending": 1, "merged": 2, "completed": 3}

    service.poll = lambda _rows, _before: None
    await journey.deliver(service)
    assert of_person(service) == [[2], [1], [0]]
    assert journey.outcomes == {"completed": 4, "merged": 2}


async def test_rows_that_are_alone_hold_up_nobody(ledger: Ledger, tmp_path: Path) -> None:
    service = Service(poll=lambda rows, _: operation("RUNNING") if rows == [3, 4, 5] else None)
    journey = begin(ledger, tmp_path)
    await journey.deliver(service, wait_seconds=10)
    assert of_person(service) == [[2], [1], [0]]
    assert journey.outcomes == {"completed": 1, "merged": 2, "pending": 3}


async def test_without_operations_a_round_waits_until_the_profiles_can_be_found(
    ledger: Ledger, tmp_path: Path
) -> None:
    asked: list[str] = []

    def found(value: str) -> bool:
        asked.append(value)
        return asked.count(value) > 2

    service = Service(gives_operations=False, found=found)
    journey = begin(ledger, tmp_path)
    await journey.deliver(service)
    events = [(kind, told) for kind, told in service.events if told != [3, 4, 5]]
    assert events == [
        ("bulk", [2]),
        *[("lookup", "p2@example.com")] * 3,
        ("bulk", [1]),
        *[("lookup", "p1@example.com")] * 3,
        ("bulk", [0]),
    ]
    assert journey.outcomes == {"accepted": 4, "merged": 2}


async def test_a_profile_that_is_never_found_leaves_the_next_rounds_planned(
    ledger: Ledger, tmp_path: Path
) -> None:
    service = Service(gives_operations=False, found=lambda value: value != "p1@example.com")
    journey = begin(ledger, tmp_path)
    await journey.deliver(service, wait_seconds=30)
    assert of_person(service) == [[2], [1]]
    assert journey.outcomes == {"pending": 1, "merged": 2, "accepted": 3}
    service.found = lambda _: True
    await journey.deliver(service)
    assert of_person(service) == [[2], [1], [0]]


@pytest.mark.parametrize("bad", [1, 2])
async def test_a_refused_identifier_is_the_refusal_of_its_row_and_the_person_still_arrives(
    ledger: Ledger, tmp_path: Path, bad: int
) -> None:
    async def bulk(rows: list[int]) -> Reply:
        return refusal(400, 520010, "Not this one.") if bad in rows else None

    journey = begin(ledger, tmp_path)
    await journey.deliver(Service(bulk=bulk))
    rows = journey.rows
    assert rows["outcome"][0] == "completed"
    assert rows["outcome"][bad] == "rejected"
    assert rows["outcome"][3 - bad] == "merged"


async def test_a_refused_person_is_refused_with_all_rows(ledger: Ledger, tmp_path: Path) -> None:
    service = Service(poll=lambda rows, _: operation("FAILED", error=FAILURE) if rows == [0] else None)
    journey = begin(ledger, tmp_path)
    await journey.deliver(service)
    assert journey.outcomes == {"rejected": 3, "completed": 3}


async def test_a_round_whose_fate_nobody_knows_does_not_stop_the_next(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path)
    [first] = [batch for batch in journey.batches if batch.part == MERGED and batch.round == 0]
    drive(ledger, first, BatchState.ACCEPTED, operation_id="forgotten", answered_at=time.time() - 8 * 86_400)
    service = Service(poll=lambda rows, _: None if rows else refusal(404, 520052))
    await journey.deliver(service)
    assert of_person(service) == [[1], [0]]
    assert journey.outcomes == {"completed": 4, "merged": 2}


async def test_a_run_that_halts_does_not_begin_the_next_round(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path)

    async def bulk(rows: list[int]) -> Reply:
        if rows == [1]:
            journey.stop_signal.call(RuntimeError("stop"))
        return None

    service = Service(bulk=bulk)
    with pytest.raises(RuntimeError, match="stop"):
        await journey.deliver(service)
    assert of_person(service) == [[2], [1]]
    journey.stop_signal.reason = None
    await journey.deliver(service)
    assert of_person(service) == [[2], [1], [0]]
    assert journey.outcomes == {"completed": 4, "merged": 2}


async def test_a_person_is_never_in_two_requests_at_once(ledger: Ledger, tmp_path: Path) -> None:
    under_way: list[int] = []

    async def bulk(rows: list[int]) -> Reply:
        if len(service.sendings) == 2:
            raise httpx.ReadTimeout("too slow")
        assert not (set(rows) & {0, 1, 2} and under_way), "two at once"
        return None

    def poll(rows: list[int], before: int) -> Reply:
        if set(rows) & {0, 1, 2}:
            under_way[:] = [] if before == 2 else rows
        return operation("RUNNING") if before < 2 else None

    service = Service(bulk=bulk, poll=poll)
    journey = begin(ledger, tmp_path)
    await journey.deliver(service)
    assert journey.outcomes == {"completed": 4, "merged": 2}
    assert {batch.part for batch in journey.batches} == {MERGED, PART}
