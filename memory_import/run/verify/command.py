"""Verifying a run that is over, from its folder: what `memory-import verify` does."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory_import.clock import seconds_now
from memory_import.destination.errors import StagingChanged, Stopped
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.errors import ExitCode, UsageProblem
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RunRecord
from memory_import.ledger.report.verification import describe_in_words
from memory_import.run.context import RunContext
from memory_import.run.lifecycle.changes import check_staged, check_target
from memory_import.run.lifecycle.result import as_problem
from memory_import.run.lifecycle.signals import stop_on_signals
from memory_import.run.lifecycle.start import Start, reach_again, run_sources
from memory_import.run.lifecycle.state_directory import has_ledger, hold
from memory_import.run.progress import RunProgress
from memory_import.run.request import RunRequest
from memory_import.run.stages import write_report
from memory_import.run.verify.verification import Now, verify_loads
from memory_import.spec.model import Spec


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """Which run to verify (None: the last one that has sent anything and is over), and how many rows of each
    load to read back (None: all that landed)."""

    state_dir: Path
    run_id: str | None
    sample: int | None


async def verify_run(
    request: VerifyRequest,
    variables: Mapping[str, str],
    progress: RunProgress,
    *,
    now: Now = seconds_now,
    make_throttle: Callable[[StopSignal], Throttle] = Throttle,
) -> dict[str, Any]:
    """Read back, write the report of the run anew, and say what was found: `run_id`, `spec`, `exit_code` (0
    where nothing is wrong, else 1), and by load the `verification` of the report.

    What is not in the store as it was sent is known no longer. `make_throttle` makes that which every request
    waits at. Raises `ImportProblem` where the run cannot be verified, or was stopped: what was read until
    then is kept.
    """
    stop_signal = StopSignal()
    start = Start(RunRequest(state_dir=request.state_dir), variables, stop_signal, progress, make_throttle)
    with stop_on_signals(stop_signal), progress, _open(request.run_id, start) as run:
        try:
            await verify_loads(run, request.sample, now=now)
        except Stopped:
            raise as_problem(stop_signal.reason or Stopped()) from None
        except Exception as error:
            raise as_problem(error, is_run=False) from error
        finally:
            report, _ = write_report(run, None, is_over=True)
    loads = {name: load["verification"] for name, load in report["loads"].items() if load.get("verification")}
    is_wrong = any(section["wrong"] for section in loads.values())
    return {
        "run_id": run.run_id,
        "spec": run.record.spec_path,
        "exit_code": int(ExitCode.REJECTS if is_wrong else ExitCode.DONE),
        "loads": loads,
        "folder": str(run.folder),
    }


@contextmanager
def _open(run_id: str | None, start: Start) -> Iterator[RunContext]:
    state_dir = start.request.state_dir
    if not has_ledger(state_dir):
        raise UsageProblem(f"There is nothing to verify in {state_dir}: it holds no runs yet.")
    with hold(state_dir, "a verify") as ledger:
        record = _find(ledger, run_id)
        check_staged(ledger, record, start.folder(record.run_id))
        spec = Spec.model_validate(record.spec)
        with reach_again(start, record, spec) as target:
            check_target(record, target)
            run = start.context(record, spec, target, ledger, run_sources(start.request, record.run_id))
            _check_rows(run)
            yield run


def _find(ledger: Ledger, run_id: str | None) -> RunRecord:
    sent = [run for run in ledger.runs() if run.delivery_number is not None]
    if run_id is None:
        record = next((run for run in sent if not run.is_resumable), None)
        if record is None:
            raise UsageProblem("There is nothing to verify: no run that has sent anything is finished.")
        return record
    record = next((run for run in sent if run.run_id == run_id), None)
    if record is None:
        raise UsageProblem(
            f"There is no run {run_id} here that has sent anything; see `memory-import status`."
        )
    if record.is_resumable and ledger.superseding(record) is None:
        raise UsageProblem(
            f"Run {run_id} is not finished: `memory-import resume {run_id}` ends it, then verify it."
        )
    return record


def _check_rows(run: RunContext) -> None:
    """What was sent is read from the staged rows: they must be there, and be what they were."""
    loads = run.staged_loads()
    if not loads or not all((run.folder / load.load).exists() for load in loads):
        raise UsageProblem(
            f"The rows of run {run.run_id} are not kept any more: a later run of its spec is finished. "
            "Verify that one."
        )
    for load in loads:
        if changed := run.staging(load.load).changed_files():
            raise StagingChanged(", ".join(changed))


def describe_verified(document: Mapping[str, Any]) -> str:
    """What was found, for people."""
    lines = [f"Run {document['run_id']}"]
    for load, section in document["loads"].items():
        lines += [f"  {line}" for line in describe_in_words(load, section)]
    following = (
        f"memory-import run {shlex.quote(document['spec'])}    (sends again what is missing or different)"
        if document["exit_code"]
        else "memory-import status    (all runs)"
    )
    verdict = "Something is not as it was sent" if document["exit_code"] else "Nothing is wrong"
    return "\n".join(
        [*lines, f"{verdict}; the report is {document['folder']}/report.html", f"Next: {following}"]
    )
