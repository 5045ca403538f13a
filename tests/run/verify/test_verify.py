"""What reading back finds: every row that was lost, no row that somebody else has changed since."""

import asyncio
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from memory_import.errors import ExitCode, ImportProblem, UsageProblem
from memory_import.run.progress import RunProgress
from memory_import.run.verify import verification
from memory_import.run.verify.command import VerifyRequest, describe_verified, verify_run
from memory_import.run.verify.sample import draw
from tests.support.workplace import TRAITS, Workplace, write_customers, write_spec
from tests.support.world import (
    PROFILES,
    World,
    add_notes,
    email,
    listed_rows,
    observation_of,
    outcomes,
    running_world,
)

CUSTOMERS = 100
LOST = range(3, CUSTOMERS, 20)  # 5 %
MANY = 400  # of whom a sample says much, and who are not all read at once


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_world(tmp_path) as ready:
        write_people(ready, CUSTOMERS)
        yield ready


def write_people(world: World, count: int) -> None:
    """An input of so many customers."""
    rows = [f"Name{n},,{email(n)},2024-01-31" for n in range(count)]
    write_customers(world.workplace.folder, *rows)
    write_spec(world.workplace.folder)


def lose_some(world: World, lost: range = LOST) -> None:
    world.script({"when": {"path": "*/Profiles/Bulk"}, "do": {"skip_rows": list(lost)}})


def test_all_that_was_lost_without_a_word_is_found_and_named(world: World) -> None:
    lose_some(world)
    result = world.run()
    assert result.report["exit_code"] == ExitCode.DONE  # nobody has said a word
    world.wait()
    verified = world.verify(None)
    found = verified["loads"]["profiles"]
    assert verified["exit_code"] == ExitCode.REJECTS
    assert (found["read"], found["equal"], found["missing"]) == (CUSTOMERS, 95, 5)
    assert found["rate"] == {"drawn": CUSTOMERS, "wrong": 5, "low": 0.05, "high": 0.05}
    assert listed_rows(result, "missing") == [number + 1 for number in LOST]
    assert outcomes(result) == {"verified": 95, "completed": 5}
    rows = world.report(result)["loads"]["profiles"]["rows"]
    assert (rows["read"], rows["verified"], rows["completed"]) == (CUSTOMERS, 95, 5)
    assert world.report(result)["status"] == "finished"
    assert "5 missing" in describe_verified(verified)


def test_a_sample_holds_the_rate_within_its_bounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw_the_same(population: pl.DataFrame, sample: int | None, _: str) -> pl.DataFrame:
        return draw(population, sample, "always the same")  # one of a hundred draws is beyond its bounds

    monkeypatch.setattr(verification, "draw", draw_the_same)
    write_people(world, MANY)
    lost = range(3, MANY, 20)
    lose_some(world, lost)
    result = world.run()
    world.wait()
    found = world.verify(150)["loads"]["profiles"]
    assert found["rate"]["drawn"] == 150
    assert found["rate"]["low"] <= 0.05 <= found["rate"]["high"]
    assert 0 < found["missing"] < len(lost)
    named = listed_rows(result, "missing")
    assert len(named) == found["missing"]
    assert set(named) <= {number + 1 for number in lost}
    assert outcomes(result)["verified"] == found["equal"]


def test_the_next_run_brings_what_was_lost(world: World) -> None:
    lose_some(world)
    world.run()
    world.wait()
    assert world.verify(None)["exit_code"] == ExitCode.REJECTS
    world.script()
    second = world.run()
    world.wait()
    verified = world.verify(None)
    assert (verified["run_id"], verified["exit_code"]) == (second.report["run_id"], ExitCode.DONE)
    found = verified["loads"]["profiles"]
    assert (found["landed"], found["unchanged"], found["equal"]) == (
        len(LOST),
        CUSTOMERS - len(LOST),
        CUSTOMERS,
    )


def test_people_who_changed_and_those_of_several_rows_are_read_beside_those_that_are_drawn(
    world: World,
) -> None:
    write_people(world, MANY)
    world.run()
    same = [f"Name{n},,{email(n)},2024-01-31" for n in range(100)]
    changed = [f"Name{n} Heron,,{email(n)},2024-01-31" for n in range(100, 103)]
    several = [f"New{n},,{email(n)},2024-01-31" for n in (500, 500, 501, 501)]
    new = [f"New{n},,{email(n)},2024-01-31" for n in range(600, 900)]
    write_customers(world.workplace.folder, *same, *changed, *several, *new)
    assert world.run().report["loads"]["profiles"]["persons"]["changed"] == 3
    world.wait()
    found = world.verify(1)["loads"]["profiles"]
    assert found["rate"]["drawn"] == 1
    assert found["read"] >= 3 + 2 + 5  # and some of the last request
    assert found["equal"] == found["read"]


def test_a_run_reads_back_at_its_end_if_it_is_told_to(world: World) -> None:
    result = world.run(verify="50")
    assert result.report["exit_code"] == ExitCode.DONE
    section = result.report["loads"]["profiles"]["verification"]
    assert (section["sample"], section["equal"]) == (50, section["planned"])
    assert outcomes(result)["verified"] == section["planned"]
    summary = (Path(result.folder) / "report.md").read_text()
    assert "What was read back" in summary


@pytest.mark.parametrize("sample", ["0", "many"])
def test_a_run_is_not_begun_where_nobody_knows_how_much_to_read_back(world: World, sample: str) -> None:
    with pytest.raises(UsageProblem, match="number of rows"):
        world.run(verify=sample)


def test_what_somebody_changed_since_is_told_apart_and_no_error(world: World) -> None:
    result = world.run()
    world.wait()
    changed = world.profile_of(email(7))
    world.ask("PATCH", f"{PROFILES}/{changed}", {"traits": {"Contact": {"firstName": "Grace"}}})
    verified = world.verify(None)
    found = verified["loads"]["profiles"]
    assert (verified["exit_code"], found["changed_since"], found["wrong"]) == (ExitCode.DONE, 1, 0)
    assert found["differences"] == {"Contact.firstName": 1}
    assert listed_rows(result, "changed_since") == [8]
    assert outcomes(result) == {"verified": CUSTOMERS - 1, "completed": 1}


def test_a_value_that_did_not_arrive_is_different(world: World) -> None:
    world.run()
    world.wait()
    write_customers(
        world.workplace.folder, *(f"Name{n} Other,,{email(n)},2024-01-31" for n in range(CUSTOMERS))
    )
    lose_some(world)
    result = world.run()
    found = world.verify(None)["loads"]["profiles"]
    assert (found["different"], found["equal"]) == (len(LOST), CUSTOMERS - len(LOST))
    with (Path(result.folder) / "differences.csv").open(newline="") as lines:
        first = next(csv.DictReader(lines))
    assert (first["_what"], first["_sent"], first["_found"]) == (
        "Contact.firstName",
        '"Name3 Other"',
        '"Name3"',
    )


def test_people_who_were_merged_since_are_told_apart(world: World) -> None:
    result = world.run()
    world.wait()
    both = {"email": email(1), "phone": "+12025550199"}
    world.ask("POST", PROFILES, {"traits": {"Contact": both}})
    world.ask("POST", PROFILES, {"traits": {"Contact": {**both, "email": email(2)}}})
    verified = world.verify(None)
    found = verified["loads"]["profiles"]
    assert verified["exit_code"] == ExitCode.REJECTS
    assert found["merged"] >= 1
    assert set(listed_rows(result, "merged")) <= {2, 3}
    assert found["different"] == 0


def test_a_verification_that_was_cut_short_goes_on(world: World) -> None:
    write_people(world, MANY)
    world.run()
    world.wait()
    world.script({"when": {"path": "*/Lookup", "from": 251}, "do": {"status": 403, "code": 20403}})
    with pytest.raises(ImportProblem) as refused:
        world.verify(None)
    assert refused.value.exit_code == ExitCode.CREDENTIALS
    before = world.lookups()
    world.script()
    found = world.verify(None)["loads"]["profiles"]
    assert (found["read"], found["equal"]) == (MANY, MANY)
    assert world.lookups() - before == MANY - 200  # the first two hundred were on the disk


def test_what_the_service_asks_for_is_heeded(world: World) -> None:
    world.run()
    world.wait()
    world.script({"when": {"path": "*/Lookup", "every": 40}, "do": {"status": 429, "retry_after": "0"}})
    assert world.verify(60)["exit_code"] == ExitCode.DONE


def test_observations_are_compared_by_content_and_time(world: World) -> None:
    add_notes(world, 20)
    result = world.run()
    world.wait()
    world.ask("DELETE", observation_of(world, 4))
    world.ask("PATCH", observation_of(world, 5), {"content": "rewritten by the service"})
    moved = {"content": "rewritten and moved", "occurredAt": "2025-01-01T00:00:00Z"}
    world.ask("PATCH", observation_of(world, 6), moved)
    verified = world.verify(None)
    found = verified["loads"]["observations"]
    assert verified["exit_code"] == ExitCode.REJECTS
    assert (found["equal"], found["missing"], found["changed_since"]) == (17, 1, 2)
    assert listed_rows(result, "missing", "differences-observations.csv") == [5]
    assert listed_rows(result, "changed_since", "differences-observations.csv") == [6, 7]
    assert outcomes(result, "outcomes-observations.parquet") == {
        "verified": 17,
        "accepted": 3,
    }
    again = world.run()
    rows = again.report["loads"]["observations"]["rows"]
    assert (rows["accepted"], rows["unchanged"]) == (1, 19)  # the one that was lost, and no other
    assert observation_of(world, 4)


def test_what_cannot_be_verified_is_told(world: World) -> None:
    with pytest.raises(UsageProblem, match="holds no runs"):
        world.verify(None)
    world.run()
    with pytest.raises(UsageProblem, match="has sent anything"):
        world.verify(None, "20260101T000000000Z-0000")


def test_a_run_into_the_emulator_is_read_back_from_its_own_store(tmp_path: Path) -> None:
    write_customers(tmp_path)
    write_spec(tmp_path, traits=TRAITS)
    workplace = Workplace(tmp_path)
    workplace.carry_out(workplace.request(emulator=True))
    request = VerifyRequest(workplace.state_dir, None, None)
    verified = asyncio.run(verify_run(request, {}, RunProgress(None)))
    assert verified["exit_code"] == ExitCode.DONE
    assert verified["loads"]["profiles"]["equal"] == 3


def test_the_command_says_what_is_billed_before_and_one_document_after(world: World) -> None:
    lose_some(world)
    result = world.run()
    world.wait()
    ended = subprocess.run(
        [sys.executable, "-m", "memory_import.cli", "verify", "--sample", "all", "--output", "json"],
        cwd=world.workplace.folder,
        env={**os.environ, **world.workplace.variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == ExitCode.USAGE  # the state is in another directory
    assert json.loads(ended.stdout)["status"] == "refused"
    ended = subprocess.run(
        [*ended.args, "--state-dir", "state"],
        cwd=world.workplace.folder,
        env={**os.environ, **world.workplace.variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == ExitCode.REJECTS
    document = json.loads(ended.stdout)
    assert (document["run_id"], document["exit_code"]) == (result.report["run_id"], 1)
    assert document["loads"]["profiles"]["missing"] == len(LOST)
    assert f"{CUSTOMERS} profiles to read" in ended.stderr.splitlines()[0]
    assert "example.com" not in ended.stdout + ended.stderr
