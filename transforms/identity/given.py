"""The identifier values that the rows of identity groups give: the last one of each trait stays the group's.

Traits and types are Enums here, in the order of their texts: numbers are joined and sorted in a fraction of
the time that texts take.
"""

import polars as pl

from memory_import.columns import POS, REPRESENTATIVE
from memory_import.transforms.limits import IDENTIFIERS_PER_TYPE
from memory_import.transforms.plan import ProfilePlan

SLOT = "slot"


def find_plain(
    members: pl.DataFrame, plan: ProfilePlan, further: pl.DataFrame, known: pl.DataFrame
) -> pl.Series:
    """Whether a row (Boolean, row for row) is a whole group that gives one value of a trait at most, and of
    which nothing is known: none of its values loses.

    `members` has `_representative` and `_pos`, `further` `_pos`, `known` `_representative`.
    """
    if len(plan.identifiers) > IDENTIFIERS_PER_TYPE:
        return pl.repeat(value=False, n=members.height, eager=True)
    several = members[REPRESENTATIVE].is_duplicated()
    return members.select(
        ~several
        & (pl.col(POS) == pl.col(REPRESENTATIVE))
        & ~pl.col(POS).is_in(further[POS].implode())
        & ~pl.col(REPRESENTATIVE).is_in(known[REPRESENTATIVE].implode())
    ).to_series()


def list_values(
    members: pl.DataFrame, plan: ProfilePlan, further: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    """`_representative`, `_pos`, `trait`, `id_type` Enum, `value`, `is_known` (Boolean) and `slot` (Int64: a
    trait of a group) of all identifiers, in the order of the rows; those of a row that are further ones
    before its own, which win.

    `further`: `_pos`, `trait`, `id_type`, `value`; `known`: `_representative`, `id_type`, `value`.
    """
    traits = pl.Enum(sorted({identifier.trait for identifier in plan.identifiers}))
    id_types = pl.Enum(sorted({identifier.id_type for identifier in plan.identifiers}))
    places = members.with_row_index("place").select("place", REPRESENTATIVE, POS, *plan.identifier_columns)
    listed = [further.join(places, on=POS).select("place", REPRESENTATIVE, POS, "trait", "id_type", "value")]
    listed += [
        places.select(
            *("place", REPRESENTATIVE, POS),
            trait=pl.lit(identifier.trait, traits),
            id_type=pl.lit(identifier.id_type, id_types),
            value=column,
        ).drop_nulls("value")
        for column, identifier in plan.identifier_columns.items()
    ]
    listed[0] = listed[0].cast({"trait": traits, "id_type": id_types})
    given = pl.concat(listed).sort("place", maintain_order=True)
    slot = pl.col(REPRESENTATIVE) * len(traits.categories) + pl.col("trait").to_physical()
    return _mark_known(given, known).with_columns(slot.alias(SLOT)).drop("place")


def _mark_known(given: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The same with `is_known`."""
    if known.is_empty():
        return given.with_columns(is_known=pl.lit(value=False))
    value = [REPRESENTATIVE, "id_type", "value"]
    of_plan = known.select(value).with_columns(pl.col("id_type").cast(given.schema["id_type"], strict=False))
    marks = of_plan.unique().with_columns(is_known=pl.lit(value=True))
    marked = given.join(marks, on=value, how="left", maintain_order="left")
    return marked.with_columns(pl.col("is_known").fill_null(value=False))


def find_overfull(given: pl.DataFrame) -> pl.DataFrame:
    """`_representative` of the groups with more than IDENTIFIERS_PER_TYPE values of one type."""
    many = given.group_by(REPRESENTATIVE).len().filter(pl.col("len") > IDENTIFIERS_PER_TYPE)
    sizes = (
        given.join(many, on=REPRESENTATIVE, how="semi")
        .group_by(REPRESENTATIVE, "id_type")
        .agg(size=pl.col("value").n_unique())
    )
    return sizes.filter(pl.col("size") > IDENTIFIERS_PER_TYPE).select(REPRESENTATIVE).unique()


def find_last(given: pl.DataFrame) -> pl.DataFrame:
    """The last one of each slot."""
    return given.filter(pl.col(SLOT).is_last_distinct())


def find_losing(given: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """The values of each group that are the last of no trait, each in its last use."""
    stays = given.select(SLOT).join(last.select(SLOT, "value"), on=SLOT, how="left", maintain_order="left")
    lost = given.filter(pl.col("value") != stays["value"])
    value = [REPRESENTATIVE, "id_type", "value"]
    uses = lost.join(last, on=value, how="anti", maintain_order="left")
    return uses.unique(value, keep="last", maintain_order=True)


def find_untied(given: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `trait`, `value` of losing values in groups that have identifiers in one trait alone.

    An entry holds one value of a trait, so nothing could tell the service that such a value is the group's:
    sent alone it would make a second profile.
    """
    alone = last.filter(~pl.col(REPRESENTATIVE).is_duplicated()).select(SLOT, last="value")
    return (
        given.join(alone, on=SLOT)
        .filter(pl.col("value") != pl.col("last"), ~pl.col("is_known"))
        .select(POS, "trait", "value")
    )
