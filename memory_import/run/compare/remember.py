"""Remembers what landed: what the service said it took is known to the next run."""

import polars as pl

from memory_import.columns import OUTCOME, POS
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import MEMORIES, KnownSpec
from memory_import.ledger.known.table import AT, PLACES_SCHEMA, SEGMENT, Table
from memory_import.ledger.report.account import read_outcomes
from memory_import.ledger.report.outcomes import LANDED, Outcome
from memory_import.ledger.staging.verdicts import find_refuted
from memory_import.loads import MemoryLoad
from memory_import.run.compare.gaps import doubt_unread, explain_gaps
from memory_import.run.compare.memory_keys import (
    describe_mapping,
    describe_own_key,
    has_gaps,
    is_of_mapping,
)
from memory_import.run.compare.memory_matches import IN_STORE, NEW, STATE
from memory_import.run.context import RunContext
from memory_import.spec.model import MemoriesSpec


def remember(run: RunContext) -> None:
    """Keep what landed, by the account of the run's rows. To do it twice is to do it once.

    What is damaged begins anew with this run.
    """
    for load, spec in run.spec.memories.items():
        compared = run.staging(load).compared
        if compared is not None:
            outcomes = read_outcomes(run.folder, load)
            judged = compared.with_columns(outcomes.gather(compared[POS]))
            _remember_memories(run, load, spec, judged)


def forget_refuted(run: RunContext) -> None:
    """Forget what was read back and is not in the store as the run, or one before it, has sent it.

    What a later run has sent in its place is known on.
    """
    for load in run.spec.memories:
        staging = run.staging(load)
        if staging.compared is None:
            continue
        refuted = staging.compared.filter(pl.col(POS).is_in(find_refuted(staging).implode()))
        if refuted.is_empty():
            continue
        table = _open(run.known, load)
        table.change(added=[], voided=_find_same(table, refuted), facts=table.facts)


def _find_same(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Where the known rows are that say what `rows` (COMPARED) do, and of the same profile."""
    of_row = ["profile", "is_own_key", "key", "nth"]
    sent = rows.select(*of_row, sent="content")
    found = [pl.DataFrame(schema=PLACES_SCHEMA)]
    for known in table.scan(*of_row, "content"):
        same = known.join(sent, on=of_row).filter(pl.col("content") == pl.col("sent"))
        found.append(same.select(SEGMENT, AT))
    return pl.concat(found)


def _open(known: KnownSpec, load: MemoryLoad) -> Table:
    try:
        return known.memories(load)
    except KnownDamaged:
        return known.begin_memories_anew(load)


def _remember_memories(run: RunContext, load: MemoryLoad, spec: MemoriesSpec, judged: pl.DataFrame) -> None:
    """`judged`: COMPARED and `outcome`."""
    table = _open(run.known, load)
    outcome, state = pl.col(OUTCOME), pl.col(STATE)
    landed = judged.filter(
        outcome.is_in(list(LANDED)) | ((outcome == Outcome.UNCHANGED.value) & (state == IN_STORE))
    )
    doubted = judged.filter(outcome == Outcome.UNKNOWN.value).select("profile").unique()
    settled = judged.filter(state.is_in([NEW, IN_STORE]))["profile"].unique()
    unclaimed = run.staging(load).unclaimed
    beside = unclaimed.filter(pl.col("content").list.len() > 0)
    reasons = list(explain_gaps(run, load, spec, table))
    unread = doubt_unread(table, unclaimed["profile"]) if reasons else doubted.clear()
    is_void = ~is_of_mapping(spec, table.facts) | _is_settled(settled, unclaimed["profile"])
    table.change(
        added=[landed.select(*MEMORIES), doubted.select("profile"), unread, beside],
        voided=_find_replaced(table, landed, is_void),
        facts={
            "mapping": describe_mapping(spec),
            "own_key": describe_own_key(spec),
            "source": spec.observation_source,
            "has_gaps": bool(reasons) or has_gaps(spec, table.facts),
            "run": run.run_id,
        },
    )


def _is_settled(settled: pl.Series, read: pl.Series) -> pl.Expr:
    """Whether a known row (MEMORIES) is a doubt about a profile that is settled, or says what one held that
    was read now."""
    profile, content = pl.col("profile"), pl.col("content")
    return pl.col("key").is_null() & (
        pl.when(content.is_null())
        .then(profile.is_in(settled.implode()))
        .otherwise(profile.is_in(read.implode()))
    )


def _find_replaced(table: Table, landed: pl.DataFrame, is_void: pl.Expr) -> pl.DataFrame:
    """Where the known rows are that have the keys of landed ones, or that are void."""
    scope = pl.when("is_own_key").then(pl.lit("")).otherwise("profile").alias("scope")
    of_key = ["scope", "is_own_key", "key", "nth"]
    keys = landed.select(scope, *of_key[1:])
    found = [pl.DataFrame(schema=PLACES_SCHEMA)]
    for rows in table.scan("profile", "content", *of_key[1:]):
        replaced = rows.with_columns(scope).join(keys, on=of_key, how="semi")
        found += [part.select(SEGMENT, AT) for part in (replaced, rows.filter(is_void))]
    return pl.concat(found).unique()
