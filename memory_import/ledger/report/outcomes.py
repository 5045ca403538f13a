"""What became of every input row: one outcome each, from the staged rows and the state of their batches."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum

import polars as pl

from memory_import.columns import (
    ERROR_CODE,
    ERRORS,
    FILE,
    IS_FINAL,
    MERGED_INTO_FILE,
    MERGED_INTO_ROW,
    OUTCOME,
    POS,
    REPRESENTATIVE,
    ROW,
    SENT_AS,
    Exclusion,
)
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.late_rejects import refused_rows
from memory_import.ledger.staging.layout import within
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import find_verified


class Outcome(StrEnum):
    """What became of an input row: exactly one of these.

    A row is `excluded` where its staged `_error_code` is one of `Exclusion`, and rejected for any other code.
    """

    VERIFIED = "verified"
    COMPLETED = "completed"
    ACCEPTED = "accepted"
    MERGED = "merged"
    UNCHANGED = "unchanged"
    EXCLUDED = "excluded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    PENDING = "pending"
    PLANNED = "planned"


LANDED = frozenset({"verified", "completed", "accepted"})
"""The outcomes of rows that the service said it took."""
DELIVERED = LANDED | {"planned"}
"""The outcomes of rows whose values went into the store; a plan says what would."""

_TAKEN = (Outcome.COMPLETED.value, Outcome.ACCEPTED.value)
_OUTCOME_OF = {
    BatchState.PLANNED: Outcome.PENDING,
    BatchState.SENDING: Outcome.PENDING,
    BatchState.COMPLETED: Outcome.COMPLETED,
    BatchState.VERIFIED: Outcome.VERIFIED,
    BatchState.UNKNOWN: Outcome.UNKNOWN,
    BatchState.REJECTED: Outcome.REJECTED,
}
_WORST_FIRST = pl.Enum(["rejected", "unknown", "pending", "accepted", "completed", "verified"])
_BATCH_SCHEMA = {"start": pl.UInt32, "stop": pl.UInt32, "part": pl.String, OUTCOME: pl.String}
_NOTHING_DECIDED = pl.DataFrame(schema={POS: pl.Int64, OUTCOME: pl.String})
_FINDERS = 2
_as_planned = pl.col(OUTCOME, SENT_AS).replace(Outcome.PENDING.value, Outcome.PLANNED.value)
_INTO = {MERGED_INTO_FILE: pl.String, MERGED_INTO_ROW: pl.Int64, SENT_AS: pl.String}


def outcome_of(batch: Batch) -> Outcome:
    """The outcome of the rows that a batch decides about; an operation, if any, has the last word."""
    if batch.state is BatchState.ACCEPTED:
        return Outcome.PENDING if batch.operation_id else Outcome.ACCEPTED
    return _OUTCOME_OF[batch.state]


def row_outcomes(ledger: Ledger, staging: Staging, run_id: str, load: str) -> Iterator[pl.DataFrame]:
    """Part by part, in the order of the input, a frame with a row for every input row:

    `_file` String, `_row` Int64, `outcome` String, `merged_into_file` String and `merged_into_row` Int64 (of
    the row that stands for this one), `_error_code`, `_error_field`, `_error_message` String (all reasons of
    a rejected row), `_pos` Int64, `_sent_as` String (the outcome of what holds the row's values: its own, or
    that of the row it was merged into). `outcome` is null only where this program is at fault.

    The next ones are found, by other threads, while one is used.
    """
    batches = _list_batches(ledger, run_id, load)
    late_errors = pl.concat([refused_rows(ledger, staging, run_id, load), staging.late_rejects]).sort(POS)
    record = ledger.load(run_id, load)
    is_planned = record is not None and record.planned_at is not None
    run = ledger.run(run_id)
    is_plan = run is not None and run.is_plan
    foreseen = staging.foreseen.filter(pl.col("fate") == "unchanged")
    known = foreseen if is_plan and not is_planned else staging.unchanged
    verified = find_verified(staging)
    is_verified = pl.col(POS).is_in(verified.implode())
    unchanged = known.select(
        POS,
        outcome=pl.when(is_verified)
        .then(pl.lit(Outcome.VERIFIED.value))
        .otherwise(pl.lit(Outcome.UNCHANGED.value)),
        _sent_as=pl.lit(Outcome.UNCHANGED.value),  # its values were not sent, whatever was read back
    )
    standing = _verified(_representatives(staging, batches), verified)
    memories = _verified(_memories(staging, batches), verified)
    elsewhere = [standing.sort(POS), memories.sort(POS), unchanged]
    stood_for = standing.rename({POS: REPRESENTATIVE, OUTCOME: SENT_AS})
    merged = _locate_merged(staging).join(stood_for, on=REPRESENTATIVE, how="left", maintain_order="left")
    merged = merged.drop(REPRESENTATIVE)

    def find(part: str) -> pl.DataFrame:
        positions = staging.positions[part]
        single = _verified(_final(_decided(staging, batches, part)), verified)
        into = within(merged, positions).cast({MERGED_INTO_FILE: pl.String})
        here = [single, into, *(within(frame, positions) for frame in elsewhere)]
        decided = pl.concat(here, how="diagonal")
        rows = _judge(_read(staging, part), decided, within(late_errors, positions))
        if not is_planned:
            rows = rows.with_columns(pl.col(OUTCOME, SENT_AS).fill_null(Outcome.PENDING.value))
        return rows.with_columns(_as_planned) if is_plan else rows

    with ThreadPoolExecutor(_FINDERS) as finders:
        coming: deque[Future[pl.DataFrame]] = deque()
        for part in staging.positions:
            coming.append(finders.submit(find, part))
            if len(coming) > _FINDERS:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _list_batches(ledger: Ledger, run_id: str, load: str) -> pl.DataFrame:
    """_BATCH_SCHEMA: all batches that were not divided."""
    states = [state for state in BatchState if state is not BatchState.SPLIT]
    return pl.DataFrame(
        [
            {"start": batch.start, "stop": batch.stop, "part": batch.part, OUTCOME: outcome_of(batch).value}
            for batch in ledger.batches(run_id, load, states=states)
        ],
        schema=_BATCH_SCHEMA,
    )


def find_incomplete(ledger: Ledger, staging: Staging, run_id: str, load: str) -> pl.Series:
    """`_pos` of the rows that stand for identity groups of which an early entry did not land."""
    batches = _list_batches(ledger, run_id, load)
    early = [_decided(staging, batches, part).filter(~pl.col(IS_FINAL)) for part in staging.merged_parts]
    lost = pl.concat(
        [
            pl.DataFrame(schema={**_NOTHING_DECIDED.schema, IS_FINAL: pl.Boolean}),
            *(frame.select(POS, OUTCOME, IS_FINAL) for frame in early),
        ]
    ).filter(~pl.col(OUTCOME).is_in(_TAKEN) | pl.col(OUTCOME).is_null())
    return lost.join(staging.members, on=POS)[REPRESENTATIVE].unique()


def _representatives(staging: Staging, batches: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `outcome` of the rows that stand for their identity groups, which are sent as one profile."""
    decided = [_final(_decided(staging, batches, part)) for part in staging.merged_parts]
    return pl.concat([_NOTHING_DECIDED, *decided])


def _locate_merged(staging: Staging) -> pl.DataFrame:
    """`_pos`, `outcome`, `_representative` and `merged_into_…` of the rows that others stand for, by `_pos`;
    of those of unchanged persons nothing was merged."""
    merged = staging.members.filter(pl.col(POS) != pl.col(REPRESENTATIVE))
    merged = merged.filter(~staging.is_unchanged.gather(merged[POS]))
    wanted = merged.select(pl.col(REPRESENTATIVE).unique().sort().alias(POS))
    located = staging.locate(wanted)
    nobody = pl.DataFrame(schema={POS: pl.Int64, FILE: pl.Categorical, ROW: pl.Int64})
    # As a category a name keeps no page of its part in memory.
    places = pl.concat([nobody, *(place.cast({FILE: pl.Categorical}) for place in located)])
    places = places.rename({POS: REPRESENTATIVE})
    return merged.join(places, on=REPRESENTATIVE, maintain_order="left").select(
        POS,
        REPRESENTATIVE,
        outcome=pl.lit(Outcome.MERGED.value),
        merged_into_file=FILE,
        merged_into_row=ROW,
    )


def _memories(staging: Staging, batches: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `outcome` of rows that are sent profile by profile: the worst of all their parts."""
    parts = (*staging.sorted_parts, *staging.update_parts)
    decided = [_decided(staging, batches, part).drop(IS_FINAL) for part in parts]
    worst = pl.col(OUTCOME).cast(_WORST_FIRST)
    of_entries = pl.concat([_NOTHING_DECIDED, *decided]).sort(worst, nulls_last=False)
    return of_entries.unique(POS, keep="first")


def _decided(staging: Staging, batches: pl.DataFrame, part: str) -> pl.DataFrame:
    """`_pos`, `_is_final`, `outcome` of the entries of one file, from their batches."""
    of_part = batches.filter(pl.col("part") == part).sort("start").select("start", "stop", OUTCOME)
    if of_part.is_empty():  # nothing is sent from this file
        return _NOTHING_DECIDED.with_columns(_is_final=True)
    return (
        staging.entries(part)
        .with_row_index("index")
        .join_asof(of_part, left_on="index", right_on="start", strategy="backward")
        .select(POS, IS_FINAL, outcome=pl.when(pl.col("index") < pl.col("stop")).then(OUTCOME))
    )


def _verified(decided: pl.DataFrame, verified: pl.Series) -> pl.DataFrame:
    """The same, where what the service took was read back and found equal."""
    if verified.is_empty():
        return decided
    is_verified = pl.col(OUTCOME).is_in(_TAKEN) & pl.col(POS).is_in(verified.implode())
    outcome = pl.when(is_verified).then(pl.lit(Outcome.VERIFIED.value)).otherwise(OUTCOME)
    return decided.with_columns(outcome.alias(OUTCOME))


def _final(decided: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `outcome` of the entries that decide about their rows."""
    return decided.filter(IS_FINAL).select(POS, OUTCOME)


def _read(staging: Staging, part: str) -> pl.DataFrame:
    """`_pos`, `_file`, `_row` and the errors of the rows of a part."""
    return staging.read(part, POS, FILE, ROW, *ERRORS)


def _judge(rows: pl.DataFrame, decided: pl.DataFrame, late_errors: pl.DataFrame) -> pl.DataFrame:
    if not late_errors.is_empty():
        rows = rows.join(late_errors, on=POS, how="left", suffix=":late", maintain_order="left").with_columns(
            pl.coalesce(name, f"{name}:late") for name in ERRORS
        )
    judged = rows.hstack(_place(pl.concat([pl.DataFrame(schema=_INTO), decided], how="diagonal"), rows[POS]))
    if rows[ERROR_CODE].count():
        is_rejected = pl.col(ERROR_CODE).is_not_null()
        judged = judged.with_columns(
            pl.when(pl.col(ERROR_CODE).is_in(list(Exclusion)))
            .then(pl.lit(Outcome.EXCLUDED.value))
            .when(is_rejected)
            .then(pl.lit(Outcome.REJECTED.value))
            .otherwise(OUTCOME)
            .alias(OUTCOME),
            *(pl.when(~is_rejected).then(name).alias(name) for name in _INTO),
        )
    return judged.with_columns(pl.coalesce(SENT_AS, OUTCOME).alias(SENT_AS))


def _place(decided: pl.DataFrame, positions: pl.Series) -> pl.DataFrame:
    """What was decided of the rows at `positions`, which follow one another; null where nothing was."""
    found = pl.int_range(decided.height, dtype=pl.UInt32, eager=True)
    places = pl.repeat(None, len(positions), dtype=pl.UInt32, eager=True)
    if found.len():
        places = places.scatter(decided[POS] - positions[0], found)
    return pl.DataFrame([column.gather(places) for column in decided.drop(POS)])
