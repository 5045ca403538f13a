"""The account of a load: every input row with its outcome, written down and counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow.parquet as pq

from memory_import.columns import (
    ERROR_CODE,
    MERGED_INTO_FILE,
    MERGED_INTO_ROW,
    OUTCOME,
    PLACE,
    POS,
    ROW,
    schema,
)
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import LoadRecord
from memory_import.ledger.files import whole_file
from memory_import.ledger.report.outcomes import Outcome, row_outcomes
from memory_import.ledger.staging.staged import Staging

REASON_SEPARATOR = " | "  # as the staged rows have it
_OUTCOMES_SCHEMA = schema(*PLACE, OUTCOME, MERGED_INTO_FILE, MERGED_INTO_ROW, ERROR_CODE)
_ENCODINGS: dict[str, Any] = {
    "use_dictionary": [name for name, dtype in _OUTCOMES_SCHEMA.items() if dtype == pl.String],
    "column_encoding": dict.fromkeys((ROW, MERGED_INTO_ROW), "DELTA_BINARY_PACKED"),
}


class ConservationError(RuntimeError):
    """The outcomes of a load do not sum to the rows read: a fault in this program."""


@dataclass(frozen=True, slots=True)
class Account:
    """The rows of a load by outcome, and the rejected ones by reason: a row with two reasons counts twice."""

    rows: Mapping[str, int]
    reasons: Mapping[str, int]


class RejectedRows(Protocol):
    """The rejected rows of a load as they stand in its input, with their reasons, as lines of CSV."""

    def header(self) -> bytes:
        """Everything before the first row."""
        ...

    def lines(self, part: str, indexes: Sequence[int], rejected: pl.DataFrame) -> Iterable[bytes]:
        """The rows at some indexes of a part; `_file`, `_row` and ERRORS of `rejected` row for row."""
        ...


def settle_account(
    ledger: Ledger, staging: Staging, run_id: str, load: LoadRecord, folder: Path, originals: RejectedRows
) -> Account:
    """Say of every row of a load what became of it, in two files and in numbers.

    `outcomes.parquet` has a row for every input row. `rejects.csv` has the rejected rows: the original
    columns first and untouched, as `originals` gives them, so that they can be put right and read again with
    the same spec. Raises `ConservationError` when the outcomes do not sum to the rows read.
    """
    rows: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    schema = pl.DataFrame(schema=_OUTCOMES_SCHEMA).to_arrow().schema
    with (
        whole_file(folder / file_name("outcomes.parquet", load.load)) as outcomes_stream,
        whole_file(folder / file_name("rejects.csv", load.load)) as rejects_stream,
        pq.ParquetWriter(outcomes_stream, schema, compression="zstd", **_ENCODINGS) as outcomes,
    ):
        rejects_stream.write(originals.header())
        found = row_outcomes(ledger, staging, run_id, load.load)
        for part, frame in zip(staging.parts, found, strict=True):
            outcomes.write_table(frame.select(*_OUTCOMES_SCHEMA).to_arrow())
            rows.update(dict(frame[OUTCOME].value_counts().iter_rows()))
            rejected = frame.filter(pl.col(OUTCOME) == Outcome.REJECTED.value)
            if not rejected.is_empty():
                reasons.update(_count_reasons(rejected))
                indexes = (rejected[POS] - staging.positions[part].start).to_list()
                rejects_stream.writelines(originals.lines(part, indexes, rejected))
    _check_sum(run_id, load, rows)
    return Account({outcome.value: rows[outcome.value] for outcome in Outcome}, dict(sorted(reasons.items())))


def file_name(name: str, load: str) -> str:
    """What a file about one load is called in the run's folder."""
    stem, suffix = name.split(".")
    return name if load == "profiles" else f"{stem}-{load}.{suffix}"


def _count_reasons(rejected: pl.DataFrame) -> dict[str, int]:
    codes = rejected[ERROR_CODE].str.split(REASON_SEPARATOR).list.unique().explode()
    return dict(codes.value_counts().iter_rows())


def _check_sum(run_id: str, load: LoadRecord, rows: Counter[str]) -> None:
    known = {outcome: rows[outcome.value] for outcome in Outcome}
    if sum(known.values()) != load.rows_read or rows.total() != load.rows_read:
        raise ConservationError(
            f"Run {run_id}, {load.load}: {load.rows_read} rows were read, but the outcomes sum to "
            f"{sum(known.values())}: {dict(rows)}."
        )
