"""Where runs stand, as text and as a document."""

import json
from pathlib import Path
from shutil import rmtree

import pytest

from memory_import.errors import UsageProblem
from memory_import.ledger.report.summary import render_summary
from memory_import.run.request import Action
from memory_import.run.status import describe_run, list_runs
from tests.support.workplace import STORE, Workplace, stop_before_delivery


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
