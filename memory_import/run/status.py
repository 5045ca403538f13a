"""Where runs stand, for people and for scripts."""

import json
from pathlib import Path
from typing import Any

from memory_import.errors import UsageProblem
from memory_import.ledger.database.records import RunRecord
from memory_import.ledger.report.render import render_summary
from memory_import.printable import printable_line
from memory_import.run.lifecycle.result import RunResult, resume_command
from memory_import.run.lifecycle.state_directory import has_ledger, open_ledger


def list_runs(state_dir: Path) -> tuple[Any, str]:
    """All runs, the newest first: as a document and as text."""
    runs = _read(state_dir)
    document = [_document(run, state_dir) for run in runs]
    lines = [
        f"{run.run_id}  {run.status.value:<9} {_shown(run.exit_code):>3}  {printable_line(run.spec_path)}"
        for run in runs
    ]
    return document, "\n".join(lines) or "There are no runs here yet."


def describe_run(state_dir: Path, run_id: str) -> tuple[Any, str]:
    """One run: its report where there is one, else what the ledger knows."""
    run = find_record(state_dir, run_id)
    if run is None:
        raise UsageProblem(f"There is no run {run_id} here; `memory-import status` lists all runs.")
    folder = state_dir / "runs" / run_id
    try:
        report = json.loads((folder / "report.json").read_text())
    except FileNotFoundError:
        document = _document(run, state_dir)
        return document, "\n".join(f"{name}: {value}" for name, value in document.items())
    return report, render_summary(report, str(folder))


def read_result(state_dir: Path, run_id: str) -> RunResult:
    """How a run that is over ended, from its report; `UsageProblem` where there is none."""
    document, _ = describe_run(state_dir, run_id)
    return RunResult(document, str(state_dir / "runs" / run_id), None)


def find_record(state_dir: Path, run_id: str) -> RunRecord | None:
    """What the ledger knows of a run; None where it was not entered."""
    return next((run for run in _read(state_dir) if run.run_id == run_id), None)


def _shown(exit_code: int | None) -> str:
    return "" if exit_code is None else str(exit_code)


def _read(state_dir: Path) -> list[RunRecord]:
    if not has_ledger(state_dir):
        return []
    with open_ledger(state_dir) as ledger:
        return ledger.runs()


def _document(run: RunRecord, state_dir: Path) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "status": run.status.value,
        "exit_code": run.exit_code,
        "spec": run.spec_path,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "resume_command": resume_command(run, state_dir / "runs" / run.run_id),
    }
