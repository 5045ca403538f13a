"""Why a value is in dispute: between rows of the input, or with what earlier runs have brought in."""

from typing import Protocol

import polars as pl

from memory_import.columns import ID_TYPE, POS, VALUE, Dispute
from memory_import.ledger.staging.layout import CONFLICTS_SCHEMA
from memory_import.run.loads.known_persons.people import CLAIMANT, KnownPeople
from memory_import.transforms.plan import ProfilePlan


class _Found(Protocol):
    @property
    def persons(self) -> pl.DataFrame: ...
    @property
    def values(self) -> pl.DataFrame: ...
    @property
    def continued(self) -> pl.DataFrame: ...


def list_conflicts(
    rows: pl.DataFrame, claimed: pl.DataFrame, found: _Found, known: KnownPeople, plan: ProfilePlan
) -> pl.DataFrame:
    """CONFLICTS_SCHEMA: the rows that claim a value about which people disagree, and those that make one
    person of several known ones."""
    value = [ID_TYPE, VALUE]
    disputed = found.values.filter(pl.col("verdict") != "shared").select(*value, "holder")
    if disputed.is_empty() and known.rows.is_empty():
        return pl.DataFrame(schema=CONFLICTS_SCHEMA)
    of_interest = pl.concat(frame.select(value) for frame in (disputed, known.claims, known.past))
    alike = claimed.filter(pl.col(VALUE).is_in(of_interest[VALUE].unique().implode()))
    claims = alike.join(of_interest, on=value, how="semi").select(POS, ID_TYPE, VALUE).unique()
    reasons = _find_reasons(disputed, claims, found, known)
    listed = claims.join(reasons, on=value)
    if len(known.rows):
        merging = _list_merging(claims, found, known)
        reason = pl.lit(Dispute.MERGES_KNOWN.value).alias("reason")
        listed = pl.concat([listed, merging.with_columns(reason)])
    parts = [plan.trait(path).value_column for path in plan.names]
    name = pl.concat_str(parts, separator=" ", ignore_nulls=True) if parts else pl.lit("")
    named = listed.join(rows.select(POS, *parts), on=POS)
    return named.select(POS, *value, name.alias("name"), "reason")


def _find_reasons(
    disputed: pl.DataFrame, claims: pl.DataFrame, found: _Found, known: KnownPeople
) -> pl.DataFrame:
    """`id_type`, `value`, `reason`: why each of the `disputed` values (`id_type`, `value`, `holder`) is."""
    value = [ID_TYPE, VALUE]
    if known.rows.is_empty() and known.past.is_empty():
        return disputed.select(*value, reason=pl.lit(Dispute.NAMES_DISAGREE.value))
    stated = claims.join(found.persons, on=POS).select(*value, holder="person").unique()
    of_past = pl.col(CLAIMANT).is_in(known.past[CLAIMANT].implode())
    held = known.claims.filter(~of_past).select(value).unique()
    by_known = disputed.join(held, on=value, how="semi")
    stated_no_more = by_known.filter(pl.col("holder") >= 0).join(stated, on=[*value, "holder"], how="anti")
    return (
        disputed.join(by_known.select(*value, by_known=pl.lit(value=True)), on=value, how="left")
        .join(stated_no_more.select(*value, is_given_up=pl.lit(value=True)), on=value, how="left")
        .join(_list_of_past(stated, known).with_columns(by_past=pl.lit(value=True)), on=value, how="left")
        .select(
            *value,
            reason=pl.when("is_given_up")
            .then(pl.lit(Dispute.WAS_MERGED.value))
            .when("by_known")
            .then(pl.lit(Dispute.KNOWN_UNDER_OTHER_NAME.value))
            .when("by_past")
            .then(pl.lit(Dispute.CLAIMED_BEFORE.value))
            .otherwise(pl.lit(Dispute.NAMES_DISAGREE.value)),
        )
    )


def _list_of_past(stated: pl.DataFrame, known: KnownPeople) -> pl.DataFrame:
    """`id_type`, `value` of what one person states and others claimed before."""
    value = [ID_TYPE, VALUE]
    alone = stated.group_by(value).len().filter(pl.col("len") == 1).select(value)
    return alone.join(known.past, on=value, how="semi")


def _list_merging(claims: pl.DataFrame, found: _Found, known: KnownPeople) -> pl.DataFrame:
    """`_pos`, `id_type`, `value` of the values of known people of whom one person is made."""
    own = known.rows.drop_nulls("person").select(CLAIMANT)
    several = found.continued.join(own, on=CLAIMANT, how="semi").filter(pl.len().over("person") > 1)
    held = several.join(known.claims, on=CLAIMANT).select("person", ID_TYPE, VALUE)
    of_rows = claims.join(found.persons, on=POS)
    return of_rows.join(held, on=["person", ID_TYPE, VALUE], how="semi").select(claims.columns)
