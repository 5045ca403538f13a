"""Where runs stand, as text and as a document."""

import json

import pytest

from memory_import.errors import UsageProblem
from memory_import.run.request import Action
from memory_import.run.status import describe_run, list_runs
from tests.support.workplace import Workplace, stop_before_delivery


def test_a_folder_without_runs_says_so_and_is_left_as_it_is(workplace: Workplace) -> None:
    assert list_runs(workplace.state_dir) == ([], "There are no runs here yet.")
    assert not workplace.state_dir.exists()


def test_runs_are_listed_the_newest_first_with_the_way_to_go_on(workplace: Workplace) -> None:
    stopped = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
    plan = workplace.carry_out(workplace.request(action=Action.PLAN)).report["run_id"]
    document, text = list_runs(workplace.state_dir)
    assert [run["run_id"] for run in document] == [plan, stopped]
    assert [run["status"] for run in document] == ["planned", "stopped"]
    assert [run["exit_code"] for run in document] == [1, 130]
    assert [bool(run["resume_command"]) for run in document] == [True, True]
    assert [line.split()[:3] for line in text.splitlines()] == [
        [plan, "planned", "1"],
        [stopped, "stopped", "130"],
    ]
    json.dumps(document)


def test_one_run_is_shown_by_its_report(workplace: Workplace) -> None:
    result = workplace.carry_out(workplace.request(action=Action.PLAN))
    document, text = describe_run(workplace.state_dir, result.report["run_id"])
    assert document == result.report
    assert text.startswith(f"Plan {result.report['run_id']}: planned\n  profiles: 5 rows read = ")


def test_a_run_without_a_report_is_shown_from_the_ledger(workplace: Workplace) -> None:
    result = workplace.carry_out(run_stage=stop_before_delivery)
    run_id = result.report["run_id"]
    (workplace.state_dir / "runs" / run_id / "report.json").unlink()
    document, text = describe_run(workplace.state_dir, run_id)
    assert (document["status"], document["exit_code"]) == ("stopped", 130)
    assert f"resume_command: memory-import resume {run_id}" in text


def test_a_run_that_is_not_there_is_named(workplace: Workplace) -> None:
    with pytest.raises(UsageProblem, match="There is no run x here; `memory-import status` lists all runs"):
        describe_run(workplace.state_dir, "x")
