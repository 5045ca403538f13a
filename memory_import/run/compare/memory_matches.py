"""Which memories are in the store already: by what is known of earlier runs, and by what profiles hold."""

import polars as pl

from memory_import.columns import POS
from memory_import.run.compare.memory_keys import KEYED

STATE = "state"
"""What comparing found of a memory: NEW, CHANGED (its key is known, with other content), KNOWN, or IN_STORE
(not known, but its profile holds it)."""
NEW, CHANGED, KNOWN, IN_STORE = "new", "changed", "known", "in_store"
COMPARED = {**KEYED, "former": pl.List(pl.UInt64), STATE: pl.String}
"""`former`: the known content of a memory that is CHANGED."""

_OF_PROFILE = ["profile", "is_own_key", "key", "nth"]
_OWN = ["is_own_key", "key", "nth"]


def match_known(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`rows` (KEYED) as COMPARED, by what is `known` (MEMORIES) of their keys alone."""
    kept = pl.col("content").alias("former")
    own = known.filter("is_own_key").select(*_OWN, kept).unique(_OWN, keep="last")
    made = known.filter(~pl.col("is_own_key")).select(*_OF_PROFILE, kept).unique(_OF_PROFILE, keep="last")
    found = pl.concat(
        [
            rows.filter("is_own_key").join(own, on=_OWN, how="left"),
            rows.filter(~pl.col("is_own_key")).join(made, on=_OF_PROFILE, how="left"),
        ]
    )
    state = (
        pl.when(pl.col("former").is_null())
        .then(pl.lit(NEW))
        .when(pl.col("former") == pl.col("content"))
        .then(pl.lit(KNOWN))
        .otherwise(pl.lit(CHANGED))
    )
    return found.with_columns(state.alias(STATE)).select(*COMPARED).sort(POS)


def match_store(rows: pl.DataFrame, known: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """`rows` (COMPARED) where those that are NEW are IN_STORE as far as their profile holds them.

    `held`: `profile`, `content` UInt64 and `copies` of what profiles hold. Copies that are `known` (MEMORIES)
    are those of earlier rows, and not counted again. A row of several parts is there when all of them are.
    """
    of_parts = ["profile", "content"]
    spent = known.explode("content").group_by(of_parts).agg(spent=pl.len())
    free = held.join(spent, on=of_parts, how="left").select(
        *of_parts, free=pl.col("copies").cast(pl.Int64) - pl.col("spent").fill_null(0).cast(pl.Int64)
    )
    parts = rows.filter(pl.col(STATE) == NEW).select(POS, *of_parts).explode("content").sort(POS)
    found = parts.with_columns(copy=pl.int_range(pl.len()).over(of_parts)).join(free, on=of_parts, how="left")
    is_there = (pl.col("copy") < pl.col("free").fill_null(0)).all()
    there = found.group_by(POS).agg(is_there=is_there).filter("is_there")[POS]
    state = pl.when(pl.col(POS).is_in(there.implode())).then(pl.lit(IN_STORE)).otherwise(STATE)
    return rows.with_columns(state.alias(STATE))


def is_doubted(known: pl.DataFrame, profiles: pl.Series) -> bool:
    """Whether a request to one of these profiles was left undecided by an earlier run."""
    return bool(known.filter(pl.col("key").is_null())["profile"].is_in(profiles.implode()).any())


def find_unsure(rows: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The profiles (String) of NEW `rows` that may hold memories which are not `known` (MEMORIES):

    nothing is known of them; or a request to them was left undecided; or the identifier that leads to them
    led to another one before, which may have been merged into them.
    """
    wanted = rows.filter(pl.col(STATE) == NEW)
    doubted = known.filter(pl.col("key").is_null())["profile"]
    known_profiles = known.filter(pl.col("key").is_not_null())["profile"]
    moved = wanted.join(
        known.select("reference", before="profile").drop_nulls("reference"), on="reference"
    ).filter(pl.col("before") != pl.col("profile"))["profile"]
    is_unsure = (
        pl.col("profile").is_in(doubted.implode())
        | ~pl.col("profile").is_in(known_profiles.implode())
        | pl.col("profile").is_in(moved.implode())
    )
    return wanted.filter(is_unsure)["profile"].unique(maintain_order=True)
