"""Identity groups to profiles: what is sent for rows that are one person, and in which order.

The later row wins, trait by trait. The service finds a profile by every identifier value that it ever had,
but one entry holds one value of each trait. So the values that lose go first, in entries of their own that
hold nothing but identifiers, and the final profile goes last:

    round 0   phone 3, email 3        opens: every other entry shares one of these values,
    round 1   phone 1, email 3        so that no round ever creates a second profile
    round 2   phone 2, email 3
    round 3   phone 3, email 1
    round 4   phone 3, email 3, …     the final profile: the last value of each trait ends as its value

Rounds of a group must follow each other: send one when the one before has been completed.
"""

from dataclasses import dataclass

import polars as pl

from memory_import.columns import IS_FINAL, PAYLOAD, POS, REPRESENTATIVE, ROUND
from memory_import.transforms.codes import WORDING, Reason
from memory_import.transforms.identity.rounds import find_untied, plan_rounds
from memory_import.transforms.limits import IDENTIFIERS_PER_TYPE
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import ProfilePlan

ENTRIES = (REPRESENTATIVE, ROUND, POS, PAYLOAD, IS_FINAL)


@dataclass(frozen=True, kw_only=True)
class MergedGroups:
    """What becomes of the rows of identity groups.

    `entries`: what is sent, ordered by `_round` and `_representative`: `_representative`; `_round` Int64 from
    0, without gaps in a group; `_pos`, the row that an outcome belongs to (the representative for the final
    entry,
        the last row that gave the value for others); `_payload`; `_is_final` Boolean, true for the last entry
        of each group.
    `merged`: `_pos`, `_representative` of every row that was merged into another; ordered by `_pos`.
    `refused`: `_pos`, `_error_code`, `_error_message` of all rows of groups with more than
        IDENTIFIERS_PER_TYPE values of one type; ordered by `_pos`. They are in none of the others.
    `extra`: the number of identifier values that lost and are sent in entries of their own.
    `untied`: `_pos`, `trait`, `value` of those that cannot be sent; see `find_untied`.
    """

    entries: pl.DataFrame
    merged: pl.DataFrame
    refused: pl.DataFrame
    extra: int
    untied: pl.DataFrame


def merge_groups(
    members: pl.DataFrame, plan: ProfilePlan, further: pl.DataFrame | None = None
) -> MergedGroups:
    """Merges whole groups: `_representative`, `_pos`, the values and the identifier columns of each member
    row.

    The rows of a group are in the order in which the later one wins.

    `further`: `_pos`, `trait`, `id_type`, `value` of the identifiers that member rows have besides.
    Any number of groups may come in one call, each with all of its members; no row is without any value.
    """
    given = _list_values(_keep_several(members, further), plan, further)
    overfull = _find_overfull(given)
    kept = members.join(overfull, on=REPRESENTATIVE, how="anti")
    given = given.join(overfull, on=REPRESENTATIVE, how="anti", maintain_order="left")
    untied = find_untied(given)
    early = plan_rounds(given.join(untied, on=[POS, "trait", "value"], how="anti", maintain_order="left"))
    entries = pl.concat([_write_early(early, plan), _write_final(kept, early, plan)])
    return MergedGroups(
        entries=entries.sort(ROUND, REPRESENTATIVE),
        merged=kept.filter(pl.col(POS) != pl.col(REPRESENTATIVE)).select(POS, REPRESENTATIVE).sort(POS),
        refused=_refuse(members.join(overfull, on=REPRESENTATIVE, how="semi")),
        extra=int(early["is_extra"].sum()),
        untied=untied,
    )


def _keep_several(members: pl.DataFrame, further: pl.DataFrame | None) -> pl.DataFrame:
    """The rows of groups that may have several values of a trait: of one row without further ones none
    loses."""
    of_further = (further if further is not None else members.clear())[POS]
    return members.filter(pl.col(REPRESENTATIVE).is_duplicated() | pl.col(POS).is_in(of_further.implode()))


def _list_values(members: pl.DataFrame, plan: ProfilePlan, further: pl.DataFrame | None) -> pl.DataFrame:
    """`_representative`, `_pos`, `trait`, `id_type`, `value` of all identifiers, in the order of the
    rows; those of a row that are further ones before its own, which win."""
    listed = [
        members.select(
            REPRESENTATIVE,
            POS,
            trait=pl.lit(identifier.trait),
            id_type=pl.lit(identifier.id_type),
            value=column,
        ).drop_nulls("value")
        for column, identifier in plan.identifier_columns.items()
    ]
    if further is not None:
        besides = further.join(members.select(POS, REPRESENTATIVE), on=POS)
        listed.insert(0, besides.select(listed[0].columns))
    places = members.select(POS, place=pl.int_range(pl.len()))
    placed = pl.concat(listed).join(places, on=POS, how="left", maintain_order="left")
    return placed.sort("place", maintain_order=True).drop("place")


def _find_overfull(given: pl.DataFrame) -> pl.DataFrame:
    of_type = [REPRESENTATIVE, "id_type"]
    many = given.group_by(of_type).len().filter(pl.col("len") > IDENTIFIERS_PER_TYPE)
    sizes = given.join(many, on=of_type, how="semi").group_by(of_type).agg(size=pl.col("value").n_unique())
    return sizes.filter(pl.col("size") > IDENTIFIERS_PER_TYPE).select(REPRESENTATIVE).unique()


def _refuse(members: pl.DataFrame) -> pl.DataFrame:
    code = Reason.TOO_MANY_IDENTIFIERS
    return members.select(POS, _error_code=pl.lit(code.value), _error_message=pl.lit(WORDING[code])).sort(POS)


def _write_final(kept: pl.DataFrame, early: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """The last value of every trait, in the round after the early entries of the group."""
    values = pl.col([trait.value_column for trait in plan.traits])
    latest = kept.group_by(REPRESENTATIVE).agg(values.drop_nulls().last())
    rounds = early.group_by(REPRESENTATIVE).agg(_round=pl.col(ROUND).max() + 1)
    profiles = latest.join(rounds, on=REPRESENTATIVE, how="left")
    return (
        profiles.hstack([write_payloads(profiles, plan)])
        .select(
            REPRESENTATIVE,
            pl.col(ROUND).fill_null(0),
            PAYLOAD,
            _pos=REPRESENTATIVE,
            _is_final=pl.lit(value=True),
        )
        .select(ENTRIES)
    )


def _write_early(early: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """One entry for each group and round, of the identifiers that share the round."""
    promoted = [plan.trait(identifier.trait) for identifier in plan.identifiers]
    entries = early.group_by(REPRESENTATIVE, ROUND).agg(
        pl.col(POS).max().fill_null(pl.col(REPRESENTATIVE).first()),
        *(
            pl.col("value").filter(pl.col("trait") == trait.path).first().alias(trait.value_column)
            for trait in promoted
        ),
    )
    payloads = write_payloads(entries, plan)
    return entries.hstack([payloads]).with_columns(_is_final=pl.lit(value=False)).select(ENTRIES)
