"""Identity groups: rows that share an identifier value, transitively, over a whole file.

Nearly all values stand once. Their hashes tell which may stand twice; only those are compared as texts. So it
takes as much memory as the hashes of one partition and the links of all. Rows are known by `_pos`, their
position in the whole file.
"""

import polars as pl

from transforms.plan import ProfilePlan


def hash_identifiers(rows: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """A hash (UInt64) of every identifier of prepared rows, null where there is none: `hash_columns`.

    Equal values have equal hashes within one process; equal hashes are no proof of anything.
    """
    return rows.select(
        pl.when(pl.col(column).is_not_null()).then(pl.col(column).hash()).alias(hashed)
        for column, hashed in zip(plan.identifier_columns, hash_columns(plan), strict=True)
    )


def hash_columns(plan: ProfilePlan) -> list[str]:
    """What the column of hashes is called for each identifier column, in plan order."""
    return [column.replace("_id.", "_hash.", 1) for column in plan.identifier_columns]


def find_repeated(hashes: pl.Series) -> pl.Series:
    """Every hash that stands more than once, once."""
    ordered = hashes.drop_nulls().sort()
    return ordered.filter(ordered == ordered.shift(1)).unique()


def list_identifiers(rows: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """`_pos`, `value` of every identifier of prepared rows; the value is `id_type:value`, as types do not
    mix.

    `rows` has `_pos` and the plan's identifier columns.
    """
    listed = [
        rows.select("_pos", value=f"{identifier.id_type}:" + pl.col(column)).drop_nulls("value")
        for column, identifier in plan.identifier_columns.items()
    ]
    return pl.concat(listed)


def link_rows(identifiers: pl.DataFrame) -> pl.DataFrame:
    """`a`, `b`: for each value that several rows of `identifiers` (`_pos`, `value`) hold, the first row to
    each other.

    Values are compared as whole strings. All rows that hold a value must be in the same call.
    """
    first = pl.col("_pos").min().over("value")
    return identifiers.select(a=first, b="_pos").filter(pl.col("a") != pl.col("b")).unique()


def group_links(links: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `_survivor` of every row that has a link (`a`, `b`, of one integer type): the connected
    components.

    The survivor is the last row of a component, the one whose values win, and is listed with itself; ordered
    by `_pos`. The links are rewired towards the smallest neighbour, in turn from the larger and from the
    smaller side, until each component is a star (the alternating algorithm of Kiveris et al., "Connected
    Components in MapReduce and Beyond", 2014): a number of passes that grows with the logarithm of the
    longest chain.
    """
    edges = _orient(links)
    while not _is_stars(edges):
        edges = _link_small(_link_large(edges))
    centres = edges.select(_pos="low", _survivor="low").unique()
    members = pl.concat([centres, edges.select(_pos="high", _survivor="low")])
    return members.with_columns(_survivor=pl.col("_pos").max().over("_survivor")).sort("_pos")


def _orient(links: pl.DataFrame) -> pl.DataFrame:
    """`high`, `low` of each link between two different rows, once."""
    oriented = links.select(high=pl.max_horizontal("a", "b"), low=pl.min_horizontal("a", "b"))
    return oriented.filter(pl.col("high") != pl.col("low")).unique()


def _is_stars(edges: pl.DataFrame) -> bool:
    """Whether every row links to one smaller row, which itself links to none."""
    highs = edges["high"]
    return (
        not highs.is_duplicated().any()
        and edges.join(edges, left_on="low", right_on="high", how="semi").is_empty()
    )


def _link_large(edges: pl.DataFrame) -> pl.DataFrame:
    """Every row links its larger neighbours to the smallest of itself and its neighbours."""
    both_ways = pl.concat([edges.select(node="high", near="low"), edges.select(node="low", near="high")])
    smallest = pl.min_horizontal("node", pl.col("near").min().over("node"))
    return (
        both_ways.select("node", high="near", low=smallest)
        .filter(pl.col("high") > pl.col("node"))
        .select("high", "low")
        .unique()
    )


def _link_small(edges: pl.DataFrame) -> pl.DataFrame:
    """Every row links itself and its smaller neighbours to the smallest of them."""
    smallest = pl.col("low").min().over("high")
    own = edges.select("high", low=smallest)
    neighbours = edges.select(high="low", low=smallest).filter(pl.col("high") != pl.col("low"))
    return pl.concat([own, neighbours]).unique()
