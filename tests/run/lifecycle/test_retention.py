"""Staged rows are kept until the next run of their spec into their store is finished; reports stay."""

import asyncio
import shutil
from pathlib import Path

import pytest

from memory_import.errors import UsageProblem
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.progress import RunProgress
from memory_import.run.request import Action
from memory_import.run.verify.command import VerifyRequest, verify_run
from tests.support.workplace import Workplace, stop_before_delivery


def keeps_rows(run: RunResult) -> bool:
    folder = Path(run.folder)
    assert (folder / "report.json").exists()
    assert (folder / "rejects.csv").exists()
    return (folder / "profiles" / "manifest.json").exists()


def verify(workplace: Workplace, run: RunResult) -> None:
    request = VerifyRequest(workplace.state_dir, run.report["run_id"], None)
    asyncio.run(verify_run(request, workplace.variables, RunProgress(None)))


def test_rows_go_once_the_next_run_is_finished_and_verify_says_so(workplace: Workplace) -> None:
    first = workplace.carry_out()
    assert keeps_rows(first)
    second = workplace.carry_out()

    assert (keeps_rows(first), keeps_rows(second)) == (False, True)
    with pytest.raises(UsageProblem, match=r"rows of run .* are not kept any more"):
        verify(workplace, first)


def test_an_unfinished_run_takes_no_rows_away_and_loses_none(workplace: Workplace) -> None:
    first = workplace.carry_out()
    stopped = workplace.carry_out(run_stage=stop_before_delivery)
    assert (keeps_rows(first), keeps_rows(stopped)) == (True, True)

    finished = workplace.carry_out(workplace.resumption())
    assert finished.report["run_id"] == stopped.report["run_id"]
    assert (keeps_rows(first), keeps_rows(finished)) == (False, True)


def test_a_plan_takes_no_rows_away_and_keeps_its_own_until_it_was_applied(workplace: Workplace) -> None:
    first = workplace.carry_out()
    plan = workplace.carry_out(workplace.request(action=Action.PLAN))
    assert (keeps_rows(first), keeps_rows(plan)) == (True, True)

    second = workplace.carry_out()
    assert (keeps_rows(first), keeps_rows(plan), keeps_rows(second)) == (False, True, True)


def test_rows_of_another_spec_stay(workplace: Workplace) -> None:
    other = workplace.folder / "other.yaml"
    shutil.copy(workplace.folder / "spec.yaml", other)
    first = workplace.carry_out(workplace.request(spec_path=other))
    workplace.carry_out()

    assert keeps_rows(first)


def test_what_a_crash_left_of_them_goes_with_the_next_run(workplace: Workplace) -> None:
    first = workplace.carry_out()
    (Path(first.folder) / "profiles").rename(Path(first.folder) / "removed")
    workplace.carry_out()

    assert not (Path(first.folder) / "removed").exists()
