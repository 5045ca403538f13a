"""Which memories are in the store already: by what is known of earlier runs, and by what profiles hold."""

import polars as pl

from memory_import.columns import COPIES, POS, POSSIBLE_COPIES
from memory_import.run.compare.memory_keys import KEYED

STATE = "state"
"""What comparing found of a memory: NEW, CHANGED (its key is known, with other content), KNOWN, or IN_STORE
(not known, but its profile holds it)."""
NEW, CHANGED, KNOWN, IN_STORE = "new", "changed", "known", "in_store"
COMPARED = {**KEYED, "former": pl.List(pl.UInt64), STATE: pl.String}
"""`former`: the known content of a memory that is CHANGED."""

_OF_PROFILE = ["profile", "is_own_key", "key", "nth"]
_OWN = ["is_own_key", "key", "nth"]
_OF_PARTS = ["profile", "content"]
_COUNTS = [COPIES, POSSIBLE_COPIES]


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


def count_moved(rows: pl.DataFrame, known: pl.DataFrame) -> int:
    """How many `rows` (COMPARED) have a key of the spec's own that is known of another profile, which was
    found by another identifier: by the same one it is a profile that was merged."""
    own = known.filter("is_own_key").select(*_OWN, before="profile", by="reference")
    found = rows.filter("is_own_key").join(own.unique(_OWN, keep="last"), on=_OWN)
    return found.filter(pl.col("before") != pl.col("profile"), pl.col("by") != pl.col("reference")).height


def match_store(rows: pl.DataFrame, known: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """`rows` (COMPARED) where those that are NEW are IN_STORE as far as their profile holds them.

    `held`: `profile`, `content` UInt64 and `copies` of what profiles hold. Copies that are `known` (MEMORIES)
    are those of earlier rows, and not counted again. A row of several parts is there when all of them are.
    """
    parts = _list_parts(rows, NEW).sort(POS)
    free = _count_free(rows, known, held)
    numbered = parts.with_columns(copy=pl.int_range(pl.len()).over(_OF_PARTS))
    found = numbered.join(free, on=_OF_PARTS, how="left")
    is_there = (pl.col("copy") < pl.col("free").fill_null(0)).all()
    there = found.group_by(POS).agg(is_there=is_there).filter("is_there")[POS]
    state = pl.when(pl.col(POS).is_in(there.implode())).then(pl.lit(IN_STORE)).otherwise(STATE)
    return rows.with_columns(state.alias(STATE))


def list_unclaimed(
    rows: pl.DataFrame, known: pl.DataFrame, held: pl.DataFrame, asked: pl.Series
) -> pl.DataFrame:
    """What the profiles that were `asked` (String) hold, `held` as in `match_store`, and neither the `rows`
    (COMPARED) that are IN_STORE nor what is `known` (MEMORIES) account for: UNCLAIMED_SCHEMA."""
    taken = _count(_list_parts(rows, IN_STORE), "taken")
    free = _count_free(rows, known, held).join(taken, on=_OF_PARTS, how="left")
    left = free.filter(pl.col("free") > pl.col("taken").fill_null(0)).group_by("profile").agg("content")
    nothing = pl.lit([], pl.List(pl.UInt64))
    return (
        asked.alias("profile")
        .to_frame()
        .join(left, on="profile", how="left")
        .with_columns(pl.col("content").fill_null(nothing))
    )


def _count_free(rows: pl.DataFrame, known: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """`profile`, `content`, `free` (Int64): how many copies of what is `held` no known memory stands for."""
    taken = known.filter(pl.col("key").is_not_null())
    spent = _count(_find_alike(held, rows, taken).with_columns(profile="now"), "spent")
    return held.join(spent, on=_OF_PARTS, how="left").select(
        *_OF_PARTS, free=pl.col("copies").cast(pl.Int64) - pl.col("spent").fill_null(0).cast(pl.Int64)
    )


def count_copies(
    rows: pl.DataFrame, known: pl.DataFrame, held: pl.DataFrame, asked: pl.Series
) -> pl.DataFrame:
    """How many copies of each part of the `rows` (COMPARED) that may be sent their profiles hold already:

    `_pos`, `_copies`, `_possible_copies`, both List(UInt32), of the rows that have any. Certain is what was
    read in those that were `asked` (String; `held` as in `match_store`), and of the others what is `known`
    (MEMORIES). Possible is what is known and was not read, as it may not have shown yet, and what would be
    there if the profile was merged with the one it went to.
    """
    if known.is_empty() and held.is_empty():
        return pl.DataFrame(schema={POS: pl.Int64, **dict.fromkeys(_COUNTS, pl.List(pl.UInt32))})
    parts = _list_parts(rows, NEW, CHANGED)
    alike = _find_alike(parts, rows, known)
    counted = parts
    for counts in (_count(alike, "here"), _count(alike.with_columns(profile="now"), "merged"), held):
        counted = counted.join(counts, on=_OF_PARTS, how="left", maintain_order="left")
    is_read = pl.col("profile").is_in(asked.implode())
    certain = pl.when(is_read).then("copies").otherwise("here").fill_null(0)
    copies = counted.select(
        POS,
        certain.cast(pl.UInt32).alias(COPIES),
        (pl.max_horizontal("merged", "here", certain) - certain).cast(pl.UInt32).alias(POSSIBLE_COPIES),
    )
    having = copies.filter(pl.any_horizontal(pl.col(_COUNTS) > 0))[POS]
    of_these = copies.filter(pl.col(POS).is_in(having.implode()))
    return of_these.group_by(POS, maintain_order=True).agg(_COUNTS)


def _list_parts(rows: pl.DataFrame, *states: str) -> pl.DataFrame:
    return rows.filter(pl.col(STATE).is_in(states)).select(POS, *_OF_PARTS).explode("content")


def _count(parts: pl.DataFrame, name: str) -> pl.DataFrame:
    return parts.group_by(_OF_PARTS).agg(pl.len().alias(name))


def _find_alike(parts: pl.DataFrame, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`profile`, `content` of each known part that says what one of the `parts` does; and `now`, the profile
    that its own key, or else its identifier, leads to among the `rows`.

    A key that is made is one of a profile: what another one held is compared with what is read.
    """
    alike = known.explode("content").join(parts, on="content", how="semi")
    same_key = rows.filter("is_own_key").join(alike, on=_OWN, how="semi")
    of_key = same_key.select(*_OWN, of_key="profile").unique(_OWN)
    same_reference = rows.join(alike, on="reference", how="semi")
    of_reference = same_reference.select("reference", of_reference="profile").unique("reference")
    led = alike.join(of_key, on=_OWN, how="left").join(of_reference, on="reference", how="left")
    now = pl.when("is_own_key").then(pl.coalesce("of_key", "of_reference", "profile")).otherwise("profile")
    return led.select(*_OF_PARTS, now=now)


def is_doubted(known: pl.DataFrame, profiles: pl.Series) -> bool:
    """Whether a request to one of these profiles was left undecided by an earlier run."""
    return bool(_list_doubts(known)["profile"].is_in(profiles.implode()).any())


def _list_doubts(known: pl.DataFrame) -> pl.DataFrame:
    return known.filter(pl.all_horizontal(pl.col("key", "content").is_null()))


def find_unclaimed(rows: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The profiles (String) of NEW `rows` that say what was read in a profile once, be it another one by
    now, and was nobody's then (`known` as MEMORIES)."""
    left = known.filter(pl.col("key").is_null()).explode("content")["content"].drop_nulls()
    is_left = pl.col("content").list.eval(pl.element().is_in(left.implode())).list.any()
    return rows.filter((pl.col(STATE) == NEW) & is_left)["profile"].unique(maintain_order=True)


def find_unsure(rows: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """The profiles (String) of NEW `rows` that may hold memories which are not `known` (MEMORIES):

    nothing is known of them; or a request to them was left undecided; or the identifier that leads to them
    led to another one before, which may have been merged into them; or they are in `find_unclaimed`.
    """
    wanted = rows.filter(pl.col(STATE) == NEW)
    doubted = _list_doubts(known)["profile"]
    known_profiles = known.filter(pl.col("key").is_not_null())["profile"]
    moved = wanted.join(
        known.select("reference", before="profile").drop_nulls("reference"), on="reference"
    ).filter(pl.col("before") != pl.col("profile"))["profile"]
    is_unsure = (
        pl.col("profile").is_in(doubted.implode())
        | ~pl.col("profile").is_in(known_profiles.implode())
        | pl.col("profile").is_in(moved.implode())
        | pl.col("profile").is_in(find_unclaimed(rows, known).implode())
    )
    return wanted.filter(is_unsure)["profile"].unique(maintain_order=True)
