"""Compares the memories of a run with what is known, and with what the store holds where too little is
known."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from memory_import.destination.api.memories import fetch_memories
from memory_import.destination.http.client import Client
from memory_import.destination.limits import LOOKUPS_AT_ONCE
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.hashes import KeyedHash
from memory_import.ledger.known.store import MEMORIES
from memory_import.ledger.known.table import Table
from memory_import.loads import MemoryLoad
from memory_import.run.compare.gaps import IS_READ, explain_gaps
from memory_import.run.compare.memory_keys import (
    has_gaps,
    identify_memories,
    is_of_mapping,
    key_memories,
)
from memory_import.run.compare.memory_matches import (
    KNOWN,
    NEW,
    STATE,
    count_copies,
    count_moved,
    find_unclaimed,
    find_unsure,
    is_doubted,
    list_unclaimed,
    match_known,
    match_store,
)
from memory_import.run.context import RunContext
from memory_import.spec.model import MemoriesSpec

_MOVED = (
    "Known {load} whose rows have somebody else now: {moved:,}. They stay where they are; under another key "
    "they are sent to whom their rows have now."
)
_HELD = {"profile": pl.String, "content": pl.UInt64, "copies": pl.UInt32}


@dataclass(frozen=True, slots=True)
class ComparedMemories:
    """`rows`: every row whose profile was found, COMPARED. `copies`: how many copies of what may be sent are
    there already; see `count_copies`. `unclaimed`: what profiles that were read hold beside
    (UNCLAIMED_SCHEMA). `remarks`: what a person should know."""

    rows: pl.DataFrame
    copies: pl.DataFrame
    unclaimed: pl.DataFrame
    remarks: tuple[str, ...]


async def compare_memories(
    run: RunContext, load: MemoryLoad, spec: MemoriesSpec, rows: pl.DataFrame
) -> ComparedMemories:
    """Say of each row (`_pos`, `_profile_id`) whether it is new; asks the store as `spec.once` has it."""
    run.known.target.begin_anew_if_damaged()
    keyed = run.known.hash
    wanted = key_memories(run.staging(load), load, spec, rows, keyed)
    table, remarks = open_memories(run, load, spec)
    known = select_known(table, wanted, spec) if table else pl.DataFrame(schema=MEMORIES)
    compared = match_known(wanted, known)
    is_judged_by_store = spec.once == "store"
    if is_judged_by_store:
        state = pl.when(pl.col(STATE) == KNOWN).then(pl.lit(NEW)).otherwise(STATE)
        compared, known = compared.with_columns(state.alias(STATE)), known.clear()
    moved = count_moved(compared, known)
    asked = find_unsure(compared, known)
    if is_judged_by_store or remarks:
        asked = compared.filter(pl.col(STATE) == NEW)["profile"].unique(maintain_order=True)
    elif spec.once == "state" and table and not has_gaps(spec, table.facts):
        asked = find_unclaimed(compared, known)
    held = pl.DataFrame(schema=_HELD)
    if len(asked):
        wait = spec.settle_seconds if is_doubted(known, asked) else 0.0
        held = await _read_profiles(run, load, spec, asked, keyed, wait_seconds=wait)
        compared = match_store(compared, known, held)
    unclaimed = list_unclaimed(compared, known, held, asked)
    copies = count_copies(compared, known, held, asked)
    said = (*remarks, _MOVED.format(load=load, moved=moved)) if moved else remarks
    return ComparedMemories(compared, copies, unclaimed, said)


def open_memories(
    run: RunContext, load: MemoryLoad, spec: MemoriesSpec
) -> tuple[Table | None, tuple[str, ...]]:
    """What is known of memories, unless it is damaged; and why the store is to be asked about everything."""
    try:
        table = run.known.memories(load)
    except KnownDamaged as damage:
        return None, (f"What is known of {load} cannot be used: {damage}; {IS_READ}",)
    return table, tuple(explain_gaps(run, load, spec, table))


def select_known(table: Table, wanted: pl.DataFrame, spec: MemoriesSpec) -> pl.DataFrame:
    """The rows of a table (MEMORIES) that share a key, a profile or a reference with those wanted, and whose
    keys mean what they did; and those without a key that say what one of these does."""
    columns = ("key", "profile", "reference")
    is_wanted = pl.any_horizontal(
        pl.col(name).is_in(wanted[name].drop_nulls().unique().implode()) for name in columns
    )
    said = wanted["content"].explode().unique().implode()
    is_alike = pl.col("key").is_null() & pl.col("content").list.eval(pl.element().is_in(said)).list.any()
    is_kept = (is_wanted | is_alike) & is_of_mapping(spec, table.facts)
    found = (rows.filter(is_kept).select(*MEMORIES) for rows in table.scan(*MEMORIES))
    return pl.concat([pl.DataFrame(schema=MEMORIES), *found])


async def _read_profiles(
    run: RunContext,
    load: MemoryLoad,
    spec: MemoriesSpec,
    profiles: pl.Series,
    keyed: KeyedHash,
    *,
    wait_seconds: float,
) -> pl.DataFrame:
    """`profile`, `content`, `copies` (_HELD) of all that these profiles hold from the source of the load."""
    found = [pl.DataFrame(schema=_HELD)]
    run.progress.begin(f"reading {load} of profiles", len(profiles))

    async def work(client: Client, remaining: Iterator[str]) -> None:
        for profile in remaining:
            found.append(await _read_profile(client, run, load, spec, profile, keyed))
            run.progress.advance(1)

    async with run.connection() as (client, _):
        await client.throttle.rest(wait_seconds)
        remaining = iter(profiles)
        async with asyncio.TaskGroup() as group:
            for _ in range(LOOKUPS_AT_ONCE):
                group.create_task(work(client, remaining))
    return pl.concat(found)


async def _read_profile(
    client: Client, run: RunContext, load: MemoryLoad, spec: MemoriesSpec, profile: str, keyed: KeyedHash
) -> pl.DataFrame:
    listed = await fetch_memories(client, run.target.store_id, profile, load, source=spec.observation_source)
    said = pl.DataFrame({"content": identify_memories(listed or [], keyed)}, schema={"content": pl.UInt64})
    counted = said.group_by("content").agg(copies=pl.len())
    return counted.select(profile=pl.lit(profile), content="content", copies="copies")
