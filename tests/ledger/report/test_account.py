"""The account of a load: all rows in numbers, the rejected ones in a file that can be fed back."""

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from memory_import.columns import Exclusion
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import LoadRecord
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.account import Account, ConservationError, file_name, settle_account
from memory_import.ledger.report.outcomes import Outcome
from memory_import.ledger.staging.staged import Staging
from tests.support.ledger_examples import (
    MERGED,
    RUN_ID,
    drive,
    enter,
    make_load,
    make_planned,
    stage,
    staged_rows,
)


class Rejects:
    """Rejected rows as lines that say where they are from and why they are here."""

    def header(self) -> bytes:
        return b"part,index,_row,_error_code\n"

    def lines(self, part: str, indexes: Sequence[int], rejected: pl.DataFrame) -> Iterator[bytes]:
        for index, row, code in zip(indexes, rejected["_row"], rejected["_error_code"], strict=True):
            yield f"{part},{index},{row},{code}\n".encode()


def settle(ledger: Ledger, staging: Staging, load: LoadRecord, folder: Path) -> Account:
    return settle_account(ledger, staging, RUN_ID, load, folder, Rejects())


def test_every_row_is_in_the_account_once(ledger: Ledger, tmp_path: Path) -> None:
    staging = stage(
        tmp_path / "profiles",
        staged_rows(0, 5, {0: "email_invalid | phone_invalid", 1: "phone_invalid"}),
        staged_rows(5, 10),
        groups={2: [9]},
        merged=[{"_pos": 2, "_is_final": True}],
    )
    second = "part-00001"
    load = make_load(10)
    planned = [
        make_planned(part=MERGED),
        make_planned(0, 1),
        make_planned(1, 2),
        make_planned(0, 2, part=second),
        make_planned(2, 3, part=second),
        make_planned(3, 4, part=second),
    ]
    states = [
        (BatchState.COMPLETED, "op1"),
        (BatchState.ACCEPTED, None),
        (BatchState.ACCEPTED, "op2"),
        (BatchState.UNKNOWN, "op3"),
        (BatchState.REJECTED, None),
        (BatchState.PLANNED, None),
    ]
    for batch, (state, operation_id) in zip(enter(ledger, load, planned), states, strict=True):
        drive(ledger, batch, state, operation_id=operation_id, http_status=400)

    account = settle(ledger, staging, load, tmp_path)

    assert account.rows == {
        "verified": 0,
        "completed": 1,
        "accepted": 1,
        "merged": 1,
        "unchanged": 0,
        "excluded": 0,
        "rejected": 3,
        "unknown": 2,
        "pending": 2,
        "planned": 0,
    }
    assert account.reasons == {"email_invalid": 1, "http_400": 1, "phone_invalid": 2}
    written = pl.read_parquet(tmp_path / "outcomes.parquet")
    assert written["_row"].to_list() == list(range(1, 11))
    assert dict(written["outcome"].value_counts().iter_rows()) == {
        outcome: count for outcome, count in account.rows.items() if count
    }
    rejects = pl.read_csv(tmp_path / "rejects.csv")
    assert rejects.rows() == [
        ("part-00000", 0, 1, "email_invalid | phone_invalid"),
        ("part-00000", 1, 2, "phone_invalid"),
        ("part-00001", 2, 8, "http_400"),
    ]


@pytest.mark.parametrize("code", list(Exclusion))
def test_a_row_that_is_left_out_is_excluded_and_no_reject(
    ledger: Ledger, tmp_path: Path, code: Exclusion
) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 3, {0: code, 1: "email_invalid"}))
    load = make_load(3)
    [batch] = enter(ledger, load, [make_planned(0, 1)])
    drive(ledger, batch, BatchState.COMPLETED)
    assert staging.rejected == 1
    account = settle(ledger, staging, load, tmp_path)
    assert {outcome: count for outcome, count in account.rows.items() if count} == {
        "completed": 1,
        "excluded": 1,
        "rejected": 1,
    }
    assert account.reasons == {"email_invalid": 1}
    written = pl.read_parquet(tmp_path / "outcomes.parquet")
    assert written.select("outcome", "_error_code").rows() == [
        ("excluded", code.value),
        ("rejected", "email_invalid"),
        ("completed", None),
    ]
    assert pl.read_csv(tmp_path / "rejects.csv")["_row"].to_list() == [2]


def test_without_rejected_rows_the_file_has_its_header_alone(ledger: Ledger, tmp_path: Path) -> None:
    staging, load = stage(tmp_path / "profiles", staged_rows(0, 2)), make_load(2)
    enter(ledger, load, [make_planned(0, 2)])
    settle(ledger, staging, load, tmp_path)
    assert (tmp_path / "rejects.csv").read_bytes() == Rejects().header()


def test_a_load_without_rows_has_an_account_too(ledger: Ledger, tmp_path: Path) -> None:
    staging, load = stage(tmp_path / "profiles"), make_load(0)
    enter(ledger, load, [])
    account = settle(ledger, staging, load, tmp_path)
    assert account.rows == dict.fromkeys([outcome.value for outcome in Outcome], 0)
    assert pl.read_parquet(tmp_path / "outcomes.parquet").columns == [
        "_file",
        "_row",
        "outcome",
        "merged_into_file",
        "merged_into_row",
        "_error_code",
    ]


@pytest.mark.parametrize(
    ("rows_read", "stop"),
    [(3, 2), (2, 3), (4, 3)],
    ids=["a row without a batch", "a row too many", "a row that vanished"],
)
def test_rows_that_do_not_sum_up_are_a_loud_failure(
    ledger: Ledger, tmp_path: Path, rows_read: int, stop: int
) -> None:
    staging, load = stage(tmp_path / "profiles", staged_rows(0, 3)), make_load(rows_read)
    [batch] = enter(ledger, load, [make_planned(0, stop)])
    drive(ledger, batch, BatchState.COMPLETED)
    with pytest.raises(
        ConservationError, match=f"{rows_read} rows were read, but the outcomes sum to {stop}"
    ):
        settle(ledger, staging, load, tmp_path)


def test_settling_again_says_the_same(ledger: Ledger, tmp_path: Path) -> None:
    staging, load = stage(tmp_path / "profiles", staged_rows(0, 3, {1: "email_invalid"})), make_load(3)
    enter(ledger, load, [make_planned(0, 2)])
    names = ("rejects.csv", "outcomes.parquet")
    first = settle(ledger, staging, load, tmp_path)
    files = [(tmp_path / name).read_bytes() for name in names]
    assert settle(ledger, Staging(staging.folder), load, tmp_path) == first
    assert [(tmp_path / name).read_bytes() for name in names] == files
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names} == {0o600}


@pytest.mark.parametrize(
    ("load", "expected"), [("profiles", "rejects.csv"), ("observations", "rejects-observations.csv")]
)
def test_each_load_has_files_of_its_own(load: str, expected: str) -> None:
    assert file_name("rejects.csv", load) == expected
