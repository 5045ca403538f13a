"""Payloads are JSON, whatever the text, and come apart into what they were put together from."""

import json
import os

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_import.transforms.payloads import encode_json, measure_payloads, write_payloads
from memory_import.transforms.plan import ProfilePlan, TraitType
from memory_import.transforms.values.arrays import judge_arrays
from memory_import.transforms.values.numerals import write_numbers
from memory_import.transforms.values.text import judge_texts
from tests.support.plans import TEXTS, make_trait

PLAN = ProfilePlan(
    traits=(
        make_trait("Contact.name"),
        make_trait("My-group.v2_.visits", TraitType.INTEGER),
        make_trait("Contact.email", TraitType.EMAIL),
        make_trait("My-group.v2_.score", TraitType.NUMBER),
        make_trait("My-group.v2_.active", TraitType.BOOLEAN),
        make_trait("My-group.v2_.since", TraitType.DATE),
        make_trait("Lists.tags", TraitType.ARRAY, separator=";"),
        make_trait("Lists.codes", TraitType.ARRAY, separator=";", items=TraitType.INTEGER),
        make_trait("Lists.flags", TraitType.ARRAY, separator=";", items=TraitType.BOOLEAN),
    ),
    identifiers=(),
)
JUDGED = TEXTS.map(lambda text: judge_texts(pl.Series([text]))["value"][0])
EXAMPLES = int(os.environ.get("EXAMPLES", "100"))  # see `make soak`
PROFILES = st.fixed_dictionaries(
    {
        "Contact.name": st.none() | JUDGED,
        "Contact.email": st.none() | JUDGED,
        "My-group.v2_.visits": st.none() | st.integers(-(2**31), 2**31 - 1),
        "My-group.v2_.score": st.none() | st.floats(-(2**31), 2**31 - 1),
        "My-group.v2_.active": st.none() | st.booleans(),
        "My-group.v2_.since": st.none() | st.dates().map(str),
        "Lists.tags": st.none() | st.lists(TEXTS, min_size=1, max_size=4),
        "Lists.codes": st.none() | st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=4),
        "Lists.flags": st.none() | st.lists(st.booleans(), min_size=1, max_size=4),
    }
)


def nest(profile):
    """The profile as the API has it: traits under their groups, in plan order, absent ones left out."""
    groups = {
        group: {t.name: profile[t.path] for t in traits if profile[t.path] is not None}
        for group, traits in PLAN.groups.items()
    }
    return {"traits": {group: traits for group, traits in groups.items() if traits}}


def write_values(trait, values):
    """The values as verdicts would give them."""
    if trait.type == TraitType.NUMBER:
        return write_numbers(pl.Series(values, dtype=pl.Float64))
    if trait.type in (TraitType.STRING, TraitType.EMAIL, TraitType.DATE):
        return pl.Series(values, dtype=pl.String)
    return pl.Series(
        [
            None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            for value in values
        ],
        dtype=pl.String,
    )


def read_values(profiles):
    return pl.DataFrame(
        write_values(trait, [profile[trait.path] for profile in profiles]).alias(trait.value_column)
        for trait in PLAN.traits
    )


@given(st.lists(PROFILES, min_size=1, max_size=5))
@settings(max_examples=EXAMPLES)
def test_a_payload_is_the_json_of_the_profile(profiles):
    payloads = write_payloads(read_values(profiles), PLAN)

    for profile, payload in zip(profiles, payloads, strict=True):
        if any(value is not None for value in profile.values()):
            assert json.loads(payload) == nest(profile)
            assert list(json.loads(payload)["traits"]) == list(nest(profile)["traits"])
        else:
            assert payload is None


@given(st.lists(PROFILES, max_size=5))
@settings(max_examples=EXAMPLES)
def test_a_payload_is_measured_before_it_is_written(profiles):
    values = read_values(profiles)

    sizes = measure_payloads(values, PLAN)

    assert (sizes.name, sizes.dtype) == ("_bytes", pl.Int64)
    assert sizes.to_list() == write_payloads(values, PLAN).str.len_bytes().to_list()


@given(st.lists(st.none() | TEXTS))
@settings(max_examples=300)
def test_a_text_is_encoded_as_json_has_it(texts):
    encoded = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(encode_json(pl.col("text")))

    assert [None if text is None else json.loads(text) for text in encoded.to_series()] == texts


@given(st.lists(st.none() | TEXTS))
@settings(max_examples=200)
def test_an_array_of_any_text_is_json(texts):
    values = judge_arrays(pl.Series(texts, dtype=pl.String), ",")["value"]

    assert all(isinstance(json.loads(value), list) for value in values.drop_nulls())


@pytest.mark.parametrize("character", ['"', "\\", "\t", "\n", "\r", "\x00", "\x1f"], ids=repr)
def test_one_text_to_escape_among_many_is_escaped(character):
    trait = make_trait("Contact.name")
    texts = judge_texts(pl.Series(["plain"] * 1_000 + [f"a{character}b"]))["value"]

    payload = write_payloads(
        texts.to_frame(trait.value_column), ProfilePlan(traits=(trait,), identifiers=())
    )[-1]

    assert json.loads(payload) == {"traits": {"Contact": {"name": texts[-1]}}}


@pytest.mark.parametrize("code_point", range(0x20), ids=hex)
def test_a_judged_text_is_json_with_any_control_character(code_point):
    trait = make_trait("Contact.name")
    texts = judge_texts(pl.Series([f"a{chr(code_point)}b"]))["value"]

    payload = write_payloads(
        texts.to_frame(trait.value_column), ProfilePlan(traits=(trait,), identifiers=())
    )[0]

    assert json.loads(payload)["traits"]["Contact"]["name"] == texts[0]


@pytest.mark.parametrize(
    ("present", "payload"),
    [
        ("", None),
        ("a", '{"traits":{"A":{"a":"v"}}}'),
        ("b", '{"traits":{"A":{"b":"v"}}}'),
        ("c", '{"traits":{"B":{"c":"v"}}}'),
        ("ab", '{"traits":{"A":{"a":"v","b":"v"}}}'),
        ("bc", '{"traits":{"A":{"b":"v"},"B":{"c":"v"}}}'),
        ("abc", '{"traits":{"A":{"a":"v","b":"v"},"B":{"c":"v"}}}'),
    ],
)
@pytest.mark.parametrize("neighbour", ["", "a", "b", "c", "abc"])
def test_commas_stand_between_what_is_there(present, payload, neighbour):
    traits = tuple(make_trait(path) for path in ("A.a", "A.b", "B.c"))
    values = pl.DataFrame(
        {
            t.value_column: ["v" if t.name in names else None for names in (present, neighbour)]
            for t in traits
        },
        schema={trait.value_column: pl.String for trait in traits},
    )

    assert write_payloads(values, ProfilePlan(traits=traits, identifiers=()))[0] == payload
