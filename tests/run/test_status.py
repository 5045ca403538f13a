"""Where runs stand, as text and as a document."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from shutil import rmtree
from typing import TypeVar

import pytest

from memory_import.errors import UsageProblem
from memory_import.ledger.database.lock import exclusive, find_holder, name_run
from memory_import.ledger.database.records import RunStatus
from memory_import.ledger.report.summary import render_summary
from memory_import.ledger.report.words import headline, next_steps
from memory_import.run.lifecycle.state_directory import open_ledger
from memory_import.run.request import Action
from memory_import.run.status import describe_run, list_runs
from tests.support.workplace import STORE, Workplace, stop_before_delivery

T = TypeVar("T")


def test_a_folder_without_runs_says_so_and_is_left_as_it_is(workplace: Workplace) -> None:
    document, text = list_runs(workplace.state_dir)
    assert (document, text.splitlines()[0][:27]) == ([], "There are no runs here yet.")
    assert not workplace.state_dir.exists()


def test_runs_and_plans_are_tables_the_newest_first_with_counts_and_the_way_to_go_on(
    workplace: Workplace,
) -> None:
    stopped = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
    finished = workplace.carry_out().report["run_id"]
    plan = workplace.carry_out(workplace.request(action=Action.PLAN)).report["run_id"]
    document, text = list_runs(workplace.state_dir)
    assert [(run["run_id"], run["kind"], run["status"], run["exit_code"]) for run in document] == [
        (plan, "plan", "planned", 1),
        (finished, "run", "finished", 1),
        (stopped, "run", "superseded", 5),
    ]
    counts = [run["rows"] for run in document]
    assert counts[0] == {"read": 5, "sent": 0, "unchanged": 4, "rejected": 1}
    assert counts[1] == {"read": 5, "sent": 3, "unchanged": 0, "rejected": 1}
    assert [bool(run["resume_command"]) for run in document] == [True, False, False]
    runs, plans = text.split("Plans, of which nothing was sent")
    lines = runs.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["Runs", "when"]
    assert lines[2].split()[2:] == [
        "spec.yaml",
        STORE,
        "5",
        "3",
        "0",
        "1",
        "finished,",
        "exit",
        "1",
        finished,
    ]
    assert lines[3].endswith(stopped)
    assert f"to send it: memory-import apply {plan}" in plans
    assert text.endswith("Next: memory-import status RUN_ID shows the report of one.")
    json.dumps(document)


def test_a_run_that_can_go_on_says_how(workplace: Workplace) -> None:
    run_id = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
    _, text = list_runs(workplace.state_dir)
    assert f"    to go on: memory-import resume {run_id}" in text


def test_one_run_is_shown_by_its_report(workplace: Workplace) -> None:
    result = workplace.carry_out(workplace.request(action=Action.PLAN))
    document, text = describe_run(workplace.state_dir, result.report["run_id"])
    assert document == result.report
    assert text == render_summary(result.report, result.folder, says_why=True)


def test_a_run_without_a_report_is_shown_from_the_ledger(workplace: Workplace) -> None:
    result = workplace.carry_out(run_stage=stop_before_delivery)
    run_id = result.report["run_id"]
    (workplace.state_dir / "runs" / run_id / "report.json").unlink()
    document, text = describe_run(workplace.state_dir, run_id)
    assert (document["status"], document["exit_code"]) == ("stopped", 130)
    assert text.endswith(f"Next: memory-import resume {run_id} --state-dir {workplace.state_dir}")


def test_of_a_run_whose_folder_is_gone_the_ledger_still_has_its_numbers(workplace: Workplace) -> None:
    run_id = workplace.carry_out().report["run_id"]
    rmtree(workplace.state_dir / "runs" / run_id)
    document, text = describe_run(workplace.state_dir, run_id)
    assert document["loads"]["profiles"]["rows"] == {"read": 5}
    assert document["loads"]["profiles"]["batches"]["completed"] > 0
    assert "It has no folder any more; the ledger has this of it:" in text
    assert "profiles: 5 rows read" in text
    (listed,), table = list_runs(workplace.state_dir)
    assert listed["rows"] == {"read": 5, "sent": 3, "unchanged": None, "rejected": None}
    assert listed["has_folder"] is False
    assert "its folder is gone; the ledger has these numbers" in table


def test_a_damaged_report_is_as_good_as_none(workplace: Workplace) -> None:
    result = workplace.carry_out()
    (Path(result.folder) / "report.json").write_text("{")
    document, _ = describe_run(workplace.state_dir, result.report["run_id"])
    assert document["loads"]["profiles"]["rows"] == {"read": 5}


def test_a_run_that_is_not_there_is_named(workplace: Workplace) -> None:
    with pytest.raises(UsageProblem, match="There is no run x here; `memory-import status` lists all runs"):
        describe_run(workplace.state_dir, "x")


def test_a_run_that_a_later_one_took_the_place_of_says_so(workplace: Workplace) -> None:
    stopped = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
    workplace.carry_out()
    document, text = describe_run(workplace.state_dir, stopped)
    said = "A later run of the spec took its place: nothing further of this one is sent."
    assert document["problems"] == [said]
    assert f"  it ended early: {said}" in text
    assert said in (workplace.state_dir / "runs" / stopped / "report.html").read_text()


def let_die(workplace: Workplace, run_id: str) -> None:
    """What a run leaves whose process is killed while it delivers."""
    with open_ledger(workplace.state_dir) as ledger:
        ledger.set_status(run_id, RunStatus.RUNNING, exit_code=None, finished_at=None)


def test_a_run_whose_process_died_is_stopped_and_can_go_on(workplace: Workplace) -> None:
    run_id = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
    let_die(workplace, run_id)
    (listed,), table = list_runs(workplace.state_dir)
    assert (listed["status"], listed["was_killed"]) == ("stopped", True)
    assert "it was killed, or its machine stopped, before it could end" in table
    assert f"to go on: memory-import resume {run_id}" in table
    document, text = describe_run(workplace.state_dir, run_id)
    assert document["status"] == "stopped"
    assert "It was killed, or its machine stopped, before it could end." in text
    assert text.endswith(f"Next: memory-import resume {run_id} --state-dir {workplace.state_dir}")


def test_a_run_that_a_process_is_at_work_on_is_running_and_one_that_died_before_is_not(
    workplace: Workplace,
) -> None:
    dead = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
    let_die(workplace, dead)
    plan = workplace.carry_out(workplace.request(action=Action.PLAN)).report["run_id"]
    let_die(workplace, plan)
    with exclusive(workplace.state_dir, purpose="a plan of spec.yaml", since="today"):
        name_run(workplace.state_dir, plan)
        document, table = list_runs(workplace.state_dir)
    states = {run["run_id"]: (run["status"], bool(run["resume_command"])) for run in document}
    assert states == {plan: ("running", False), dead: ("stopped", True)}
    assert table.count("it was killed") == 1
    spec = workplace.folder / "spec.yaml"
    assert f"to make it anew: memory-import plan {spec}" in list_runs(workplace.state_dir)[1]


def test_a_run_says_who_it_is_while_it_is_under_way(workplace: Workplace) -> None:
    seen: list[object] = []

    async def look(name: str, stage: Callable[[], Awaitable[T]]) -> T:
        seen.append((find_holder(workplace.state_dir) or {}).get("run_id"))
        return await stage()

    run_id = workplace.carry_out(run_stage=look).report["run_id"]
    assert set(seen) == {run_id}
    assert find_holder(workplace.state_dir) is None


def test_rows_that_were_read_back_and_are_missing_are_not_said_to_be_in_the_store(
    workplace: Workplace,
) -> None:
    result = workplace.carry_out()
    path = Path(result.folder) / "report.json"
    report = json.loads(path.read_text())
    refuted = {"missing": 1, "different": 1, "merged": 0}
    report["loads"]["profiles"]["verification"] = {
        "not_as_sent": refuted,
        "unchanged_not_as_sent": 0,
    }
    path.write_text(json.dumps(report))
    (listed,), table = list_runs(workplace.state_dir)
    assert listed["not_as_sent"] == 2
    assert "verify found 2 rows not in the store as sent; the next run of the spec sends them again" in table
    assert headline(report).startswith(
        "Of 5 rows 1 is in the store, 1 is missing from the store, 1 is in the store otherwise than"
    )
    report["target"]["emulator"] = False
    assert next_steps(report, result.folder)[0].command.startswith("memory-import run ")
