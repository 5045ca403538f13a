"""Layouts of many systems and languages: each rule by a few columns, and the spec that comes of them runs."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memory_import.spec.inference import draft_spec, render_spec
from memory_import.spec.inference.traits import Trait
from memory_import.spec.yaml import parse_yaml
from memory_import.transforms.values.numerals import FALSE, TRUE

PEOPLE = [
    ("Ana", "Müller"),
    ("Bob", "O'Brien"),
    ("Chloé", "Dupont"),
    ("José", "García"),
    ("Lena", "Weber"),
    ("Omar", "Khan"),
]

DATETIME = {"type": "datetime", "format": "%Y-%m-%d %H:%M"}


def draft(folder: Path, header: str, *cells: str, rows: int = 24) -> dict[str, Trait]:
    """The traits of a file with names and addresses, and a column whose cells come in turn; by column."""
    lines = [f"Vorname;Nachname;E-Mail;{header}"]
    for n in range(rows):
        first, last = PEOPLE[n % len(PEOPLE)]
        lines.append(f"{first};{last}{n};person{n}@example.org;{cells[n % len(cells)].format(n=n)}")
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
    found = draft_spec([folder / "people.csv"], folder)
    parse_yaml(render_spec(found, "people"), "spec.yaml")
    return {column: trait for trait in found.traits for column in trait.columns}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("ja", "nein"), {"true": ["ja"], "false": ["nein"]}),
        (("Oui", "Non"), {"true": ["Oui"], "false": ["Non"]}),
        (("Sí", "No"), {"true": ["Sí"]}),
        (("X", ""), {"true": ["X"]}),
        (("true", "false"), {}),
        (("SUBSCRIBED", "NEVER_SUBSCRIBED"), {"true": ["SUBSCRIBED"], "false": ["NEVER_SUBSCRIBED"]}),
    ],
    ids="/".join,
)
def test_words_for_yes_and_no_are_told_where_the_importer_does_not_know_them(
    cells: tuple[str, ...], words: dict[str, Any], tmp_path: Path
) -> None:
    trait = draft(tmp_path, "Newsletter", *cells)["Newsletter"]
    assert dict(trait.options) == {"type": "boolean", **words}
    told = {text.lower() for texts in words.values() for text in texts}
    assert {text.lower() for text in cells if text} <= told | {*TRUE, *FALSE}


def test_the_addresses_of_those_who_serve_the_customers_identify_nobody(tmp_path: Path) -> None:
    traits = draft(tmp_path, "Ansprechperson", "olga@company.com", "per@company.com")
    assert "type" not in traits["Ansprechperson"].options
    assert traits["E-Mail"].columns == ("E-Mail",)


def test_a_header_that_speaks_of_a_phone_makes_no_phone_of_yes_and_no(tmp_path: Path) -> None:
    traits = draft(tmp_path, "Telefon geteilt", "true", "false")
    assert traits["Telefon geteilt"].options == {"type": "boolean"}


def test_a_plus_that_an_export_left_out_is_restored_where_that_makes_numbers_valid(tmp_path: Path) -> None:
    traits = draft(tmp_path, "Telefon", "14155552{n:03}", "442079460{n:03}")
    assert traits["Telefon"].options == {"type": "phone", "repair": True}


def test_a_first_name_that_holds_two_names_is_a_full_name(tmp_path: Path) -> None:
    lines = ["Nome;E-mail", *(f"Ana Maria {n};a{n}@example.org" for n in range(12))]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n")
    traits = {trait.path: trait.options for trait in draft_spec([tmp_path / "people.csv"], tmp_path).traits}
    assert traits["Contact.firstName"] == {"name": "first"}
    assert traits["Contact.lastName"] == {"name": "last"}


def test_one_column_of_names_is_split_however_many_headers_speak_of_names(tmp_path: Path) -> None:
    header = "Name;Tags name;Contact name;Email"
    lines = [header, *(f"Ann Lee {n};vip, new;Ann Lee {n};a{n}@example.org" for n in range(12))]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n")
    found = draft_spec([tmp_path / "people.csv"], tmp_path)
    assert len({trait.path for trait in found.traits}) == len(found.traits)
    assert {trait.columns for trait in found.traits if "name" in trait.options} == {("Name",)}


def test_a_prefix_that_all_headers_share_is_in_no_name_of_a_trait(tmp_path: Path) -> None:
    lines = ["Person - Email,Person - Label,Person - Phone - Work,Person - Phone - Mobile"]
    lines += [
        f"a{n}@example.org,{'hot' if n % 2 else 'cold'},+1415555{2600 + n},+1415555{3600 + n}"
        for n in range(9)
    ]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n")
    paths = [trait.path for trait in draft_spec([tmp_path / "people.csv"], tmp_path).traits]
    assert sorted(paths) == ["Contact.email", "Contact.phone", "Contact.phoneMobile", "Crm.label"]


@pytest.mark.parametrize(
    ("header", "cells", "options"),
    [
        ("Umsatz", ("R$ 1.234,50", "R$ 99,00"), {"type": "number", "decimal": ",", "thousands": "."}),
        ("Tags", ("vip silver", "beta"), {"type": "array", "separator": " "}),
        ("Tags", ('"vip","new"', '"new"'), {"type": "array", "separator": ",", "strip": '"'}),
        (
            "Created (UTC)",
            ("2024-05-03 10:11",),
            {"type": "datetime", "format": "%Y-%m-%d %H:%M", "timezone": "UTC"},
        ),
    ],
    ids=["currency", "slugs", "quoted", "zone in the header"],
)
def test_cells_say_how_they_are_read(
    header: str, cells: tuple[str, ...], options: dict[str, Any], tmp_path: Path
) -> None:
    quoted = tuple('"' + cell.replace('"', '""') + '"' for cell in cells)
    trait = draft(tmp_path, header, *quoted)[header]
    assert dict(trait.options) == options
    assert not trait.doubts


def test_a_date_of_zeros_is_no_date(tmp_path: Path) -> None:
    draft(tmp_path, "Geburtstag", "0.0.00", "03.05.1980", "17.11.1975")
    spec = parse_yaml(render_spec(draft_spec([tmp_path / "people.csv"], tmp_path), "people"), "spec.yaml")
    assert spec["profiles"]["source"]["null_values"] == ["", "0.0.00"]


def test_numbers_and_times_of_parquet_are_told_no_way_of_writing(tmp_path: Path) -> None:
    start = datetime(2024, 5, 6, 10, 30)  # noqa: DTZ001 - is local
    pl.DataFrame(
        {
            "E-Mail": [f"person{n}@example.org" for n in range(24)],
            "Saldo": [n + 0.125 for n in range(24)],
            "Geboren": [date(1980, 1, 1) + timedelta(days=n) for n in range(24)],
            "Besuch": [start + timedelta(hours=n) for n in range(24)],
        }
    ).write_parquet(tmp_path / "people.parquet")
    found = draft_spec([tmp_path / "people.parquet"], tmp_path)
    options = {column: dict(trait.options) for trait in found.traits for column in trait.columns}
    assert options["Saldo"] == {"type": "number"}
    assert options["Geboren"] == {"type": "date"}
    assert options["Besuch"] == {"type": "datetime", "timezone": "UTC"}
