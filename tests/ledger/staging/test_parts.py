"""Parts of which some rows were not read, as their lines are known."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.staging.staged import Staging

TEXT = [(3, b"a\nb\nc\n"), (1, b"d\n"), (2, b"e\nf\n")]
PART = "part-00000"


def read_texts(
    file: str, runs: Sequence[tuple[int, memoryview]], columns: Sequence[str], at: pl.Series | None = None
) -> pl.DataFrame:
    """Each line is the first letter of every cell."""
    lines = b"".join(text for _, text in runs).decode().splitlines()
    frame = pl.DataFrame({name: [f"{line} {name} of {file}" for line in lines] for name in columns})
    return frame if at is None else frame[at]


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    """Six rows; the second, the fourth and the last were read."""
    staging = Staging(tmp_path / "profiles", read_texts)
    staging.begin()
    rows = pl.DataFrame({"_pos": range(6), "_file": ["x.csv"] * 6, "_row_codes": list("uvwxyz")})
    cells = pl.DataFrame({"_pos": [1, 3, 5], "Name": ["B", None, "F"], "_value.name": ["b!", "d!", "f!"]})
    staging.draft_part(0, rows, TEXT, cells)
    staging.settle_part(0)
    return staging


def test_what_was_not_read_is_read_from_the_text(staging: Staging) -> None:
    rows = staging.read(PART, "Name", "_row_codes", "City")
    assert rows["Name"].to_list() == [
        "a Name of x.csv",
        "B",
        "c Name of x.csv",
        None,
        "e Name of x.csv",
        "F",
    ]
    assert rows["_row_codes"].to_list() == list("uvwxyz")
    assert rows["City"].to_list()[::2] == ["a City of x.csv", "c City of x.csv", "e City of x.csv"]


def test_nothing_was_made_of_what_was_not_read(staging: Staging) -> None:
    assert staging.read(PART, "_value.name")["_value.name"].to_list() == [None, "b!", None, "d!", None, "f!"]
    assert staging.cells(PART, "_pos", "_value.name").rows() == [(1, "b!"), (3, "d!"), (5, "f!")]


def test_a_column_of_the_input_may_begin_with_an_underscore(staging: Staging) -> None:
    assert staging.read(PART, "_id")["_id"].to_list()[::2] == [
        "a _id of x.csv",
        "c _id of x.csv",
        "e _id of x.csv",
    ]


def test_rows_at_some_places_are_those_of_all(staging: Staging) -> None:
    columns = ("_pos", "Name", "_value.name", "_error_code", "City")
    every = staging.read(PART, *columns)
    for places in ([4, 0, 4], [1, 5], []):
        at = pl.Series(places, dtype=pl.UInt32)
        assert staging.read(PART, *columns, at=at).equals(every[at])


def test_rows_that_were_read_are_not_looked_for_in_the_text(staging: Staging) -> None:
    (staging.folder / f"original-{PART}.text").unlink()
    assert staging.read(PART, "Name", at=pl.Series([1, 5]))["Name"].to_list() == ["B", "F"]


def test_the_columns_of_a_part_are_those_of_its_cells_too(staging: Staging) -> None:
    assert staging.columns(PART) == ("_pos", "_file", "_row_codes", "Name", "_value.name")
    assert staging.has_cells_apart(PART)
    assert not Staging(staging.folder.parent / "other").has_cells_apart(PART)
