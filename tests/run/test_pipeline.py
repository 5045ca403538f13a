"""A run from its beginning to its report."""

import io
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from shutil import rmtree

import polars as pl
import pytest

from memory_import.errors import BudgetExceeded, ExitCode, ImportProblem, UsageProblem
from memory_import.run.budget import Budgets
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.pipeline import T
from memory_import.run.request import Action
from memory_import.run.status import list_runs
from tests.conftest import PASSWORD
from tests.support.workplace import (
    ROWS,
    TRAITS,
    Workplace,
    payloads_of,
    rows_of,
    stop_before_delivery,
    write_customers,
    write_spec,
)

OF_FIVE_ROWS = {"read": 5, "completed": 3, "merged": 1, "rejected": 1}


def exit_code(result: RunResult) -> int:
    code: int = result.report["exit_code"]
    return code


def test_every_row_has_its_outcome(workplace: Workplace) -> None:
    result = workplace.carry_out()
    assert result.problem is None
    assert rows_of(result) == OF_FIVE_ROWS
    assert result.report["status"] == "finished"
    assert exit_code(result) == ExitCode.REJECTS
    assert result.report["loads"]["profiles"]["reject_reasons"] == {"no_identifier": 1, "phone_too_short": 1}
    outcomes = pl.read_parquet(Path(result.folder) / "outcomes.parquet")
    assert outcomes["outcome"].to_list() == ["completed", "completed", "merged", "rejected", "completed"]
    assert outcomes["merged_into_row"].to_list() == [None, None, 5, None, None]


def test_the_report_on_disk_is_the_one_that_is_returned(workplace: Workplace) -> None:
    result = workplace.carry_out()
    assert json.loads((Path(result.folder) / "report.json").read_text()) == result.report
    assert result.report["run_id"] in (Path(result.folder) / "report.md").read_text()


def test_a_run_is_a_few_named_stages_with_the_report_at_the_end(workplace: Workplace) -> None:
    stages = []

    async def note(name: str, stage: Callable[[], Awaitable[T]]) -> T:
        stages.append(name)
        return await stage()

    assert rows_of(workplace.carry_out(run_stage=note)) == OF_FIVE_ROWS
    assert stages == [
        "end the run before",
        "check the store",
        "read, prepare and stage profiles",
        "deliver profiles",
        "report",
    ]


def test_a_stage_that_fails_ends_the_run_with_a_report_and_the_run_can_go_on(workplace: Workplace) -> None:
    async def fail(name: str, stage: Callable[[], Awaitable[T]]) -> T:
        if name == "deliver profiles":
            raise ValueError("ada@example.com")
        return await stage()

    result = workplace.carry_out(run_stage=fail)
    assert result.problem is not None
    assert "ada@example.com" not in str(result.problem)
    assert (exit_code(result), result.report["status"]) == (ExitCode.INTERNAL, "stopped")
    assert rows_of(result) == {"read": 5, "merged": 1, "pending": 3, "rejected": 1}
    assert rows_of(workplace.carry_out(workplace.resumption(result.report["run_id"]))) == OF_FIVE_ROWS


def test_a_report_that_cannot_be_written_leaves_a_run_that_can_go_on(workplace: Workplace) -> None:
    obstacles: list[Path] = []

    async def obstruct(name: str, stage: Callable[[], Awaitable[T]]) -> T:
        if name == "report":
            (folder,) = (workplace.state_dir / "runs").iterdir()
            obstacles.append(folder / "report.json" / "in the way")
            obstacles[0].mkdir(parents=True)
        return await stage()

    with pytest.raises(ImportProblem):
        workplace.carry_out(run_stage=obstruct)
    (listed,), _ = list_runs(workplace.state_dir)
    assert listed["status"] in {"stopped", "pending"}
    assert listed["resume_command"]
    rmtree(obstacles[0].parent)
    finished = workplace.carry_out(workplace.resumption())
    assert (finished.report["status"], finished.report["exit_code"]) == ("finished", 1)
    assert rows_of(finished) == {"read": 5, "completed": 3, "merged": 1, "rejected": 1}


def test_a_run_that_was_stopped_goes_on_where_it_stood(workplace: Workplace) -> None:
    stopped = workplace.carry_out(run_stage=stop_before_delivery)
    assert (exit_code(stopped), stopped.report["status"]) == (ExitCode.INTERRUPTED, "stopped")
    assert stopped.report["resume_command"] == (
        f"memory-import resume {stopped.report['run_id']} --state-dir {workplace.state_dir}"
    )
    resumed = workplace.carry_out(workplace.resumption())
    assert resumed.report["run_id"] == stopped.report["run_id"]
    assert (rows_of(resumed), resumed.report["resume_command"]) == (OF_FIVE_ROWS, None)


def test_a_plan_without_credentials_asks_nobody(workplace: Workplace) -> None:
    result = Workplace(workplace.folder).carry_out(workplace.request(action=Action.PLAN))
    assert rows_of(result) == {"read": 5, "merged": 1, "planned": 3, "rejected": 1}
    assert result.report["plan"]["store"] == {"asked": False, "lacks": []}
    assert result.report["requests"]["total"] == 0
    assert (exit_code(result), result.report["status"]) == (ExitCode.REJECTS, "planned")


def test_null_values_mean_nothing_and_stand_in_the_rejects_as_they_were(tmp_path: Path) -> None:
    write_customers(tmp_path, 'N/A,"-",-,-', '"N/A",+1 202-555-0101,-,')
    write_spec(tmp_path, source={"path": "customers.csv", "null_values": ["N/A", "-"]})
    result = Workplace(tmp_path).carry_out(Workplace(tmp_path).request(action=Action.PLAN))
    assert rows_of(result) == {"read": 2, "planned": 1, "rejected": 1}
    assert result.report["loads"]["profiles"]["reject_reasons"] == {"no_identifier": 1}
    assert (Path(result.folder) / "rejects.csv").read_text().splitlines()[1].startswith('N/A,"-",-,-,')
    assert payloads_of(result) == [None, '{"traits":{"Contact":{"phone":"+12025550101"}}}']


@pytest.mark.parametrize(("limit", "read"), [(1, 1), (4, 4), (5, 5), (100, 5)])
def test_a_limit_takes_the_first_rows(workplace: Workplace, limit: int, read: int) -> None:
    result = workplace.carry_out(workplace.request(action=Action.PLAN, limit=limit))
    assert result.report["loads"]["profiles"]["rows"]["read"] == read


@pytest.mark.parametrize(
    ("max_errors", "code"),
    [
        pytest.param("0", ExitCode.BUDGET, id="no row"),
        pytest.param("19%", ExitCode.BUDGET, id="less than it has"),
        pytest.param("1", ExitCode.REJECTS, id="one row"),
        pytest.param("20%", ExitCode.REJECTS, id="as many as it has"),
    ],
)
def test_nothing_is_sent_when_more_rows_are_rejected_than_allowed(
    workplace: Workplace, max_errors: str, code: ExitCode
) -> None:
    result = workplace.carry_out(workplace.request(budgets=Budgets(max_errors=max_errors)))
    assert exit_code(result) == code
    assert isinstance(result.problem, BudgetExceeded) is (code is ExitCode.BUDGET)
    assert (result.report["loads"]["profiles"]["sent"] == 0) is (code is ExitCode.BUDGET)


def test_wrong_credentials_stop_the_run_and_reject_nothing(workplace: Workplace) -> None:
    result = workplace.with_variables(TWILIO_API_SECRET="another").carry_out()
    assert exit_code(result) == ExitCode.CREDENTIALS
    assert result.problem is not None
    assert "HTTP 401" in str(result.problem)
    assert result.report["loads"] == {}
    assert rows_of(workplace.carry_out(workplace.resumption())) == OF_FIVE_ROWS


def test_a_store_that_lacks_a_trait_is_named_before_anything_is_read(workplace: Workplace) -> None:
    write_spec(workplace.folder, traits={**TRAITS, "Shop": {"since": "Since"}})
    result = workplace.carry_out()
    assert (exit_code(result), result.report["status"]) == (ExitCode.USAGE, "failed")
    assert result.problem is not None
    assert "The store has no trait group 'Shop'." in str(result.problem)
    assert result.report["resume_command"] is None


@pytest.mark.parametrize("fewest", [None, 1, 0], ids=["by default", "one", "none"])
def test_a_header_alone_is_an_error_unless_the_spec_allows_it(
    workplace: Workplace, fewest: int | None
) -> None:
    source = {"path": "customers.csv", **({} if fewest is None else {"min_rows": fewest})}
    write_spec(workplace.folder, source=source)
    (workplace.folder / "customers.csv").write_text("Name,Phone,Email,Since\n")
    result = workplace.carry_out()
    if fewest == 0:
        assert result.report["loads"]["profiles"]["rows"]["read"] == 0
        assert exit_code(result) == ExitCode.DONE
    else:
        assert exit_code(result) == ExitCode.USAGE
        assert "found 0 rows, expected at least 1" in str(result.problem)


def test_a_rejects_file_put_right_is_read_again_with_the_same_spec(workplace: Workplace) -> None:
    first = workplace.carry_out(workplace.request(action=Action.PLAN))
    rejects = (Path(first.folder) / "rejects.csv").read_text()
    (workplace.folder / "customers.csv").write_text(rejects.replace("Dov,12,", "Dov,+1 202-555-0104,"))
    assert rows_of(workplace.carry_out(workplace.request(action=Action.PLAN))) == {"read": 1, "planned": 1}


def test_a_second_import_of_the_same_rows_sends_nothing(workplace: Workplace) -> None:
    assert rows_of(workplace.carry_out()) == OF_FIVE_ROWS
    second = workplace.carry_out()
    assert rows_of(second) == {"read": 5, "unchanged": 4, "rejected": 1}
    assert second.report["loads"]["profiles"]["batches"]["total"] == 0


def test_a_limit_counts_rows_that_the_reader_refuses(workplace: Workplace) -> None:
    write_customers(workplace.folder, "too,short", ROWS[0], ROWS[1])
    result = workplace.carry_out(workplace.request(action=Action.PLAN, limit=2))
    assert rows_of(result) == {"read": 2, "planned": 1, "rejected": 1}
    assert result.report["loads"]["profiles"]["reject_reasons"] == {"ragged_row": 1}


def test_no_run_begins_with_a_spec_that_is_wrong(workplace: Workplace) -> None:
    write_spec(workplace.folder, source="nowhere.csv")
    with pytest.raises(UsageProblem, match="found nothing to read"):
        workplace.carry_out()
    assert not workplace.state_dir.exists()


def test_logs_ledger_and_report_hold_no_personal_data_and_no_secret(workplace: Workplace) -> None:
    log = io.StringIO()
    result = workplace.carry_out(stream=log)
    ledger = b"".join(path.read_bytes() for path in workplace.state_dir.glob("ledger.sqlite3*"))
    texts = [log.getvalue(), json.dumps(result.report), ledger.decode(errors="replace")]
    texts.append((Path(result.folder) / "report.md").read_text())
    people = [value for row in ROWS for value in row.split(",")[:3] if len(value) > 2]
    for value in (*people, "2025550102", PASSWORD):
        assert not any(value in text for text in texts), value


def test_what_holds_personal_data_is_for_its_owner_alone(workplace: Workplace) -> None:
    result = workplace.carry_out()
    for path in [workplace.state_dir, Path(result.folder), *workplace.state_dir.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} has mode {mode:o}"


def test_rows_of_several_files_are_told_apart(workplace: Workplace) -> None:
    write_customers(workplace.folder, "Eve,12,,", name="more.csv")
    write_spec(workplace.folder, source="*.csv")
    result = workplace.carry_out(workplace.request(action=Action.PLAN))
    rejects = pl.read_csv(Path(result.folder) / "rejects.csv", infer_schema=False)
    assert rejects.select("_file", "_row").rows() == [("customers.csv", "4"), ("more.csv", "1")]
