"""`gone: delete`: who is deleted, and that nobody is by mistake; counted in the emulator's own record."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memory_import.errors import ExitCode
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.support.nights import Nights, Row
from tests.support.processes import STORE, serving

ANA: Row = ("Ana Smith", "+12025550101", "ana@example.com")
BOB: Row = ("Bob Lee", "+12025550102", "bob@example.com")
CLEO: Row = ("Cleo Ray", "+12025550103", "cleo@example.com")
DELETES = {"gone": "delete", "max_gone": "50%"}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0) as api:
        yield Nights(tmp_path, api, sync=DELETES)


def counts(result: RunResult) -> dict[str, int]:
    """What became of the people who were to be deleted."""
    found = result.report["loads"]["profiles"]["deletions"]
    return {name: count for name, count in found.items() if count}


def listed(result: RunResult) -> list[tuple[str, str, str]]:
    """`value`, `outcome`, `code` of the lines of `deletions.csv`."""
    with (Path(result.folder) / "deletions.csv").open(newline="") as stream:
        return [(line["value"], line["outcome"], line["code"]) for line in csv.DictReader(stream)]


def exit_code(result: RunResult) -> int:
    return int(result.report["exit_code"])


def test_who_is_gone_for_two_complete_runs_is_deleted_as_planned_and_may_come_back(nights: Nights) -> None:
    nights.notes = [(email, "Called.", "2026-01-01T10:00:00Z") for _, _, email in (ANA, BOB)]
    assert exit_code(nights.run(ANA, BOB, CLEO)) == 0
    nights.notes = nights.notes[:1]
    assert (counts(nights.run(ANA, CLEO)), nights.deletions) == ({}, 0)
    plan = nights.run(ANA, CLEO, action=Action.PLAN)
    assert (counts(plan), nights.deletions) == ({"due": 1, "planned": 1}, 0)
    assert listed(plan) == [(BOB[2], "planned", ""), (BOB[1], "planned", "")]
    assert plan.report["plan"]["forecast"]["lookups"] == {"least": 2, "most": 2}  # of the note's person, too
    applied = nights.carry_out(action=Action.APPLY, run_id=plan.report["run_id"])
    assert (exit_code(applied), counts(applied)) == (0, {"due": 1, "deleted": 1})
    assert listed(applied) == [(BOB[2], "deleted", ""), (BOB[1], "deleted", "")]
    assert applied.report["billing"]["lookups"] == 2
    assert (nights.deletions, nights.people) == (1, [ANA[0], CLEO[0]])
    assert counts(nights.run(ANA, CLEO)) == {}
    nights.notes.append((BOB[2], "Called.", "2026-01-01T10:00:00Z"))
    back = nights.run(ANA, BOB, CLEO)
    assert back.report["loads"]["profiles"]["persons"]["new"] == 1
    assert back.report["loads"]["observations"]["rows"]["accepted"] == 1
    assert nights.people == [ANA[0], BOB[0], CLEO[0]]


def test_a_file_that_shrinks_to_half_stops_the_run_and_nobody_is_deleted(nights: Nights) -> None:
    crowd = [(f"Person {n}", f"+1202555{1000 + n}", f"p{n}@example.com") for n in range(24)]
    sync = {"gone": "delete"}
    nights.run(*crowd, sync=sync)
    before = nights.writes
    for _ in range(2):
        shrunk = nights.run(*crowd[:12], (*ANA,), sync=sync)
        assert exit_code(shrunk) == ExitCode.BUDGET
        assert shrunk.problem is not None
        assert "12 of 24 known people are gone" in shrunk.problem.problems[0]
        assert "`max_gone: 50%` in profiles.sync" in shrunk.problem.problems[-1]
    assert (nights.writes, len(nights.people)) == (before, 24)
    assert exit_code(nights.run(*crowd[:23], sync=sync)) == 0
    assert counts(nights.run(*crowd[:23], sync=sync)) == {"due": 1, "deleted": 1}
    assert len(nights.people) == 23


def test_a_glob_with_a_missing_file_deletes_nobody_until_that_is_said_to_be_right(nights: Nights) -> None:
    nights.write(ANA, CLEO, name="part-1.csv")
    nights.write(BOB, name="part-2.csv")
    nights.run()
    (nights.folder / "part-2.csv").unlink()
    for _ in range(2):
        missing = nights.run()
        assert (exit_code(missing), counts(missing)) == (0, {})
        assert any("has 1 files, and had 2" in one for one in missing.report["loads"]["profiles"]["remarks"])
    assert len(nights.people) == 3
    nights.run(full=True)
    assert counts(nights.run()) == {}
    assert counts(nights.run()) == {"due": 1, "deleted": 1}


def test_limits_rejects_and_a_night_back_make_nobody_due(nights: Nights) -> None:
    nights.run(ANA, BOB, CLEO)
    nights.run(ANA, CLEO)
    assert counts(nights.run(ANA, CLEO, limit=1)) == {}
    broken = [(f"No One {n}", "12", "") for n in range(20)]
    rejected = nights.run(ANA, CLEO, *broken, sync={"gone": "delete", "max_gone": "40%"})
    assert counts(rejected) == {}
    assert any("rows were rejected" in one for one in rejected.report["loads"]["profiles"]["remarks"])
    nights.run(ANA, BOB, CLEO)
    assert counts(nights.run(ANA, CLEO)) == {}
    assert (nights.deletions, len(nights.people)) == (0, 3)


def test_a_profile_that_shows_somebody_who_is_present_is_left_alone(nights: Nights) -> None:
    nights.run(ANA, BOB, CLEO)
    nights.run(BOB, spec="other")
    [ana] = nights.api.look_up("email", ANA[2])
    body = {"idType": "email", "value": CLEO[2]}
    nights.api.call("POST", f"/v1/Stores/{STORE}/Profiles/{ana}/Identifiers", body)
    nights.api.settle()
    nights.run(CLEO)
    second = nights.run(CLEO, sync={"gone": "delete", "max_gone": "100%"})
    assert (exit_code(second), counts(second)) == (0, {"due": 2, "kept": 2})
    assert {code for _, _, code in listed(second)} == {"shows_present"}
    assert (nights.deletions, len(nights.people)) == (0, 2)
    nights.run(CLEO, spec="other", sync={"gone": "report"})
    assert counts(nights.run(CLEO, sync={"gone": "delete", "max_gone": "100%"})) == {
        "due": 2,
        "deleted": 1,
        "kept": 1,
    }
    assert [profile["identifiers"]["email"] for profile in nights.api.profiles()] == [[ANA[2], CLEO[2]]]
    back = nights.run(BOB, CLEO, spec="other", sync={"gone": "report"})
    assert back.report["loads"]["profiles"]["persons"]["new"] == 1


def test_where_it_cannot_be_said_who_is_present_nobody_is_deleted(nights: Nights) -> None:
    prepare(nights)
    nights.run(CLEO, spec="other")
    own, other = sorted(
        (nights.folder / "state" / "known").glob("*/*/persons/manifest.json"),
        key=lambda path: path.stat().st_mtime_ns,
    )
    other.write_text("{}")
    kept = nights.run(ANA)
    assert (own != other, exit_code(kept), counts(kept)) == (True, 0, {"due": 1, "kept": 1})
    assert nights.deletions == 0


ENDS_WELL = {
    "an answer is lost": [{"when": {"method": "DELETE", "nth": 1}, "do": {"drop": "after"}}],
    "the request is lost": [{"when": {"method": "DELETE", "nth": 1}, "do": {"drop": "before"}}],
    "throttled, and the server fails": [
        {"when": {"method": "DELETE", "nth": 1}, "do": {"status": 429}},
        {"when": {"method": "DELETE", "nth": 2}, "do": {"status": 503}},
    ],
    "it goes late": [{"when": {"method": "DELETE"}, "do": {"late_seconds": 0.1}}],
}


def prepare(nights: Nights) -> None:
    """Bob is gone for one complete run."""
    nights.run(ANA, BOB)
    nights.run(ANA)


@pytest.mark.parametrize("faults", ENDS_WELL.values(), ids=ENDS_WELL)
def test_whatever_fails_on_the_way_who_is_due_is_deleted_once(
    nights: Nights, faults: list[dict[str, Any]]
) -> None:
    prepare(nights)
    nights.api.set_faults(*faults)
    assert counts(nights.run(ANA)) == {"due": 1, "deleted": 1}
    assert nights.people == [ANA[0]]


def test_what_was_not_sent_is_planned_and_a_resume_goes_on(nights: Nights) -> None:
    prepare(nights)
    nights.api.set_faults({"when": {"method": "DELETE"}, "do": {"status": 403, "code": 20403}})
    stopped = nights.run(ANA)
    assert (exit_code(stopped), counts(stopped)) == (ExitCode.CREDENTIALS, {"due": 1, "planned": 1})
    nights.api.set_faults()
    resumed = nights.carry_out(action=Action.RESUME, run_id=stopped.report["run_id"])
    assert (exit_code(resumed), counts(resumed)) == (0, {"due": 1, "deleted": 1})


@pytest.mark.parametrize(("moment", "asked"), [("before", 9), ("after", 8)])
def test_a_run_that_ends_in_doubt_reads_back_before_it_asks_again(
    nights: Nights, moment: str, asked: int
) -> None:
    prepare(nights)
    nights.api.set_faults({"when": {"method": "DELETE"}, "do": {"drop": moment}})
    ended = nights.run(ANA)
    assert (exit_code(ended), counts(ended)) == (ExitCode.PENDING, {"due": 1, "pending": 1})
    nights.api.set_faults()
    resumed = nights.carry_out(action=Action.RESUME, run_id=ended.report["run_id"])
    assert (exit_code(resumed), counts(resumed)) == (0, {"due": 1, "deleted": 1})
    assert (nights.deletions, nights.people) == (asked, [ANA[0]])


def test_what_is_not_read_back_is_pending_and_nothing_is_sent_until_it_is(nights: Nights) -> None:
    prepare(nights)
    nights.api.set_faults({"when": {"method": "DELETE"}, "do": {"late_seconds": 500}})
    waiting = nights.run(ANA)
    assert (exit_code(waiting), counts(waiting)) == (ExitCode.PENDING, {"due": 1, "pending": 1})
    nights.api.set_faults()
    before = nights.writes
    superseding = nights.run(ANA, BOB)
    assert exit_code(superseding) == ExitCode.PENDING
    assert nights.writes == before
    nights.api.advance(600)
    back = nights.run(ANA, BOB)
    assert (exit_code(back), back.report["loads"]["profiles"]["persons"]["new"]) == (0, 1)
    assert nights.people == [ANA[0], BOB[0]]


def test_a_refused_deletion_is_said_and_the_person_stays_known(nights: Nights) -> None:
    prepare(nights)
    nights.api.set_faults({"when": {"method": "DELETE"}, "do": {"status": 400, "code": 20001}})
    refused = nights.run(ANA)
    assert (exit_code(refused), counts(refused)) == (1, {"due": 1, "rejected": 1})
    assert listed(refused)[0] == (BOB[2], "rejected", "20001")
    nights.api.set_faults()
    assert counts(nights.run(ANA)) == {"due": 1, "deleted": 1}


def test_who_is_not_in_the_store_any_more_is_known_no_longer(nights: Nights) -> None:
    prepare(nights)
    [bob] = nights.api.look_up("email", BOB[2])
    nights.api.call("DELETE", f"/v1/Stores/{STORE}/Profiles/{bob}")
    stranger = {"traits": {"Contact": {"firstName": "Dov Katz", "phone": BOB[1]}}}
    made = nights.api.call("POST", f"/v1/Stores/{STORE}/Profiles", stranger)["id"]
    kept = nights.run(ANA)
    assert (counts(kept), nights.people) == ({"due": 1, "kept": 1}, [ANA[0], "Dov Katz"])
    assert listed(kept)[0][2] == "shows_other_identifiers"
    nights.api.call("DELETE", f"/v1/Stores/{STORE}/Profiles/{made}")
    assert counts(nights.run(ANA)) == {"due": 1, "absent": 1}
    assert nights.run(ANA).report["loads"]["profiles"]["persons"]["gone"] == 0
