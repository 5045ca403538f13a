"""Memories in the order in which they are sent: profile by profile, each profile's by time."""

import polars as pl

from memory_import.columns import (
    COPIES,
    FORMER,
    IS_FINAL,
    MOMENT,
    PAYLOAD,
    PIECES,
    POS,
    POSSIBLE_COPIES,
    PROFILE_ID,
)
from memory_import.destination.delivery.batches import plan_memory_batches
from memory_import.ledger.database.records import PlannedBatch
from memory_import.ledger.staging.layout import LATE_ERRORS_SCHEMA
from memory_import.ledger.staging.partitions import assign_partitions, partitioned
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import MemoryLoad
from memory_import.run.loads.profile_resolution import ResolvedProfiles, refuse
from memory_import.spec.model import MemoriesSpec
from memory_import.transforms.codes import Reason
from memory_import.transforms.limits import MEMORIES_PER_PROFILE

_ENTRIES_PER_FILE = 50_000
_ORDER = (PROFILE_ID, MOMENT, POS)
_COUNTS = (COPIES, POSSIBLE_COPIES)


def order_by_profile(
    staging: Staging,
    load: MemoryLoad,
    spec: MemoriesSpec,
    resolved: ResolvedProfiles,
    copies: pl.DataFrame,
) -> list[PlannedBatch]:
    """Stage what is sent for each profile, and the rows that are refused after all; the batches to send.

    `copies`: `_pos`, `_copies`, `_possible_copies`, both List(UInt32), one number for each part of a row, of
    rows that have any.
    """
    kept, surplus = keep_within_limit(resolved.rows, is_newest_kept=spec.over_limit == "keep_newest")
    too_many = refuse(surplus, Reason.TOO_MANY_FOR_PROFILE)
    staging.write_late_rejects(pl.concat([resolved.refused, too_many]).select(list(LATE_ERRORS_SCHEMA)))
    staging.begin_sorting()
    batches: list[PlannedBatch] = []
    counted = kept.join(copies, on=POS, how="left", maintain_order="left")
    numbered = assign_partitions(counted, PROFILE_ID, pl.col(PIECES).sum(), fits=_ENTRIES_PER_FILE)
    picked = staging.pick(numbered.sort(POS), lambda part, at: staging.read(part, PAYLOAD, at=at))
    with partitioned(staging.folder / "unsorted", picked) as paths:
        for number, path in enumerate(paths):
            staging.write_sorted(number, _list_entries(pl.read_ipc(path)))
    for part in Staging(staging.folder).sorted_parts:
        entries = staging.entries(part, PAYLOAD, PROFILE_ID)
        batches += plan_memory_batches(entries, load=load, part=part)
    return batches


def order_updates(staging: Staging, load: MemoryLoad, changed: pl.DataFrame) -> list[PlannedBatch]:
    """Stage what memories that the store holds are to say, profile by profile; the batches, one for each.

    `changed`: `_pos`, `profile`, and `former`, the hash of each part as it is known. A row that has another
    number of parts than it had is found by none of them.
    """
    if changed.is_empty():
        return []
    picked = pl.concat(staging.pick(changed.sort(POS), lambda part, at: staging.read(part, PAYLOAD, at=at)))
    is_alike = pl.col("former").list.len() == pl.col(PAYLOAD).list.len()
    nothing = pl.lit(0, pl.UInt64).repeat_by(pl.col(PAYLOAD).list.len())
    parts = picked.with_columns(former=pl.when(is_alike).then("former").otherwise(nothing))
    entries = parts.explode("former", PAYLOAD).sort("profile", POS, maintain_order=True)
    staged = entries.select(
        POS,
        PAYLOAD,
        pl.col("profile").alias(PROFILE_ID),
        pl.col("former").alias(FORMER),
        (pl.col(POS) != pl.col(POS).shift(-1)).fill_null(value=True).alias(IS_FINAL),
    )
    staging.write_updates(staged)
    (part,) = Staging(staging.folder).update_parts
    return [
        PlannedBatch(
            load=load, round=0, part=part, start=at, stop=at + 1, rows=int(is_final), body_bytes=size_bytes
        )
        for at, (is_final, size_bytes) in enumerate(
            staged.select(IS_FINAL, pl.col(PAYLOAD).str.len_bytes()).iter_rows()
        )
    ]


def keep_within_limit(rows: pl.DataFrame, *, is_newest_kept: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that a profile has room for, ordered, and the others.

    `rows`: `_pos`, `_profile_id`, `_moment` and `_pieces`, the number of entries that a row is sent as.
    """
    ordered = rows.sort(_ORDER)
    used = pl.col(PIECES).cum_sum(reverse=is_newest_kept).over(PROFILE_ID)
    fits = ordered.select(used <= MEMORIES_PER_PROFILE).to_series()
    return ordered.filter(fits), ordered.filter(~fits)


def _list_entries(rows: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `_payload`, `_profile_id`, `_copies`, `_possible_copies`, `_is_final` of every entry of these
    rows, in sending order."""
    none = pl.lit(0, pl.UInt32).repeat_by(pl.col(PAYLOAD).list.len())
    counts = (pl.col(name).fill_null(none) for name in _COUNTS)
    entries = rows.sort(_ORDER).select(POS, PAYLOAD, PROFILE_ID, *counts).explode(PAYLOAD, *_COUNTS)
    is_final = (pl.col(POS) != pl.col(POS).shift(-1)).fill_null(value=True)
    return entries.with_columns(_is_final=is_final)
