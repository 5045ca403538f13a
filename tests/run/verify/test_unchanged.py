"""People and memories of whom a run has sent nothing are read back, too: what is known must be there."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from memory_import.errors import ExitCode
from memory_import.run.lifecycle.result import RunResult
from tests.run.test_rows_left_alone import Crm, count_left_alone, night
from tests.support.workplace import Workplace, rows_of, write_customers, write_spec
from tests.support.world import (
    PROFILES,
    World,
    add_notes,
    email,
    listed_rows,
    observation_of,
    outcomes,
    running_world,
    verify,
)

PEOPLE = 12


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    write_customers(tmp_path, *(f"Name{n},,{email(n)},2024-01-31" for n in range(PEOPLE)))
    write_spec(tmp_path)
    with running_world(tmp_path) as ready:
        yield ready


def run_again(world: World) -> RunResult:
    """The same input an hour later; an hour after that it can be verified."""
    world.wait()
    again = world.run()
    assert rows_of(again) == {"read": PEOPLE, "unchanged": PEOPLE}
    world.wait()
    return again


def test_a_run_that_had_nothing_to_send_proves_that_all_of_it_is_there(world: World) -> None:
    world.run()
    again = run_again(world)
    verified = world.verify(None)
    found = verified["loads"]["profiles"]
    assert (verified["run_id"], verified["exit_code"]) == (again.report["run_id"], ExitCode.DONE)
    assert (found["landed"], found["unchanged"], found["equal"]) == (0, PEOPLE, PEOPLE)
    assert found["unchanged_rate"] == {"drawn": PEOPLE, "wrong": 0, "low": 0.0, "high": 0.0}
    assert outcomes(again) == {"verified": PEOPLE}


def test_nothing_that_is_read_back_is_counted_as_sent(world: World) -> None:
    world.run()
    again = run_again(world)
    sent = [
        again.report["loads"]["profiles"]["traits"]["Contact.email"][fate] for fate in ("sent", "not_sent")
    ]
    world.verify(None)
    fates = world.report(again)["loads"]["profiles"]["traits"]["Contact.email"]
    assert [fates["sent"], fates["not_sent"]] == sent == [0, PEOPLE]


def test_what_was_lost_without_a_word_is_found_by_a_later_run_and_sent_again(world: World) -> None:
    world.script({"when": {"path": "*/Profiles/Bulk"}, "do": {"skip_rows": [3, 7]}})
    world.run()
    world.script()
    again = run_again(world)
    verified = world.verify(None)
    found = verified["loads"]["profiles"]
    assert (verified["exit_code"], found["missing"], found["wrong"]) == (ExitCode.REJECTS, 2, 2)
    assert (found["not_as_sent"]["missing"], found["unchanged_not_as_sent"]) == (2, 2)
    assert listed_rows(again, "missing") == [4, 8]
    assert outcomes(again) == {"verified": PEOPLE - 2, "unchanged": 2}
    healed = world.run()
    assert rows_of(healed) == {"read": PEOPLE, "completed": 2, "unchanged": PEOPLE - 2}
    world.wait()
    assert world.verify(None)["exit_code"] == ExitCode.DONE


def take_trait(world: World, profile: str) -> None:
    world.ask("PATCH", profile, {"traits": {"Contact": {"firstName": None}}})


def take_email(world: World, profile: str) -> None:
    world.ask("PATCH", f"{profile}/Identifiers/phone", {"values": []})


def take_profile(world: World, profile: str) -> None:
    world.ask("DELETE", profile)


@pytest.mark.parametrize(("verdict", "change"), [("different", take_trait), ("missing", take_profile)])
def test_what_is_gone_from_the_store_is_listed_and_sent_again(
    world: World, verdict: str, change: Callable[[World, str], None]
) -> None:
    world.run()
    change(world, f"{PROFILES}/{world.profile_of(email(5))}")
    again = run_again(world)
    verified = world.verify(None)
    assert (verified["exit_code"], verified["loads"]["profiles"][verdict]) == (ExitCode.REJECTS, 1)
    assert listed_rows(again, verdict) == [6]
    assert rows_of(world.run())["completed"] == 1
    world.wait()
    assert world.verify(None)["exit_code"] == ExitCode.DONE


def test_what_somebody_changed_since_it_was_sent_is_no_error(world: World) -> None:
    world.run()
    world.wait()
    theirs = {"traits": {"Contact": {"firstName": "Grace"}}}
    world.ask("PATCH", f"{PROFILES}/{world.profile_of(email(7))}", theirs)
    again = run_again(world)  # they changed it before this run began, and after the one that had sent it
    verified = world.verify(None)
    found = verified["loads"]["profiles"]
    assert (verified["exit_code"], found["changed_since"], found["wrong"]) == (ExitCode.DONE, 1, 0)
    assert listed_rows(again, "changed_since") == [8]
    with (Path(again.folder) / "differences.csv").open(newline="") as lines:
        (line,) = csv.DictReader(lines)
    assert (line["_what"], line["_sent"], line["_found"]) == ("Contact.firstName", '"Name7"', '"Grace"')
    assert rows_of(world.run())["unchanged"] == PEOPLE  # it is theirs


def test_a_run_that_reads_back_at_its_end_forgets_what_is_gone(world: World) -> None:
    world.run()
    take_profile(world, f"{PROFILES}/{world.profile_of(email(5))}")
    world.wait()
    again = world.run(verify="50")
    assert again.report["exit_code"] == ExitCode.REJECTS
    assert outcomes(again) == {"verified": PEOPLE - 1, "unchanged": 1}
    assert rows_of(world.run())["completed"] == 1


def test_what_was_sent_and_what_is_unchanged_are_drawn_apart(world: World) -> None:
    world.run()
    world.wait()
    more = [f"New{n},,{email(n)},2024-01-31" for n in range(PEOPLE, PEOPLE + 8)]
    same = [f"Name{n},,{email(n)},2024-01-31" for n in range(PEOPLE)]
    write_customers(world.workplace.folder, *same, *more)
    world.run()
    world.wait()
    found = world.verify(3)["loads"]["profiles"]
    assert (found["landed"], found["unchanged"]) == (8, PEOPLE)
    assert (found["rate"]["drawn"], found["unchanged_rate"]["drawn"]) == (3, 3)
    assert found["equal"] == found["read"]


def test_memories_that_are_unchanged_are_read_back(world: World) -> None:
    add_notes(world, PEOPLE)
    world.run()
    world.wait()
    world.ask("DELETE", observation_of(world, 4))
    world.ask("PATCH", observation_of(world, 5), {"content": "rewritten by the service"})
    again = run_again(world)
    verified = world.verify(None)
    found = verified["loads"]["observations"]
    assert (verified["exit_code"], found["landed"], found["unchanged"]) == (ExitCode.REJECTS, 0, PEOPLE)
    assert (found["equal"], found["missing"], found["changed_since"]) == (PEOPLE - 2, 1, 1)
    name = "differences-observations.csv"
    assert (listed_rows(again, "missing", name), listed_rows(again, "changed_since", name)) == ([5], [6])
    rows = world.run().report["loads"]["observations"]["rows"]
    assert (rows["accepted"], rows["unchanged"]) == (1, PEOPLE - 1)
    assert observation_of(world, 4)


def test_people_of_any_rows_are_found_as_their_rows_state_them(tmp_path: Path) -> None:
    """Nights of a small CRM, with people of several rows, further phones and values that are left out."""
    workplace, crm = Workplace(tmp_path), Crm(Random(5))
    of_rows = 0
    for _ in range(4):
        crm.work()
        result = night(workplace, crm)
        verified = verify(workplace, None, 3_600.0)
        found = verified["loads"]["profiles"]
        assert (verified["exit_code"], found["read"]) == (ExitCode.DONE, found["equal"])
        persons = result.report["loads"]["profiles"]["persons"]
        assert found["unchanged"] == persons["unchanged"]
        of_rows += count_left_alone(result) > 0
    assert of_rows == 3
