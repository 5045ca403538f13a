"""How staged entries become batches: bounded by count and by bytes, the same every time."""

import zlib
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise

import polars as pl

from memory_import.columns import IS_FINAL, PAYLOAD, PROFILE_ID
from memory_import.destination.limits import BODY_BYTES, MEMORIES_PER_REQUEST, PROFILES_PER_REQUEST
from memory_import.ledger.database.records import Batch, PlannedBatch
from memory_import.ledger.database.states import BatchState

_BETWEEN, _CLOSE = ",", b"]}"


def build_body(payloads: pl.Series, load: str = "profiles") -> bytes:
    """The JSON body of one request from ready texts (String): the API calls the list as we call the load."""
    in_one_piece = (payloads + _BETWEEN).to_arrow(compat_level=pl.CompatLevel.oldest())  # large_string
    _, ends, texts = in_one_piece.buffers()
    size = memoryview(ends).cast("q")[len(payloads)] - len(_BETWEEN)
    return b"".join((_open(load), memoryview(texts)[:size], _CLOSE))


def hash_body(body: bytes) -> str:
    """A checksum of a body (CRC-32): it finds accidental damage, which is all that it has to find."""
    return f"{zlib.crc32(body):08x}"


def _open(load: str) -> bytes:
    return f'{{"{load}":['.encode()


def plan_batches(
    sizes: pl.Series, owned: pl.Series, *, load: str, round: int, part: str, offset: int = 0
) -> list[PlannedBatch]:
    """Cut the entries of one file into batches.

    `sizes` (integers) are the bytes of each entry, in sending order. `owned` (Boolean) tells which of them
    decide the outcome of an input row. An entry that alone is over the byte ceiling gets a batch of its own.
    `offset` is the position of the first entry in its file.
    """
    frame_bytes = len(_open(load)) + len(_CLOSE)
    ends = (sizes.cast(pl.Int64) + len(_BETWEEN)).cum_sum()
    owned_until = owned.cast(pl.Int64).cum_sum()
    ceiling = BODY_BYTES - frame_bytes + len(_BETWEEN)  # which the last entry lacks
    batches = []
    for start, stop in pairwise(_cuts(ends, ceiling)):
        before = (ends[start - 1], owned_until[start - 1]) if start else (0, 0)
        batches.append(
            PlannedBatch(
                load=load,
                round=round,
                part=part,
                start=offset + start,
                stop=offset + stop,
                rows=owned_until[stop - 1] - before[1],
                body_bytes=ends[stop - 1] - before[0] - len(_BETWEEN) + frame_bytes,
            )
        )
    return batches


def _cuts(ends: pl.Series, ceiling: int) -> list[int]:
    """The positions at which batches begin, and the end."""
    count = len(ends)
    cuts = [0]
    while cuts[-1] < count:
        start = cuts[-1]
        begin = ends[start - 1] if start else 0
        stop = min(start + PROFILES_PER_REQUEST, count)
        if ends[stop - 1] - begin > ceiling:
            stop = max(start + 1, int(ends.search_sorted(begin + ceiling, side="right")))
        cuts.append(stop)
    return cuts if count else []


def plan_memory_batches(entries: pl.DataFrame, *, load: str, part: str) -> list[PlannedBatch]:
    """Cut the entries of one sorted file into batches of at most ten of one profile.

    `entries`: `_payload`, `_profile_id` String, `_is_final` Boolean, profile by profile in sending order. Ten
    of the largest that the API takes are far from any size that is too large for a request.
    """
    frame_bytes = len(_open(load)) + len(_CLOSE)
    is_new = (pl.col(PROFILE_ID) != pl.col(PROFILE_ID).shift(1)).fill_null(value=True)
    numbered = entries.with_row_index("at").with_columns(profile=is_new.cum_sum())
    slices = (
        numbered.with_columns(nth=pl.int_range(pl.len()).over("profile") // MEMORIES_PER_REQUEST)
        .group_by("profile", "nth", maintain_order=True)
        .agg(
            start=pl.col("at").first().cast(pl.Int64),
            stop=pl.col("at").last().cast(pl.Int64) + 1,
            rows=pl.col(IS_FINAL).sum().cast(pl.Int64),
            body_bytes=(pl.col(PAYLOAD).str.len_bytes().cast(pl.Int64) + len(_BETWEEN)).sum(),
        )
    )
    return [
        PlannedBatch(
            load=load,
            round=0,
            part=part,
            start=start,
            stop=stop,
            rows=rows,
            body_bytes=body_bytes - len(_BETWEEN) + frame_bytes,
        )
        for start, stop, rows, body_bytes in slices.drop("profile", "nth").iter_rows()
    ]


def halve(batch: Batch, payloads: pl.Series, owned: pl.Series) -> list[PlannedBatch]:
    """The two halves of a batch; `payloads` and `owned` are its own entries."""
    middle = len(payloads) // 2
    halves = [(0, middle, BatchState.PLANNED), (middle, len(payloads), BatchState.PLANNED)]
    return carve(batch, payloads, owned, halves)


def carve(
    batch: Batch, payloads: pl.Series, owned: pl.Series, cuts: Sequence[tuple[int, int, BatchState]]
) -> list[PlannedBatch]:
    """Pieces of a batch: from where to where among its own entries, and what is known of each."""
    frame_bytes = len(_open(batch.load)) + len(_CLOSE)
    return [
        PlannedBatch(
            load=batch.load,
            round=batch.round,
            part=batch.part,
            start=batch.start + start,
            stop=batch.start + stop,
            rows=int(owned[start:stop].sum()),
            body_bytes=frame_bytes + int(payloads[start:stop].str.len_bytes().sum()) + stop - start - 1,
            parent_id=batch.id,
            state=state,
            failed_runs=batch.failed_runs,
        )
        for start, stop, state in cuts
    ]


def again(batch: Batch) -> PlannedBatch:
    """The same entries once more, as a batch of their own."""
    facts = {field.name: getattr(batch, field.name) for field in fields(PlannedBatch)}
    return PlannedBatch(**{**facts, "parent_id": batch.id, "state": BatchState.PLANNED})
