"""The state directory: taken whole, or refused in words."""

from pathlib import Path
from typing import Any

import pytest

from memory_import.errors import UsageProblem
from memory_import.run.lifecycle.preflight import check_request
from memory_import.run.lifecycle.state_directory import hold
from memory_import.run.request import new_run_id
from tests.support.workplace import Workplace, rows_of, stop_before_delivery


@pytest.mark.parametrize("name", ["a?b=c", "a%20b", "a#b", "a b", "ä", "a;b", "a&mode=ro"])
def test_any_name_is_taken_as_it_stands(tmp_path: Path, name: str) -> None:
    with hold(tmp_path / name, "a run") as ledger:
        assert ledger.runs() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert (tmp_path / name / "ledger.sqlite3").stat().st_size > 0


def make_file(path: Path) -> None:
    path.write_text("")


def make_file_for_runs(path: Path) -> None:
    path.mkdir()
    (path / "runs").write_text("")


def make_link_for_lock(path: Path) -> None:
    path.mkdir()
    (path / "lock").symlink_to(path / "elsewhere")


def make_other_ledger(path: Path) -> None:
    path.mkdir()
    (path / "ledger.sqlite3").write_text("no database" * 100)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(make_file, "File exists", id="a file"),
        pytest.param(make_file_for_runs, "File exists", id="a file where the runs are"),
        pytest.param(make_link_for_lock, "its lock is a link", id="a link for a lock"),
        pytest.param(make_other_ledger, "file is not a database", id="another file for the ledger"),
    ],
)
def test_what_cannot_be_used_is_told_with_the_remedy(tmp_path: Path, make: Any, words: str) -> None:
    make(tmp_path / "state")
    with pytest.raises(UsageProblem, match=words) as refusal, hold(tmp_path / "state", "a run"):
        pass
    assert "give another directory with --state-dir" in str(refusal.value)


def test_a_ledger_that_lost_a_run_is_noticed(workplace: Workplace) -> None:
    run_id = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
    (workplace.state_dir / "ledger.sqlite3").unlink()
    words = f"holds a folder of run {run_id}, which the ledger does not"
    with pytest.raises(UsageProblem, match=words):
        check_request(workplace.resumption(), workplace.variables)
    for request in (workplace.resumption(), workplace.request()):
        with pytest.raises(UsageProblem, match=words):
            workplace.carry_out(request)


def test_copies_of_inputs_that_no_run_came_of_are_no_loss(workplace: Workplace) -> None:
    (workplace.state_dir / "runs" / new_run_id() / "inputs" / "profiles").mkdir(parents=True)
    assert rows_of(workplace.carry_out())["completed"] == 3
