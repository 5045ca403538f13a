"""What makes a memory the same one next time: its key, and a hash of what it says."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from memory_import.columns import MOMENT, PAYLOAD, POS, PROFILE_ID
from memory_import.ledger.known.hashes import KeyedHash
from memory_import.ledger.known.store import MEMORIES
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import MemoryLoad
from memory_import.sources.frames import null_out
from memory_import.spec.memories import memory_plan
from memory_import.spec.model import MemoriesSpec

_SEPARATOR = "\x1f"
_SAID = pl.Struct({"content": pl.String, "conversationId": pl.String})

KEYED = {POS: pl.Int64, **MEMORIES}
"""A memory of this run as it would be known."""


def key_memories(
    staging: Staging, load: MemoryLoad, spec: MemoriesSpec, rows: pl.DataFrame, keyed: KeyedHash
) -> pl.DataFrame:
    """The rows (`_pos`, `_profile_id`) as `ledger.known.store.MEMORIES` would keep them, with `_pos`; by
    `_pos`.

    A row whose own key is blank has the key of a row of a spec without one.
    """
    plan = memory_plan(load, spec)
    resolved = plan.reference.identifier_columns if plan.reference else {}
    columns = dict.fromkeys([*resolved, MOMENT, PAYLOAD, *([spec.key] if spec.key else [])])
    picked = staging.pick(
        rows.select(POS, PROFILE_ID).sort(POS), lambda part, at: staging.read(part, *columns, at=at)
    )
    reference = pl.coalesce(
        *(pl.format(f"{reference.id_type}:{{}}", column) for column, reference in resolved.items()),
        pl.lit(None, pl.String),
    )
    parts = [_key(part, spec, reference, keyed) for part in picked]
    scope = pl.when("is_own_key").then(pl.lit("")).otherwise("profile")
    nth = pl.int_range(pl.len(), dtype=pl.UInt32).over(scope, "is_own_key", "key")
    together = pl.concat([pl.DataFrame(schema=KEYED).drop("nth"), *parts])
    return together.sort(POS).with_columns(nth=nth).select(*KEYED)


def _key(rows: pl.DataFrame, spec: MemoriesSpec, reference: pl.Expr, keyed: KeyedHash) -> pl.DataFrame:
    hashed = rows.with_columns(content=_hash_parts(rows, keyed))
    made = pl.concat_str(
        pl.lit(spec.observation_source or ""),
        pl.col("content").cast(pl.List(pl.String)).list.join(","),
        separator=_SEPARATOR,
    )
    own = pl.lit(None, pl.String)
    if spec.key:
        stated = null_out(rows.select(pl.col(spec.key).alias("own")), spec.source.null_texts)["own"]
        hashed = hashed.with_columns(own=stated.str.strip_chars())
        own = pl.when(pl.col("own") != "").then("own")
    return hashed.select(
        POS,
        profile=PROFILE_ID,
        reference=keyed.wide(reference),
        is_own_key=own.is_not_null(),
        key=keyed.wide(pl.coalesce(pl.format(f"own{_SEPARATOR}{{}}", own), made)),
        content="content",
    )


def _hash_parts(rows: pl.DataFrame, keyed: KeyedHash) -> pl.Series:
    """List(UInt64): what each part of a row says."""
    parts = rows.select(PAYLOAD, second=pl.col(MOMENT).dt.epoch("s")).with_row_index("row").explode(PAYLOAD)
    said = parts.with_columns(pl.col(PAYLOAD).str.json_decode(_SAID)).unnest(PAYLOAD)
    content = hash_content(keyed)
    return said.group_by("row", maintain_order=True).agg(content)["content"]


def hash_content(keyed: KeyedHash) -> pl.Expr:
    """`content` UInt64, of what a memory says: `content` String, `second` since the epoch (integer), and
    `conversationId` String (blank for observations)."""
    said = pl.concat_str(
        "content",
        pl.col("second").cast(pl.String),
        pl.col("conversationId").fill_null(""),
        separator=_SEPARATOR,
    )
    return keyed.wide(said).alias("content")


def identify_memories(memories: Sequence[Mapping[str, Any]], keyed: KeyedHash) -> list[int | None]:
    """The same of memories as the API lists them, in their order; None of one without content or time."""
    said = pl.DataFrame(
        {
            "content": [memory.get("content") for memory in memories],
            "second": [_second(memory.get("occurredAt")) for memory in memories],
            "conversationId": [memory.get("conversationId") for memory in memories],
        },
        schema={"content": pl.String, "second": pl.Int64, "conversationId": pl.String},
    )
    return said.select(hash_content(keyed)).to_series().to_list()


def _second(moment: str | None) -> int | None:
    return None if moment is None else int(datetime.fromisoformat(moment).timestamp() // 1)


def is_of_mapping(spec: MemoriesSpec, facts: Mapping[str, Any]) -> pl.Expr:
    """Whether the key of a known memory (MEMORIES) means under this spec what it did under the one that the
    `facts` beside it describe. A key of the spec's own does as long as it is read from the same column."""
    if is_same_mapping(spec, facts):
        return pl.lit(value=True)
    is_held = pl.col("key").is_null()
    return is_held | pl.col("is_own_key") if facts.get("own_key") == describe_own_key(spec) else is_held


def has_gaps(spec: MemoriesSpec, facts: Mapping[str, Any]) -> bool:
    """Whether a profile of which nothing is known may hold memories of earlier runs: what was known of it is
    lost, or its keys mean nothing any more; `facts` as in `is_of_mapping`."""
    return bool(facts.get("has_gaps")) or not is_same_mapping(spec, facts)


def is_same_mapping(spec: MemoriesSpec, facts: Mapping[str, Any]) -> bool:
    """Whether keys are made of what they were made of last time, if there was one; `facts` as above."""
    mapping = describe_mapping(spec)
    return bool(facts.get("mapping", mapping) == mapping)


def describe_own_key(spec: MemoriesSpec) -> str:
    """A hash of the part of a spec that its own keys are made by."""
    return _hash({"key": spec.key, "source": spec.observation_source})


def describe_mapping(spec: MemoriesSpec) -> str:
    """A hash of the part of a spec that keys are made by: another one makes other keys of the same rows."""
    made_by = {
        "key": spec.key,
        "source": spec.observation_source,
        "content": spec.content,
        "too_long": spec.too_long,
        "occurred_at": spec.occurred_at.model_dump(mode="json"),
    }
    return _hash(made_by)


def _hash(made_by: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:16]
