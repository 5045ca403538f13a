"""Values are written once: what a part leaves out is read from the row as it was, and comes back the same."""

from collections.abc import Collection
from functools import partial
from pathlib import Path

import polars as pl

from memory_import.ledger.staging.layout import part_name
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.stored_values import drop_repeated, read_entries, read_values
from memory_import.sources.frames import null_out
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import TraitType
from memory_import.transforms.prepare import identify, prepare_profiles
from tests.support.ledger_examples import FILE, stage
from tests.support.plans import make_plan, make_trait

PLAN = make_plan(
    make_trait("Contact.name"), make_trait("Account.visits", TraitType.INTEGER, "visits", "stays")
)
COLUMNS = ("phone", "email", "name", "visits", "stays")
AS_WRITTEN = [
    ("+12025550101", "ada@example.com", "Ada", "1", None),
    ("+12025550102", "bob@example.com", None, None, None),
]
REPAIRED = [
    ("(202) 555-0103", "Cleo@EXAMPLE.com", " Cleo ", "-", "2"),
    ("12", None, "nobody", "3", None),
    (None, "dov@example.com", 'D "o" v', "x", None),
]


def make_rows(*cells: tuple[str | None, ...]) -> pl.DataFrame:
    schema = {"_file": pl.String, "_row": pl.Int64, **dict.fromkeys(COLUMNS, pl.String)}
    rows = [(FILE, number, *row) for number, row in enumerate(cells, 1)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def prepare(*parts: pl.DataFrame, null_texts: Collection[str] = ()) -> list[pl.DataFrame]:
    """The parts as they are prepared, with the rows as they were read."""
    frames = [prepare_profiles(null_out(rows, null_texts), PLAN).frame.with_columns(rows) for rows in parts]
    ends = pl.Series([len(frame) for frame in frames]).cum_sum()
    return [
        frame.with_columns(_pos=pl.int_range(end - len(frame), end, dtype=pl.Int64))
        for frame, end in zip(frames, ends, strict=True)
    ]


def stage_all(folder: Path, prepared: list[pl.DataFrame]) -> Staging:
    return stage(folder / "profiles", *(drop_repeated(frame, PLAN) for frame in prepared))


def written_values(staging: Staging, part: str) -> set[str]:
    return {column for column in staging.columns(part) if column.startswith("_value.")}


def test_what_was_left_out_is_read_from_the_row_as_it_was(tmp_path: Path) -> None:
    prepared = prepare(make_rows(*AS_WRITTEN), make_rows(*REPAIRED), null_texts=["-"])
    staging = stage_all(tmp_path, prepared)
    assert written_values(staging, part_name(0)) == set()
    assert written_values(staging, part_name(1)) == {trait.value_column for trait in PLAN.traits}
    for part, frame in zip(staging.parts, prepared, strict=True):
        expected = frame.select(trait.value_column for trait in PLAN.traits)
        assert read_values(staging, PLAN, part).equals(expected)


def test_a_text_that_means_nothing_is_no_value(tmp_path: Path) -> None:
    rows = make_rows(("+12025550101", None, "N/A", None, None), ("+12025550102", None, "Bob", None, None))
    staging = stage_all(tmp_path, prepare(rows, null_texts=["N/A"]))
    assert read_values(staging, PLAN, part_name(0))["_value.Contact.name"].to_list() == [None, "Bob"]
    assert staging.read(part_name(0), "name")["name"].to_list() == ["N/A", "Bob"]


def test_a_column_that_two_traits_are_read_from_serves_both(tmp_path: Path) -> None:
    plan = make_plan(make_trait("Contact.name"), make_trait("Contact.label", TraitType.STRING, "name"))
    frame = prepare_profiles(make_rows(*AS_WRITTEN), plan).frame.with_columns(_pos=pl.int_range(2))
    staging = stage(tmp_path / "profiles", drop_repeated(frame, plan))
    values = read_values(staging, plan, part_name(0))
    assert values["_value.Contact.name"].equals(values["_value.Contact.label"])


def test_entries_are_the_profiles_of_rows_that_are_sent_alone(tmp_path: Path) -> None:
    prepared = prepare(make_rows(*AS_WRITTEN), make_rows(*REPAIRED))
    parts = [drop_repeated(frame, PLAN) for frame in prepared]
    staging = stage(tmp_path / "profiles", *parts, groups={4: [1]}, merged=[{"_pos": 4, "_is_final": True}])
    first, second = (read_entries(staging, PLAN, part) for part in staging.parts)
    assert first["_payload"].to_list() == write_payloads(prepared[0], PLAN)[:1].to_list()
    assert second["_payload"].to_list() == write_payloads(prepared[1], PLAN)[:1].to_list()
    assert first["_is_final"].all()
    assert second["_is_final"].all()
    assert (
        first["_payload"].str.len_bytes().to_list()
        == staging.entries(part_name(0), "_bytes")["_bytes"].to_list()
    )


def test_values_and_identifiers_come_alike_from_parts_that_hold_different_columns(
    tmp_path: Path,
) -> None:
    prepared = prepare(make_rows(*AS_WRITTEN), make_rows(*REPAIRED))
    staging = stage_all(tmp_path, prepared)
    wanted = pl.DataFrame({"_pos": [1, 2]})
    values = pl.concat(staging.pick(wanted, partial(read_values, staging, PLAN)))
    assert values.hstack(identify(values, PLAN)).select(
        "_pos", "_identifier.phone", "_identifier.email", "_value.Contact.email"
    ).rows() == [
        (1, "+12025550102", "bob@example.com", "bob@example.com"),
        (2, "+12025550103", "cleo@example.com", "Cleo@example.com"),
    ]
