"""Runs, loads, batches and staged rows as tests need them: valid wherever a test says nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch, LoadRecord, PlannedBatch, RunRecord, RunStatus
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.staging.layout import LATE_ERRORS_SCHEMA, MEMBERS_SCHEMA, part_name
from memory_import.ledger.staging.staged import Staging

RUN_ID = "20261121T090000-1"
FILE = "customers.csv"
PART = part_name(0)
MERGED = "merged-00000"
ROUTES: dict[BatchState, tuple[BatchState, ...]] = {
    BatchState.PLANNED: (),
    BatchState.SENDING: (BatchState.SENDING,),
    BatchState.ACCEPTED: (BatchState.SENDING, BatchState.ACCEPTED),
    BatchState.COMPLETED: (BatchState.SENDING, BatchState.ACCEPTED, BatchState.COMPLETED),
    BatchState.VERIFIED: (BatchState.SENDING, BatchState.VERIFIED),
    BatchState.REJECTED: (BatchState.SENDING, BatchState.REJECTED),
    BatchState.SPLIT: (BatchState.SENDING, BatchState.SPLIT),
    BatchState.UNKNOWN: (BatchState.SENDING, BatchState.UNKNOWN),
}


def make_run(run_id: str = RUN_ID, **facts: Any) -> RunRecord:
    """A live run under way."""
    usual: dict[str, Any] = {
        "spec_path": "crm.yaml",
        "spec": {"version": 1},
        "api_url": "https://memory.twilio.com",
        "store_id": "mem_store_00000000000000000000000001",
        "emulator": False,
        "budgets": {},
        "row_limit": None,
        "is_full": False,
        "is_plan": False,
        "declared": None,
        "planned_after": 0,
        "delivery_number": None,
        "status": RunStatus.RUNNING,
        "exit_code": None,
        "started_at": "2026-11-21T09:00:00Z",
        "finished_at": None,
    }
    return RunRecord(run_id=run_id, **{**usual, **facts})


def make_load(rows_read: int = 0, **facts: Any) -> LoadRecord:
    """A load of profiles in one round."""
    usual: dict[str, Any] = {
        "load": "profiles",
        "identifiers": {"Contact.email": "email"},
        "columns": ("Name", "Email"),
        "rounds": 1,
        "changes": {},
        "planned_at": 0.0,
    }
    return LoadRecord(rows_read=rows_read, **{**usual, **facts})


def make_planned(start: int = 0, stop: int = 1, **facts: Any) -> PlannedBatch:
    """A batch of the first part that decides about as many rows as it has entries."""
    usual: dict[str, Any] = {
        "load": "profiles",
        "round": 0,
        "part": PART,
        "rows": stop - start,
        "body_bytes": 100,
    }
    return PlannedBatch(start=start, stop=stop, **{**usual, **facts})


def enter(ledger: Ledger, load: LoadRecord, planned: Sequence[PlannedBatch], **facts: Any) -> list[Batch]:
    """Enter a run with one load; its batches as the ledger has them."""
    ledger.create_run(make_run(**facts))
    run_id = facts.get("run_id", RUN_ID)
    ledger.save_load(run_id, load, planned)
    return ledger.batches(run_id, load.load, states=tuple(BatchState))


def drive(ledger: Ledger, batch: Batch, state: BatchState, **facts: Any) -> None:
    """Bring a planned batch to a state, on a way that the ledger allows; note facts with the last move."""
    for target in ROUTES[state]:
        with ledger.transaction() as transaction:
            transaction.move(batch.id, target, facts if target is state else {})


def find(ledger: Ledger, batch: Batch) -> Batch:
    """A batch as the ledger has it now."""
    batches = ledger.batches(RUN_ID, batch.load, states=tuple(BatchState))
    return next(found for found in batches if found.id == batch.id)


def payload(position: int) -> str:
    """The profile text of a row."""
    return f'{{"traits":{{"Contact":{{"email":"p{position}@example.com"}}}}}}'


def staged_rows(start: int, stop: int, refused: Mapping[int, str] | None = None) -> pl.DataFrame:
    """Rows of one part: by `_pos`, with a payload, or with a code (or several) why they have none."""
    codes = refused or {}
    positions = range(start, stop)
    return pl.DataFrame(
        {
            "_pos": positions,
            "_file": [FILE] * len(positions),
            "_row": [position + 1 for position in positions],
            "Name": [f"Name {position}" for position in positions],
            "Email": [f"p{position}@example.com" for position in positions],
            "_payload": [None if position in codes else payload(position) for position in positions],
            "_error_code": [codes.get(position) for position in positions],
            "_error_field": ["Contact.email" if position in codes else None for position in positions],
            "_error_message": ["It is not right." if position in codes else None for position in positions],
        },
        schema_overrides={
            "_pos": pl.Int64,
            "_row": pl.Int64,
            "_payload": pl.String,
            **dict.fromkeys(("_error_code", "_error_field", "_error_message"), pl.String),
        },
    )


def stage(
    folder: Path,
    *parts: pl.DataFrame,
    groups: Mapping[int, Sequence[int]] | None = None,
    merged: Sequence[Mapping[str, Any]] = (),
    late_rejects: Sequence[int] = (),
) -> Staging:
    """Stage a load.

    `groups`: the rows merged into a representative, by its `_pos`. `merged`: `_pos`, `_is_final` and perhaps
    `_round` and `_payload` of each entry that is sent for groups. `late_rejects`: rows refused with theirs.
    """
    staging = Staging(folder)
    staging.begin()
    for number, part in enumerate(parts):
        staging.draft_part(number, part)
        staging.settle_part(number)
    if merged:
        entries = [{"_payload": payload(entry["_pos"]), "_round": 0, **entry} for entry in merged]
        staging.write_merged(0, pl.DataFrame(entries, schema_overrides={"_pos": pl.Int64}))
    members = [
        {"_pos": row, "_representative": representative}
        for representative, others in (groups or {}).items()
        for row in (representative, *others)
    ]
    late = [
        {"_pos": row, "_error_code": "too_many_identifiers", "_error_field": None, "_error_message": "Many."}
        for row in late_rejects
    ]
    staging.write_members(
        members=pl.DataFrame(members, schema=MEMBERS_SCHEMA),
        late_rejects=pl.DataFrame(late, schema=LATE_ERRORS_SCHEMA),
    )
    staging.finish()
    return staging
