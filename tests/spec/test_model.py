"""What a spec means: its short forms, its defaults, and the schema that editors read."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from memory_import.spec.memories import memory_plan
from memory_import.spec.model import SCHEMA_FILE, ProfilesSpec, Spec, json_schema
from memory_import.spec.plans import (
    assumed_identifiers,
    columns_used,
    profile_plan,
    source_options,
    trait_plans,
)
from memory_import.spec.yaml import parse_yaml

SAMPLES = Path(__file__).parents[2] / "sample_data"


def profiles(traits: dict[str, Any], **others: Any) -> ProfilesSpec:
    return ProfilesSpec.model_validate({"source": "a.csv", "traits": traits, **others})


CONTACT = {
    "Contact": {
        "firstName": "First Name",
        "phone": {"column": ["Phone 1", "Phone 2"], "type": "phone"},
        "email": {"column": "Email", "type": "email", "on_invalid": "reject"},
    },
    "Account": {"id": "Id"},
}


def test_a_bare_column_and_a_bare_path_stand_for_their_long_forms() -> None:
    short = profiles({"Contact": {"firstName": "First Name"}})
    long = profiles(
        {"Contact": {"firstName": {"column": "First Name", "type": "string"}}}, source={"path": "a.csv"}
    )
    assert short == long


def test_traits_keep_the_order_of_the_spec_and_their_columns_the_order_in_which_they_are_tried() -> None:
    plans = trait_plans(profiles(CONTACT))
    assert [plan.path for plan in plans] == [
        "Contact.firstName",
        "Contact.phone",
        "Contact.email",
        "Account.id",
    ]
    assert [plan.columns for plan in plans] == [("First Name",), ("Phone 1", "Phone 2"), ("Email",), ("Id",)]
    assert [plan.on_invalid for plan in plans] == ["drop", "drop", "reject", "drop"]


def test_every_column_is_known_with_the_place_that_names_it() -> None:
    assert columns_used(profiles(CONTACT, region={"column": "Country"})) == {
        "First Name": "profiles.traits.Contact.firstName",
        "Phone 1": "profiles.traits.Contact.phone",
        "Phone 2": "profiles.traits.Contact.phone",
        "Email": "profiles.traits.Contact.email",
        "Id": "profiles.traits.Account.id",
        "Country": "profiles.region.column",
    }


@pytest.mark.parametrize(
    ("identifiers", "assumed"),
    [
        pytest.param(None, [("Contact.phone", "phone"), ("Contact.email", "email")], id="left out"),
        pytest.param(["Contact.email"], [("Contact.email", "email")], id="named"),
        pytest.param(["Account.id"], [("Account.id", "id")], id="a trait of another type"),
    ],
)
def test_without_a_store_the_identifiers_are_those_named_else_phones_and_emails(
    identifiers: list[str] | None, assumed: list[tuple[str, str]]
) -> None:
    found = assumed_identifiers(Spec(version=1, profiles=profiles(CONTACT, identifiers=identifiers)))
    assert [(identifier.trait, identifier.id_type) for identifier in found] == assumed


@pytest.mark.parametrize("repair", [None, False, True], ids=["left out", "off", "on"])
def test_phones_are_repaired_only_where_the_spec_says_so(repair: bool | None) -> None:
    stated = {} if repair is None else {"repair": repair}
    (plan,) = trait_plans(profiles({"C": {"phone": {"column": "A", "type": "phone", **stated}}}))
    assert plan.repair is bool(repair)


OWNERS = [
    pytest.param({"phone": "A"}, True, id="a column"),
    pytest.param({"phone": {"column": "A"}}, True, id="a mapping"),
    pytest.param({"phone": {"column": "A", "repair": True}, "email": "B"}, True, id="a repair"),
    pytest.param({"phone": {"repair": True}}, False, id="no column"),
    pytest.param({"phone": {"column": "A", "repair": "yes"}}, False, id="neither true nor false"),
    pytest.param({"phone": {"column": "A", "type": "phone"}}, False, id="unknown key"),
]


@pytest.mark.parametrize(("profile", "is_valid"), OWNERS)
def test_what_finds_a_profile_is_a_column_or_a_mapping(profile: dict[str, Any], is_valid: bool) -> None:
    load = {"source": "a", "profile": profile, "content": "C", "occurred_at": "D", "observation_source": "e"}
    document = {"version": 1, "observations": load}
    assert Draft202012Validator(json_schema()).is_valid(document) is is_valid
    if is_valid:
        spec = Spec.model_validate(document).observations
        assert spec is not None
        reference = memory_plan("observations", spec).reference
        assert reference is not None
        assert [trait.columns[0] for trait in reference.traits] == ["A", "B"][: len(profile)]
        assert [trait.repair for trait in reference.traits] == [
            "repair" in str(column) for column in profile.values()
        ]
    else:
        with pytest.raises(ValueError, match="validation error"):
            Spec.model_validate(document)


@pytest.mark.parametrize("country", ["DE", "de", "DEU", "Germany", "Federal Republic of Germany"])
def test_the_default_region_may_be_a_name_or_a_code(country: str) -> None:
    plan = profile_plan(profiles(CONTACT, region={"default": country}), ())
    assert plan.region_default == "DE"


def test_no_default_region_stays_none() -> None:
    assert profile_plan(profiles(CONTACT), ()).region_default is None


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        pytest.param("in/*.csv", "/specs/in/*.csv", id="relative to the spec"),
        pytest.param("/data/a.csv", "/data/a.csv", id="absolute"),
        pytest.param("s3://bucket/a.csv", "s3://bucket/a.csv", id="an address"),
        pytest.param("~/a.csv", str(Path("~/a.csv").expanduser()), id="the home folder"),
    ],
)
def test_a_relative_path_begins_at_the_folder_of_the_spec(path: str, resolved: str) -> None:
    assert source_options(profiles(CONTACT, source=path).source, Path("/specs")).path == resolved


def test_the_schema_file_is_the_one_that_the_model_makes() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == json_schema(), (
        "write it again: python -m memory_import.spec.model"
    )


def test_the_schema_is_a_valid_one() -> None:
    meta.validate(json_schema())


@pytest.mark.parametrize("name", ["demo.yaml", "messy.yaml"])
def test_the_sample_specs_keep_to_the_schema(name: str) -> None:
    document = parse_yaml((SAMPLES / name).read_text(), name)
    Draft202012Validator(json_schema()).validate(document)
    Spec.model_validate(document)


@pytest.mark.parametrize(
    ("profiles", "is_valid"),
    [
        pytest.param({"source": "a.csv", "traits": {"C": {"a": "A"}}}, True, id="short forms"),
        pytest.param(
            {"source": {"path": "a.csv"}, "traits": {"C": {"a": {"column": "A"}}}}, True, id="long forms"
        ),
        pytest.param({"source": "a.csv", "traits": {"C": {"a": {"column": ["A", "B"]}}}}, True, id="columns"),
        pytest.param({"source": "a.csv", "traits": {"C": {"a": {"column": []}}}}, False, id="no column"),
        pytest.param({"source": "a.csv", "traits": {}}, False, id="no trait"),
        pytest.param({"traits": {"C": {"a": "A"}}}, False, id="no source"),
        pytest.param(
            {"source": "a.csv", "traits": {"C": {"a": {"column": "A", "typ": "x"}}}}, False, id="unknown key"
        ),
        pytest.param(
            {"source": "a.csv", "traits": {"C": {"a": {"column": "A", "type": "x"}}}},
            False,
            id="unknown type",
        ),
        pytest.param(
            {"source": "a.csv", "traits": {"C": {"a": {"column": "A", "type": "phone", "repair": True}}}},
            True,
            id="a repair",
        ),
        pytest.param(
            {"source": "a.csv", "traits": {"C": {"a": {"column": "A", "type": "phone", "repair": "yes"}}}},
            False,
            id="a repair that is neither true nor false",
        ),
    ],
)
def test_the_schema_accepts_what_the_model_accepts(profiles: dict[str, Any], is_valid: bool) -> None:
    document = {"version": 1, "profiles": profiles}
    assert Draft202012Validator(json_schema()).is_valid(document) is is_valid
    if is_valid:
        Spec.model_validate(document)
    else:
        with pytest.raises(ValueError, match="validation error"):
            Spec.model_validate(document)


def _keys_of(schema: dict[str, Any], name: str) -> list[tuple[str, str, str | None]]:
    return [(name, key, field.get("description")) for key, field in schema.get("properties", {}).items()]


def test_every_key_says_what_it_means() -> None:
    schema = json_schema()
    keys = _keys_of(schema, "Spec")
    for name, model in schema["$defs"].items():
        keys += _keys_of(model, name)
    assert len(keys) > 60
    assert [(name, key) for name, key, description in keys if not description] == []
