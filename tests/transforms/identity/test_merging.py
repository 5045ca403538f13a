"""Merging, judged by a model of the service: one profile for each group, found by all it ever had."""

import os
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

import polars as pl
import pytest

from memory_import.transforms.identity.components import find_components, link_equals
from memory_import.transforms.identity.groups import list_identifiers
from memory_import.transforms.identity.merging import merge_groups
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitType
from tests.support.identity_server import ModelServer
from tests.support.plans import make_trait

WORLDS, SEED = int(os.environ.get("WORLDS", "150")), int(os.environ.get("WORLDS_SEED", "20261129"))
ALONE = 10
"""Of these worlds, how many are merged in a call of their own, besides."""
FURTHER = {"_pos": pl.Int64, "trait": pl.String, "id_type": pl.String, "value": pl.String}
MANY = ProfilePlan(
    traits=(
        make_trait("Contact.phone"),
        make_trait("Contact.name"),
        make_trait("Contact.mobile"),
        make_trait("Contact.email", TraitType.EMAIL),
        make_trait("Account.number", TraitType.INTEGER),
        make_trait("Account.since", TraitType.DATE),
    ),
    identifiers=(
        IdentifierPlan(trait="Contact.phone", id_type="phone", normalization="trim"),
        IdentifierPlan(trait="Contact.email", id_type="email", normalization="email"),
        IdentifierPlan(trait="Contact.mobile", id_type="phone", normalization="trim"),
        IdentifierPlan(trait="Account.number", id_type="account", normalization="none"),
    ),
)
TWO = ProfilePlan(
    traits=(
        make_trait("Contact.phone"),
        make_trait("Contact.email", TraitType.EMAIL),
        make_trait("Contact.name"),
    ),
    identifiers=MANY.identifiers[:2],
)


def make_world(random, plan, values):
    """Rows of few distinct values, so that they collide, each with an identifier at least."""
    choices = {
        "Contact.phone": [f"+{n}" for n in range(values)],
        "Contact.mobile": [f"+{n}" for n in range(values + 2)],
        "Contact.email": [f"{letter}@example.com" for letter in "abcdefgABC"[:values]],
        "Account.number": [str(n + 1) for n in range(values)],
        "Contact.name": ["Ada", 'A "quoted" name', "ä,}"],
        "Account.since": ["2024-05-31"],
    }
    promoted = [identifier.trait for identifier in plan.identifiers]
    filled = random.choice((0.2, 0.5, 0.8))
    rows, size = [], random.randint(1, 25)
    while len(rows) < size:
        drawn = {trait.path: random.choice(choices[trait.path]) for trait in plan.traits}
        row = {path: value if random.random() < filled else None for path, value in drawn.items()}
        rows += [row] if any(row[path] for path in promoted) else []
    return rows


def make_worlds(plan, values, seed):
    """So many worlds by a seed, those with few rows first: what fails there is the easiest to read."""
    random = Random(seed)
    return sorted((make_world(random, plan, values) for _ in range(WORLDS)), key=len)


def mark(row, world):
    """A row whose identifiers are in no other world."""
    marks = {
        "Contact.phone": lambda value: f"{value}{world:04}",
        "Contact.mobile": lambda value: f"{value}{world:04}",
        "Contact.email": lambda value: f"{world}{value}",
        "Account.number": lambda value: f"{value}{world:04}",
    }
    return {
        path: marks[path](value) if value is not None and path in marks else value
        for path, value in row.items()
    }


@dataclass
class Merged:
    """What becomes of one world: its payloads in the order of sending, with whether they are final, and what
    each group must end as."""

    rows: list
    payloads: list = field(default_factory=list)
    expected: dict = field(default_factory=dict)


def merge_worlds(worlds, plan):
    """Many worlds merged in one call, in which none has anything to do with another."""
    rows = [(at, mark(row, at)) for at, world in enumerate(worlds) for row in world]
    world_of = [at for at, _ in rows]
    prepared = prepare([row for _, row in rows], plan)
    groups, merged = merge(prepared, plan)
    found = [Merged(world) for world in worlds]
    for position, payload, is_final in merged.entries.select("_pos", "_payload", "_is_final").rows():
        found[world_of[position]].payloads.append((payload, is_final))
    for representative, profile in expect_profiles(prepared, groups, plan).items():
        found[world_of[representative]].expected[representative] = profile
    return found


def prepare(rows, plan):
    """Rows as `prepare_profiles` leaves them, with their positions."""
    values = pl.DataFrame(rows, schema={trait.path: pl.String for trait in plan.traits})
    identifiers = {
        column: values[identifier.trait].str.to_lowercase()
        for column, identifier in plan.identifier_columns.items()
    }
    positions = pl.DataFrame({"_pos": range(len(rows)), **identifiers})
    return positions.hstack(values.rename({trait.path: trait.value_column for trait in plan.traits}))


def merge(prepared, plan):
    listed = list_identifiers(prepared, plan, pl.DataFrame(schema=FURTHER))
    values = listed.select("_pos", value=pl.format("{}:{}", "id_type", "value"))
    groups = find_components(link_equals(values, "_pos", "value"))
    groups = groups.rename({"node": "_pos", "root": "_representative"})
    return groups, merge_groups(prepared.join(groups, on="_pos"), plan)


def serve(payloads, plan):
    server = ModelServer({identifier.trait: identifier.id_type for identifier in plan.identifiers})
    for payload in payloads:
        server.apply(payload)
    return server


def expect_profiles(prepared, groups, plan):
    """What each group must end as: all traits with later rows winning, all identifier values."""
    representatives = dict(groups.rows())
    expected = defaultdict(lambda: ModelServer({i.trait: i.id_type for i in plan.identifiers}))
    by_representative = defaultdict(list)
    for position, payload in zip(prepared["_pos"], write_payloads(prepared, plan), strict=True):
        if position in representatives:
            by_representative[representatives[position]].append(payload)
    profiles = {}
    for representative, payloads in by_representative.items():
        traits, identifiers = {}, set()
        for payload in payloads:
            alone = ModelServer(expected[representative].id_types)
            alone.apply(payload)
            traits |= alone.profiles[0].traits
            identifiers |= alone.profiles[0].identifiers
        profiles[representative] = (traits, identifiers)
    return profiles


def comparable(traits, identifiers):
    lowered = {
        path: str(value).lower() if path == "Contact.email" else str(value) for path, value in traits.items()
    }
    return sorted(lowered.items()), sorted(identifiers)


PLANS = pytest.mark.parametrize(
    "plan", [TWO, MANY], ids=["two identifiers", "four identifiers of three types"]
)


@PLANS
@pytest.mark.parametrize("values", [3, 8], ids=["crowded", "sparse"])
def test_the_service_ends_with_one_profile_for_each_group(plan, values):
    worlds = make_worlds(plan, values, SEED)
    alone = [merge_worlds([world], plan)[0] for world in worlds[:ALONE]]
    for world in [*alone, *merge_worlds(worlds, plan)]:
        server = serve([payload for payload, _ in world.payloads], plan)

        assert sorted(comparable(p.traits, p.identifiers) for p in server.profiles) == sorted(
            comparable(*profile) for profile in world.expected.values()
        ), (SEED, world.rows)
        assert server.merges == 0, (SEED, world.rows)


def test_rounds_are_safe_to_send():
    worlds = make_worlds(MANY, 6, SEED)
    prepared = prepare([mark(row, at) for at, world in enumerate(worlds) for row in world], MANY)
    groups, merged = merge(prepared, MANY)

    assert merged.entries.select("_round", "_representative").is_duplicated().sum() == 0
    assert merged.entries.select("_round", "_representative").rows() == sorted(
        merged.entries.select("_round", "_representative").rows()
    )
    for (representative,), entries in merged.entries.partition_by("_representative", as_dict=True).items():
        assert entries["_round"].to_list() == list(range(entries.height))
        assert entries["_is_final"].to_list() == [False] * (entries.height - 1) + [True]
        assert entries["_pos"][-1] == representative
    merged_away = [(row, representative) for row, representative in groups.rows() if row != representative]
    assert merged.merged.rows() == merged_away
    assert merged.refused.is_empty()


@PLANS
def test_an_early_entry_that_is_refused_takes_no_other_with_it(plan):
    random = Random(SEED)
    tried = 0
    for world in merge_worlds(make_worlds(plan, 3, SEED), plan):
        early = [at for at, (_, is_final) in enumerate(world.payloads) if not is_final]
        if not early:
            continue
        tried += 1
        payloads = [payload for payload, _ in world.payloads]
        (alone,) = serve([payloads.pop(random.choice(early))], plan).profiles

        server = serve(payloads, plan)

        found = set().union(*(profile.identifiers for profile in server.profiles))
        wanted = set().union(*(identifiers for _, identifiers in world.expected.values()))
        assert len(server.profiles) == len(world.expected), (SEED, world.rows)
        assert wanted - found <= alone.identifiers, (SEED, world.rows)
    assert tried > WORLDS / 3


def make_members(rows):
    values = [
        {"Contact.phone": phone, "Contact.email": email, "Contact.name": name} for phone, email, name in rows
    ]
    return prepare(values, TWO).with_columns(_representative=pl.lit(0, dtype=pl.Int64))


def test_the_later_row_wins_trait_by_trait_and_nothing_of_the_earlier_is_lost():
    members = make_members([("+1", "a@x", "Ada"), ("+2", "a@x", None), (None, "a@x", "Ada L.")])

    merged = merge_groups(members, TWO)

    assert merged.entries.select("_round", "_pos", "_payload").rows() == [
        (0, 0, '{"traits":{"Contact":{"phone":"+1","email":"a@x"}}}'),
        (1, 0, '{"traits":{"Contact":{"phone":"+2","email":"a@x","name":"Ada L."}}}'),
    ]
    assert merged.merged.rows() == [(1, 0), (2, 0)]
    assert merged.extra == 1


def test_an_extra_entry_belongs_to_the_last_row_that_gave_its_value():
    members = make_members([("+1", "a@x", None), ("+1", "a@x", None), ("+2", "a@x", None)])

    assert merge_groups(members, TWO).entries["_pos"].to_list() == [1, 0]


@pytest.mark.parametrize(("phones", "refused"), [(100, False), (101, True)])
def test_a_group_with_more_identifiers_than_a_profile_keeps_is_refused_whole(phones, refused):
    crowd = make_members([(f"+{n}", "switchboard@x", None) for n in range(phones)])
    others = make_members([("+900", "b@x", None), ("+901", "b@x", None)]).with_columns(
        pl.col("_pos") + 500, _representative=pl.lit(500, dtype=pl.Int64)
    )

    merged = merge_groups(pl.concat([crowd, others]), TWO)

    assert merged.refused.height == (phones if refused else 0)
    assert merged.refused["_error_code"].unique().to_list() == (["too_many_identifiers"] if refused else [])
    assert merged.entries.height == (2 if refused else phones + 2)
    assert merged.merged.height == (1 if refused else phones)


def test_values_of_two_types_are_counted_apart():
    members = make_members([(f"+{n}", f"{n // 2}@x", None) for n in range(100)] + [(None, "99@x", None)])

    assert merge_groups(members, TWO).refused.is_empty()


def test_no_members_fold_to_nothing():
    merged = merge_groups(make_members([("+1", "a@x", None)]).clear(), TWO)

    assert (merged.entries.height, merged.merged.height, merged.refused.height, merged.extra) == (0, 0, 0, 0)
    assert merged.entries.schema == {
        **{"_representative": pl.Int64, "_round": pl.Int64, "_pos": pl.Int64, "_payload": pl.String},
        "_is_final": pl.Boolean,
    }


def test_values_of_one_trait_alone_cannot_be_tied_and_are_not_sent():
    merged = merge_groups(make_members([("+1", None, "Ada"), ("+2", None, None), ("+1", None, None)]), TWO)

    assert merged.untied.rows() == [(1, "Contact.phone", "+2")]
    assert (merged.entries.height, merged.extra) == (1, 0)
