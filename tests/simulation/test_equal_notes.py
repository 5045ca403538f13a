"""A new note that says what one of an earlier run says, lost or not: each of them is there once."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from memory_import.run.lifecycle.result import RunResult
from tests.support.fast import FastRuns
from tests.support.notes import BEGINNING, COLUMNS, Note, expected, recorded, write_rows, write_spec
from tests.support.processes import STORE, Api, make_customers, serving, write_csv

PEOPLE = 3
SENDING = {"method": "POST", "path": "*/Observations"}
OLD = [Note(person, "Called back.", BEGINNING) for person in range(PEOPLE)]
OTHER = [Note(person, f"Other {n}.", BEGINNING + timedelta(days=n)) for person in range(2) for n in (1, 2)]
NEW = [*OLD[:2], OTHER[0], Note(0, "New.", BEGINNING), OLD[2], OLD[2]]
"""The first two people get one in a request with others, the last one gets two of the same."""
LATER = {"at once": 0.0, "an hour later": 3_600.0}
OUTAGE = {"when": {**SENDING, "from": 2}, "do": {"status": 503, "applied": True}}


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        yield api


def write(folder: Path, notes: list[Note], **observations: Any) -> None:
    """The notes of tonight."""
    rows = [[f"N{number}", *note.row] for number, note in enumerate(notes)]
    write_rows(folder / "notes.csv", rows, ("Note Id", *COLUMNS))
    customers = write_csv(make_customers(PEOPLE, repeats=0.0, bad=0.0), folder / "customers.csv")
    write_spec(
        folder / "spec.yaml", customers=customers, observations={"source": "notes.csv", **observations}
    )


def rows_of(result: RunResult) -> dict[str, int]:
    """The notes by outcome, those that there are."""
    rows = result.report["loads"]["observations"]["rows"]
    return {outcome: count for outcome, count in rows.items() if count}


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
@pytest.mark.parametrize("key", ["Note Id", None], ids=["own key", "no key"])
def test_an_equal_note_whose_request_is_lost_is_there_once_more(
    api: Api, tmp_path: Path, lost: str, later: float, key: str | None
) -> None:
    runs = FastRuns(tmp_path, api.url)
    write(tmp_path, [*OLD, *OTHER], key=key)
    assert runs.run().report["exit_code"] == 0
    api.advance(later)
    notes = [*OLD, *OTHER, *NEW]
    write(tmp_path, notes, key=key)
    api.set_faults({"when": {**SENDING, "nth": [1, 2, 3, 4]}, "do": {"drop": lost}})
    result = runs.run()
    api.settle()
    assert recorded(api) == expected(notes)
    assert result.report["exit_code"] == 0
    sent = "verified" if lost == "after" else "accepted"
    assert rows_of(result) == {"read": len(notes), "unchanged": len(OLD) + len(OTHER), sent: len(NEW)}


@pytest.mark.parametrize("lost", ["before", "after"])
def test_equal_notes_are_told_apart_where_the_state_was_lost(api: Api, tmp_path: Path, lost: str) -> None:
    runs = FastRuns(tmp_path, api.url)
    write(tmp_path, [*OLD, *OTHER], key="Note Id")
    assert runs.run().report["exit_code"] == 0
    shutil.rmtree(tmp_path / "state")
    notes = [*OLD, *OTHER, *NEW]
    write(tmp_path, notes, key="Note Id")
    api.set_faults({"when": {**SENDING, "nth": [1, 2, 3]}, "do": {"drop": lost}})
    result = runs.run()
    api.settle()
    assert recorded(api) == expected(notes)
    assert result.report["exit_code"] == 0


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_resume_tells_them_apart_by_what_was_known_before(api: Api, tmp_path: Path, lost: str) -> None:
    """What the run has sent so far is remembered when it ends early, too, and is not counted twice."""
    runs = FastRuns(tmp_path, api.url)
    write(tmp_path, [*OLD, *OTHER], key="Note Id")
    assert runs.run().report["exit_code"] == 0
    notes = [*OLD, *OTHER, *NEW]
    write(tmp_path, notes, key="Note Id")
    api.set_faults(OUTAGE, {"when": {"method": "GET", "path": "*/Observations"}, "do": {"status": 503}})
    assert runs.run().report["exit_code"] == 5
    api.set_faults({"when": {**SENDING, "nth": [1, 2]}, "do": {"drop": lost}})
    result = runs.resume(None)
    api.settle()
    assert recorded(api) == expected(notes)
    assert result.report["exit_code"] == 0


def test_a_note_of_several_parts_is_accounted_for_part_by_part(api: Api, tmp_path: Path) -> None:
    text = " ".join(f"Sentence {number}." for number in range(600))
    long = Note(0, text, BEGINNING)
    runs = FastRuns(tmp_path, api.url)
    write(tmp_path, [long], key="Note Id", too_long="split")
    assert runs.run().report["exit_code"] == 0
    once = recorded(api)
    assert len(once) > 1
    write(tmp_path, [long, long, OLD[0]], key="Note Id", too_long="split")
    api.set_faults({"when": {**SENDING, "nth": 1}, "do": {"drop": "before"}})
    result = runs.run()
    api.settle()
    assert recorded(api) == once + once + Counter([OLD[0].key])
    assert result.report["exit_code"] == 0


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_profiles_that_became_one_hold_what_was_in_each(
    api: Api, tmp_path: Path, lost: str, later: float
) -> None:
    runs = FastRuns(tmp_path, api.url)
    write(tmp_path, OLD, key="Note Id")
    assert runs.run().report["exit_code"] == 0
    (kept,) = api.look_up("phone", "+12022000000")
    path = f"/v1/Stores/{STORE}/Profiles/{kept}/Identifiers"
    api.call("POST", path, {"idType": "phone", "value": "+12022000001"})
    api.settle()
    api.advance(later)
    write(tmp_path, [*OLD, *OLD[:2]], key="Note Id")
    write_spec(tmp_path / "spec.yaml", observations={"source": "notes.csv", "key": "Note Id"})
    api.set_faults({"when": {**SENDING, "nth": [1, 2]}, "do": {"drop": lost}})
    result = runs.run()
    api.settle()
    assert recorded(api).total() == len(OLD) + 2
    assert result.report["exit_code"] == 0


@pytest.mark.parametrize("once", ["auto", "state"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("Note Id", None), (None, "Note Id"), ("Note Id", "Ticket")],
    ids=["own key to none", "none to own key", "another own key"],
)
def test_keys_that_are_made_otherwise_neither_double_a_note_nor_change_another(
    api: Api, tmp_path: Path, before: str | None, after: str | None, once: str
) -> None:
    """The tickets have the numbers of other notes."""
    runs = FastRuns(tmp_path, api.url)
    notes = [*OLD, *OLD[:1], *OTHER]
    for key in (before, after, after):
        write(tmp_path, notes, key=key, once=once)
        rows = [[f"N{n}", f"N{len(notes) - 1 - n}", *note.row] for n, note in enumerate(notes)]
        write_rows(tmp_path / "notes.csv", rows, ("Note Id", "Ticket", *COLUMNS))
        result = runs.run()
        api.settle()
        assert recorded(api) == expected(notes)
    assert rows_of(result) == {"read": len(notes), "unchanged": len(notes)}


@pytest.mark.parametrize(
    ("why", "is_limited", "once"),
    [
        ("state deleted", True, "auto"),
        ("state deleted", False, "auto"),
        ("notes damaged", True, "state"),
        ("hash damaged", False, "state"),
        ("older copy", True, "auto"),
        ("older copy", False, "state"),
        ("other keys", True, "state"),
        ("other keys", False, "auto"),
    ],
)
def test_notes_that_were_in_the_store_and_not_in_the_input_are_found_there_by_the_next_one(
    api: Api, tmp_path: Path, is_limited: bool, why: str, once: str
) -> None:
    runs = FastRuns(tmp_path, api.url)
    before, known = [*OLD, *OLD[:1], *OTHER], tmp_path / "state" / "known"
    if why == "older copy":
        write(tmp_path, before[:3])
        runs.run()
        shutil.copytree(known, tmp_path / "copy")
    write(tmp_path, before, key=None if why == "older copy" else "Note Id")
    runs.run()
    if why == "older copy":
        shutil.rmtree(known)
        shutil.move(tmp_path / "copy", known)
    if why == "state deleted":
        shutil.rmtree(tmp_path / "state")
    elif why.endswith("damaged"):
        name = "hash.json" if why == "hash damaged" else "observations/manifest.json"
        next(known.rglob(name)).write_text("{}")
    changes = [] if is_limited else [*OTHER[:1], Note(1, "New.", BEGINNING)]
    write(tmp_path, changes or before, once=once)
    partial = runs.run(limit=2 if is_limited else None)
    assert bool(partial.report["loads"]["observations"]["remarks"]) == (why != "state deleted")
    everything = [*before, *changes[1:], Note(0, "Later.", BEGINNING)]
    write(tmp_path, everything, once=once)
    assert rows_of(runs.run()) == {"read": len(everything), "unchanged": len(everything) - 1, "accepted": 1}
    api.settle()
    assert recorded(api) == expected(everything)


def test_notes_from_another_source_are_others_and_that_is_said(api: Api, tmp_path: Path) -> None:
    runs = FastRuns(tmp_path, api.url)
    write(tmp_path, OLD)
    runs.run()
    write(tmp_path, OLD, observation_source="helpdesk")
    second = runs.run()
    assert rows_of(second) == {"read": len(OLD), "accepted": len(OLD)}
    assert "observation_source was crm-notes" in second.report["loads"]["observations"]["remarks"][0]
    write(tmp_path, OLD)
    assert rows_of(runs.run()) == {"read": len(OLD), "unchanged": len(OLD)}


def test_a_known_note_of_somebody_else_stays_and_that_is_said(api: Api, tmp_path: Path) -> None:
    runs = FastRuns(tmp_path, api.url)
    write(tmp_path, OLD, key="Note Id")
    runs.run()
    write(tmp_path, [Note(1, OLD[0].content, BEGINNING), *OLD[1:]], key="Note Id")
    for _ in range(2):
        second = runs.run()
        assert rows_of(second) == {"read": len(OLD), "unchanged": len(OLD)}
        [remark] = second.report["loads"]["observations"]["remarks"]
        assert remark.startswith("Known observations whose rows have somebody else now: 1.")
    api.settle()
    assert recorded(api) == expected(OLD)
    write(tmp_path, OLD, key="Note Id")
    assert not runs.run().report["loads"]["observations"]["remarks"]
