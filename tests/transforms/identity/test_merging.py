"""Merging, judged by a model of the service: one profile for each group, found by all it ever had."""

from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_import.transforms.identity.components import find_components, link_equals
from memory_import.transforms.identity.groups import list_identifiers
from memory_import.transforms.identity.merging import merge_groups
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitType
from tests.support.identity_server import ModelServer
from tests.support.plans import make_trait

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


def draw_rows(plan, values):
    """Rows of few distinct values, so that they collide, each with an identifier at least."""
    shapes = {
        "Contact.phone": st.sampled_from([f"+{n}" for n in range(values)]),
        "Contact.mobile": st.sampled_from([f"+{n}" for n in range(values + 2)]),
        "Contact.email": st.sampled_from([f"{letter}@example.com" for letter in "abcdefgABC"[:values]]),
        "Account.number": st.sampled_from([str(n) for n in range(values)]),
        "Contact.name": st.sampled_from(["Ada", 'A "quoted" name', "ä,}"]),
        "Account.since": st.just("2024-05-31"),
    }
    row = st.fixed_dictionaries({trait.path: st.none() | shapes[trait.path] for trait in plan.traits})
    promoted = [identifier.trait for identifier in plan.identifiers]
    return st.lists(row.filter(lambda row: any(row[path] for path in promoted)), min_size=1, max_size=25)


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


def serve(merged, plan):
    server = ModelServer({identifier.trait: identifier.id_type for identifier in plan.identifiers})
    for payload in merged.entries["_payload"]:
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


@pytest.mark.parametrize("plan", [TWO, MANY], ids=["two identifiers", "four identifiers of three types"])
@pytest.mark.parametrize("values", [3, 8], ids=["crowded", "sparse"])
def test_the_service_ends_with_one_profile_for_each_group(plan, values):
    @given(draw_rows(plan, values))
    @settings(max_examples=150)
    def check(rows):
        prepared = prepare(rows, plan)
        groups, merged = merge(prepared, plan)

        server = serve(merged, plan)

        expected = expect_profiles(prepared, groups, plan)
        assert sorted(comparable(p.traits, p.identifiers) for p in server.profiles) == sorted(
            comparable(*profile) for profile in expected.values()
        )
        assert server.merges == 0

    check()


@given(draw_rows(MANY, 6))
@settings(max_examples=150)
def test_rounds_are_safe_to_send(rows):
    prepared = prepare(rows, MANY)
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


@pytest.mark.parametrize("plan", [TWO, MANY], ids=["two identifiers", "four identifiers of three types"])
def test_an_early_entry_that_is_refused_takes_no_other_with_it(plan):
    @given(draw_rows(plan, 3), st.randoms())
    @settings(max_examples=150)
    def check(rows, random):
        prepared = prepare(rows, plan)
        groups, merged = merge(prepared, plan)
        early = merged.entries.with_row_index("at").filter(~pl.col("_is_final"))
        if early.is_empty():
            return
        refused = random.choice(early["at"].to_list())
        alone = ModelServer({identifier.trait: identifier.id_type for identifier in plan.identifiers})
        alone.apply(merged.entries["_payload"][refused])

        payloads = merged.entries["_payload"].to_list()
        server = ModelServer(alone.id_types)
        for payload in payloads[:refused] + payloads[refused + 1 :]:
            server.apply(payload)

        expected = expect_profiles(prepared, groups, plan)
        found = set().union(*(profile.identifiers for profile in server.profiles))
        wanted = set().union(*(identifiers for _, identifiers in expected.values()))
        assert len(server.profiles) == len(expected)
        assert wanted - found <= alone.profiles[0].identifiers

    check()


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
