"""How a run went over time: what the service took, and how busy the connections were."""

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RunRecord, Sample

_MOST_POINTS = 60
_SHORTEST_SECONDS = 0.25  # of a slot; requests are counted no more often


def describe_progress(ledger: Ledger, run: RunRecord) -> list[dict[str, Any]]:
    """Slots of equal length from the beginning of a run to the last that it did with the service; none of a
    run that did not come to sending, or of a plan.

    Each is `{seconds, rows, rows_per_second, requests, in_flight, throttled, waited_seconds}`: when it ended,
    in seconds since the run began; the rows that the service had taken by then, and took a second; the
    requests that were answered; the most that were under way at once; those answered 429; and for how many
    seconds nothing could leave because the service wanted nothing.
    """
    if run.delivery_number is None:
        return []
    began = datetime.fromisoformat(run.started_at).timestamp()
    samples = ledger.samples(run.run_id)
    moments = [ledger.last_taken(run.run_id), samples[-1].at if samples else None]
    span = max((at - began for at in moments if at is not None), default=0.0)
    if span <= 0:
        return []
    slot_seconds = max(span / _MOST_POINTS, _SHORTEST_SECONDS)
    count = min(math.ceil(span / slot_seconds), _MOST_POINTS)
    taken = [0] * count
    for slot, rows in ledger.rows_taken(run.run_id, began, slot_seconds).items():
        taken[min(max(slot, 0), count - 1)] += rows
    points = []
    for slot, until in enumerate(accumulate(taken)):
        start = slot * slot_seconds
        end = min(start + slot_seconds, span) if slot < count - 1 else span
        points.append(
            {
                "seconds": round(end, 3),
                "rows": until,
                "rows_per_second": round(taken[slot] / slot_seconds, 1),
                **_add_up(samples, began + start, began + end, is_last=slot == count - 1),
            }
        )
    return points


def _add_up(samples: Sequence[Sample], start: float, end: float, *, is_last: bool) -> dict[str, Any]:
    """What the samples say of a slot: those that ended in it are counted, a wait as far as it was in it."""
    ended = [each for each in samples if start <= each.at < end or (is_last and each.at >= end)]
    overlapping = [each for each in samples if each.at > start and each.at - each.seconds < end]
    return {
        "requests": sum(each.requests for each in ended),
        "in_flight": max((each.in_flight for each in [*ended, *overlapping]), default=0),
        "throttled": sum(each.throttled for each in ended),
        "waited_seconds": round(sum(_held_within(each, start, end) for each in overlapping), 3),
    }


def _held_within(sample: Sample, start: float, end: float) -> float:
    """The part of a sample's wait that falls into a slot, as though it were spread over the sample."""
    if not sample.seconds:
        return 0.0
    within = min(sample.at, end) - max(sample.at - sample.seconds, start)
    return sample.held_seconds * max(within, 0.0) / sample.seconds
