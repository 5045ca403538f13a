"""`on_blank`: what becomes of a trait that is known and blank now; read in the emulator's own record."""

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

ANA: Row = ("Ana Smith", "+12025550101", "ana@example.com", "Rome")
BOB: Row = ("Bob Lee", "+12025550102", "bob@example.com", "Oslo")
BLANK: Row = (*ANA[:3], " ")
TRAITS = {"Contact": CONTACT, "Account": {"city": "City"}}
CLEARS = {"on_blank": "clear"}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0) as api:
        yield Nights(tmp_path, api, sync=CLEARS, traits=TRAITS)


def counts(result: RunResult) -> dict[str, int]:
    """What became of the people who were to lose a trait."""
    found = result.report["loads"]["profiles"]["clearings"]
    return {name: count for name, count in found.items() if count}


def listed(result: RunResult) -> list[tuple[str, str, str, str]]:
    """`_row`, `trait`, `outcome`, `code` of the lines of `cleared.csv`."""
    with (Path(result.folder) / "cleared.csv").open(newline="") as stream:
        return [(one["_row"], one["trait"], one["outcome"], one["code"]) for one in csv.DictReader(stream)]


def cities(nights: Nights) -> list[str | None]:
    """The city of everybody in the store, by name."""
    profiles = sorted(nights.api.profiles(), key=lambda one: str(one["traits"]["Contact"]["firstName"]))
    return [one["traits"].get("Account", {}).get("city") for one in profiles]


def rows_of(result: RunResult) -> dict[str, int]:
    """The rows by outcome."""
    rows = result.report["loads"]["profiles"]["rows"]
    return {outcome: count for outcome, count in rows.items() if count and outcome != "read"}


def exit_code(result: RunResult) -> int:
    return int(result.report["exit_code"])


def test_a_blank_trait_stays_in_the_store_and_known_unless_it_is_to_go(nights: Nights) -> None:
    nights.run(ANA, BOB, sync={})
    assert rows_of(nights.run(BLANK, BOB, sync={})) == {"unchanged": 2}
    new_email = (*BLANK[:2], "ana@new.example.com", "")
    assert rows_of(nights.run(new_email, BOB, sync={})) == {"completed": 1, "unchanged": 1}
    again = nights.run((*new_email[:3], ANA[3]), BOB, sync={})
    assert rows_of(again) == {"unchanged": 2}
    assert cities(nights) == ["Rome", "Oslo"]
    assert counts(nights.run(new_email, BOB)) == {"due": 1, "cleared": 1, "traits": 1}
    assert cities(nights) == [None, "Oslo"]


def test_a_trait_that_is_blank_in_all_rows_is_removed_as_planned_and_once(nights: Nights) -> None:
    nights.run(ANA, BOB)
    plan = nights.run(BLANK, BOB, action=Action.PLAN)
    assert (counts(plan), nights.patches) == ({"due": 1, "planned": 1, "traits": 1}, 0)
    assert plan.report["plan"]["forecast"]["profile_operations"] == 1
    assert plan.report["plan"]["forecast"]["lookups"] == {"least": 1, "most": 1}
    applied = nights.carry_out(action=Action.APPLY, run_id=plan.report["run_id"])
    assert (exit_code(applied), counts(applied)) == (0, {"due": 1, "cleared": 1, "traits": 1})
    assert listed(applied) == [("1", "Account.city", "cleared", "")]
    assert applied.report["billing"] == {"profile_operations": 1, "lookups": 1, "recalls": 0}
    assert "cleared.csv" in (Path(applied.folder) / "report.md").read_text()
    assert "cleared.csv" in (Path(applied.folder) / "report.html").read_text()
    assert (nights.patches, cities(nights)) == (1, [None, "Oslo"])
    assert counts(nights.run(BLANK, BOB)) == {}
    assert rows_of(nights.run(BLANK, BOB)) == {"unchanged": 2}
    assert rows_of(nights.run(ANA, BOB)) == {"completed": 1, "unchanged": 1}
    assert (nights.patches, cities(nights)) == (1, ["Rome", "Oslo"])


def test_another_spec_that_states_what_was_removed_sends_it_again_and_keeps_it(nights: Nights) -> None:
    for spec in ("crm", "shop"):
        nights.run(ANA, BOB, spec=spec)
    nights.run(BLANK, BOB)
    assert cities(nights) == [None, "Oslo"]
    assert rows_of(nights.run(ANA, BOB, spec="shop")) == {"completed": 1, "unchanged": 1}
    assert rows_of(nights.run(BLANK, BOB)) == {"unchanged": 2}
    assert cities(nights) == ["Rome", "Oslo"]
    nights.run(BLANK, BOB, spec="shop")
    assert cities(nights) == [None, "Oslo"]


def test_what_is_dropped_lacking_stated_in_another_row_or_an_identifier_is_not_removed(
    nights: Nights,
) -> None:
    nights.traits = {"Contact": CONTACT, "Account": {"city": {"column": "City", "type": "date"}}}
    ana, bob = (*ANA[:3], "2024-01-31"), (*BOB[:3], "2024-02-01")
    nights.run(ana, bob)
    assert counts(nights.run((*ana[:3], "soon"), (bob[0], bob[1], "", bob[3]))) == {}
    assert counts(nights.run(ana, (*ana[:3], ""), bob)) == {}
    assert counts(nights.run((*ana[:3], ""), bob, limit=1)) == {}
    rejected = nights.run((*ana[:3], ""), (ana[0], "+1202555", "ana@example.com", "x"), bob)
    assert counts(rejected) == {}
    assert (nights.patches, cities(nights)) == (0, [ana[3], bob[3]])


def test_a_file_without_the_column_removes_nothing(nights: Nights) -> None:
    nights.options = {"missing_columns": "blank"}
    nights.write(ANA, name="part-1.csv")
    nights.write(BOB, name="part-2.csv")
    nights.run()
    nights.write(ANA[:3], name="part-1.csv")
    nights.write((*BOB[:3], ""), name="part-2.csv")
    assert counts(nights.run(sync={**CLEARS, "max_gone": "100%"})) == {"due": 1, "cleared": 1, "traits": 1}
    assert cities(nights) == ["Rome", None]


def test_too_many_blanks_stop_the_run_and_nothing_is_sent(nights: Nights) -> None:
    crowd = [(f"Person {n}", f"+1202555{1000 + n}", f"p{n}@example.com", f"City{n}") for n in range(24)]
    nights.run(*crowd)
    before = nights.writes
    stopped = nights.run(*[(*one[:3], "") for one in crowd[:2]], *crowd[2:])
    assert (exit_code(stopped), counts(stopped)) == (ExitCode.BUDGET, {"due": 2, "planned": 2, "traits": 2})
    assert stopped.problem is not None
    assert "2 of 24 known people have blank cells" in stopped.problem.problems[0]
    assert "`max_gone: 9%` in profiles.sync" in stopped.problem.problems[-1]
    assert nights.writes == before
    assert exit_code(nights.run((*crowd[0][:3], ""), *crowd[1:])) == 0
    assert nights.patches == 1


def test_a_profile_that_shows_somebody_else_who_is_present_is_left_alone(nights: Nights) -> None:
    nights.run(ANA, BOB)
    [ana] = nights.api.look_up("email", ANA[2])
    body = {"idType": "email", "value": "carl@example.com"}
    nights.api.call("POST", f"/v1/Stores/{STORE}/Profiles/{ana}/Identifiers", body)
    nights.api.settle()
    carl = ("Carl Fox", "", "carl@example.com", "Bonn")
    kept = nights.run(BLANK, BOB, carl)
    assert (exit_code(kept), counts(kept)) == (0, {"due": 1, "kept": 1, "traits": 1})
    assert listed(kept) == [("1", "Account.city", "kept", "shows_present")]
    again = nights.run(BLANK, BOB, carl)
    assert counts(again) == {"due": 1, "kept": 1, "traits": 1}


FAULTS = {
    "an answer is lost": {"when": {"method": "PATCH", "nth": 1}, "do": {"drop": "after"}},
    "the request is lost": {"when": {"method": "PATCH", "nth": 1}, "do": {"drop": "before"}},
    "throttled": {"when": {"method": "PATCH", "nth": 1}, "do": {"status": 429}},
    "it shows late": {"when": {"method": "PATCH"}, "do": {"late_seconds": 0.1}},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_whatever_fails_on_the_way_the_trait_goes(nights: Nights, fault: dict[str, Any]) -> None:
    nights.run(ANA, BOB)
    nights.api.set_faults(fault)
    assert counts(nights.run(BLANK, BOB)) == {"due": 1, "cleared": 1, "traits": 1}
    assert cities(nights) == [None, "Oslo"]


@pytest.mark.parametrize("goes_on", ["resume", "run"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_ended_half_way_is_gone_on_with_or_followed(
    nights: Nights, moment: str, goes_on: str
) -> None:
    nights.run(ANA, BOB)
    nights.api.set_faults({"when": {"method": "PATCH"}, "do": {"drop": moment}})
    ended = nights.run(BLANK, BOB)
    assert (exit_code(ended), counts(ended)) == (ExitCode.PENDING, {"due": 1, "pending": 1, "traits": 1})
    nights.api.set_faults()
    if goes_on == "resume":
        resumed = nights.carry_out(action=Action.RESUME, run_id=ended.report["run_id"])
        assert counts(resumed) == {"due": 1, "cleared": 1, "traits": 1}
    elif moment == "before":  # it may still come, and take away what a new run brings
        assert exit_code(nights.run(BLANK, BOB)) == ExitCode.PENDING
        return
    assert rows_of(nights.run(ANA, BOB)) == {"completed": 1, "unchanged": 1}
    assert cities(nights) == ["Rome", "Oslo"]


def test_what_was_refused_is_said_and_asked_for_again(nights: Nights) -> None:
    nights.run(ANA, BOB)
    nights.api.set_faults({"when": {"method": "PATCH"}, "do": {"status": 400, "code": 20001}})
    refused = nights.run(BLANK, BOB)
    assert (exit_code(refused), counts(refused)) == (1, {"due": 1, "rejected": 1, "traits": 1})
    nights.api.set_faults()
    assert counts(nights.run(BLANK, BOB)) == {"due": 1, "cleared": 1, "traits": 1}
