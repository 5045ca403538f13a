"""The account of a load: every input row with its outcome, written down and counted."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow.parquet as pq

from memory_import.columns import (
    ERROR_CODE,
    FILE,
    MERGED_INTO_FILE,
    MERGED_INTO_ROW,
    OUTCOME,
    PLACE,
    POS,
    ROW,
    SENT_AS,
    schema,
)
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import LoadRecord
from memory_import.ledger.files import whole_file
from memory_import.ledger.report.fates import FIRST_ROWS, Fates
from memory_import.ledger.report.outcomes import DELIVERED, Outcome, row_outcomes
from memory_import.ledger.report.traits import MappedTrait
from memory_import.ledger.report.values import PartValues, ValueAccount
from memory_import.ledger.staging.staged import Staging

_COUNTERS = 2
_OUTCOME = pl.Enum([outcome.value for outcome in Outcome])  # texts would take many times the memory
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
    """The rows of a load by outcome, and the rejected ones by reason: a row with two reasons counts twice.

    `first_rejected`: the first rejected rows, `(file, row)`, by reason. `delivered` (Boolean), part by part:
    whether a row's values went into the store. `values`: the fates of the values of each trait, by its path.
    """

    rows: Mapping[str, int]
    reasons: Mapping[str, int]
    first_rejected: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)
    delivered: Sequence[pl.Series] = field(default=(), compare=False)
    values: Mapping[str, Fates] = field(default_factory=dict)


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
    """Say of every row of a load what became of it, in files and in numbers.

    `outcomes.parquet` has a row for every input row. `rejects.csv` has the rejected rows: the original
    columns first and untouched, as `originals` gives them, so that they can be put right and read again with
    the same spec. Raises `ConservationError` when the outcomes do not sum to the rows read.
    """
    rows: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    first: dict[str, list[tuple[str, int]]] = {}
    delivered = []
    schema = pl.DataFrame(schema=_OUTCOMES_SCHEMA).to_arrow().schema
    with (
        whole_file(folder / file_name("outcomes.parquet", load.load)) as outcomes_stream,
        whole_file(folder / file_name("rejects.csv", load.load)) as rejects_stream,
        pq.ParquetWriter(outcomes_stream, schema, compression="zstd", **_ENCODINGS) as outcomes,
    ):
        rejects_stream.write(originals.header())
        found = row_outcomes(ledger, staging, run_id, load.load)
        for part, frame in zip(staging.parts, found, strict=True):
            delivered.append(frame[SENT_AS].is_in(list(DELIVERED)))
            outcomes.write_table(frame.select(*_OUTCOMES_SCHEMA).to_arrow())
            rows.update(dict(frame[OUTCOME].value_counts().iter_rows()))
            rejected = frame.filter(pl.col(OUTCOME) == Outcome.REJECTED.value)
            if not rejected.is_empty():
                reasons.update(_count_reasons(rejected))
                _note_first(rejected, first)
                indexes = (rejected[POS] - staging.positions[part].start).to_list()
                rejects_stream.writelines(originals.lines(part, indexes, rejected))
    _check_sum(run_id, load, rows)
    return Account(
        {outcome.value: rows[outcome.value] for outcome in Outcome},
        dict(sorted(reasons.items())),
        dict(sorted(first.items())),
        delivered,
    )


def settle_values(
    account: Account, staging: Staging, load: LoadRecord, folder: Path, traits: Sequence[MappedTrait]
) -> dict[str, Fates]:
    """Say of every value of a load's traits what became of it: the fates of each trait, by its path.

    `dropped.csv` has every value that was dropped. Raises `ConservationError` when the fates of a trait do
    not sum to the rows read.
    """
    with (
        whole_file(folder / file_name("dropped.csv", load.load)) as stream,
        ThreadPoolExecutor(_COUNTERS) as counters,
    ):
        values = ValueAccount(staging, traits, stream)
        counting: deque[Future[PartValues]] = deque()
        for part, is_delivered in zip(staging.parts, account.delivered, strict=True):
            counting.append(counters.submit(values.count, part, is_delivered))
            if len(counting) > _COUNTERS:
                values.add(counting.popleft().result())
        for waiting in counting:
            values.add(waiting.result())
    _check_fates(load, values.fates)
    return values.fates


def read_outcomes(folder: Path, load: str) -> pl.Series:
    """`outcome` (Enum) of every row of a load, in order, as `settle_account` wrote them."""
    path = folder / file_name("outcomes.parquet", load)
    return pl.scan_parquet(path).select(pl.col(OUTCOME).cast(_OUTCOME)).collect()[OUTCOME]


def file_name(name: str, load: str) -> str:
    """What a file about one load is called in the run's folder."""
    stem, suffix = name.split(".")
    return name if load == "profiles" else f"{stem}-{load}.{suffix}"


def _count_reasons(rejected: pl.DataFrame) -> dict[str, int]:
    codes = rejected[ERROR_CODE].str.split(REASON_SEPARATOR).list.unique().explode()
    return dict(codes.value_counts().iter_rows())


def _note_first(rejected: pl.DataFrame, first: dict[str, list[tuple[str, int]]]) -> None:
    """Add the first rows with each reason, as far as there are not enough of it yet."""
    by_code = rejected.select(pl.col(ERROR_CODE).str.split(REASON_SEPARATOR).list.unique(), FILE, ROW)
    heads = by_code.explode(ERROR_CODE).group_by(ERROR_CODE, maintain_order=True).head(FIRST_ROWS)
    for code, file, row in heads.iter_rows():
        listed = first.setdefault(code, [])
        if len(listed) < FIRST_ROWS:
            listed.append((file, row))


def _check_sum(run_id: str, load: LoadRecord, rows: Counter[str]) -> None:
    known = {outcome: rows[outcome.value] for outcome in Outcome}
    if sum(known.values()) != load.rows_read or rows.total() != load.rows_read:
        raise ConservationError(
            f"Run {run_id}, {load.load}: {load.rows_read} rows were read, but the outcomes sum to "
            f"{sum(known.values())}: {dict(rows)}."
        )


def _check_fates(load: LoadRecord, fates: Mapping[str, Fates]) -> None:
    for path, of_trait in fates.items():
        if not of_trait.total == of_trait.read == load.rows_read:
            raise ConservationError(
                f"{load.load}, {path}: {load.rows_read} rows were read, but the fates of its "
                f"values sum to {of_trait.total}: {of_trait.to_json()}."
            )
