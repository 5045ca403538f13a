"""`former`: what becomes of identifier values that nobody states any more; read in the emulator's record."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memory_import.errors import ExitCode
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.support.nights import CONTACT, Nights, Row
from tests.support.processes import STORE, serving

ANA: Row = ("Ana Smith", "+12025550101", "ana@example.com")
BOB: Row = ("Bob Lee", "+12025550102", "bob@example.com")
MOVED: Row = (ANA[0], "+12025550199", ANA[2])
PHONE = {"column": "Phone", "type": "phone", "separator": ";"}
REPLACES = {"former": "replace"}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    traits = {"Contact": {**CONTACT, "phone": PHONE}}
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0) as api:
        yield Nights(tmp_path, api, sync=REPLACES, traits=traits)


def counts(result: RunResult) -> dict[str, int]:
    """What became of former values."""
    found = result.report["loads"]["profiles"]["replacements"]
    return {name: count for name, count in found.items() if count}


def listed(result: RunResult) -> list[tuple[str, str, str, str]]:
    """`value`, `successor`, `outcome`, `code` of the lines of `former.csv`."""
    with (Path(result.folder) / "former.csv").open(newline="") as stream:
        return [
            (one["value"], one["successor"], one["outcome"], one["code"]) for one in csv.DictReader(stream)
        ]


def phones(nights: Nights) -> list[list[str]]:
    """The phones of everybody in the store, by name."""
    profiles = sorted(nights.api.profiles(), key=lambda one: str(one["traits"]["Contact"]["firstName"]))
    return [one["identifiers"].get("phone", []) for one in profiles]


def exit_code(result: RunResult) -> int:
    return int(result.report["exit_code"])


def test_a_former_number_gives_way_to_the_new_one_and_is_free_for_somebody_else(nights: Nights) -> None:
    nights.run(ANA, BOB)
    plan = nights.run(MOVED, BOB, action=Action.PLAN)
    assert (counts(plan), nights.patches) == ({"due": 1, "planned": 1}, 0)
    assert plan.report["plan"]["forecast"]["profile_operations"] == 2
    applied = nights.carry_out(action=Action.APPLY, run_id=plan.report["run_id"])
    assert (exit_code(applied), counts(applied)) == (0, {"due": 1, "replaced": 1})
    assert listed(applied) == [(ANA[1], MOVED[1], "replaced", "")]
    assert applied.report["billing"] == {"profile_operations": 2, "lookups": 1, "recalls": 0}
    assert "former.csv" in (Path(applied.folder) / "report.md").read_text()
    assert phones(nights) == [[MOVED[1]], [BOB[1]]]
    carl = ("Carl Fox", ANA[1], "carl@example.com")
    given = nights.run(MOVED, BOB, carl)
    assert (exit_code(given), counts(given)) == (0, {})
    assert phones(nights) == [[MOVED[1]], [BOB[1]], [ANA[1]]]
    assert nights.run(MOVED, BOB, carl).report["loads"]["profiles"]["sent"] == 0
    assert nights.patches == 1


def test_without_being_asked_a_former_number_stays_with_its_holder(nights: Nights) -> None:
    nights.run(ANA, BOB, sync={})
    nights.run(MOVED, BOB, ("Carl Fox", ANA[1], "carl@example.com"), sync={})
    assert (nights.patches, phones(nights)) == (0, [[ANA[1], MOVED[1]], [BOB[1]], []])


UNCLEAR: dict[str, tuple[str, str]] = {
    "no new one": (ANA[1], ""),
    "one of two stays": ("+12025550101;+12025550111", "+12025550111"),
    "two new ones": (ANA[1], "+12025550198;+12025550199"),
    "two former ones": ("+12025550101;+12025550111", "+12025550199"),
    "one that was dropped": (ANA[1], "+12025550199;+1202555"),
}


@pytest.mark.parametrize(("before", "after"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_has_no_successor_is_listed_and_left_alone(nights: Nights, before: str, after: str) -> None:
    nights.run((ANA[0], before, ANA[2]))
    night = nights.run((ANA[0], after, ANA[2]))
    former = sorted(set(before.split(";")) - set(after.split(";")))
    assert listed(night) == [(value, "", "kept", "no_successor") for value in former]
    assert (exit_code(night), counts(night)) == (0, {"no_successor": len(former)})
    assert nights.patches == 0


def test_a_number_that_another_spec_still_states_waits_until_that_has_the_new_one(nights: Nights) -> None:
    nights.run(ANA)
    nights.run(ANA, spec="second")
    waiting = nights.run(MOVED)
    assert listed(waiting) == [(ANA[1], MOVED[1], "kept", "stated_elsewhere")]
    assert counts(nights.run(MOVED, spec="second")) == {"due": 1, "replaced": 1}
    assert phones(nights) == [[MOVED[1]]]
    carl = ("Carl Fox", ANA[1], "carl@example.com")
    nights.run(MOVED, carl)
    assert phones(nights) == [[MOVED[1]], [ANA[1]]]


@pytest.mark.parametrize("conflict", ["separate", "reject"])
def test_who_waits_for_a_former_number_gets_it_on_the_next_night(nights: Nights, conflict: str) -> None:
    nights.persons = {"on_conflict": conflict}
    carl = ("Carl Fox", ANA[1], "carl@example.com")
    nights.run(ANA, BOB)
    waiting = nights.run(MOVED, BOB, carl)
    assert listed(waiting) == [(ANA[1], MOVED[1], "replaced", "")]
    assert phones(nights) == [[MOVED[1]], [BOB[1]], *([[]] if conflict == "separate" else [])]
    given = nights.run(MOVED, BOB, carl)
    assert (exit_code(given), counts(given)) == (0, {})
    assert phones(nights) == [[MOVED[1]], [BOB[1]], [ANA[1]]]


@pytest.mark.parametrize("name", ["", "A. Smith", "Ana"])
def test_a_rejected_row_that_may_be_its_holders_keeps_a_former_number(nights: Nights, name: str) -> None:
    nights.persons = {"on_conflict": "reject"}
    dora = ("Dora Kim", ANA[1], "dora@example.com")
    nights.run(ANA, BOB)
    night = nights.run(MOVED, BOB, dora, (name, ANA[1], ""))
    assert nights.patches == 0
    assert {line[2] for line in listed(night)} <= {"kept"}


def test_a_profile_that_shows_somebody_else_who_is_present_is_left_alone(nights: Nights) -> None:
    nights.run(ANA, BOB)
    [ana] = nights.api.look_up("email", ANA[2])
    body = {"idType": "email", "value": "carl@example.com"}
    nights.api.call("POST", f"/v1/Stores/{STORE}/Profiles/{ana}/Identifiers", body)
    nights.api.settle()
    kept = nights.run(MOVED, BOB, ("Carl Fox", "", "carl@example.com"))
    assert (exit_code(kept), counts(kept)) == (0, {"due": 1, "kept": 1})
    assert listed(kept)[0][2:] == ("kept", "shows_present")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_answer_that_is_lost_changes_nothing(nights: Nights, moment: str) -> None:
    nights.run(ANA, BOB)
    nights.api.set_faults({"when": {"method": "PATCH", "nth": 1}, "do": {"drop": moment}})
    assert counts(nights.run(MOVED, BOB)) == {"due": 1, "replaced": 1}
    assert phones(nights) == [[MOVED[1]], [BOB[1]]]


def test_one_answer_that_there_is_nothing_to_replace_is_no_verdict(nights: Nights) -> None:
    nights.run(ANA, BOB)
    nights.api.set_faults({"when": {"method": "PATCH", "nth": 1}, "do": {"status": 409, "code": 20409}})
    night = nights.run(MOVED, BOB)
    assert (exit_code(night), counts(night)) == (0, {"due": 1, "replaced": 1})
    assert phones(nights) == [[MOVED[1]], [BOB[1]]]


@pytest.mark.parametrize("goes_on", ["resume", "run"])
def test_a_run_that_was_stopped_before_loses_no_replacement(nights: Nights, goes_on: str) -> None:
    nights.run(ANA, BOB)
    nights.api.set_faults({"when": {"method": "PATCH"}, "do": {"status": 403, "code": 20403}})
    stopped = nights.run(MOVED, BOB)
    assert (exit_code(stopped), counts(stopped)) == (ExitCode.CREDENTIALS, {"due": 1, "planned": 1})
    nights.api.set_faults()
    asked: dict[str, Any] = {"action": Action.RESUME, "run_id": stopped.report["run_id"]}
    night = nights.carry_out(**asked) if goes_on == "resume" else nights.run(MOVED, BOB)
    assert (exit_code(night), counts(night)) == (0, {"due": 1, "replaced": 1})
    assert phones(nights) == [[MOVED[1]], [BOB[1]]]
    assert nights.run(MOVED, BOB).report["loads"]["profiles"]["sent"] == 0
