"""Payloads of one person become one, and no text in a value is mistaken for a key."""

import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.plans import TEXTS, make_trait
from transforms.merging import merge_payloads, split_payloads
from transforms.plan import ProfilePlan, TraitType

PLAN = ProfilePlan(
    traits=(
        make_trait("Contact.name"),
        make_trait("traits.name"),
        make_trait("Contact.Account"),
        make_trait("Contact.rename"),
        make_trait("Account.visits", TraitType.INTEGER),
        make_trait("Account.tags", TraitType.ARRAY, separator=";"),
    ),
    identifiers=(),
)
MISLEADING = [
    '"name":',
    ',"name":"x"',
    '"Account":{',
    '{"traits":{"Contact":{',
    '\\"name":',
    '"}},"',
    "}}",
    "é",
]
WORDS = TEXTS | st.lists(st.sampled_from(MISLEADING), max_size=4).map("".join)
VALUES = {
    "Account.visits": st.integers(-(2**31), 2**31 - 1),
    "Account.tags": st.lists(WORDS, min_size=1, max_size=3),
}
PROFILES = st.fixed_dictionaries(
    {trait.path: st.none() | VALUES.get(trait.path, WORDS) for trait in PLAN.traits}
).filter(lambda profile: any(value is not None for value in profile.values()))


def as_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(profile):
    """The payload of a profile: absent values are left out, groups and traits stand in plan order."""
    groups = {
        group: {trait.name: profile[trait.path] for trait in traits if profile[trait.path] is not None}
        for group, traits in PLAN.groups.items()
    }
    return as_json({"traits": {group: traits for group, traits in groups.items() if traits}})


def merge(profiles):
    """The last value of every trait."""
    return {
        path: next((profile[path] for profile in reversed(profiles) if profile[path] is not None), None)
        for path in profiles[0]
    }


@given(st.lists(PROFILES, min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_every_member_of_a_payload_is_found_as_it_stands(profiles):
    members = split_payloads(pl.Series([write(profile) for profile in profiles]), PLAN)

    expected = [
        {
            trait.path: None
            if profile[trait.path] is None
            else f"{as_json(trait.name)}:{as_json(profile[trait.path])}"
            for trait in PLAN.traits
        }
        for profile in profiles
    ]
    assert members.select(t.path for t in PLAN.traits).to_dicts() == expected


@given(st.lists(st.lists(PROFILES, min_size=1, max_size=4), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_the_last_value_of_every_trait_wins(groups):
    rows = [(number, write(profile)) for number, profiles in enumerate(groups) for profile in profiles]
    payloads = pl.DataFrame(rows, schema=["_survivor", "_payload"], orient="row")

    merged = merge_payloads(payloads, PLAN).sort("_survivor")

    assert merged.rows() == [(number, write(merge(profiles))) for number, profiles in enumerate(groups)]
