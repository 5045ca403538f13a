"""How staged entries become batches: bounded by count and by bytes, the same every time."""

from dataclasses import fields
from itertools import pairwise

import polars as pl

from destination.limits import BODY_BYTES, PROFILES_PER_REQUEST
from ledger.records import Batch, PlannedBatch

_OPEN, _BETWEEN, _CLOSE = b'{"profiles":[', b",", b"]}"


def build_body(payloads: pl.Series) -> bytes:
    """The JSON body of one Bulk request from ready profile texts (String)."""
    joined: str = payloads.str.join(",").item()
    return _OPEN + joined.encode() + _CLOSE


def plan_batches(
    payloads: pl.Series, owned: pl.Series, *, load: str, round: int, part: str, offset: int = 0
) -> list[PlannedBatch]:
    """Cut the entries of one file into batches.

    `payloads` (String) are the entries in sending order. `owned` (Boolean) tells which of them decide the
    outcome of an input row. An entry that alone is over the byte ceiling gets a batch of its own.
    `offset` is the position of the first entry in its file.
    """
    sizes = payloads.str.len_bytes().cast(pl.Int64) + len(_BETWEEN)
    ends = sizes.cum_sum()
    owned_until = owned.cast(pl.Int64).cum_sum()
    ceiling = BODY_BYTES - len(_OPEN) - len(_CLOSE) + len(_BETWEEN)  # which the last entry lacks
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
                body_bytes=ends[stop - 1] - before[0] - len(_BETWEEN) + len(_OPEN) + len(_CLOSE),
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
        by_bytes = int(ends.search_sorted(begin + ceiling, side="right"))
        cuts.append(max(start + 1, min(start + PROFILES_PER_REQUEST, by_bytes, count)))
    return cuts if count else []


def halve(batch: Batch, payloads: pl.Series, owned: pl.Series) -> list[PlannedBatch]:
    """The two halves of a batch; `payloads` and `owned` are its own entries."""
    middle = len(payloads) // 2
    pieces = []
    for start, stop in ((0, middle), (middle, len(payloads))):
        texts = payloads[start:stop]
        pieces.append(
            PlannedBatch(
                load=batch.load,
                round=batch.round,
                part=batch.part,
                start=batch.start + start,
                stop=batch.start + stop,
                rows=int(owned[start:stop].sum()),
                body_bytes=len(_OPEN) + len(_CLOSE) + int(texts.str.len_bytes().sum()) + len(texts) - 1,
                parent_id=batch.id,
            )
        )
    return pieces


def again(batch: Batch) -> PlannedBatch:
    """The same entries once more, as a batch of their own."""
    facts = {field.name: getattr(batch, field.name) for field in fields(PlannedBatch)}
    return PlannedBatch(**{**facts, "parent_id": batch.id})
