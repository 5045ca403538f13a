"""What the report says of people who are gone for good: how many were deleted, and who was not, and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.columns import CODE, ID_TYPE, OUTCOME, VALUE
from memory_import.ledger.database.deletions import OPEN, UNDER_WAY, DeletionState
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.files import whole_file
from memory_import.ledger.staging.staged import Staging

_COLUMNS = ("person", ID_TYPE, VALUE, OUTCOME, CODE, "profile_id")


def count_deletions(ledger: Ledger, run_id: str, staging: Staging) -> dict[str, int] | None:
    """How many people are due to be deleted, and how many of these are `planned`, `pending` (asked for, and
    there still), `deleted`, `absent` (not in the store), `kept`, `rejected` and `unknown`; None where a run
    deletes nobody."""
    if not staging.deletes:
        return None
    counts = ledger.deletion_counts(run_id)
    ended = [state for state in DeletionState if state not in OPEN]
    pending = sum(counts[state] for state in UNDER_WAY)
    others = {state.value: counts[state] for state in ended}
    due = staging.due.height
    return {"due": due, "planned": due - pending - sum(others.values()), "pending": pending, **others}


def describe_deletions(load: Mapping[str, Any]) -> list[str]:
    """A sentence about the deletions of a load; none where there are none."""
    counts = load.get("deletions") or {"due": 0, "planned": 0}
    if not counts["due"]:
        return []
    if counts["planned"] == counts["due"]:
        return [
            f"{counts['due']:,} known people are gone for the second complete run and are to be deleted, "
            "unless their profiles show somebody who is present; see deletions.csv"
        ]
    said = [f"{counts[name]:,} {wording}" for name, wording in _WORDING.items() if counts[name]]
    return [f"gone for two complete runs: {counts['due']:,} ({', '.join(said)}); see deletions.csv"]


_WORDING = {
    "deleted": "deleted",
    "absent": "not in the store any more",
    "kept": "left alone",
    "rejected": "refused by the service",
    "unknown": "unknown: asked for, and there still",
    "pending": "pending: asked for, and not read back yet",
    "planned": "not asked for yet",
}


def write_deletions(ledger: Ledger, run_id: str, staging: Staging, folder: Path) -> None:
    """Write `deletions.csv`, readable by its owner only: every identifier of everybody who is due."""
    if not staging.deletes:
        return
    facts = [(one.person, one.state.value, one.code, one.profile_id) for one in ledger.deletions(run_id)]
    schema = {"person": pl.Int64, OUTCOME: pl.String, CODE: pl.String, "profile_id": pl.String}
    stand = pl.DataFrame(facts, schema=schema, orient="row")
    due = staging.gone.join(staging.due, on="person", how="semi")
    listed = due.join(stand, on="person", how="left").sort("person", ID_TYPE, VALUE)
    listed = listed.with_columns(pl.col(OUTCOME).fill_null(DeletionState.PLANNED.value))
    with whole_file(folder / "deletions.csv") as stream:
        listed.select(_COLUMNS).write_csv(stream)
