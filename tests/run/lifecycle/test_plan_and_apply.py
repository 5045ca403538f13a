"""A plan is kept, and applied as it is or not at all."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from memory_import.emulator.server import running
from memory_import.errors import BudgetExceeded, ExitCode, ImportProblem, InputChanged, UsageProblem
from memory_import.ledger.report.words import next_step
from memory_import.run.budget import Budgets
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.conftest import PASSWORD, USER
from tests.support.workplace import (
    STORE,
    TRAITS,
    Workplace,
    rows_of,
    stop_before_delivery,
    write_customers,
    write_spec,
)

PLANNED = {"read": 5, "merged": 1, "planned": 3, "rejected": 1}
APPLIED = {"read": 5, "completed": 3, "merged": 1, "rejected": 1}


def make_plan(workplace: Workplace, **changes: Any) -> RunResult:
    return workplace.carry_out(workplace.request(action=Action.PLAN, **changes))


def apply(workplace: Workplace, plan: RunResult, **changes: Any) -> RunResult:
    return workplace.carry_out(workplace.application(plan.report["run_id"], **changes))


@pytest.fixture
def plan(workplace: Workplace) -> RunResult:
    """A plan of the workplace's spec, for the store that it names."""
    result = make_plan(workplace)
    assert rows_of(result) == PLANNED
    return result


def difference(workplace: Workplace, plan: RunResult) -> str:
    """What an application says that is refused because something changed."""
    try:
        result = apply(workplace, plan)
    except InputChanged as changed:
        return str(changed)
    assert result.report["exit_code"] == ExitCode.CHANGED
    assert (result.report["status"], rows_of(result)) == ("planned", PLANNED)
    return str(result.problem)


def test_a_plan_says_what_would_be_sent_and_how_to_send_it(plan: RunResult) -> None:
    assert (plan.report["status"], plan.report["exit_code"]) == ("planned", ExitCode.REJECTS)
    assert plan.report["resume_command"].startswith(f"memory-import apply {plan.report['run_id']}")
    forecast = plan.report["plan"]["forecast"]
    assert forecast["requests"] == {"least": 2, "most": 2}
    assert (forecast["profile_operations"], forecast["lookups"]["most"]) == (3, 0)
    assert plan.report["plan"]["store"] == {"asked": True, "lacks": []}
    text = (Path(plan.folder) / "report.md").read_text()
    assert "| planned | 3 | would be sent |" in text
    assert "requests that write: 2 with" in text


def test_applying_sends_exactly_the_plan(workplace: Workplace, plan: RunResult) -> None:
    applied = apply(workplace, plan)
    assert (applied.report["run_id"], rows_of(applied)) == (plan.report["run_id"], APPLIED)
    forecast, load = plan.report["plan"]["forecast"], applied.report["loads"]["profiles"]
    assert (load["batches"]["total"], load["sent"]) == (
        forecast["requests"]["most"],
        forecast["profile_operations"],
    )
    assert "plan" not in applied.report
    with pytest.raises(UsageProblem, match="is finished: there is nothing to apply"):
        apply(workplace, plan)


def test_the_persons_of_a_plan_are_masked_unless_values_are_asked_for(workplace: Workplace) -> None:
    masked, shown = make_plan(workplace), make_plan(workplace, show_values=True)
    assert [person["row"] for person in masked.report["plan"]["persons"]] == [5, 1, 2]
    assert masked.report["plan"]["persons"][1]["traits"] == {
        "Contact.firstName": "Xxx",
        "Contact.phone": "+99999999999",
        "Contact.email": "xxx@xxxxxxx.xxx",
    }
    assert shown.report["plan"]["persons"][1]["traits"]["Contact.email"] == "ada@example.com"
    text = (Path(masked.folder) / "report.md").read_text()
    assert "ada@" not in text


def test_a_plan_made_without_credentials_is_applied_with_them(workplace: Workplace) -> None:
    offline = Workplace(workplace.folder, {"MEMORY_API_URL": workplace.variables["MEMORY_API_URL"]})
    made = make_plan(offline)
    assert made.report["plan"]["store"]["asked"] is False
    assert made.report["requests"]["total"] == 0
    assert rows_of(apply(workplace, made)) == APPLIED


def test_a_plan_does_not_forget_what_the_store_lacks_and_is_applied_once_it_is_there(
    workplace: Workplace,
) -> None:
    write_spec(workplace.folder, traits={**TRAITS, "Shop": {"since": "Since"}})
    with running(api_key=(USER, PASSWORD), delay_seconds=(0.0, 0.0)) as server:
        elsewhere = workplace.with_variables(MEMORY_API_URL=server.url)
        made = make_plan(elsewhere)
        assert (made.report["status"], made.report["exit_code"]) == ("planned", ExitCode.USAGE)
        lacks, remedy = made.report["plan"]["store"]["lacks"]
        assert lacks == "The store has no trait group 'Shop'."
        assert "memory-import setup" in remedy
        refused = apply(elsewhere, made)
        assert (refused.report["status"], refused.report["exit_code"]) == ("planned", ExitCode.USAGE)
        declare(server.url, "Shop", {"since": {"dataType": "STRING"}})
        assert rows_of(apply(elsewhere, made)) == APPLIED


def declare(url: str, group: str, traits: dict[str, Any]) -> None:
    body = {"displayName": group, "traits": traits}
    path = f"{url}/v1/ControlPlane/Stores/{STORE}/TraitGroups"
    httpx.post(
        path, json=body, auth=(USER, PASSWORD), trust_env=False, verify=False, timeout=60
    ).raise_for_status()


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_one_bit_of_a_staged_file_is_noticed_before_anything_is_sent(
    workplace: Workplace, plan: RunResult, at: float
) -> None:
    path = Path(plan.folder) / "profiles" / "part-00000.arrow"
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    path.write_bytes(content)
    refused = apply(workplace, plan)
    assert refused.report["exit_code"] == ExitCode.USAGE
    assert "part-00000.arrow" in str(refused.problem)
    assert refused.report["loads"]["profiles"]["sent"] == 0
    assert next_step(refused.report, refused.folder).startswith("memory-import plan ")


def test_a_staged_file_that_cannot_even_be_read_is_named_and_nothing_is_sent(
    workplace: Workplace, plan: RunResult
) -> None:
    _wipe_footer(Path(plan.folder) / "profiles" / "part-00000.arrow")
    with pytest.raises(UsageProblem, match=r"part-00000\.arrow"):
        apply(workplace, plan)


def test_a_run_whose_staged_files_cannot_be_read_is_ended_by_the_next_one(workplace: Workplace) -> None:
    stopped = workplace.carry_out(run_stage=stop_before_delivery)
    _wipe_footer(Path(stopped.folder) / "profiles" / "part-00000.arrow")
    assert rows_of(workplace.carry_out()) == APPLIED


def _wipe_footer(path: Path) -> None:
    """Zeros in place of what says where the columns of an Arrow file are."""
    content = path.read_bytes()
    size = int.from_bytes(content[-10:-6], "little")
    path.write_bytes(content[: -10 - size] + bytes(size) + content[-10:])


def test_another_port_is_another_target(workplace: Workplace, plan: RunResult) -> None:
    url = workplace.variables["MEMORY_API_URL"]
    words = difference(workplace.with_variables(MEMORY_API_URL="http://127.0.0.1:9"), plan)
    assert f"the API was at {url} and is at http://127.0.0.1:9" in words


def test_a_run_into_the_same_store_since_the_plan_is_a_difference(
    workplace: Workplace, plan: RunResult
) -> None:
    other = write_spec(workplace.folder, region={"default": "GB"}).rename(workplace.folder / "other.yaml")
    write_spec(workplace.folder)
    between = workplace.carry_out(workplace.request(spec_path=other))
    words = difference(workplace, plan)
    assert f"run {between.report['run_id']} of {other} has written into it since the plan" in words


def test_a_run_of_the_same_spec_since_the_plan_is_a_difference(workplace: Workplace, plan: RunResult) -> None:
    between = workplace.carry_out()
    words = difference(workplace, plan)
    assert f"run {between.report['run_id']} of" in words


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ("update batches set stop = stop - 1", "4 batches differ"),
        ("update batches set body_bytes = 1", "4 batches differ"),
        ("delete from batches", "batches differ"),
        ("update loads set rows_read = 3", "3 rows were read by the ledger, and 5 are staged"),
    ],
)
def test_a_ledger_that_was_edited_since_the_plan_is_a_difference(
    workplace: Workplace, plan: RunResult, edit: str, words: str
) -> None:
    with contextlib.closing(sqlite3.connect(next(workplace.state_dir.glob("*.sqlite3")))) as ledger, ledger:
        ledger.execute(edit)
    try:
        problem = apply(workplace, plan).problem
    except ImportProblem as raised:
        problem = raised
    assert isinstance(problem, InputChanged)
    assert words in str(problem)


def test_what_was_read_back_since_the_plan_is_a_difference(workplace: Workplace) -> None:
    workplace.carry_out()
    made = make_plan(workplace)
    (table,) = (workplace.state_dir / "known").rglob("persons/manifest.json")
    table.write_text(table.read_text() + " ")
    refused = apply(workplace, made)
    assert refused.report["exit_code"] == ExitCode.CHANGED
    assert "persons were changed since the plan" in str(refused.problem)


def test_a_plan_between_is_no_difference(workplace: Workplace, plan: RunResult) -> None:
    make_plan(workplace)
    assert rows_of(apply(workplace, plan)) == APPLIED


def test_a_changed_input_is_a_difference(workplace: Workplace, plan: RunResult) -> None:
    write_customers(workplace.folder, "Eve,1,,")
    assert "customers.csv had 195 bytes and has 31" in difference(workplace, plan)


def test_what_the_store_declares_is_a_part_of_the_plan(workplace: Workplace) -> None:
    traits = {**TRAITS, "Shop": {"card": "Since"}}
    write_spec(workplace.folder, traits=traits)
    promoted = {"card": {"dataType": "STRING", "idTypePromotion": "email"}}
    with running(api_key=(USER, PASSWORD), delay_seconds=(0.0, 0.0)) as server:
        offline = Workplace(workplace.folder, {"MEMORY_API_URL": server.url})
        made = make_plan(offline)
        declare(server.url, "Shop", promoted)
        words = difference(workplace.with_variables(MEMORY_API_URL=server.url), made)
    assert "What the store declares is not what it was" in words
    assert "identifiers.Shop.card" in words


def test_a_trait_that_the_store_lost_since_the_plan_is_named_and_nothing_is_sent(
    workplace: Workplace,
) -> None:
    with running(api_key=(USER, PASSWORD), delay_seconds=(0.0, 0.0)) as server:
        elsewhere = workplace.with_variables(MEMORY_API_URL=server.url)
        made = make_plan(elsewhere)
        path = f"{server.url}/v1/ControlPlane/Stores/{STORE}/TraitGroups/Contact"
        lost = {"traits": {"firstName": {"dataType": ""}}}
        httpx.patch(
            path, json=lost, auth=(USER, PASSWORD), trust_env=False, verify=False, timeout=60
        ).raise_for_status()
        refused = apply(elsewhere, made)
    assert refused.report["exit_code"] == ExitCode.USAGE
    assert "firstName" in str(refused.problem)
    assert (refused.report["status"], rows_of(refused)) == ("planned", PLANNED)
    assert next_step(refused.report, refused.folder).startswith("memory-import setup ")


def test_a_plan_that_a_guard_stopped_is_kept_and_applied_with_a_larger_budget_only(
    workplace: Workplace,
) -> None:
    made = make_plan(workplace, budgets=Budgets(max_errors="0"))
    assert isinstance(made.problem, BudgetExceeded)
    assert (made.report["status"], made.report["exit_code"]) == ("planned", ExitCode.BUDGET)
    again = apply(workplace, made)
    assert (again.report["status"], again.report["exit_code"]) == ("planned", ExitCode.BUDGET)
    assert rows_of(apply(workplace, made, budgets=Budgets(max_errors="1"))) == APPLIED


def test_a_run_that_a_guard_stopped_is_resumed_with_a_larger_budget_only(workplace: Workplace) -> None:
    stopped = workplace.carry_out(workplace.request(budgets=Budgets(max_errors="0")))
    assert (stopped.report["status"], stopped.report["exit_code"]) == ("stopped", ExitCode.BUDGET)
    with pytest.raises(UsageProblem.__base__ or Exception, match="was stopped by a budget or a guard"):
        workplace.carry_out(workplace.resumption())
    resumed = workplace.carry_out(workplace.resumption(budgets=Budgets(max_errors="1")))
    assert (resumed.report["run_id"], rows_of(resumed)) == (stopped.report["run_id"], APPLIED)


@pytest.mark.parametrize("action", ["resume", "apply"])
def test_a_plan_is_applied_and_a_run_is_resumed(workplace: Workplace, action: str) -> None:
    if action == "resume":
        run_id = make_plan(workplace).report["run_id"]
        request, words = workplace.resumption(run_id), f"`memory-import apply {run_id}` sends it"
    else:
        run_id = workplace.carry_out(run_stage=stop_before_delivery).report["run_id"]
        request, words = workplace.application(run_id), f"`memory-import resume {run_id}` goes on with it"
    with pytest.raises(UsageProblem, match=words):
        workplace.carry_out(request)


def test_an_application_that_is_stopped_is_resumed(workplace: Workplace, plan: RunResult) -> None:
    run_id = plan.report["run_id"]
    stopped = workplace.carry_out(workplace.application(run_id), run_stage=stop_before_delivery)
    assert stopped.report["status"] == "stopped"
    assert rows_of(workplace.carry_out(workplace.resumption())) == APPLIED


def test_the_emulators_store_is_made_anew_for_each_plan_and_kept_for_its_application(
    workplace: Workplace,
) -> None:
    first = workplace.carry_out(workplace.request(emulator=True))
    second = make_plan(workplace, emulator=True)
    journal = Path(second.folder) / "emulator.journal"
    assert (Path(first.folder) / "emulator.journal").exists()
    assert b"ada@example.com" not in journal.read_bytes()
    assert rows_of(apply(workplace, second)) == APPLIED
    assert b"ada@example.com" in journal.read_bytes()


def test_the_emulators_store_goes_on_with_that_of_the_last_run_where_asked(workplace: Workplace) -> None:
    first = workplace.carry_out(workplace.request(emulator=True))
    kept = make_plan(workplace, emulator=True, keep=True)
    assert b"ada@example.com" in (Path(kept.folder) / "emulator.journal").read_bytes()
    assert first.report["run_id"] != kept.report["run_id"]
