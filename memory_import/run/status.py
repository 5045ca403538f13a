"""Where runs stand, for people and for scripts."""

import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from memory_import.errors import UsageProblem
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.lock import find_holder
from memory_import.ledger.database.records import RunRecord, RunStatus
from memory_import.ledger.report.document import count_sent_rows, describe_batches, describe_requests
from memory_import.ledger.report.summary import render_summary
from memory_import.ledger.report.words import count_not_as_sent
from memory_import.printable import counted, printable_line
from memory_import.run.lifecycle.result import RunResult, resume_command
from memory_import.run.lifecycle.state_directory import has_ledger, open_ledger

_NOBODY_KNOWS = "–"
_COUNTS = ("read", "sent", "unchanged", "rejected")
_HEADINGS = ("when (UTC)", "spec", "target", *_COUNTS, "state", "run")
_SENT = ("verified", "completed", "accepted", "unknown")
_NUMERIC = range(3, 7)


def list_runs(state_dir: Path) -> tuple[list[dict[str, Any]], str]:
    """All runs and plans, the newest first: as a document and as a table."""
    if not has_ledger(state_dir):
        return [], "There are no runs here yet. Next: memory-import plan SPEC"
    with open_ledger(state_dir) as ledger:
        under_way = _find_under_way(state_dir)
        document = [_entry(ledger, run, state_dir, under_way) for run in ledger.runs()]
    runs = [entry for entry in document if entry["kind"] == "run"]
    plans = [entry for entry in document if entry["kind"] == "plan"]
    lines = _table("Runs", runs)
    lines += ["", *_table("Plans, of which nothing was sent", plans)] if plans else []
    return document, "\n".join([*lines, "", "Next: memory-import status RUN_ID shows the report of one."])


def describe_run(state_dir: Path, run_id: str) -> tuple[dict[str, Any], str]:
    """One run: its report where there is one, else what the ledger still has."""
    folder = state_dir / "runs" / run_id
    record = find_record(state_dir, run_id)
    if record is None:
        raise UsageProblem(
            f"There is no run {printable_line(run_id)} here; `memory-import status` lists all runs."
        )
    report = _read_report(folder) if record.status is not RunStatus.RUNNING else None
    if report is not None:
        return report, render_summary(report, str(folder), says_why=True)
    with open_ledger(state_dir) as ledger:
        document = _entry(ledger, record, state_dir, _find_under_way(state_dir))
        document["loads"] = {load: _load(ledger, run_id, load) for load in record.loads}
        document["requests"] = describe_requests(ledger, run_id)
    return document, "\n".join(_lines_without_report(document))


def read_result(state_dir: Path, run_id: str) -> RunResult:
    """How a run that is over ended, from its report; `UsageProblem` where there is none."""
    document, _ = describe_run(state_dir, run_id)
    return RunResult(document, str(state_dir / "runs" / run_id), None)


def find_record(state_dir: Path, run_id: str) -> RunRecord | None:
    """What the ledger knows of a run; None where it was not entered."""
    if not has_ledger(state_dir):
        return None
    with open_ledger(state_dir) as ledger:
        return ledger.run(run_id)


def _find_under_way(state_dir: Path) -> str | None:
    """The run that a process is at work on now."""
    return (find_holder(state_dir) or {}).get("run_id")


def _entry(ledger: Ledger, run: RunRecord, state_dir: Path, under_way: str | None) -> dict[str, Any]:
    """A run in the list. A count is None where only the report had it, and that is gone.

    One that the ledger has as running and that no process is at work on was killed, or its machine stopped:
    it is `stopped`, and `was_killed`.
    """
    folder = state_dir / "runs" / run.run_id
    is_running = run.status is RunStatus.RUNNING and run.run_id == under_way
    was_killed = run.status is RunStatus.RUNNING and not is_running
    can_go_on = folder.exists() and not is_running and ledger.superseding(run) is None
    report = _read_report(folder) if run.status is not RunStatus.RUNNING else None
    return {
        "run_id": run.run_id,
        "kind": "plan" if run.is_plan else "run",
        "status": (RunStatus.STOPPED if was_killed else run.status).value,
        "was_killed": was_killed,
        "exit_code": run.exit_code,
        "spec": run.spec_path,
        "name": run.spec.get("name"),
        "target": {"api_url": run.api_url, "store_id": run.store_id, "emulator": run.emulator},
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "rows": _rows(ledger, run, report),
        "not_as_sent": count_not_as_sent(report).total() if report else None,
        "has_folder": folder.exists(),
        "resume_command": resume_command(run, folder) if can_go_on else None,
    }


def _rows(ledger: Ledger, run: RunRecord, report: Mapping[str, Any] | None) -> dict[str, int | None]:
    """`{read, sent, unchanged, rejected}` of all loads; of a plan, `sent` is what would be."""
    if report is None:
        staged = [load for name in run.loads if (load := ledger.load(run.run_id, name))]
        sent = sum(count_sent_rows(ledger, run.run_id, load.load) for load in staged)
        read = sum(load.rows_read for load in staged)
        return {"read": read, "sent": sent, "unchanged": None, "rejected": None}
    total = Counter[str]()
    for section in report["loads"].values():
        total.update(section["rows"])
    sent = total["planned"] if run.is_plan else sum(total[outcome] for outcome in _SENT)
    return {name: sent if name == "sent" else total[name] for name in _COUNTS}


def _load(ledger: Ledger, run_id: str, load: str) -> dict[str, Any]:
    """What the ledger has of a load, whose rows may not be staged yet."""
    staged = ledger.load(run_id, load)
    sent, batches = describe_batches(ledger, run_id, load)
    return {"rows": {"read": staged.rows_read if staged else 0}, "sent": sent, "batches": batches}


def _read_report(folder: Path) -> dict[str, Any] | None:
    """The report of a run; None where it was not written, or cannot be read."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return report if isinstance(report, dict) else None


def _table(title: str, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Aligned columns; below a run that can go on, the command for it."""
    headings = tuple("to send" if name == "sent" and "Plans" in title else name for name in _HEADINGS)
    cells = [headings, *(_cells(entry) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [title if entries else f"{title}: none"]
    for entry, row in zip((None, *entries), cells, strict=True):
        if entry is None and not entries:
            break
        padded = [
            cell.rjust(width) if at in _NUMERIC else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"  {'  '.join(padded).rstrip()}")
        lines += [f"    {printable_line(line)}" for line in _further(entry)] if entry else []
    return lines


def _cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    target = entry["target"]
    counts = [entry["rows"][name] for name in _COUNTS]
    code = entry["exit_code"]
    return (
        entry["started_at"][:16].replace("T", " "),
        printable_line(entry["name"] or PurePath(entry["spec"]).name),
        "emulator" if target["emulator"] else printable_line(target["store_id"]),
        *(_NOBODY_KNOWS if count is None else f"{count:,}" for count in counts),
        entry["status"] if code in (None, 0) else f"{entry['status']}, exit {code}",
        entry["run_id"],
    )


def _further(entry: Mapping[str, Any]) -> list[str]:
    """What else there is to say of a run: each is a line below it."""
    lines = []
    if entry["was_killed"]:
        lines.append("it was killed, or its machine stopped, before it could end")
    if entry["not_as_sent"]:
        count = counted(entry["not_as_sent"], "row")
        lines.append(
            f"verify found {count} not in the store as sent; the next run of the spec sends them again"
        )
    if entry["resume_command"]:
        verb = "to send it" if entry["kind"] == "plan" else "to go on"
        lines.append(f"{verb}: {entry['resume_command']}")
    elif entry["was_killed"] and entry["kind"] == "plan":
        lines.append(f"to make it anew: memory-import plan {shlex.quote(entry['spec'])}")
    if not entry["has_folder"]:
        lines.append("its folder is gone; the ledger has these numbers")
    return lines


def _lines_without_report(document: Mapping[str, Any]) -> list[str]:
    kind = document["kind"].capitalize()
    why = "has no report yet" if document["has_folder"] else "has no folder any more"
    target = document["target"]
    lines = [
        f"{kind} {document['run_id']}: {document['status']}. It {why}; the ledger has this of it:",
        f"  spec: {printable_line(document['spec'])}",
        f"  target: {'emulator' if target['emulator'] else printable_line(target['store_id'])}",
        f"  started {document['started_at']}, ended {document['finished_at'] or 'not yet'}",
    ]
    for name, load in document["loads"].items():
        batches = ", ".join(
            f"{count:,} {state}" for state, count in load["batches"].items() if count and state != "total"
        )
        lines.append(
            f"  {name}: {counted(load['rows']['read'], 'row')} read, {load['sent']:,} sent; "
            f"batches: {batches or 'none'}"
        )
    lines.append(f"  {counted(document['requests']['total'], 'request')}")
    if document["was_killed"]:
        lines.append("  It was killed, or its machine stopped, before it could end.")
    command = document["resume_command"]
    return [*lines, f"Next: {command}" if command else "Next: memory-import status lists all runs."]
