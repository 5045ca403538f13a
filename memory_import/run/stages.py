"""The stages of a run, in order. Each leaves its work on disk; what it returns is small."""

import contextlib
import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from memory_import.clock import now
from memory_import.destination.errors import StagingChanged, StoreUnfit
from memory_import.errors import BudgetExceeded, ExitCode, ImportProblem
from memory_import.ledger.database.edits import EditKind
from memory_import.ledger.database.records import LoadRecord, RunStatus
from memory_import.ledger.files import write_json
from memory_import.ledger.report.account import Account, file_name, settle_account, settle_values
from memory_import.ledger.report.document import NO_PROBLEM, Ending, build_report
from memory_import.ledger.report.forms import Form, write_forms
from memory_import.ledger.report.page.render import render_page
from memory_import.ledger.report.people.edits import EDITS, count_edits, write_edits
from memory_import.ledger.report.people.persons import count_persons, list_shared, write_persons
from memory_import.ledger.report.render import render_markdown
from memory_import.ledger.report.verification import describe_verification, write_differences
from memory_import.ledger.staging.damage import is_readable
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import find_refuted
from memory_import.loads import PROFILES
from memory_import.run.compare.remember import forget_refuted, remember
from memory_import.run.confidence import bounds
from memory_import.run.context import RunContext
from memory_import.run.explain import explain_and_advise, explain_code
from memory_import.run.lifecycle.result import conclude, conclude_edits, resume_command
from memory_import.run.loads.edits.carry_out import carry_out_edits
from memory_import.run.loads.edits.forget import forget_deleted
from memory_import.run.loads.edits.settle import settle_edits
from memory_import.run.loads.known_persons.remember import forget_persons, remember_persons
from memory_import.run.loads.memories import deliver_memories, stage_memories
from memory_import.run.loads.profiles import deliver_profiles, stage_profiles
from memory_import.run.loads.stored_values import read_traits
from memory_import.run.observer import find_exceeded_budget
from memory_import.run.preview.forecast import describe_plan
from memory_import.run.store_check import StoreFacts

_TAKEN_OVER = "A later run of the spec took its place: nothing further of this one is sent."


async def stage_load(run: RunContext, load: str, store: StoreFacts) -> int:
    """Read, prepare and stage one of the loads of the spec, unless that was done before; its rows."""
    if load == PROFILES and run.spec.profiles is not None:
        stage_profiles(run, run.spec.profiles, store.identifiers)
    for name, spec in run.spec.memories.items():
        if name == load:
            stage_memories(run, name, spec)
    staged = run.ledger.load(run.run_id, load)
    return staged.rows_read if staged else 0


async def deliver_load(run: RunContext, load: str, store: StoreFacts) -> None:
    """Bring one of the loads of the spec into the store, as far as that was not done before."""
    if load == PROFILES and run.spec.profiles is not None:
        await deliver_profiles(run, run.spec.profiles)
    for name, spec in run.spec.memories.items():
        if name == load:
            await deliver_memories(run, name, spec, store)


async def change_people(run: RunContext, kind: EditKind) -> None:
    """Change single profiles in one way, as far as that was not done before."""
    if run.spec.profiles is not None:
        await carry_out_edits(run, run.spec.profiles, kind)


def write_report(
    run: RunContext, problem: ImportProblem | None, *, is_superseded: bool = False, is_over: bool = False
) -> tuple[dict[str, Any], ImportProblem | None]:
    """Settle the accounts, write the report, and say in the ledger how the run ended, in this order.

    Returns the report and what ended the run early: `problem`, or that too many rows were rejected. What is
    open of a run that a later one superseded stays so. `is_over`: how and when the run ended stays as it is;
    what it says of its rows is written anew.
    """
    if problem is not None and isinstance(problem.__cause__, StagingChanged):
        _check_readable(run, problem)
    with run.timed("report"):
        accounts = {load.load: (load, _settle_rows(run, load)) for load in run.staged_loads()}
    problem = problem or find_exceeded_budget(run, [account for _, account in accounts.values()])
    record = run.ledger.run(run.run_id) or run.record  # as it stands now
    with ThreadPoolExecutor(1) as aside:
        counting = [aside.submit(_settle_values, run, *settled) for settled in accounts.values()]
        if not record.is_plan:
            with run.timed("remember"):
                _keep_known(run, is_superseded=is_superseded, is_over=is_over)
        with run.timed("report"):
            accounts = {load.load: (load, account) for load, account in map(Future.result, counting)}
    status, exit_code = conclude(record, [account for _, account in accounts.values()], problem)
    if problem is None and not record.is_plan:
        for counts in run.ledger.edit_counts(run.run_id).values():
            status, exit_code = conclude_edits(counts, status, exit_code)
    if is_superseded and status is RunStatus.PENDING:
        status = RunStatus.SUPERSEDED
    exit_code = _with_differences(run, exit_code)
    if not is_over:
        record = replace(record, status=status, exit_code=exit_code, finished_at=now())
    document = build_report(
        run.ledger,
        record,
        accounts,
        resume_command(record, run.folder),
        _say_why(run, record.status, problem, is_over=is_over),
    )
    _report_persons(run, document)
    _add_verification(run, document)
    if record.status is RunStatus.PLANNED:
        document["plan"] = describe_plan(replace(run, record=record), _find_lacks(problem))
    write_json(document, run.folder / "report.json")
    _write_for_people(run, document)
    if not is_over:
        run.ledger.set_status(run.run_id, status, exit_code=exit_code, finished_at=record.finished_at)
    return document, problem


def _settle_rows(run: RunContext, load: LoadRecord) -> Account:
    originals = run.originals(load.load)
    return settle_account(run.ledger, run.staging(load.load), run.run_id, load, run.folder, originals)


def _settle_values(run: RunContext, load: LoadRecord, account: Account) -> tuple[LoadRecord, Account]:
    traits = read_traits(run.spec, load.load)
    values = settle_values(account, run.staging(load.load), load, run.folder, traits)
    return load, replace(account, values=values)


def _check_readable(run: RunContext, problem: ImportProblem) -> None:
    """Raise `problem`, that staged files changed, where one of them cannot even be read for a report."""
    if not all(is_readable(run.staging(load.load)) for load in run.staged_loads()):
        raise problem


def _find_lacks(problem: ImportProblem | None) -> tuple[str, ...] | None:
    """What the store lacks as of now, where that is what ended the run."""
    return problem.problems if problem and isinstance(problem.__cause__, StoreUnfit) else None


def _keep_known(run: RunContext, *, is_superseded: bool, is_over: bool) -> None:
    """Remember what landed, which was done before of a run that is over; then forget what was read back and
    is not as it was sent."""
    if not is_over:
        remember(run)
    forget_refuted(run)
    if run.spec.profiles is None:
        return
    if not is_over:
        remember_persons(run, run.spec.profiles, is_superseded=is_superseded)
        settle_edits(run)
        forget_deleted(run)
    forget_persons(run, run.spec.profiles)


def _say_why(run: RunContext, status: RunStatus, problem: ImportProblem | None, *, is_over: bool) -> Ending:
    """What ended the run early; of one that is over, as its report has it."""
    if status is RunStatus.SUPERSEDED:
        return Ending((_TAKEN_OVER,))
    if not is_over:
        if isinstance(problem, BudgetExceeded):
            return Ending(problem.problems, problem.spec_lines, problem.option)
        return Ending(problem.problems) if problem else NO_PROBLEM
    with contextlib.suppress(OSError, ValueError):
        before: dict[str, Any] = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))
        return Ending.of_report(before)
    return NO_PROBLEM


def _write_for_people(run: RunContext, document: dict[str, Any]) -> None:
    folder = str(run.folder)
    forms: dict[str, Form] = {
        "report.md": lambda: render_markdown(document, folder, explain_code),
        "report.html": lambda: render_page(
            document, folder, explain_and_advise, show_values=run.request.show_values
        ),
    }
    write_forms(forms, run.folder)


def _report_persons(run: RunContext, document: dict[str, Any]) -> None:
    """Say of the load of profiles who its persons are, in the report and in files of their own."""
    if PROFILES in document["loads"]:
        staging = run.staging(PROFILES)
        write_persons(staging, run.folder)
        document["loads"][PROFILES] |= {
            "persons": count_persons(staging),
            "shared_identifiers": list_shared(staging),
        }
        _report_edits(run, staging, document)


def _report_edits(run: RunContext, staging: Staging, document: dict[str, Any]) -> None:
    """Say what became of single profiles that are to be changed, and what is billed for it."""
    write_edits(run.ledger, run.run_id, staging, run.folder)
    for kind, counts in count_edits(run.ledger, run.run_id, staging).items():
        document["loads"][PROFILES][EDITS[kind].section] = counts
        document["billing"]["lookups"] += counts["due"] - counts["planned"]
        if kind is not EditKind.DELETE:
            taken = counts[EDITS[kind].done] + counts["pending"] + counts["unknown"]
            document["billing"]["profile_operations"] += taken


def _with_differences(run: RunContext, exit_code: ExitCode) -> ExitCode:
    """A run that was verified and found wrong did not end well."""
    is_wrong = any(len(find_refuted(run.staging(load.load))) for load in run.staged_loads())
    return ExitCode.REJECTS if is_wrong and exit_code is ExitCode.DONE else exit_code


def _add_verification(run: RunContext, document: dict[str, Any]) -> None:
    """What reading back came to, and what is billed for it."""
    for load, section in document["loads"].items():
        verification = describe_verification(run.staging(load), bounds)
        if verification is not None:
            section["verification"] = verification
            document["billing"]["lookups"] += verification["billing"]["lookups"]
            write_differences(run.staging(load), run.folder / file_name("differences.csv", load))
