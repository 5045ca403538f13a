"""Memories are sent profile by profile, in the order of time, and no more than a profile keeps."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.staging.layout import LATE_ERRORS_SCHEMA
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.memory_order import order_by_profile
from memory_import.run.loads.profile_resolution import ResolvedProfiles
from memory_import.spec.model import Spec

BEGINNING = datetime(2024, 1, 1)  # noqa: DTZ001 - moments are staged in UTC without a zone


def make_spec(over_limit: str = "keep_newest") -> Spec:
    load = {
        "source": "notes.csv",
        "profile": {"phone": "Phone"},
        "content": "Note",
        "occurred_at": "At",
        "observation_source": "crm",
        "over_limit": over_limit,
    }
    return Spec.model_validate({"version": 1, "observations": load})


def request(
    folder: Path,
    rows: list[tuple[str, int, int]],
    over_limit: str = "keep_newest",
    copies: dict[int, list[int]] | None = None,
):
    """Order rows of (profile, minute, pieces), of some of which there are copies; the staging and the
    batches."""
    staging = Staging(folder / "observations")
    staging.begin()
    payloads = [[f'"{at}.{piece}"' for piece in range(pieces)] for at, (_, _, pieces) in enumerate(rows)]
    staging.draft_part(0, pl.DataFrame({"_pos": range(len(rows)), "_payload": payloads}))
    staging.settle_part(0)
    resolved = pl.DataFrame(
        {
            "_pos": range(len(rows)),
            "_profile_id": [profile for profile, _, _ in rows],
            "_moment": [BEGINNING + timedelta(minutes=minute) for _, minute, _ in rows],
            "_pieces": [pieces for _, _, pieces in rows],
        }
    )
    spec = make_spec(over_limit).observations
    assert spec is not None
    found = ResolvedProfiles(resolved, pl.DataFrame(schema=LATE_ERRORS_SCHEMA), asked=0)
    counted = pl.DataFrame(
        {"_pos": list(copies or {}), "_copies": list((copies or {}).values())},
        schema={"_pos": pl.Int64, "_copies": pl.List(pl.UInt32)},
    ).with_columns(_possible_copies=pl.col("_copies").list.reverse())
    batches = order_by_profile(staging, "observations", spec, found, counted)
    return Staging(staging.folder), batches


def test_each_profile_has_its_own_batches_in_the_order_of_time(tmp_path):
    staging, batches = request(tmp_path, [("p", 2, 1), ("q", 1, 1), ("p", 1, 1), ("p", 2, 1)])
    [part] = staging.sorted_parts
    entries = staging.entries(part, "_payload", "_profile_id")
    assert entries["_payload"].to_list() == ['"2.0"', '"0.0"', '"3.0"', '"1.0"']
    assert [(batch.start, batch.stop, batch.rows) for batch in batches] == [(0, 3, 3), (3, 4, 1)]


def test_ten_go_in_a_request_and_a_row_in_parts_counts_once(tmp_path):
    _, batches = request(tmp_path, [("p", minute, 1) for minute in range(8)] + [("p", 8, 4)])
    assert [(batch.start, batch.stop, batch.rows) for batch in batches] == [(0, 10, 8), (10, 12, 1)]


@pytest.mark.parametrize(
    ("over_limit", "left_out"), [("keep_newest", [0, 1]), ("keep_oldest", [500, 501])], ids=str
)
def test_a_profile_that_is_full_leaves_rows_out(tmp_path, over_limit, left_out):
    staging, _ = request(tmp_path, [("p", minute, 1) for minute in range(502)], over_limit)
    assert staging.late_rejects["_pos"].to_list() == left_out
    assert set(staging.late_rejects["_error_code"]) == {"too_many_for_profile"}


def test_a_row_in_parts_is_sent_whole_or_not_at_all(tmp_path):
    staging, batches = request(tmp_path, [("p", 0, 3), *(("p", minute, 1) for minute in range(1, 500))])
    assert staging.late_rejects["_pos"].to_list() == [0]
    assert sum(batch.stop - batch.start for batch in batches) == 499


def test_each_entry_has_the_number_of_its_copies(tmp_path):
    staging, _ = request(tmp_path, [("p", 2, 1), ("p", 1, 3), ("q", 1, 2)], copies={1: [1, 0, 2]})
    [part] = staging.sorted_parts
    entries = staging.entries(part, "_payload", "_copies", "_possible_copies")
    assert entries.select("_payload", "_copies", "_possible_copies").rows() == [
        ('"1.0"', 1, 2),
        ('"1.1"', 0, 0),
        ('"1.2"', 2, 1),
        ('"0.0"', 0, 0),
        ('"2.0"', 0, 0),
        ('"2.1"', 0, 0),
    ]
