"""What the rows of known people do not say any more: values of traits, and identifiers."""

from dataclasses import dataclass, field

import polars as pl

from memory_import.columns import ID_TYPE, POS, REPRESENTATIVE, TRAIT, VALUE
from memory_import.ledger.known.store import trait_column
from memory_import.ledger.staging.layout import (
    EMPTIED_SCHEMA,
    FORMER_SCHEMA,
    HOLDINGS_SCHEMA,
    SOMETHING,
)
from memory_import.transforms.identity.merging import MergedGroups
from memory_import.transforms.plan import ProfilePlan

_OF_TYPE = [REPRESENTATIVE, ID_TYPE]
_VALUE = [REPRESENTATIVE, ID_TYPE, VALUE]


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """`emptied` (EMPTIED_SCHEMA), `former` (FORMER_SCHEMA); `holdings` (HOLDINGS_SCHEMA): all identifiers of
    these people, where any change of their profiles is asked for."""

    emptied: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EMPTIED_SCHEMA))
    former: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FORMER_SCHEMA))
    holdings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HOLDINGS_SCHEMA))


def notice(
    merged: MergedGroups,
    continued: pl.DataFrame,
    stated: pl.DataFrame,
    plan: ProfilePlan,
    *,
    clears: bool,
    replaces: bool,
) -> Noticed:
    """What is to be noticed of groups of rows; `continued`: CONTINUED and the hashes of traits, of who goes
    on with whom; `stated`: `_representative`, `id_type`, `value` of all that their rows state."""
    own = continued.drop_nulls("person")
    if own.is_empty():
        return Noticed()
    emptied = _find_emptied(merged.profiles, continued, own, plan)
    if not clears and not replaces:
        return Noticed(emptied=emptied)
    held = own.select(REPRESENTATIVE, pl.col("person").max().over(REPRESENTATIVE), "identifiers")
    held = held.explode("identifiers", empty_as_null=False).unnest("identifiers")
    alone = own.filter(pl.len().over(REPRESENTATIVE) == 1).select(REPRESENTATIVE)
    of_alone = held.join(alone, on=REPRESENTATIVE, how="semi")
    former = _find_former(of_alone, stated, merged.identifiers) if replaces else Noticed().former
    people = pl.concat([emptied.select(POS), former.select(POS)]).unique()
    everything = pl.concat([held.select(_VALUE), merged.identifiers.select(_VALUE)]).unique()
    numbers = held.select(REPRESENTATIVE, "person").unique()
    holdings = everything.join(people, left_on=REPRESENTATIVE, right_on=POS, how="semi").join(
        numbers, on=REPRESENTATIVE
    )
    return Noticed(emptied=emptied, former=former, holdings=holdings.select(list(HOLDINGS_SCHEMA)))


def _find_emptied(
    profiles: pl.DataFrame, continued: pl.DataFrame, own: pl.DataFrame, plan: ProfilePlan
) -> pl.DataFrame:
    """EMPTIED_SCHEMA. Where several known people become one, the service chooses whose value stays."""
    several = continued.filter(pl.len().over(REPRESENTATIVE) > 1)[REPRESENTATIVE].implode()
    found = [pl.DataFrame(schema=EMPTIED_SCHEMA)]
    for trait in plan.traits:
        column = trait_column(trait.path)
        if column not in own.columns or not profiles[trait.value_column].null_count():
            continue
        lacking = profiles.filter(pl.col(trait.value_column).is_null()).select(REPRESENTATIVE)
        known = own.select(REPRESENTATIVE, "person", hash=column).drop_nulls("hash")
        emptied = known.join(lacking, on=REPRESENTATIVE, how="semi")
        if emptied.is_empty():
            continue
        of_person = emptied.group_by(REPRESENTATIVE).agg(pl.col("person").max(), pl.col("hash").first())
        is_open = pl.col(REPRESENTATIVE).is_in(several)
        named = of_person.with_columns(
            pl.lit(trait.path).alias(TRAIT),
            pl.when(is_open).then(pl.lit(SOMETHING, pl.UInt64)).otherwise("hash").alias("hash"),
        ).rename({REPRESENTATIVE: POS})
        found.append(named.select(list(EMPTIED_SCHEMA)))
    return pl.concat(found)


def _find_former(held: pl.DataFrame, stated: pl.DataFrame, identifiers: pl.DataFrame) -> pl.DataFrame:
    """FORMER_SCHEMA: a value has a successor where it is the only former one of its type, and one value of
    the type is new."""
    former = held.join(stated, on=_VALUE, how="anti")
    new = identifiers.join(held, on=REPRESENTATIVE, how="semi").join(held, on=_VALUE, how="anti")
    only = new.group_by(_OF_TYPE).agg(successor=pl.col(VALUE).first(), new=pl.len())
    is_only = (pl.len().over(_OF_TYPE) == 1) & (pl.col("new") == 1)
    return (
        former.join(only, on=_OF_TYPE, how="left")
        .with_columns(successor=pl.when(is_only).then("successor"))
        .rename({REPRESENTATIVE: POS})
        .select(list(FORMER_SCHEMA))
    )
