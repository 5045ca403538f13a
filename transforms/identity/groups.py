"""Identity groups: rows that share an identifier value, transitively, over a whole file.

Nearly all values stand once. Their hashes tell which may stand twice; only those are compared as texts. So it
takes as much memory as the hashes of one partition and the links of all. Rows are known by `_pos`, their
position in the whole file.
"""

import polars as pl

from memory_import.columns import ID_TYPE, POS, REPRESENTATIVE, TRAIT, VALUE
from memory_import.transforms.identity.blocked import is_blocked
from memory_import.transforms.plan import ProfilePlan

LINKS_SCHEMA = {"a": pl.Int64, "b": pl.Int64}


BLOCKED_HASH = 0
"""In place of the hash of a value that identifies nobody."""


def hash_identifiers(rows: pl.DataFrame, plan: ProfilePlan, block: pl.DataFrame) -> pl.DataFrame:
    """A hash (UInt64) of every identifier of prepared rows, null where there is none: `hash_columns`.

    Equal values have equal hashes within one process; equal hashes are no proof of anything. Values that are
    blocked, by `block` (`id_type`, `value`) or for everybody, have BLOCKED_HASH.
    """
    return rows.select(
        pl.when(is_blocked(identifier, pl.col(column), block))
        .then(pl.lit(BLOCKED_HASH, pl.UInt64))
        .when(pl.col(column).is_not_null())
        .then(pl.col(column).hash())
        .alias(hashed)
        for (column, identifier), hashed in zip(
            plan.identifier_columns.items(), hash_columns(plan), strict=True
        )
    )


def hash_columns(plan: ProfilePlan) -> list[str]:
    """What the column of hashes is called for each identifier column, in plan order."""
    return [column.replace("_id.", "_hash.", 1) for column in plan.identifier_columns]


def find_repeated(hashes: pl.Series) -> pl.Series:
    """Every hash that stands more than once, once."""
    ordered = hashes.drop_nulls().sort()
    return ordered.filter(ordered == ordered.shift(1)).unique()


def list_identifiers(rows: pl.DataFrame, plan: ProfilePlan, further: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `trait`, `id_type`, `value` of every identifier of prepared rows, with the further ones.

    `rows` has `_pos` and the plan's identifier columns; `further` is of the same columns as the result.
    """
    listed = [
        rows.select(
            POS,
            pl.lit(identifier.trait).alias(TRAIT),
            pl.lit(identifier.id_type).alias(ID_TYPE),
            value=column,
        ).drop_nulls(VALUE)
        for column, identifier in plan.identifier_columns.items()
    ]
    return pl.concat([*listed, further.select(POS, TRAIT, ID_TYPE, VALUE)])


def link_rows(identifiers: pl.DataFrame) -> pl.DataFrame:
    """`a`, `b`: for each value that several rows of `identifiers` (`_pos`, `value`) hold, the first row to
    each other.

    Values are compared as whole strings. All rows that hold a value must be in the same call.
    """
    first = pl.col(POS).min().over("value")
    return identifiers.select(a=first, b=POS).filter(pl.col("a") != pl.col("b")).unique()


def group_links(links: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `_representative` of every row that is linked to another (`a`, `b`, of one integer type): the
    connected components.

    The representative is the last row of a component, the one whose values win, and is listed with itself;
    ordered by `_pos`. Every row points to a later one of its component, or to itself. As long as the two ends
    of a link point to different rows, the earlier of these comes to point to the latest that it is linked to,
    and pointers are followed to their end, by doubling (after Shiloach and Vishkin, "An O(log n) parallel
    connectivity algorithm", 1982). Takes a few integers for each row and link.
    """
    links = links.filter(pl.col("a") != pl.col("b"))
    rows = pl.concat([links["a"], links["b"]]).sort().unique(maintain_order=True)
    ends = [rows.search_sorted(links[end]) for end in ("a", "b")]
    points_to = pl.int_range(len(rows), dtype=pl.UInt32, eager=True)
    while not (hooks := _hook(*(points_to.gather(end) for end in ends))).is_empty():
        points_to.scatter(hooks["earlier"], hooks["later"])
        while not (further := points_to.gather(points_to)).equals(points_to):
            points_to = further
    return pl.DataFrame({POS: rows, REPRESENTATIVE: rows.gather(points_to)})


def _hook(a: pl.Series, b: pl.Series) -> pl.DataFrame:
    """`earlier`, `later` of links between different rows; of those of one row, the latest comes last."""
    ends = pl.DataFrame({"a": a, "b": b}).filter(pl.col("a") != pl.col("b"))
    return ends.select(earlier=pl.min_horizontal("a", "b"), later=pl.max_horizontal("a", "b")).sort("later")
