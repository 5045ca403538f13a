"""Whatever clocks say, and whenever they are set: no note is in the store twice.

The server's clock differs from ours, jumps between planning, sending and resuming, or its parts disagree:
the Date of its answers, or the time that it says memories were made at. Answers are lost meanwhile.
"""

import os
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.support.fast import FastRuns
from tests.support.notes import expected, make_notes, recorded, write_notes, write_spec
from tests.support.processes import Api, make_customers, serving, write_csv

NOTES, PEOPLE = 400, 40
EVERY = int(os.environ.get("CLOCKS_EVERY", "13"))  # 1: all, see `make soak`
SENDING = {"method": "POST", "path": "*/Observations"}
LISTING = {"method": "GET", "path": "*/Observations"}
LOSSES = (
    {"when": {**SENDING, "every": 3}, "do": {"drop": "after"}},
    {"when": {**SENDING, "every": 5}, "do": {"drop": "before"}},
)
OUTAGE = (
    {"when": {**SENDING, "from": 30}, "do": {"status": 503, "applied": True}},
    {"when": {**LISTING, "from": 12}, "do": {"status": 503}},
)
CLOCKS = ("store", "told", "Date", "createdAt", "no Date")
"""What is off: the time that the store lives in, so that what is younger is not seen; all of the time that it
tells; two parts of that; all of it, and no answer has a Date."""
MOMENTS = ("planning", "sending", "resuming")
"""Since when: before anything is sent (which is as if our own clock were off), in the midst of it, or after
an outage."""
OFFSETS = (-3_600, -30, -6, 6, 30, 3_600)
COMBINATIONS = list(product(OFFSETS, CLOCKS, MOMENTS))
CHOSEN = COMBINATIONS[::EVERY]


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        yield api


def faults_of(clock: str, offset: int, when: dict[str, Any]) -> list[dict[str, Any]]:
    """What makes answers tell another time, for the requests that `when` fits."""
    date = {"when": when, "do": {"date_offset_seconds": offset}}
    created = {"when": {**SENDING, **when}, "do": {"created_offset_seconds": offset}}
    match clock:
        case "store":
            return []
        case "Date":
            return [date]
        case "createdAt":
            return [created]
        case "no Date":
            return [created, {"when": {}, "do": {"no_date": True}}]
    return [date, created]


@pytest.mark.parametrize(("offset", "clock", "moment"), CHOSEN, ids=str)
def test_no_note_is_there_twice_whenever_a_clock_is_set(
    api: Api, tmp_path: Path, offset: int, clock: str, moment: str
) -> None:
    notes = make_notes(NOTES, PEOPLE)
    write_notes(tmp_path, notes)
    customers = write_csv(make_customers(PEOPLE, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    write_spec(tmp_path / "spec.yaml", customers=customers)
    runs = FastRuns(tmp_path, api.url)

    def jump(now: str) -> None:
        if now == moment and clock == "store":
            api.advance(offset)

    plan = runs.run(action=Action.PLAN)
    assert plan.problem is None
    jump("planning")
    since = {"planning": {}, "sending": {"from": 20}, "resuming": {"from": 10_000}}[moment]
    api.set_faults(*faults_of(clock, offset, since), *LOSSES, *OUTAGE)
    applied = runs.apply(plan.report["run_id"])
    assert applied.report["exit_code"] == 5
    jump("sending")
    jump("resuming")
    api.set_faults(*faults_of(clock, offset, {}), *LOSSES)
    result = applied
    while result.report["resume_command"]:
        result = runs.resume(plan.report["run_id"])
    api.advance(10_000)  # all is seen
    api.settle()
    held, wanted = recorded(api), expected(notes)
    unknown = rows_of(result)["unknown"]
    print(f"{offset:>6} {clock:>10} {moment:>9}: {unknown} unknown, {(wanted - held).total()} missing")  # noqa: T201
    assert (held - wanted).total() == 0, "doubled"
    assert (wanted - held).total() <= unknown, "lost"
    assert rows_of(result)["rejected"] == 0


def rows_of(result: RunResult) -> Counter[str]:
    """The notes by outcome."""
    return Counter(result.report["loads"]["observations"]["rows"])
