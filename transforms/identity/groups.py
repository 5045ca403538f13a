"""The identifier values of rows, and which of them may stand on several rows of a whole file.

Nearly all values stand once. Their hashes tell which may stand twice; only those are compared as texts. So it
takes as much memory as the hashes of one partition and the links of all. Rows are known by `_pos`, their
position in the whole file.
"""

from collections.abc import Iterator

import polars as pl

from memory_import.columns import HASH_PREFIX, ID_PREFIX, ID_TYPE, POS, TRAIT, VALUE
from memory_import.transforms.identity.blocked import is_blocked
from memory_import.transforms.plan import ProfilePlan

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
    return [column.replace(ID_PREFIX, HASH_PREFIX, 1) for column in plan.identifier_columns]


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


def find_first(plan: ProfilePlan) -> Iterator[tuple[str, pl.Expr]]:
    """The identifier columns, and whether none before it has the same value of the same type."""
    columns = list(plan.identifier_columns.items())
    for place, (column, identifier) in enumerate(columns):
        before = [name for name, other in columns[:place] if other.id_type == identifier.id_type]
        is_first = [pl.col(column).ne_missing(pl.col(name)) for name in before]
        yield column, pl.all_horizontal(pl.lit(value=True), *is_first)
