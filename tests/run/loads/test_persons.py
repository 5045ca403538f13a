"""Rows that share an identifier value are found and merged, over all parts and however memory is divided."""

import json
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.person_rules import PersonRules
from memory_import.run.loads.persons import Grouping, group_rows
from memory_import.transforms.identity.groups import hash_columns, hash_identifiers
from memory_import.transforms.prepare import prepare_profiles
from tests.support.ledger_examples import FILE, stage
from tests.support.plans import make_plan, make_trait

PLAN = make_plan(make_trait("Contact.name"))
EXPECTED_ROWS = {"in one partition": 12, "in many partitions": 30_000_000}
CUSTOMERS = [
    ("+12025550101", "a@example.com", "first"),
    (None, "b@example.com", "alone"),
    (None, None, "rejected"),
    ("+12025550102", None, "chained by phone"),
    ("+12025550101", None, "later"),
    (None, None, "rejected too"),
    ("+12025550102", "c@example.com", "link"),
    (None, "C@example.com", "chained by email"),
    ("+12025550103", "d@example.com", "alone as well"),
]


def stage_customers(folder: Path, *sizes: int) -> Staging:
    """The customers in parts of these sizes."""
    parts = []
    for number, size in enumerate(sizes):
        start = sum(sizes[:number])
        rows = pl.DataFrame(
            [(FILE, start + at + 1, *cells) for at, cells in enumerate(CUSTOMERS[start : start + size])],
            schema={
                "_file": pl.String,
                "_row": pl.Int64,
                **dict.fromkeys(("phone", "email", "name"), pl.String),
            },
            orient="row",
        )
        frame = prepare_profiles(rows, PLAN).frame
        parts.append(
            frame.hstack(hash_identifiers(frame, PLAN, NOBODY)).with_columns(_pos=pl.col("_row") - 1)
        )
    return stage(folder / "profiles", *parts)


NOBODY = pl.DataFrame(schema={"id_type": pl.String, "value": pl.String})


@pytest.mark.parametrize("rows", EXPECTED_ROWS.values(), ids=EXPECTED_ROWS)
@pytest.mark.parametrize("sizes", [(9,), (3, 3, 3), (1,) * 9], ids=["one part", "three", "nine"])
def test_rows_of_one_person_are_found_wherever_they_are(
    tmp_path: Path, sizes: tuple[int, ...], rows: int
) -> None:
    staging = stage_customers(tmp_path, *sizes)
    grouping = group_rows(staging, PLAN, rows, PersonRules())
    assert grouping == Grouping(rounds=1, extra_identifiers=0, disagreeing=2)
    assert staging.members.rows() == [(0, 4), (3, 7), (4, 4), (6, 7), (7, 7)]
    [part] = staging.merged_parts
    merged = staging.entries(part, "_payload").sort("_pos")
    assert merged["_pos"].to_list() == [4, 7]
    assert [json.loads(payload)["traits"]["Contact"] for payload in merged["_payload"]] == [
        {"phone": "+12025550101", "email": "a@example.com", "name": "later"},
        {"phone": "+12025550102", "email": "C@example.com", "name": "chained by email"},
    ]


def test_equal_hashes_alone_make_no_group(tmp_path: Path) -> None:
    staging = stage_customers(tmp_path, 5, 4)
    same = pl.lit(7, pl.UInt64)
    for number, part in enumerate(staging.parts):
        rows = staging.read(part, *staging.columns(part))
        hashes = [same.alias(column) for column in hash_columns(PLAN)]
        staging.draft_part(number, rows.with_columns(hashes))
        staging.settle_part(number)
    grouping = Grouping(rounds=1, extra_identifiers=0, disagreeing=2)
    assert group_rows(staging, PLAN, 9, PersonRules()) == grouping
    assert staging.members["_representative"].to_list() == [4, 7, 4, 7, 7]


def test_without_repeated_values_nothing_is_merged(tmp_path: Path) -> None:
    staging = stage_customers(tmp_path, 3)
    assert group_rows(staging, PLAN, 3, PersonRules()) == Grouping(rounds=1, extra_identifiers=0)
    assert staging.members.is_empty()
    assert staging.merged_parts == ()
    assert staging.entries("part-00000")["_pos"].to_list() == [0, 1]
