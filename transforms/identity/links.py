"""From people of values to persons: links, and the cuts where a link would join people who disagree.

Nodes of equal name that share a value are one *group*. A group is linked upward, to the group of the only
anchor of each value that it shares. Where the names of a component disagree, some groups are torn: they lead
to several people. The topmost of these are cut off from all that they lead to, until every component agrees.
As which groups are torn depends on names and links alone, the order of rows does not count.
"""

import polars as pl

from memory_import.transforms.identity.components import link_equals, roots_of
from memory_import.transforms.identity.nodes import ANYBODY, VALUES, WORDS, Nodes


def link_persons(nodes: Nodes, claims: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """`node`, `person` of the nodes that share a value; all others are persons of their own.

    `claims`: `node`, `place`, `rank`, `name` of each value that several nodes share and that identifies
    somebody.
    `people`: `place`, `rank`, `name`, `people` of its anchors, whose number is `people`.
    """
    linked = nodes.named.join(claims, on="node", how="semi")
    roots = roots_of(linked["node"], _link_equal_names(nodes, claims, people))
    groups = linked.with_columns(group=roots)
    upward = _link_upward(claims, people, groups.select("node", "group"))
    named = groups.select("group", "rank", "name").unique()
    persons = pl.DataFrame({"group": named["group"], "person": _cut(nodes, named, upward)})
    return groups.join(persons, on="group").select("node", "person")


def _link_equal_names(nodes: Nodes, claims: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Links of nodes of equal name: of a full name everywhere, of another where nobody disagrees. Where
    anybody has a name, those without are not told apart, and not taken for one, by their values."""
    counts = people.select("place", "people", highest="rank").unique()
    of_value = claims.join(counts, on="place")
    is_full = pl.col("name").is_in(nodes.names.find_full().implode()) | (pl.col("people") == 1)
    by_words = of_value.filter(pl.col("rank") == WORDS, is_full)
    by_values = of_value.filter(pl.col("rank") == VALUES, pl.col("highest") == VALUES)
    return pl.concat([link_equals(frame, "node", "place", "name") for frame in (by_words, by_values)])


def _link_upward(claims: pl.DataFrame, people: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """`below`, `above`: from every other group of a value to that of its only anchor."""
    only = people.filter(pl.col("people") == 1).drop("people")
    grouped = claims.join(groups, on="node").select("group", "place", "rank", "name").unique()
    anchors = grouped.join(only, on=["place", "rank", "name"], how="semi").select("place", above="group")
    others = grouped.join(only, on=["place", "rank", "name"], how="anti").select("place", below="group")
    return others.join(anchors, on="place").select("below", "above").unique()


def _cut(nodes: Nodes, named: pl.DataFrame, upward: pl.DataFrame) -> pl.Series:
    """The person of each group of `named` (`group`, `rank`, `name`)."""
    while True:
        parts = named.with_columns(place=roots_of(named["group"], upward.select(a="below", b="above")))
        torn = _find_torn(nodes, parts, upward)
        if torn.is_empty():
            return parts["place"]
        upward = upward.filter(~pl.col("below").is_in(torn.implode()))


def _find_torn(nodes: Nodes, parts: pl.DataFrame, upward: pl.DataFrame) -> pl.Series:
    """The groups to cut off: of each component (`place`) that disagrees, the topmost that lead to people who
    do; where no group leads to such, the topmost that lead to several groups at all."""
    disagreeing = _find_disagreeing(nodes, parts)
    inside = parts.filter(pl.col("place").is_in(disagreeing.implode()))
    if inside.is_empty():
        return pl.Series(dtype=pl.Int64)
    edges = upward.filter(pl.col("below").is_in(inside["group"].implode()))
    reached = _reach(inside["group"], edges)
    of_sinks = reached.join(inside.rename({"group": "sink"}), on="sink").select(
        pl.col("group").alias("place"), "rank", "name"
    )
    by_name = _find_disagreeing(nodes, of_sinks)
    several = reached.group_by("group").len().filter(pl.col("len") > 1)["group"]
    torn = inside.select("group", "place").with_columns(
        by_name=pl.col("group").is_in(by_name.implode()), by_number=pl.col("group").is_in(several.implode())
    )
    is_torn = pl.when(pl.col("by_name").any().over("place")).then("by_name").otherwise("by_number")
    groups = torn.filter(is_torn)["group"]
    under = edges.filter(pl.col("above").is_in(groups.implode()))["below"]
    return groups.filter(~groups.is_in(under.implode()))


def _find_disagreeing(nodes: Nodes, parts: pl.DataFrame) -> pl.Series:
    """The places (of `place`, `rank`, `name`) in which no name holds all others."""
    distinct = parts.select("place", "rank", "name").unique().filter(pl.col("rank") > ANYBODY)
    several = distinct.filter(pl.len().over("place") > 1)
    people = nodes.find_people(several)
    return people.filter(pl.len().over("place") > 1)["place"].unique()


def _reach(groups: pl.Series, edges: pl.DataFrame) -> pl.DataFrame:
    """`group`, `sink`: the groups without links upward that each group leads to; such a group leads to
    itself."""
    sinks = groups.filter(~groups.is_in(edges["below"].implode()))
    reached = pl.DataFrame({"group": sinks, "sink": sinks})
    latest = reached
    while not latest.is_empty():
        further = edges.join(latest, left_on="above", right_on="group").select("sink", group="below").unique()
        latest = further.select("group", "sink").join(reached, on=["group", "sink"], how="anti")
        reached = pl.concat([reached, latest])
    return reached
