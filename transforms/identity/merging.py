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

Of a profile that is known, only what is not known of it is sent, beside one identifier that finds it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from memory_import.columns import IS_FINAL, PAYLOAD, POS, REPRESENTATIVE, ROUND, TRAIT, VALUE, schema
from memory_import.transforms.codes import WORDING, Reason
from memory_import.transforms.identity.given import (
    find_last,
    find_losing,
    find_overfull,
    find_plain,
    find_untied,
    list_values,
)
from memory_import.transforms.identity.groups import find_first
from memory_import.transforms.identity.rounds import plan_rounds
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import ProfilePlan

ENTRIES = (REPRESENTATIVE, ROUND, POS, PAYLOAD, IS_FINAL)
_IDENTIFIERS = {REPRESENTATIVE: pl.Int64, "id_type": pl.String, "value": pl.String}
_FURTHER = {POS: pl.Int64, "trait": pl.String, "id_type": pl.String, "value": pl.String}


def _know_nothing(profiles: pl.DataFrame) -> pl.DataFrame:
    return profiles.select(pl.lit(value=False).alias(name) for name in profiles.columns)


@dataclass(frozen=True, kw_only=True)
class KnownProfiles:
    """What is known of the profiles of some groups, which are in the store already.

    `identifiers`: `_representative`, `id_type`, `value`. `compare`: of profiles (`_representative` and value
    columns) a Boolean for each value, row for row: whether it is known. `is_resent`: all of it is sent again.
    """

    identifiers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_IDENTIFIERS))
    compare: Callable[[pl.DataFrame], pl.DataFrame] = _know_nothing
    is_resent: bool = False


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
    `profiles`: `_representative` and the value columns of every group: what its profile is to hold.
    `identifiers`: `_representative`, `id_type`, `value`: all identifiers that it is to hold.
    `unchanged`: `_representative` of the groups of which nothing is sent, because all of it is known.
    `unsent`: `_pos`, `trait`, `value` of what is known of the others and not sent; `value` is null for the
        row's own value of a trait, and not for further identifiers.
    """

    entries: pl.DataFrame
    merged: pl.DataFrame
    refused: pl.DataFrame
    extra: int
    untied: pl.DataFrame
    profiles: pl.DataFrame
    identifiers: pl.DataFrame
    unchanged: pl.DataFrame
    unsent: pl.DataFrame


def merge_groups(
    members: pl.DataFrame,
    plan: ProfilePlan,
    further: pl.DataFrame | None = None,
    known: KnownProfiles | None = None,
) -> MergedGroups:
    """Merges whole groups: `_representative`, `_pos`, the values and the identifier columns of each member
    row.

    The rows of a group are in the order in which the later one wins.

    `further`: `_pos`, `trait`, `id_type`, `value` of the identifiers that member rows have besides.
    Any number of groups may come in one call, each with all of its members; no row is without any value.
    """
    known = known or KnownProfiles()
    further = pl.DataFrame(schema=_FURTHER) if further is None else further
    is_plain = find_plain(members, plan, further, known.identifiers)
    plain, mixed = members.filter(is_plain), members.filter(~is_plain)
    given = list_values(mixed, plan, further, known.identifiers)
    overfull = find_overfull(given)
    if len(overfull):
        mixed = mixed.join(overfull, on=REPRESENTATIVE, how="anti", maintain_order="left")
        given = given.join(overfull, on=REPRESENTATIVE, how="anti", maintain_order="left")
    last = find_last(given)
    untied = find_untied(given, last)
    tied = given
    if len(untied):
        tied = given.join(untied, on=[POS, "trait", "value"], how="anti", maintain_order="left")
    losing = find_losing(tied, last)
    early = plan_rounds(losing, last, resends=known.is_resent)
    profiles = _merge_values(plain, mixed, plan)
    is_sent = _choose_traits(profiles, last, early, plan, known)
    is_any = is_sent.select(pl.any_horizontal(pl.all())).to_series()
    entries = pl.concat(
        [
            _write_early(early, plan),
            _write_final(profiles.filter(is_any), is_sent.filter(is_any), early, plan),
        ]
    )
    return MergedGroups(
        entries=entries.sort(REPRESENTATIVE).sort(ROUND, maintain_order=True),
        merged=mixed.filter(pl.col(POS) != pl.col(REPRESENTATIVE)).select(POS, REPRESENTATIVE).sort(POS),
        refused=_refuse(members.join(overfull, on=REPRESENTATIVE, how="semi")),
        extra=int(early["is_extra"].sum()),
        untied=untied.cast({"trait": pl.String}),
        profiles=profiles,
        identifiers=_list_identifiers(plain, last, losing, plan),
        unchanged=profiles.filter(~is_any).select(REPRESENTATIVE),
        unsent=_list_unsent(mixed, profiles, is_sent, tied, last, early, plan),
    )


def _merge_values(plain: pl.DataFrame, mixed: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """`_representative` and the value columns of every group, ordered by it."""
    columns = [trait.value_column for trait in plan.traits]
    merged = mixed.group_by(REPRESENTATIVE).agg(pl.col(columns).drop_nulls().last())
    return pl.concat([plain.select(merged.columns), merged]).sort(REPRESENTATIVE)


def _list_identifiers(
    plain: pl.DataFrame, last: pl.DataFrame, losing: pl.DataFrame, plan: ProfilePlan
) -> pl.DataFrame:
    """`MergedGroups.identifiers`."""
    stays = last.select(list(_IDENTIFIERS))
    if len({identifier.id_type for identifier in plan.identifiers}) < len(plan.identifiers):
        stays = stays.unique()  # two traits may hold one value of their type
    listed = [pl.concat([stays, losing.select(stays.columns)]).cast({"id_type": pl.String})]
    for column, is_first in find_first(plan):
        id_type = pl.lit(plan.identifier_columns[column].id_type)
        own = plain.select(REPRESENTATIVE, id_type=id_type, value=pl.when(is_first).then(column))
        listed.append(own.drop_nulls("value"))
    return pl.concat(listed)


def _refuse(members: pl.DataFrame) -> pl.DataFrame:
    code = Reason.TOO_MANY_IDENTIFIERS
    return members.select(POS, _error_code=pl.lit(code.value), _error_message=pl.lit(WORDING[code])).sort(POS)


def _choose_traits(
    profiles: pl.DataFrame,
    last: pl.DataFrame,
    early: pl.DataFrame,
    plan: ProfilePlan,
    known: KnownProfiles,
) -> pl.DataFrame:
    """Whether each value of `profiles` is sent with the final profile, row for row: a Boolean for each value
    column."""
    columns = [trait.value_column for trait in plan.traits]
    is_there = profiles.select(pl.col(columns).is_not_null())
    groups = profiles.select(REPRESENTATIVE)
    continued = known.identifiers[REPRESENTATIVE].implode()
    is_new = groups.select(~pl.col(REPRESENTATIVE).is_in(continued) | pl.lit(known.is_resent)).to_series()
    if is_new.all():
        return is_there
    promoted = {i.trait: plan.trait(i.trait).value_column for i in plan.identifiers}
    holds = _spread(groups, last.filter("is_known"), promoted)
    touched = _spread(groups, early.select(REPRESENTATIVE, "trait"), promoted)
    same = known.compare(profiles)
    changed = is_there.select(
        pl.lit(is_there[column])
        & (
            pl.lit(is_new)
            | ~pl.lit(same[column])
            | (pl.lit(touched[column] | ~holds[column]) if column in holds.columns else False)
        ).alias(column)
        for column in columns
    )
    is_any = changed.select(pl.any_horizontal(pl.all())).to_series()
    finds = pl.any_horizontal(pl.lit(changed[column] & holds[column]) for column in holds.columns)
    is_lost = changed.select(pl.lit(is_any) & ~finds & ~pl.lit(is_new)).to_series()
    for column in holds.columns:
        changed = changed.with_columns(pl.col(column) | pl.lit(is_lost & holds[column]))
        is_lost &= ~holds[column]
    return changed


def _spread(groups: pl.DataFrame, listed: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """Whether each group has each trait of `listed` (`_representative`, `trait`), in columns named after
    it."""
    return groups.select(
        pl.col(REPRESENTATIVE)
        .is_in(listed.filter(pl.col("trait") == trait)[REPRESENTATIVE].implode())
        .alias(column)
        for trait, column in columns.items()
    )


def _list_unsent(
    members: pl.DataFrame,
    profiles: pl.DataFrame,
    is_sent: pl.DataFrame,
    given: pl.DataFrame,
    last: pl.DataFrame,
    early: pl.DataFrame,
    plan: ProfilePlan,
) -> pl.DataFrame:
    """`MergedGroups.unsent`."""
    is_changed = is_sent.select(pl.any_horizontal(pl.all())).to_series()
    unsent = [pl.DataFrame(schema=schema(POS, TRAIT, VALUE))]
    for trait in plan.traits:
        column = trait.value_column
        is_held = is_changed & ~is_sent[column] & profiles[column].is_not_null()
        if not is_held.any():
            continue
        groups = profiles.filter(is_held).select(REPRESENTATIVE)
        own = members.filter(pl.col(column).is_not_null()).join(groups, on=REPRESENTATIVE, how="semi")
        unsent.append(own.select(POS, trait=pl.lit(trait.path), value=pl.lit(None, pl.String)))
    if not given["is_known"].any():
        return pl.concat(unsent).unique()
    sent = early.select(REPRESENTATIVE, "trait", "value")
    further = given.filter("is_known").join(
        pl.concat([sent, last.select(sent.columns)]), on=sent.columns, how="anti"
    )
    changed = profiles.filter(is_changed).select(REPRESENTATIVE)
    of_changed = further.join(changed, on=REPRESENTATIVE, how="semi")
    unsent.append(of_changed.select(POS, pl.col("trait").cast(pl.String), "value"))
    return pl.concat(unsent).unique()


def _write_final(
    profiles: pl.DataFrame, is_sent: pl.DataFrame, early: pl.DataFrame, plan: ProfilePlan
) -> pl.DataFrame:
    """What is sent of each profile, in the round after the early entries of its group."""
    rounds = early.group_by(REPRESENTATIVE).agg(_round=pl.col(ROUND).max() + 1)
    sent = profiles.with_columns(
        pl.when(pl.lit(is_sent[name])).then(name).alias(name) for name in is_sent.columns
    )
    placed = sent.join(rounds, on=REPRESENTATIVE, how="left")
    return (
        placed.hstack([write_payloads(placed, plan)])
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
    of_traits = early.select(
        *(REPRESENTATIVE, ROUND, POS),
        *(pl.when(pl.col("trait") == each.path).then("value").alias(each.value_column) for each in promoted),
    )
    entries = of_traits.group_by(REPRESENTATIVE, ROUND).agg(
        pl.col(POS).max().fill_null(pl.col(REPRESENTATIVE).first()),
        *(pl.col(trait.value_column).first(ignore_nulls=True) for trait in promoted),
    )
    payloads = write_payloads(entries, plan)
    return entries.hstack([payloads]).with_columns(_is_final=pl.lit(value=False)).select(ENTRIES)
