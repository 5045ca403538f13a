"""Every staged row gets its one outcome from the state of the batch that decides about it."""

from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.outcomes import row_outcomes
from memory_import.ledger.staging.staged import Staging
from tests.support.ledger_examples import (
    MERGED,
    PART,
    RUN_ID,
    drive,
    enter,
    make_load,
    make_planned,
    stage,
    staged_rows,
)

OF_STATE = {
    "planned": (BatchState.PLANNED, None, "pending"),
    "sending": (BatchState.SENDING, None, "pending"),
    "accepted, with an operation to follow": (BatchState.ACCEPTED, "op1", "pending"),
    "accepted, with nothing to follow": (BatchState.ACCEPTED, None, "accepted"),
    "completed": (BatchState.COMPLETED, "op1", "completed"),
    "rejected": (BatchState.REJECTED, None, "rejected"),
    "unknown": (BatchState.UNKNOWN, None, "unknown"),
}


def judge(ledger: Ledger, staging: Staging) -> pl.DataFrame:
    return pl.concat(row_outcomes(ledger, staging, RUN_ID, "profiles"))


def outcomes(ledger: Ledger, staging: Staging) -> list[str | None]:
    return judge(ledger, staging)["outcome"].to_list()


@pytest.mark.parametrize(("state", "operation_id", "expected"), OF_STATE.values(), ids=OF_STATE)
def test_the_state_of_a_batch_is_the_outcome_of_its_rows(
    ledger: Ledger, tmp_path: Path, state: BatchState, operation_id: str | None, expected: str
) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 1))
    [batch] = enter(ledger, make_load(1), [make_planned()])
    drive(ledger, batch, state, operation_id=operation_id)
    assert outcomes(ledger, staging) == [expected]


def test_rows_keep_their_order_and_their_places_whatever_became_of_them(
    ledger: Ledger, tmp_path: Path
) -> None:
    parts = staged_rows(0, 3, {1: "email_invalid"}), staged_rows(3, 6, {3: "phone_invalid"})
    staging = stage(tmp_path / "profiles", *parts)
    first, second = enter(ledger, make_load(6), [make_planned(0, 2), make_planned(0, 2, part="part-00001")])
    drive(ledger, first, BatchState.COMPLETED)
    drive(ledger, second, BatchState.UNKNOWN)
    frame = judge(ledger, staging)
    assert frame.select("_pos", "_file", "_row", "outcome").rows() == [
        (0, "customers.csv", 1, "completed"),
        (1, "customers.csv", 2, "rejected"),
        (2, "customers.csv", 3, "completed"),
        (3, "customers.csv", 4, "rejected"),
        (4, "customers.csv", 5, "unknown"),
        (5, "customers.csv", 6, "unknown"),
    ]
    assert frame.row(1, named=True)["_error_code"] == "email_invalid"


def test_the_pieces_of_a_split_batch_decide_and_not_the_batch(ledger: Ledger, tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 5))
    [whole] = enter(ledger, make_load(5), [make_planned(0, 5)])
    drive(ledger, whole, BatchState.SPLIT)
    with ledger.transaction() as transaction:
        pieces = transaction.plan_pieces(
            RUN_ID, [make_planned(0, 2, parent_id=whole.id), make_planned(2, 5, parent_id=whole.id)]
        )
    drive(ledger, pieces[0], BatchState.COMPLETED)
    assert outcomes(ledger, staging) == ["completed", "completed", "pending", "pending", "pending"]


def test_a_merged_row_names_the_row_that_stands_for_it_across_parts(ledger: Ledger, tmp_path: Path) -> None:
    staging = stage(
        tmp_path / "profiles",
        staged_rows(0, 2),
        staged_rows(2, 4),
        groups={1: [3]},
        merged=[{"_pos": 1, "_is_final": True}],
    )
    batches = enter(
        ledger,
        make_load(4),
        [make_planned(part=MERGED), make_planned(), make_planned(part="part-00001")],
    )
    for batch in batches:
        drive(ledger, batch, BatchState.COMPLETED)
    rows = judge(ledger, staging).select("outcome", "merged_into_file", "merged_into_row").rows()
    assert rows == [
        ("completed", None, None),
        ("completed", None, None),
        ("completed", None, None),
        ("merged", "customers.csv", 2),
    ]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_final_entry_of_a_group_decides_about_its_representative(
    ledger: Ledger, tmp_path: Path, position: int
) -> None:
    """Entries before the final one bring identifiers; whatever becomes of them, they are nobody's outcome."""
    merged = [{"_pos": row, "_is_final": row == 0} for row in (2, 1, 0)]
    staging = stage(tmp_path / "profiles", staged_rows(0, 3), groups={0: [1, 2]}, merged=merged)
    planned = [make_planned(row, row + 1, part=MERGED, round=row, rows=int(row == 2)) for row in range(3)]
    batches = enter(ledger, make_load(3, rounds=3), planned)
    drive(ledger, batches[position], BatchState.COMPLETED)
    expected = "completed" if position == 2 else "pending"
    assert outcomes(ledger, staging) == [expected, "merged", "merged"]


@pytest.mark.parametrize(
    ("early_state", "expected"),
    [
        (BatchState.COMPLETED, "completed"),
        (BatchState.UNKNOWN, "completed"),
        (BatchState.REJECTED, "completed"),
    ],
    ids=str,
)
def test_a_representative_whose_own_identifier_went_before_it_counts_once(
    ledger: Ledger, tmp_path: Path, early_state: BatchState, expected: str
) -> None:
    merged = [{"_pos": 0, "_is_final": False}, {"_pos": 0, "_round": 1, "_is_final": True}]
    staging = stage(tmp_path / "profiles", staged_rows(0, 2), groups={0: [1]}, merged=merged)
    planned = [make_planned(row, row + 1, part=MERGED, round=row, rows=row) for row in range(2)]
    early, final = enter(ledger, make_load(2, rounds=2), planned)
    drive(ledger, early, early_state)
    drive(ledger, final, BatchState.COMPLETED)
    assert outcomes(ledger, staging) == [expected, "merged"]


def test_rows_of_a_group_with_too_many_identifiers_are_rejected_together(
    ledger: Ledger, tmp_path: Path
) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 3), groups={0: [2]}, late_rejects=[0, 2])
    [batch] = enter(ledger, make_load(3), [make_planned()])
    drive(ledger, batch, BatchState.COMPLETED)
    frame = judge(ledger, staging)
    assert frame["outcome"].to_list() == ["rejected", "completed", "rejected"]
    assert frame["_error_code"].to_list() == ["too_many_identifiers", None, "too_many_identifiers"]
    assert frame["merged_into_row"].null_count() == 3


@pytest.fixture
def family(ledger: Ledger, tmp_path: Path) -> tuple[Staging, list[Batch]]:
    """Rows 0, 1, 2 are one person; row 2 gave a further identifier, which goes first. Row 3 is alone."""
    merged = [{"_pos": 2, "_is_final": False}, {"_pos": 0, "_round": 1, "_is_final": True}]
    staging = stage(tmp_path / "profiles", staged_rows(0, 4), groups={0: [1, 2]}, merged=merged)
    planned = [
        make_planned(0, 1, part=MERGED, rows=0),
        make_planned(1, 2, part=MERGED, round=1),
        make_planned(0, 1),
    ]
    early, alone, final = enter(ledger, make_load(4, rounds=2), planned)
    drive(ledger, alone, BatchState.COMPLETED)
    return staging, [early, final]


def test_a_refused_profile_takes_the_rows_with_it_that_were_merged_into_it(
    ledger: Ledger, family: tuple[Staging, list[Batch]]
) -> None:
    staging, (early, final) = family
    drive(ledger, early, BatchState.COMPLETED)
    drive(ledger, final, BatchState.REJECTED, http_status=400, code=520010)
    staging.note_refusal(final.id, 520010, "the whole of it")
    frame = judge(ledger, staging)
    assert frame["outcome"].to_list() == ["rejected", "rejected", "rejected", "completed"]
    assert frame["_error_code"].to_list() == ["520010", "520010", "520010", None]
    assert frame["merged_into_row"].null_count() == 4


def test_a_refused_further_identifier_is_the_refusal_of_the_row_that_gave_it(
    ledger: Ledger, family: tuple[Staging, list[Batch]]
) -> None:
    staging, (early, final) = family
    drive(ledger, early, BatchState.REJECTED, http_status=400, code=520010)
    staging.note_refusal(early.id, 520010, "that email")
    drive(ledger, final, BatchState.COMPLETED)
    frame = judge(ledger, staging)
    assert frame["outcome"].to_list() == ["completed", "merged", "rejected", "completed"]
    assert frame.row(2, named=True)["_error_message"] == "that email"


def test_when_both_are_refused_each_row_is_rejected_once(
    ledger: Ledger, family: tuple[Staging, list[Batch]]
) -> None:
    staging, batches = family
    for batch in batches:
        drive(ledger, batch, BatchState.REJECTED, http_status=400)
        staging.note_refusal(batch.id, 520010, f"round {batch.round}")
    frame = judge(ledger, staging)
    assert frame["outcome"].to_list() == ["rejected", "rejected", "rejected", "completed"]
    assert frame["_pos"].to_list() == [0, 1, 2, 3]
    assert frame.row(2, named=True)["_error_message"] == "round 0"


UNSAID = "The server refused it without a reason."
WORDS = {
    "code and words": (400, (520010, "wrong type"), ("520010", "wrong type")),
    "words alone": (422, (None, "wrong type"), ("http_422", "wrong type")),
    "code alone": (400, (520010, ""), ("520010", UNSAID)),
    "a failed operation without a code": (None, (None, "It failed."), ("operation_failed", "It failed.")),
    "nothing at all": (413, None, ("http_413", UNSAID)),
}


@pytest.mark.parametrize(("status", "note", "expected"), WORDS.values(), ids=WORDS)
def test_a_refused_row_has_the_code_and_the_words_that_the_server_gave(
    ledger: Ledger,
    tmp_path: Path,
    status: int | None,
    note: tuple[int | None, str] | None,
    expected: tuple[str, str],
) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 1))
    [batch] = enter(ledger, make_load(1), [make_planned()])
    drive(ledger, batch, BatchState.REJECTED, http_status=status)
    if note is not None:
        staging.note_refusal(batch.id, *note)
    assert judge(ledger, staging).select("_error_code", "_error_message").row(0) == expected


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, 2, ["completed", "completed", None]), (1, 3, [None, "completed", "completed"]), (0, 0, [None] * 3)],
    ids=["the last row forgotten", "the first row forgotten", "all rows forgotten"],
)
def test_a_row_that_no_batch_decides_about_has_no_outcome(
    ledger: Ledger, tmp_path: Path, start: int, stop: int, expected: list[str | None]
) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 3))
    planned = [make_planned(start, stop)] if stop else []
    for batch in enter(ledger, make_load(3), planned):
        drive(ledger, batch, BatchState.COMPLETED)
    assert outcomes(ledger, staging) == expected


def test_batches_of_other_parts_decide_nothing_here(ledger: Ledger, tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 2), staged_rows(2, 4))
    here, there = enter(ledger, make_load(4), [make_planned(0, 2), make_planned(0, 2, part="part-00001")])
    assert here.part == PART
    drive(ledger, there, BatchState.COMPLETED)
    assert outcomes(ledger, staging) == ["pending", "pending", "completed", "completed"]
