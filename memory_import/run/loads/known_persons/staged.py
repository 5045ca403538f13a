"""The persons of a run as they are staged: what becomes known of each once it landed."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import polars as pl

from memory_import.columns import ERROR_CODE, ID_TYPE, POS, REPRESENTATIVE, VALUE
from memory_import.ledger.known.store import IDENTIFIER, WORD
from memory_import.ledger.known.table import Schema
from memory_import.ledger.staging.layout import within
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.stored_values import read_values
from memory_import.spec.model import ProfilesSpec
from memory_import.spec.plans import profile_plan
from memory_import.transforms.alignment import gather_lists
from memory_import.transforms.identity.groups import find_first
from memory_import.transforms.identity.merging import MergedGroups
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan
from memory_import.transforms.prepare import identify

NAME = "name"
STAGED: Schema = {
    POS: pl.Int64,
    "person": pl.Int64,
    "absorbed": pl.List(pl.Int64),
    "known_identifiers": pl.List(IDENTIFIER),
    "known_words": pl.List(WORD),
    "identifiers": pl.List(IDENTIFIER),
    NAME: pl.String,
}
"""A person of which something is sent; the value columns follow. `_pos` is that of the row that stands for
it. `person` is the known one that it goes on with, `absorbed` are others that it makes one with that, and
`known_identifiers`, `known_words` are theirs; null where nothing is known of it. `identifiers` are those that
it states, `name` is the fullest."""


def declared_plan(spec: ProfilesSpec, declared: Mapping[str, Any]) -> ProfilePlan:
    """The plan that a run was staged by, from what the store declared then."""
    return profile_plan(spec, tuple(IdentifierPlan(**facts) for facts in declared["identifiers"]))


def list_groups(
    sent: pl.DataFrame, merged: MergedGroups, continued: pl.DataFrame, plan: ProfilePlan
) -> pl.DataFrame:
    """STAGED and the value columns of the groups of which something is sent.

    `sent`: the rows of the groups; `continued`: CONTINUED, of who goes on with whom.
    """
    named = sent.select(REPRESENTATIVE, join_names(plan))
    is_several = named[REPRESENTATIVE].is_duplicated()
    several = named.filter(is_several)
    length = pl.col(NAME).str.len_chars()
    longest = several.filter(length == length.max().over(REPRESENTATIVE))
    longest = longest.filter(pl.col(REPRESENTATIVE).is_last_distinct())
    names = pl.concat([named.filter(~is_several), longest])
    known = continued.drop_nulls("person").sort("claimant", descending=True)
    of_known = known.group_by(REPRESENTATIVE, maintain_order=True).agg(
        person=pl.col("person").first(),
        absorbed=pl.col("person").slice(1),
        known_identifiers=pl.col("identifiers").explode(empty_as_null=False),
        known_words=pl.col("words").first(),
    )
    changed = merged.profiles.join(merged.unchanged, on=REPRESENTATIVE, how="anti", maintain_order="left")
    joined = (
        changed.join(of_known, on=REPRESENTATIVE, how="left", maintain_order="left")
        .join(names, on=REPRESENTATIVE, how="left", maintain_order="left")
        .with_columns(_list_stated(merged.identifiers, changed[REPRESENTATIVE]))
        .rename({REPRESENTATIVE: POS})
    )
    values = [trait.value_column for trait in plan.traits]
    return joined.select(*(pl.col(name).cast(dtype) for name, dtype in STAGED.items()), *values)


def _list_stated(identifiers: pl.DataFrame, groups: pl.Series) -> pl.Series:
    """`identifiers`: List of IDENTIFIER of each of some groups (`_representative`)."""
    places = groups.to_frame().with_row_index("at")
    stated = identifiers.join(places, on=REPRESENTATIVE).sort("at")
    pairs = stated.select(identifiers=pl.struct(ID_TYPE, VALUE))["identifiers"]
    return gather_lists(stated["at"], pairs, len(groups))


def list_groups_of(staging: Staging, plan: ProfilePlan) -> Iterator[pl.DataFrame]:
    """STAGED and the value columns of identity groups of which something is sent, some at a time."""
    columns = [*STAGED, *(trait.value_column for trait in plan.traits)]
    for part in staging.person_parts:
        yield staging.read(part, *columns)


def list_persons(
    staging: Staging, plan: ProfilePlan, wanted: pl.Series | None = None
) -> Iterator[pl.DataFrame]:
    """STAGED and the value columns of all persons of which something is sent, some at a time; or of those
    that are `wanted` (`_pos`)."""
    is_wanted = pl.lit(value=True) if wanted is None else pl.col(POS).is_in(wanted.implode())
    for groups in list_groups_of(staging, plan):
        yield groups.filter(is_wanted)
    sought = None if wanted is None else wanted.to_frame(POS).sort(POS)
    parts = [
        part
        for part, positions in staging.positions.items()
        if sought is None or not within(sought, positions).is_empty()
    ]
    # `map` and `filter` hold no part while the next one is read
    yield from filter(len, map(partial(_read_alone, staging, plan, is_wanted), parts))


def _read_alone(staging: Staging, plan: ProfilePlan, is_wanted: pl.Expr, part: str) -> pl.DataFrame:
    """The same of the rows of a part that are persons of their own."""
    positions = staging.positions[part]
    grouped = within(staging.members, positions)[POS].implode()
    alone = staging.read(part, POS, ERROR_CODE).filter(
        pl.col(ERROR_CODE).is_null(), ~pl.col(POS).is_in(grouped), is_wanted
    )
    if alone.is_empty():
        return pl.DataFrame()
    values = read_values(staging, plan, part, alone[POS] - positions.start)
    return _list_alone(values.hstack(alone), plan)


def _list_alone(rows: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """The same of rows that are persons of their own."""
    named = rows.hstack(identify(rows, plan))
    named = named.with_columns(join_names(plan), pair_identifiers(named, plan))
    nothing = [pl.lit(None, dtype).alias(name) for name, dtype in STAGED.items() if name not in named.columns]
    return named.with_columns(nothing).select(*STAGED, *(trait.value_column for trait in plan.traits))


def pair_identifiers(rows: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """`identifiers`: List of IDENTIFIER, each once, row for row, of a frame with the identifier columns."""
    columns = list(plan.identifier_columns.items())
    values = [
        rows.select(pl.when(is_first).then(column).alias(VALUE))[VALUE]
        for column, is_first in find_first(plan)
    ]
    if not values:
        return pl.repeat([], rows.height, dtype=pl.List(IDENTIFIER), eager=True).alias("identifiers")
    id_types = pl.lit(pl.Series([identifier.id_type for _, identifier in columns]))
    number, width = pl.int_range(rows.height * len(columns)), len(columns)
    by_row = pl.select(at=number // width, nth=number % width).with_columns(
        pl.lit(pl.concat(values)).gather(pl.col("nth") * rows.height + pl.col("at")).alias(VALUE)
    )
    stated = by_row.drop_nulls(VALUE)
    pairs = stated.select(identifiers=pl.struct(id_types.gather("nth").alias(ID_TYPE), VALUE))["identifiers"]
    return gather_lists(stated["at"], pairs, rows.height)


def join_names(plan: ProfilePlan) -> pl.Expr:
    """`name`: what tells people apart, as one text."""
    parts = [plan.trait(path).value_column for path in plan.names]
    text = pl.concat_str(parts, separator=" ", ignore_nulls=True) if parts else pl.lit("")
    return text.alias(NAME)
