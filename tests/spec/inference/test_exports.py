"""Exports of real systems, with the truth beside them: what is found without a word from anybody."""

import json
from functools import cache
from typing import Any

import pytest

from memory_import.spec.inference import Draft, draft_spec, render_spec
from memory_import.spec.inference.traits import Trait
from memory_import.spec.yaml import parse_yaml
from tests.support.shared import DATA

EXPORTS = DATA / "exports"
SYSTEMS = sorted(path.name.removesuffix(".truth.json") for path in EXPORTS.glob("*.truth.json"))
pytestmark = pytest.mark.skipif(
    not SYSTEMS, reason="the exports are not at shared/data/exports beside the project"
)


each_system = pytest.mark.parametrize(
    "system",
    [pytest.param(system, marks=pytest.mark.xdist_group(system)) for system in SYSTEMS],  # read once
)


@cache
def read(system: str) -> tuple[Draft, dict[str, Any]]:
    truth: dict[str, Any] = json.loads((EXPORTS / f"{system}.truth.json").read_text())
    return draft_spec([EXPORTS / f"{system}.csv"], EXPORTS), truth


def is_found(wanted: dict[str, Any], traits: tuple[Trait, ...]) -> bool:
    """Whether all columns of a mapping are one trait of the right type, separator and format."""
    columns = wanted["column"] if isinstance(wanted["column"], list) else [wanted["column"]]
    trait = next((trait for trait in traits if set(columns) <= set(trait.columns)), None)
    if trait is None:
        return False
    given = {"type": "string", **trait.options}
    form = wanted.get("format", "").split(",")[0] or given.get("format")
    separator = wanted.get("separator", given.get("separator"))
    return (given["type"], given.get("format"), given.get("separator")) == (wanted["type"], form, separator)


@each_system
def test_nearly_every_column_is_found_and_what_must_stay_out_does(system: str) -> None:
    draft, truth = read(system)
    missed = [wanted["column"] for wanted in truth["mapping"] if not is_found(wanted, draft.traits)]
    print(f"{system}: {len(truth['mapping']) - len(missed)} of {len(truth['mapping'])}, missed {missed}")  # noqa: T201
    assert len(missed) <= 0.05 * len(truth["mapping"])
    columns = {column for trait in draft.traits for column in trait.columns}
    assert not columns & set(truth["columns_that_should_stay_out"])
    emails = [trait for trait in draft.traits if trait.options.get("type") == "email"]
    assert all(trait.options["case"] == "lower" for trait in emails)


@each_system
def test_every_further_phone_and_email_goes_with_its_person_in_one_entry(system: str) -> None:
    draft, _ = read(system)
    contacts = [trait for trait in draft.traits if trait.options.get("type") in {"phone", "email"}]
    alone = {trait.columns[0] for trait in contacts if len(trait.columns) == 1}
    filled = {c.column for trait in contacts for c in trait.choices[1:] if c.evidence.fill}
    assert filled <= alone
    assert len({trait.path for trait in draft.traits}) == len(draft.traits)


@each_system
def test_what_is_written_is_yaml_that_says_the_same_and_shows_nobody(system: str) -> None:
    draft, truth = read(system)
    text = render_spec(draft, system)
    document = parse_yaml(text, "spec.yaml")
    groups = document["profiles"]["traits"]
    written = {f"{group}.{name}" for group, traits in groups.items() for name in traits}
    assert written == {trait.path for trait in draft.traits}
    for row in truth["rows"]:
        for values in row["identifiers"].values():
            assert not any(value in text for value in values)
