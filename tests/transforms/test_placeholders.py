"""What stands in place of a value identifies nobody; what only looks like it does."""

import polars as pl
import pytest

from memory_import.transforms.placeholders import is_placeholder
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitPlan, TraitType
from memory_import.transforms.prepare import prepare_profiles

PLACEHOLDERS = [
    *[
        "N/A",
        "n/a",
        "n.a.",
        "N\\A",
        "#N/A",
        "NULL",
        "(null)",
        "<null>",
        "[null]",
        "nil",
        "None",
        "(none)",
        "nan",
        "inf",
        "-Infinity",
    ],
    *[
        "unknown",
        "Unbekannt",
        "k.A.",
        "undefined",
        "not available",
        "Not provided",
        "(blank)",
        "anonymous",
        "TBD",
    ],
    *["-", "--", "–", "—", "?", "???", "...", "_", "x", "XXX", "\\N", "0", "00000", "0.0", " 0 "],
    *["1.23457E+15", "1,23457E+15", "1.23457e+15", "1E+15"],
    *["{{first_name}}", "${name}", "*|FNAME|*", "%%id%%", "#REF!", "#VALUE!", "-None-"],
]
VALUES = [
    "C-001",
    "100",
    "007",
    "None2",
    "Null & Sons",
    "E15",
    "1.5",
    "0x1F",
    "a-b",
    "X1",
    "NA12",
    "-1",
    "(1)",
]


def test_placeholders_are_told_from_values():
    assert [text for text in PLACEHOLDERS if not is_placeholder(pl.Series([text])).item()] == []
    assert [text for text in VALUES if is_placeholder(pl.Series([text])).item()] == []
    assert is_placeholder(pl.Series([None], dtype=pl.String)).to_list() == [None]


@pytest.mark.parametrize("kind", ["string", "phone", "email"])
def test_a_placeholder_never_identifies(kind):
    trait = TraitPlan(group="Contact", name="id", columns=("Id",), type=TraitType(kind))
    plan = ProfilePlan(
        traits=(trait,), identifiers=(IdentifierPlan(trait="Contact.id", id_type="id", normalization="none"),)
    )
    rows = pl.DataFrame({"Id": PLACEHOLDERS}).with_row_index("_row").cast({"_row": pl.Int64})
    rows = rows.with_columns(pl.lit("ids.csv").alias("_file"))

    assert prepare_profiles(rows, plan).frame["_identifier.id"].null_count() == len(PLACEHOLDERS)
