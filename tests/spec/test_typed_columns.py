"""Columns of Parquet files that are numbers or times: a spec does not say how such are written."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from memory_import.errors import UsageProblem
from memory_import.sources.opened import Sources
from memory_import.spec.file import load_spec

COLUMNS = {
    "float": pa.array([1.5]),
    "decimal": pa.array([Decimal("1.500")]),
    "integer": pa.array([1]),
    "text": pa.array(["1,5"]),
    "words": pa.array(["1,5"]).dictionary_encode(),
    "day": pa.array([date(2024, 5, 6)]),
    "local": pa.array([datetime(2024, 5, 6, 23, 30)], pa.timestamp("us")),  # noqa: DTZ001 - is local
    "moment": pa.array([datetime(2024, 5, 6, 23, 30, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
    "none": pa.nulls(1),
    "flag": pa.array([True]),
    "price": pa.array([Decimal("1.50")]),
    "list": pa.array([["a"]]),
}
COMMA = {"type": "number", "decimal": ","}
GERMAN = {"type": "date", "format": "%d.%m.%Y"}
UTC_TIME = {"type": "datetime", "timezone": "UTC"}


def check(folder: Path, load: Mapping[str, Any]) -> list[str]:
    """What is wrong with a spec of a Parquet file."""
    pq.write_table(pa.table(COLUMNS), folder / "x.parquet")
    (folder / "spec.yaml").write_text(yaml.safe_dump({"version": 1, **load}))
    try:
        load_spec(folder / "spec.yaml", {}, is_emulator=True, sources=Sources(folder / "copies"))
    except UsageProblem as problem:
        return str(problem).splitlines()
    return []


def profiles(trait: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"profiles": {"source": "x.parquet", "traits": {"Account": {"it": trait}}, **more}}


@pytest.mark.parametrize(
    ("column", "options", "remedy"),
    [
        ("float", COMMA, "leave out `decimal` and `thousands`"),
        ("decimal", {"type": "integer", "decimal": ","}, "leave out `decimal` and `thousands`"),
        ("float", {"type": "number", "thousands": "."}, "leave out `decimal` and `thousands`"),
        (["text", "float"], COMMA, "leave out `decimal` and `thousands`"),
        ("day", GERMAN, "leave out `format`"),
        ("day", {"type": "date", "format": "%Y-%d-%m"}, "leave out `format`"),
        ("local", {"type": "date", "format": "excel"}, "leave out `format`"),
        ("moment", {**UTC_TIME, "format": "%Y-%m-%d %H:%M"}, "leave out `format`"),
        ("day", {**UTC_TIME, "format": "%d.%m.%Y"}, 'write `format: "%Y-%m-%d"`'),
    ],
)
def test_an_option_that_misreads_a_typed_column_is_refused(
    tmp_path: Path, column: str | list[str], options: Mapping[str, Any], remedy: str
) -> None:
    (problem,) = check(tmp_path, profiles({"column": column, **options}))
    typed = column if isinstance(column, str) else column[-1]
    assert "profiles.traits.Account.it: " in problem
    assert f"x.parquet has {typed!r} as " in problem
    assert problem.endswith(f"; {remedy}.")


@pytest.mark.parametrize(
    ("column", "options"),
    [
        ("float", {"type": "number", "decimal": "."}),
        ("float", {"type": "date", "format": "excel"}),
        ("float", {"type": "datetime", "format": "epoch_s"}),
        ("integer", COMMA),
        ("text", COMMA),
        ("words", COMMA),
        ("none", COMMA),
        ("text", GERMAN),
        ("none", GERMAN),
        (["day", "text"], {"type": "date", "format": ["%Y-%m-%d", "%d.%m.%Y"]}),
        ("local", UTC_TIME),
        ("day", {**UTC_TIME, "format": "%Y-%m-%d"}),
        ("float", {}),
    ],
)
def test_an_option_that_reads_it_as_it_is_or_is_for_texts_stays(
    tmp_path: Path, column: str | list[str], options: Mapping[str, Any]
) -> None:
    assert check(tmp_path, profiles({"column": column, **options})) == []


def test_the_times_of_rows_and_of_notes_are_looked_at_too(tmp_path: Path) -> None:
    times = {"column": "local", "format": "%d.%m.%Y", "timezone": "UTC"}
    (problem,) = check(tmp_path, profiles({"column": "text"}, latest=times))
    assert "profiles.latest: " in problem
    notes = {
        "source": "x.parquet",
        "profile": {"phone": "text"},
        "content": "text",
        "occurred_at": times,
        "observation_source": "crm",
    }
    (problem,) = check(tmp_path, {"observations": notes})
    assert "observations.occurred_at: " in problem


@pytest.mark.parametrize(
    ("column", "condition", "remedy"),
    [
        ("list", "a", "single values, and of lists only whether they are blank"),
        ("list", {"not": ["a", ""]}, "single values, and of lists only whether they are blank"),
        ("price", 1, "where '1' stands as '1.00': write that."),
        ("price", [1.5, "2.00"], "where '1.5' stands as '1.50': write that."),
        ("local", date(2024, 5, 6), "where '2024-05-06' stands as '2024-05-06T00:00:00': write that."),
        ("flag", "True", "where 'True' stands as 'true': write that."),
        ("flag", {"not": "yes"}, "in which no cell is 'yes': write what its cells are."),
        ("integer", [1, "active"], "in which no cell is 'active': write what its cells are."),
    ],
)
def test_a_condition_that_no_cell_of_a_typed_column_can_meet_is_refused(
    tmp_path: Path, column: str, condition: Any, remedy: str
) -> None:
    (problem,) = check(tmp_path, profiles({"column": "text"}, where={column: condition}))
    assert f"profiles.where.{column}: " in problem
    assert f"x.parquet has {column!r} as " in problem
    assert remedy in problem


@pytest.mark.parametrize(
    ("column", "condition"),
    [
        ("list", {"not": ""}),
        ("list", None),
        ("price", ["1.00", "1.50"]),
        ("integer", [1, ""]),
        ("integer", {"not": 1.0}),
        ("float", [1.0, 2.5]),
        ("decimal", [7.0, "1.500"]),
        ("flag", True),
        ("day", date(2024, 5, 6)),
        ("text", ["active", "1"]),
        ("words", "1,5"),
        ("none", "anything"),
    ],
)
def test_a_condition_on_a_typed_column_that_a_cell_can_meet_stays(
    tmp_path: Path, column: str, condition: Any
) -> None:
    assert check(tmp_path, profiles({"column": "text"}, where={column: condition})) == []


def test_a_condition_is_met_by_any_file_that_can_have_it(tmp_path: Path) -> None:
    source = tmp_path / "parts"
    source.mkdir()
    for name, codes in {"a": pa.array([1]), "b": pa.array(["none"])}.items():
        pq.write_table(pa.table({"text": ["x"], "code": codes}), source / f"{name}.parquet")
    load = profiles({"column": "text"}, source="parts/*.parquet", where={"code": [1, "none"]})
    assert check(tmp_path, load) == []
