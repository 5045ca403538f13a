"""Exports of customer systems: where a spec says how each is written, all values and identifiers arrive."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from memory_import.ledger.staging.staged import Staging
from tests.support.shared import DATA
from tests.support.workplace import STORE, Workplace, payloads_of

EXPORTS = DATA / "exports"
pytestmark = pytest.mark.skipif(
    not EXPORTS.is_dir(), reason="the shared exports are not beside this checkout"
)

APOSTROPHE = {"strip": "'"}
OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "dynamics365": {
        "birthday": {"format": "%d.%m.%Y"},
        "emailOptOut": {"true": ["Do Not Allow"], "false": ["Allow"]},
        "createdAt": {"format": "%d.%m.%Y %H:%M", "timezone": "UTC"},
        "creditLimit": {"decimal": ","},
    },
    "google_contacts": {
        "labels": {"separator": " ::: ", "strip": "* "},
        "email": {"separator": " ::: "},
        "phone": {"separator": " ::: "},
    },
    "hubspot": {
        "email": {"case": "lower"},
        "owner": {"pattern": r"\((.*)\)"},
        "createdAt": {"format": "%Y-%m-%d %H:%M", "timezone": "UTC"},
        "lastActivityAt": {"format": "%Y-%m-%d %H:%M", "timezone": "UTC"},
        "interests": {"separator": ";"},
    },
    "salesforce_report": {
        "birthday": {"format": "%m/%d/%Y"},
        "createdAt": {"format": "%m/%d/%Y"},
        "interests": {"separator": ";"},
    },
    "shopify": {
        "externalId": APOSTROPHE,
        "postalCode": APOSTROPHE,
        "tags": {"separator": ","},
    },
    "twilio_memory_import": {},
}
SOURCES: dict[str, dict[str, Any]] = {
    "salesforce_report": {"footer": "ignore"},
    "twilio_memory_import": {"null_values": [r"\N"]},
}


def write_export(folder: Path, system: str) -> dict[str, Any]:
    """The export, and a spec that maps it as its truth does; the truth."""
    truth: dict[str, Any] = json.loads((EXPORTS / f"{system}.truth.json").read_text("utf-8"))
    shutil.copy(EXPORTS / f"{system}.csv", folder / "export.csv")
    traits: dict[str, dict[str, Any]] = {}
    for mapped in truth["mapping"]:
        options = OPTIONS[system].get(mapped["trait"], {})
        trait = {"column": mapped["column"], "type": mapped["type"], **options}
        traits.setdefault(mapped["group"], {})[mapped["trait"]] = trait
    about = truth["source"]
    source = {"path": "export.csv", "delimiter": about["delimiter"], "encoding": about["encoding"]}
    region = {"column": about["region"].partition(" (")[0]} if "region" in about else {}
    body = {"source": {**source, **SOURCES.get(system, {})}, "region": region, "traits": traits}
    spec = {"version": 1, "store": STORE, "profiles": body}
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, allow_unicode=True), encoding="utf-8")
    return truth


def further_of(folder: Path) -> dict[int, list[tuple[str, str]]]:
    """Type and value of the further identifiers of each row, by its place in the input."""
    staging = Staging(folder / "profiles")
    found = pl.concat([staging.further_identifiers(part) for part in staging.parts])
    listed: dict[int, list[tuple[str, str]]] = {}
    for place, kind, value in found.select("_pos", "id_type", "value").iter_rows():
        listed.setdefault(place, []).append((kind, value))
    return listed


@pytest.mark.parametrize("system", sorted(OPTIONS))
def test_every_value_and_identifier_of_an_export_arrives(workplace: Workplace, system: str) -> None:
    truth = write_export(workplace.folder, system)
    result = workplace.carry_out(workplace.request(emulator=True))
    assert result.problem is None
    further = further_of(Path(result.folder))
    found = {}
    for place, payload in enumerate(payloads_of(result)):
        if payload is not None:
            traits = json.loads(payload)["traits"]
            contact = traits["Contact"]
            held = [(kind, contact[kind]) for kind in ("phone", "email") if kind in contact]
            found[contact.get("email", contact.get("phone", "")).lower()] = (
                traits,
                held + further.get(place, []),
            )
    for row in truth["rows"]:
        ((_, key),) = row["key"].items()
        traits, identifiers = found[key]
        for group, expected in row["traits"].items():
            got = traits.get(group, {})
            assert {name: got.get(name) for name in expected} == expected, key
        expected_identifiers = {
            (kind, value.lower()) for kind, values in row["identifiers"].items() for value in values
        }
        assert {(kind, value.lower()) for kind, value in identifiers} == expected_identifiers, key
    sent = json.dumps([traits for traits, _ in found.values()], ensure_ascii=False)
    assert [name for name in truth["must_not_become_profiles"] if name in sent] == []
