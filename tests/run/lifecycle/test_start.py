"""How a run begins, and what a resume insists on."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from memory_import.errors import ExitCode, InputChanged, NothingPending, UsageProblem
from memory_import.ledger.database.lock import exclusive
from memory_import.ledger.database.records import RunStatus
from memory_import.run.budget import Budgets
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.lifecycle.state_directory import open_ledger
from memory_import.run.request import Action
from tests.support.workplace import (
    STORE,
    TRAITS,
    Workplace,
    rows_of,
    stop_before_delivery,
    write_customers,
    write_spec,
)

STAGED = {"read": 5, "merged": 1, "pending": 3, "rejected": 1}


@pytest.fixture
def stopped(workplace: Workplace) -> RunResult:
    """A run that was stopped with everything staged and nothing sent."""
    result = workplace.carry_out(run_stage=stop_before_delivery)
    assert rows_of(result) == STAGED
    return result


def refusal(workplace: Workplace, **changes: Any) -> tuple[str, ...]:
    """What a resume says when it is refused because something changed."""
    with pytest.raises(InputChanged) as error:
        workplace.carry_out(workplace.resumption(**changes))
    assert error.value.exit_code is ExitCode.CHANGED
    assert (
        error.value.problems[-1]
        == "Put it back and go on, or start anew with `memory-import plan` or `memory-import run`."
    )
    return error.value.problems[:-1]


def test_a_changed_spec_is_refused_key_by_key(workplace: Workplace, stopped: RunResult) -> None:
    changed = {"Contact": {**TRAITS["Contact"], "phone": {"column": "Phone", "type": "string"}}}
    write_spec(workplace.folder, traits=changed, region={"default": "DE"}, identifiers=["Contact.email"])
    assert refusal(workplace) == (
        "The spec is not what it was when the run began:",
        "  profiles.region.default was 'US' and is 'DE'",
        "  profiles.traits.Contact.phone.type was 'phone' and is 'string'",
        "  profiles.identifiers was None and is ['Contact.email']",
    )


def test_a_spec_that_only_looks_different_is_the_same(workplace: Workplace, stopped: RunResult) -> None:
    path = workplace.folder / "spec.yaml"
    path.write_text(
        "# a comment\n" + path.read_text().replace("source: customers.csv", "source: {path: customers.csv}")
    )
    assert rows_of(workplace.carry_out(workplace.resumption()))["completed"] == 3


def test_a_spec_that_is_wrong_now_is_named_as_such(workplace: Workplace, stopped: RunResult) -> None:
    (workplace.folder / "spec.yaml").write_text("version: 1\n")
    with pytest.raises(UsageProblem, match=r"spec\.yaml: there is nothing to import"):
        workplace.carry_out(workplace.resumption())


@pytest.mark.parametrize(
    ("rows", "difference"),
    [
        pytest.param(("Ada,1,,",), "  customers.csv had 195 bytes and has 31", id="another size"),
        pytest.param(None, "  customers.csv has other content of the same size", id="the same size"),
    ],
)
def test_a_changed_input_is_refused_and_named(
    workplace: Workplace, stopped: RunResult, rows: tuple[str, ...] | None, difference: str
) -> None:
    path = workplace.folder / "customers.csv"
    if rows is None:
        path.write_text(path.read_text().replace("Ada", "Eve"))
    else:
        write_customers(workplace.folder, *rows)
    assert refusal(workplace) == ("The input is not what it was when the run began:", difference)


def test_a_file_more_is_a_changed_input(workplace: Workplace) -> None:
    write_spec(workplace.folder, source="*.csv")
    write_customers(workplace.folder, name="second.csv")
    workplace.carry_out(run_stage=stop_before_delivery)
    write_customers(workplace.folder, name="third.csv")
    (workplace.folder / "second.csv").unlink()
    assert refusal(workplace)[1:] == ("  second.csv is no longer there", "  third.csv was not there before")


@pytest.mark.parametrize("gone", [["customers.csv"], ["spec.yaml"], ["customers.csv", "spec.yaml"]])
def test_source_and_spec_may_be_gone_once_everything_is_staged(
    workplace: Workplace, stopped: RunResult, gone: list[str]
) -> None:
    for name in gone:
        (workplace.folder / name).unlink()
    resumed = workplace.carry_out(workplace.resumption())
    assert rows_of(resumed) == {"read": 5, "completed": 3, "merged": 1, "rejected": 1}


def test_another_store_is_refused(workplace: Workplace) -> None:
    write_spec(workplace.folder, store=None)
    first = workplace.with_variables(MEMORY_STORE_ID="mem_store_00000000000000000000000001")
    first.carry_out(run_stage=stop_before_delivery)
    second = workplace.with_variables(MEMORY_STORE_ID="mem_store_00000000000000000000000002")
    assert refusal(second) == (
        "The target is not what it was when the run began:",
        "  the store was mem_store_00000000000000000000000001 and is mem_store_00000000000000000000000002",
    )


def test_a_store_that_the_spec_knows_by_name_is_the_one_that_it_was(workplace: Workplace) -> None:
    write_spec(workplace.folder, store={"name": "emulated"})
    stopped = workplace.carry_out(run_stage=stop_before_delivery)
    assert stopped.report["target"]["store_id"] == STORE
    resumed = workplace.carry_out(workplace.resumption())
    assert (resumed.report["run_id"], resumed.report["exit_code"]) == (stopped.report["run_id"], 1)
    assert resumed.report["target"]["store_id"] == STORE


def test_a_plan_without_its_store_is_kept_and_cannot_be_applied(workplace: Workplace) -> None:
    write_spec(workplace.folder, store={"name": "not-there"})
    plan = workplace.carry_out(workplace.request(action=Action.PLAN))
    assert plan.report["loads"]["profiles"]["rows"]["planned"] == 3
    assert plan.problem is not None
    assert "There is no store named 'not-there'" in str(plan.problem)
    with pytest.raises(InputChanged, match="planned without a store; the spec has the store not-there"):
        workplace.carry_out(workplace.application(plan.report["run_id"]))
    with pytest.raises(UsageProblem, match="There is no store named 'not-there'"):
        workplace.carry_out()


@pytest.mark.parametrize(
    "change",
    [
        lambda url: "https://memory.example.com",
        lambda url: url.rpartition(":")[0] + ":1",
        lambda url: url + "/v1",
        lambda url: url.replace("http:", "https:"),
    ],
    ids=["another host", "another port", "another path", "another scheme"],
)
def test_another_api_is_refused(
    workplace: Workplace, stopped: RunResult, change: Callable[[str], str]
) -> None:
    url = workplace.variables["MEMORY_API_URL"]
    assert refusal(workplace.with_variables(MEMORY_API_URL=change(url))) == (
        "The target is not what it was when the run began:",
        f"  the API was at {url} and is at {change(url)}",
    )


def test_the_same_api_written_otherwise_is_the_same(workplace: Workplace, stopped: RunResult) -> None:
    url = workplace.variables["MEMORY_API_URL"]
    resumed = workplace.with_variables(MEMORY_API_URL=f"{url}/").carry_out(workplace.resumption())
    assert rows_of(resumed)["completed"] == 3


def restage_as(folder: Path, layout: str | None) -> None:
    """The staged profiles of a run as another version of the program would have left them: without one of the
    files of this one."""
    path = folder / "profiles" / "manifest.json"
    manifest = json.loads(path.read_text()) | {"layout": layout}
    if layout is None:
        del manifest["layout"]
    del manifest["files"]["left_out.arrow"]
    (folder / "profiles" / "left_out.arrow").unlink()
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("layout", ["0-00000000", None], ids=["another", "before there were any"])
@pytest.mark.parametrize("action", [Action.RESUME, Action.APPLY])
def test_rows_that_another_version_staged_are_refused(
    workplace: Workplace, layout: str | None, action: Action
) -> None:
    is_plan = action is Action.APPLY
    request = workplace.request(action=Action.PLAN) if is_plan else workplace.request()
    result = workplace.carry_out(request, run_stage=stop_before_delivery)
    restage_as(Path(result.folder), layout)
    run_id = result.report["run_id"]
    again = workplace.application(run_id) if is_plan else workplace.resumption(run_id)
    with pytest.raises(UsageProblem, match=f"run {run_id} were staged by another version") as error:
        workplace.carry_out(again)
    assert f"memory-import {'plan' if is_plan else 'run'} " in str(error.value)
    after = workplace.carry_out()
    assert after.problem is None
    assert rows_of(after)["completed"] == 3
    with open_ledger(workplace.state_dir) as ledger:
        left = ledger.run(run_id)
    assert left is not None
    assert left.status is (RunStatus.PLANNED if is_plan else RunStatus.SUPERSEDED)


def test_a_ledger_of_another_version_is_named_and_left_alone(
    workplace: Workplace, stopped: RunResult
) -> None:
    path = workplace.state_dir / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE runs RENAME COLUMN is_full TO is_whole")
    for request in (workplace.request(), workplace.resumption()):
        with pytest.raises(UsageProblem, match="another version of memory-import") as error:
            workplace.carry_out(request)
        assert "its table runs differs in is_full, is_whole" in str(error.value)


def test_a_refused_resume_leaves_the_run_as_it_was(workplace: Workplace, stopped: RunResult) -> None:
    original = (workplace.folder / "customers.csv").read_text()
    write_customers(workplace.folder, "Eve,1,,")
    refusal(workplace)
    (workplace.folder / "customers.csv").write_text(original)
    assert rows_of(workplace.carry_out(workplace.resumption()))["completed"] == 3


def test_without_credentials_nothing_is_gone_on_with(workplace: Workplace, stopped: RunResult) -> None:
    with pytest.raises(UsageProblem, match="No credentials"):
        Workplace(workplace.folder).carry_out(workplace.resumption())


def test_a_second_run_is_refused_and_told_who_holds_the_folder(workplace: Workplace) -> None:
    workplace.state_dir.mkdir()
    with (
        exclusive(workplace.state_dir, purpose="a run of other.yaml", since="2026-01-01T00:00:00Z"),
        pytest.raises(
            Exception, match=r"is in use by a run of other\.yaml \(process \d+, since 2026-01-01"
        ) as error,
    ):
        workplace.carry_out()
    assert isinstance(error.value, UsageProblem)
    assert "Wait for it to end and repeat this" in str(error.value)


def test_a_state_directory_that_is_a_file_is_named(workplace: Workplace) -> None:
    workplace.state_dir.write_text("")
    with pytest.raises(
        UsageProblem,
        match=r"state cannot be used: File exists\. Put that right, or give another directory with",
    ):
        workplace.carry_out()


def test_a_wrong_budget_is_named_before_anything_is_made(workplace: Workplace) -> None:
    with pytest.raises(UsageProblem, match="--max-errors is 'x'"):
        workplace.carry_out(workplace.request(budgets=Budgets(max_errors="x")))
    assert not workplace.state_dir.exists()


def test_where_nothing_is_unfinished_nothing_has_to_be_done(workplace: Workplace) -> None:
    workplace.carry_out(workplace.request(action=Action.PLAN))
    with pytest.raises(NothingPending) as error:
        workplace.carry_out(workplace.resumption())
    assert error.value.exit_code is ExitCode.DONE


def test_a_run_that_is_not_there_is_named(workplace: Workplace) -> None:
    with pytest.raises(
        UsageProblem, match="There is no run 2026-x here; `memory-import status` lists all runs"
    ):
        workplace.carry_out(workplace.resumption("2026-x"))


def test_a_run_that_ended_is_not_gone_on_with(workplace: Workplace) -> None:
    ended = workplace.carry_out()
    with pytest.raises(UsageProblem, match="is finished: there is nothing to go on with"):
        workplace.carry_out(workplace.resumption(ended.report["run_id"]))


def test_without_an_id_the_newest_unfinished_run_goes_on(workplace: Workplace, stopped: RunResult) -> None:
    newer = workplace.carry_out(run_stage=stop_before_delivery)
    workplace.carry_out(workplace.request(action=Action.PLAN))
    assert newer.report["run_id"] > stopped.report["run_id"]
    assert workplace.carry_out(workplace.resumption()).report["run_id"] == newer.report["run_id"]


def test_a_run_that_stopped_before_staging_reads_again(workplace: Workplace, tmp_path: Path) -> None:
    wrong = workplace.with_variables(TWILIO_API_SECRET="another")
    assert wrong.carry_out().report["exit_code"] == ExitCode.CREDENTIALS
    write_customers(tmp_path, "Ada,+1 202-555-0101,,")  # nothing was read yet: nothing has changed
    assert rows_of(workplace.carry_out(workplace.resumption())) == {"read": 1, "completed": 1}
