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
from memory_import.transforms.identity.rounds import find_untied, plan_rounds
from memory_import.transforms.limits import IDENTIFIERS_PER_TYPE
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import ProfilePlan

ENTRIES = (REPRESENTATIVE, ROUND, POS, PAYLOAD, IS_FINAL)
_IDENTIFIERS = {REPRESENTATIVE: pl.Int64, "id_type": pl.String, "value": pl.String}


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
    given = _list_values(members, plan, further, known)
    overfull = _find_overfull(given)
    kept = members.join(overfull, on=REPRESENTATIVE, how="anti")
    given = given.join(overfull, on=REPRESENTATIVE, how="anti", maintain_order="left")
    untied = find_untied(given)
    tied = given.join(untied, on=[POS, "trait", "value"], how="anti", maintain_order="left")
    early = plan_rounds(tied, resends=known.is_resent)
    values = pl.col([trait.value_column for trait in plan.traits])
    profiles = kept.group_by(REPRESENTATIVE).agg(values.drop_nulls().last()).sort(REPRESENTATIVE)
    is_sent = _choose_traits(profiles, tied, early, plan, known)
    is_any = is_sent.select(pl.any_horizontal(pl.all())).to_series()
    entries = pl.concat(
        [
            _write_early(early, plan),
            _write_final(profiles.filter(is_any), is_sent.filter(is_any), early, plan),
        ]
    )
    return MergedGroups(
        entries=entries.sort(ROUND, REPRESENTATIVE),
        merged=kept.filter(pl.col(POS) != pl.col(REPRESENTATIVE)).select(POS, REPRESENTATIVE).sort(POS),
        refused=_refuse(members.join(overfull, on=REPRESENTATIVE, how="semi")),
        extra=int(early["is_extra"].sum()),
        untied=untied,
        profiles=profiles,
        identifiers=tied.select(list(_IDENTIFIERS)).unique(),
        unchanged=profiles.filter(~is_any).select(REPRESENTATIVE),
        unsent=_list_unsent(kept, profiles, is_sent, tied, early, plan),
    )


def _list_values(
    members: pl.DataFrame, plan: ProfilePlan, further: pl.DataFrame | None, known: KnownProfiles
) -> pl.DataFrame:
    """`_representative`, `_pos`, `trait`, `id_type`, `value`, `is_known` of all identifiers, in the order of
    the rows; those of a row that are further ones before its own, which win."""
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
    is_known = known.identifiers.select(*_IDENTIFIERS, is_known=pl.lit(value=True)).unique()
    marked = placed.join(is_known, on=list(_IDENTIFIERS), how="left", maintain_order="left")
    marked = marked.with_columns(pl.col("is_known").fill_null(value=False))
    return marked.sort("place", maintain_order=True).drop("place")


def _find_overfull(given: pl.DataFrame) -> pl.DataFrame:
    of_type = [REPRESENTATIVE, "id_type"]
    many = given.group_by(of_type).len().filter(pl.col("len") > IDENTIFIERS_PER_TYPE)
    sizes = given.join(many, on=of_type, how="semi").group_by(of_type).agg(size=pl.col("value").n_unique())
    return sizes.filter(pl.col("size") > IDENTIFIERS_PER_TYPE).select(REPRESENTATIVE).unique()


def _refuse(members: pl.DataFrame) -> pl.DataFrame:
    code = Reason.TOO_MANY_IDENTIFIERS
    return members.select(POS, _error_code=pl.lit(code.value), _error_message=pl.lit(WORDING[code])).sort(POS)


def _choose_traits(
    profiles: pl.DataFrame,
    given: pl.DataFrame,
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
    last = given.group_by(REPRESENTATIVE, "trait", maintain_order=True).agg(pl.col("is_known").last())
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
    last = given.group_by(REPRESENTATIVE, "trait", maintain_order=True).agg(pl.col("value").last())
    further = given.filter("is_known").join(
        pl.concat([sent, last.select(sent.columns)]), on=sent.columns, how="anti"
    )
    changed = profiles.filter(is_changed).select(REPRESENTATIVE)
    unsent.append(further.join(changed, on=REPRESENTATIVE, how="semi").select(POS, "trait", "value"))
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
    entries = early.group_by(REPRESENTATIVE, ROUND).agg(
        pl.col(POS).max().fill_null(pl.col(REPRESENTATIVE).first()),
        *(
            pl.col("value").filter(pl.col("trait") == trait.path).first().alias(trait.value_column)
            for trait in promoted
        ),
    )
    payloads = write_payloads(entries, plan)
    return entries.hstack([payloads]).with_columns(_is_final=pl.lit(value=False)).select(ENTRIES)
