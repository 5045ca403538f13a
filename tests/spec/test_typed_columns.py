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
