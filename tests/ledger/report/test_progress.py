"""A run over time, in slots of equal length: what was taken, what was asked, and how long it had to wait."""

from dataclasses import replace
from datetime import datetime

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Sample
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.progress import describe_progress
from tests.support.ledger_examples import RUN_ID, enter, make_load, make_planned, make_run

RUN = make_run(delivery_number=1)
BEGAN = datetime.fromisoformat(RUN.started_at).timestamp()


def take(ledger: Ledger, *moments: float) -> None:
    """Enter a batch of four rows for each moment, in seconds since the run began, that was taken then."""
    planned = [make_planned(5 * at, 5 * at + 5, rows=4) for at in range(len(moments))]
    batches = enter(ledger, make_load(5 * len(moments)), planned)
    with ledger.transaction() as transaction:
        for batch, seconds in zip(batches, moments, strict=True):
            transaction.move(batch.id, BatchState.SENDING, {})
            transaction.move(batch.id, BatchState.ACCEPTED, {"answered_at": BEGAN + seconds})


def sample(ledger: Ledger, at: float, seconds: float, **facts: float) -> None:
    """Enter a sample that ended so many seconds after the run began."""
    known = {"requests": 0, "throttled": 0, "in_flight": 0, "held_seconds": 0.0} | facts
    with ledger.transaction() as transaction:
        transaction.add_sample(RUN_ID, Sample(at=BEGAN + at, seconds=seconds, **known))  # type: ignore[arg-type]


def test_a_run_that_asked_nobody_has_no_progress_and_none_that_did_not_come_to_sending(
    ledger: Ledger,
) -> None:
    assert describe_progress(ledger, RUN) == []
    take(ledger, 1.0)
    assert describe_progress(ledger, replace(RUN, delivery_number=None)) == []


def test_rows_count_in_the_slot_in_which_they_were_taken(ledger: Ledger) -> None:
    take(ledger, 0.3, 0.1, 0.8, 0.4)
    points = describe_progress(ledger, RUN)
    assert [(point["seconds"], point["rows"], point["rows_per_second"]) for point in points] == [
        (0.25, 4, 16.0),
        (0.5, 12, 32.0),
        (0.75, 12, 0.0),
        (0.8, 16, 16.0),
    ]


def test_requests_count_when_they_end_and_a_wait_in_all_that_it_touches(ledger: Ledger) -> None:
    take(ledger, 1.0)
    sample(ledger, at=0.2, seconds=0.2, requests=3, throttled=1, in_flight=2)
    sample(ledger, at=0.7, seconds=0.4, requests=5, throttled=0, in_flight=7, held_seconds=0.2)
    told = [
        (point["requests"], point["throttled"], point["in_flight"], point["waited_seconds"])
        for point in describe_progress(ledger, RUN)
    ]
    assert told == [(3, 1, 2, 0.0), (0, 0, 7, 0.1), (5, 0, 7, 0.1), (0, 0, 0, 0.0)]


def test_a_long_run_has_few_points_that_hold_all_that_happened(ledger: Ledger) -> None:
    take(ledger, *map(float, range(500)))
    for second in range(500):
        sample(ledger, at=second + 0.5, seconds=1.0, requests=2, throttled=1, in_flight=3, held_seconds=0.5)
    points = describe_progress(ledger, RUN)
    assert len(points) == 60
    assert points == sorted(points, key=lambda point: (point["seconds"], point["rows"]))
    assert (points[-1]["seconds"], points[-1]["rows"]) == (499.5, 2_000)
    assert sum(point["requests"] for point in points) == 1_000
    assert sum(point["throttled"] for point in points) == 500
    assert 249.0 < sum(point["waited_seconds"] for point in points) <= 250.0


def test_what_a_clock_that_was_set_back_says_is_not_lost(ledger: Ledger) -> None:
    take(ledger, -5.0, 0.2)
    assert [point["rows"] for point in describe_progress(ledger, RUN)] == [8]
