"""Which run a request goes on with."""

from memory_import.errors import ExitCode, NothingPending, UsageProblem
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RunRecord, RunStatus
from memory_import.run.budget import Budgets
from memory_import.run.request import Action, RunRequest


def find_run(ledger: Ledger, request: RunRequest) -> RunRecord:
    """The plan to apply, or the run to resume: the last unfinished one if no id is given.

    Raises `NothingPending` where nothing is unfinished, `UsageProblem` where the run cannot be gone on with.
    """
    if request.run_id is None:
        if request.action is Action.APPLY:
            raise UsageProblem("Nothing says which plan to apply: name its RUN_ID.")
        return _last_unfinished(ledger, request)
    found = ledger.run(request.run_id)
    if found is None:
        raise UsageProblem(f"There is no run {request.run_id} here; `memory-import status` lists all runs.")
    _check(ledger, found, request.action)
    return found


def _last_unfinished(ledger: Ledger, request: RunRequest) -> RunRecord:
    """The newest run that can go on; one that a budget has stopped only where a budget is stated anew."""
    has_budget = request.budgets != Budgets()
    unfinished = ledger.resumable_runs()
    record = next((run for run in unfinished if has_budget or run.exit_code != ExitCode.BUDGET), None)
    if record is None:
        stopped = [
            f" Run {run.run_id} was stopped by a budget or a guard: `memory-import status {run.run_id}` says "
            "which; a larger budget lets it go on, or a new run of the corrected spec takes its place."
            for run in unfinished
        ]
        raise NothingPending(f"Nothing is unfinished.{''.join(stopped[:1])}")
    return record


def _check(ledger: Ledger, run: RunRecord, action: Action) -> None:
    if action is Action.APPLY:
        _check_plan(ledger, run)
        return
    if run.is_plan:
        raise UsageProblem(
            f"Run {run.run_id} is a plan, of which nothing was sent: "
            f"`memory-import apply {run.run_id}` sends it."
        )
    if not run.is_resumable:
        raise UsageProblem(f"Run {run.run_id} is {run.status.value}: there is nothing to go on with.")
    later = ledger.superseding(run)
    if later is not None:
        raise UsageProblem(
            f"Run {run.run_id} is out of date: run {later.run_id} of the same spec came after it."
        )


def _check_plan(ledger: Ledger, run: RunRecord) -> None:
    if run.is_resumable:
        raise UsageProblem(
            f"Run {run.run_id} has begun to be sent: `memory-import resume {run.run_id}` goes on with it."
        )
    if not run.is_plan:
        raise UsageProblem(f"Run {run.run_id} is {run.status.value}: there is nothing to apply.")
    is_staged = all(ledger.load(run.run_id, load) for load in run.loads)
    if run.status is RunStatus.FAILED or not is_staged:
        raise UsageProblem(
            f"Plan {run.run_id} did not come to its end: make it anew with `memory-import plan`."
        )
