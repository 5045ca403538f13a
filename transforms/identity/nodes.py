"""What persons are made of: claimants that a value of a type of one's own ties, and how nodes are told
apart."""

from dataclasses import dataclass, replace

import polars as pl

from memory_import.transforms.identity.components import link_equals, roots_of
from memory_import.transforms.identity.inside import find_anchors
from memory_import.transforms.identity.names import BLANK, Names, no_names

ANYBODY, VALUES, WORDS = 0, 1, 2
"""The ranks of names: that of a known person without one, who could be anybody; the values that a claimant
holds, where it has no name; words. A name is inside every one of a higher rank."""

_SEED = 17


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """`members`: `claimant`, `node`: a node is its largest claimant. `named`: `node`, `rank` Int8, `name`
    UInt64 of every node. `names`: the words of names of rank WORDS. `values`: those of rank VALUES.
    `past`: claimants that stand for an earlier claim."""

    members: pl.DataFrame
    named: pl.DataFrame
    names: Names
    values: Names
    past: pl.Series

    def find_anchors(self, claims: pl.DataFrame, rank: int) -> pl.DataFrame:
        """`place`, `name`: the names of one rank that are inside no other of it, in each `place` of claims
        (`place`, `rank`, `name`)."""
        of_rank = claims.filter(pl.col("rank") == rank).select("place", "name")
        return find_anchors(of_rank, self.names if rank == WORDS else self.values)

    def find_people(self, claims: pl.DataFrame) -> pl.DataFrame:
        """`place`, `rank`, `name`: the names that are inside no other in their place. Where there are words,
        values are nobody of their own, and ANYBODY never is."""
        highest = claims.filter(pl.col("rank") == pl.col("rank").max().over("place"))
        found = [
            self.find_anchors(highest, rank).with_columns(rank=pl.lit(rank, pl.Int8))
            for rank in (VALUES, WORDS)
        ]
        return pl.concat(found).select("place", "rank", "name")


def is_known(past: pl.Series) -> pl.Expr:
    """Whether a claimant is a known person: one that stands for a `past` claim is none."""
    return (pl.col("claimant") < 0) & ~pl.col("claimant").is_in(past.implode())


def make_nodes(
    claims: pl.DataFrame, claimants: pl.Series, ties: pl.DataFrame, names: Names, past: pl.Series
) -> Nodes:
    """Nodes of claimants; `claims` (`claimant`, `place`) tell nameless ones apart, `ties` among them tie
    them."""
    claimants = claimants.unique()
    roots = roots_of(claimants, link_equals(ties, "claimant", "place"))
    members = pl.DataFrame({"claimant": claimants, "node": roots})
    keyed = members.join(names.keys, on="claimant", how="left").with_columns(pl.col("name").fill_null(BLANK))
    keyed, names = _join_names(keyed.select("node", "name"), names)
    of_rows = pl.col("node").is_in(members.filter(~is_known(past))["node"].implode())
    rank = pl.when(pl.col("name") != BLANK).then(WORDS).when(of_rows).then(VALUES).otherwise(ANYBODY)
    named = keyed.select("node", "name", rank=rank.cast(pl.Int8))
    nodes = Nodes(members=members, named=named, names=names, values=no_names(), past=past)
    return tell_by_values(nodes, claims)


def tell_by_values(nodes: Nodes, claims: pl.DataFrame) -> Nodes:
    """The same nodes; those of rank VALUES named after what they claim (`claimant`, `place`)."""
    nameless = nodes.named.filter(pl.col("rank") == VALUES).select("node")
    if nameless.is_empty():
        return nodes
    held = claims.join(nodes.members, on="claimant").select("node", word=pl.col("place").hash(_SEED))
    is_past = pl.col("claimant").is_in(nodes.past.implode())
    of_past = nodes.members.filter(is_past).select("node", word=pl.col("claimant").hash(_SEED + 1))
    words = pl.concat([held, of_past]).unique().join(nameless, on="node", how="semi")
    sums = nameless.join(words.group_by("node").agg(name=pl.col("word").sum()), on="node", how="left")
    sums = sums.select("node", pl.col("name").fill_null(BLANK), rank=pl.lit(VALUES, pl.Int8))
    kept = nodes.named.filter(pl.col("rank") != VALUES).select(sums.columns)
    values = words.join(sums, on="node").select("name", "word").unique()
    return replace(nodes, named=pl.concat([kept, sums]), values=replace(nodes.values, words=values))


def _join_names(keyed: pl.DataFrame, names: Names) -> tuple[pl.DataFrame, Names]:
    """One name for each node (`node`, `name`): of several all words, but those that begin another one."""
    if not keyed["node"].is_duplicated().any():
        return keyed, names
    stated = keyed.filter(pl.col("name") != BLANK).unique()
    several = stated.filter(pl.len().over("node") > 1)
    if several.is_empty():
        return _prefer_stated(keyed, stated), names
    words = several.join(names.words, on="name").select("node", "word").unique()
    longer = names.begun.select(longer="word", word="begin")
    covered = words.join(longer, on="word").join(
        words.rename({"word": "longer"}), on=["node", "longer"], how="semi"
    )
    words = words.join(covered.select("node", "word"), on=["node", "word"], how="anti")
    joined = words.group_by("node").agg(name=pl.col("word").sum())
    single = stated.join(joined, on="node", how="anti")
    added = words.join(joined, on="node").select("name", "word")
    names = replace(names, words=pl.concat([names.words, added]).unique())
    return _prefer_stated(keyed, pl.concat([single, joined.select(single.columns)])), names


def _prefer_stated(keyed: pl.DataFrame, stated: pl.DataFrame) -> pl.DataFrame:
    blank = keyed.select("node").unique().join(stated, on="node", how="anti")
    return pl.concat([stated, blank.select("node", name=pl.lit(BLANK, pl.UInt64))])
