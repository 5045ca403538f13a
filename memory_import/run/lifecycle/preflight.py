"""What can be known to be wrong with a request before anything is begun, or anything slow is loaded."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from memory_import.errors import NothingPending, UsageProblem
from memory_import.ledger.database.records import RunRecord
from memory_import.run.budget import check_budgets
from memory_import.run.confidence import parse_sample
from memory_import.run.lifecycle.choice import find_run
from memory_import.run.lifecycle.start import run_sources
from memory_import.run.lifecycle.state_directory import check_runs, has_ledger, open_ledger
from memory_import.run.lifecycle.targets import find_target
from memory_import.run.request import RunRequest, new_run_id
from memory_import.spec.file import load_spec


def check_request(request: RunRequest, variables: Mapping[str, str]) -> RunRequest:
    """The request with the id of its run settled.

    Raises `UsageProblem` for whatever is wrong with the budgets, the spec, its files, the credentials
    or the run that is to go on, and `NothingPending` where nothing is unfinished. The service is not
    asked, and no run is entered.
    """
    check_budgets(request.budgets)
    parse_sample(request.verify)
    if not request.action.is_new or request.spec_path is None:
        return replace(request, run_id=_find(request).run_id)
    identified = replace(request, run_id=request.run_id or new_run_id())
    _check_spec(identified, request.spec_path, variables)
    return identified


def _find(request: RunRequest) -> RunRecord:
    if not has_ledger(request.state_dir):
        check_runs(request.state_dir, [])
        if request.run_id is None:
            raise NothingPending("Nothing is unfinished.")
        raise UsageProblem(f"There is no run {request.run_id} in {request.state_dir}: it holds no runs yet.")
    with open_ledger(request.state_dir) as ledger:
        check_runs(request.state_dir, ledger.runs())
        return find_run(ledger, request)


def _check_spec(request: RunRequest, path: Path, variables: Mapping[str, str]) -> None:
    """The spec with the target, then its files. Copies of remote ones are those of the run."""
    spec = load_spec(path, variables, is_emulator=request.emulator, sources=None)
    if not request.emulator:
        find_target(request, spec, variables)
    sources = run_sources(request, request.run_id or "")
    try:
        load_spec(path, variables, is_emulator=request.emulator, sources=sources)
    except BaseException:
        sources.discard()
        raise
