"""The report of a run, made from the ledger and the account of each load."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import LoadRecord, RunRecord
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.account import Account
from memory_import.ledger.report.progress import describe_progress
from memory_import.loads import PROFILES

_TAKEN = frozenset({BatchState.ACCEPTED, BatchState.COMPLETED, BatchState.VERIFIED, BatchState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Ending:
    """What ended a run early: `problems`, in sentences; where a guard objects, `spec_lines`, what to write
    into the spec, and `option`, that of the command line which lets the run go on as it is."""

    problems: Sequence[str] = ()
    spec_lines: Sequence[str] = ()
    option: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Its part of a report."""
        return {"problems": list(self.problems), "spec_lines": list(self.spec_lines), "option": self.option}

    @classmethod
    def of_report(cls, report: Mapping[str, Any]) -> Self:
        """What a report says of it."""
        return cls(
            tuple(report.get("problems", ())), tuple(report.get("spec_lines", ())), report.get("option")
        )


NO_PROBLEM = Ending()


def build_report(
    ledger: Ledger,
    run: RunRecord,
    accounts: Mapping[str, tuple[LoadRecord, Account]],
    resume_command: str | None,
    ending: Ending = NO_PROBLEM,
) -> dict[str, Any]:
    """The report as it is written to `report.json`. `accounts` is by load, for the loads that were staged.

    `ending`: what ended the run early.
    """
    loads = {
        name: _load_section(ledger, run.run_id, load, account) for name, (load, account) in accounts.items()
    }
    return {
        "run_id": run.run_id,
        "spec": run.spec_path,
        "name": run.spec.get("name"),
        "status": run.status.value,
        "exit_code": run.exit_code,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "target": {"api_url": run.api_url, "store_id": run.store_id, "emulator": run.emulator},
        "loads": loads,
        "requests": describe_requests(ledger, run.run_id),
        "billing": _count_billed(ledger, run.run_id, loads),
        "timing": {
            stage: round(seconds, 3) for stage, seconds in ledger.seconds_by_stage(run.run_id).items()
        },
        "progress": describe_progress(ledger, run),
        **ending.to_json(),
        "resume_command": resume_command,
    }


def describe_requests(ledger: Ledger, run_id: str) -> dict[str, Any]:
    """How many requests a run has made, how many of them were repeats, and how they were answered."""
    counts = ledger.request_counts(run_id)
    return {
        "total": sum(counts.by_status.values()),
        "retries": sum(counts.retries.values()),
        "by_status": dict(sorted(counts.by_status.items())),
    }


def _count_billed(ledger: Ledger, run_id: str, loads: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """What a run has used, in the units of the bill: profiles that the service took or that a load of
    memories created, and identifiers that were looked up, each once. An import recalls nothing."""
    found = [ledger.lookup_counts(run_id, load) for load in loads]
    sent = loads[PROFILES]["sent"] if PROFILES in loads else 0
    return {
        "profile_operations": sent + sum(created for _, _, created in found),
        "lookups": sum(identifiers for identifiers, _, _ in found),
        "recalls": 0,
    }


def describe_batches(ledger: Ledger, run_id: str, load: str) -> tuple[int, dict[str, int]]:
    """How many entries of a load were sent, and its batches by state, with their `total`."""
    batches: Counter[BatchState] = Counter()
    sent = 0
    for (state, _), (count, entries, _) in ledger.totals(run_id, load).items():
        batches[state] += count
        sent += entries if state in _TAKEN else 0
    total = batches.total() - batches[BatchState.SPLIT]
    return sent, {"total": total, **{state.value: batches[state] for state in BatchState}}


def count_sent_rows(ledger: Ledger, run_id: str, load: str) -> int:
    """The input rows of a load that the service took, or may have taken."""
    return sum(rows for (state, _), (_, _, rows) in ledger.totals(run_id, load).items() if state in _TAKEN)


def _remark_errors(ledger: Ledger, run_id: str, load: str) -> Iterator[str]:
    """A sentence where the service completed what it told an error of."""
    told = ledger.completed_with_error(run_id, load)
    if told:
        batches, rows = (sum(counts) for counts in zip(*told.values(), strict=True))
        codes = ", ".join(f"{code or 'none'}: {count:,}" for code, (count, _) in told.items())
        yield (
            f"Operations that ended COMPLETED and told an error all the same: {batches:,}, of {rows:,} rows "
            f"(code {codes}). Nobody but the service knows what became of these rows: read them back with "
            f"`memory-import verify {run_id} --sample all`."
        )


def _load_section(ledger: Ledger, run_id: str, load: LoadRecord, account: Account) -> dict[str, Any]:
    sent, batches = describe_batches(ledger, run_id, load.load)
    known = ledger.input(run_id, load.load) or {}
    return {
        "files": list(known.get("read", ())),
        "files_not_read": list(known.get("not_read", ())),
        "rows": {"read": load.rows_read, **account.rows},
        "traits": {path: fates.to_json() for path, fates in account.values.items()},
        "dropped_rows": {
            path: {code: [list(place) for place in places] for code, places in fates.examples.items()}
            for path, fates in account.values.items()
            if fates.examples
        },
        "sent": sent,
        "batches": batches,
        "reject_reasons": dict(account.reasons),
        "rejected_rows": {
            code: [list(place) for place in places] for code, places in account.first_rejected.items()
        },
        "changes": dict(sorted(load.changes.items())),
        "remarks": [*load.remarks, *_remark_errors(ledger, run_id, load.load)],
        **({} if load.lookups is None else {"lookups": dict(load.lookups)}),
    }
