"""Inputs are real files in a temporary folder; what is read of them comes back as plain rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memory_import.sources.tabular import Source, SourceOptions, open_source

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Reading:
    """What a source gave: rows as (number, fields…), rejects as (number, code, message), and both frames."""

    source: Source
    accepted: pl.DataFrame
    rejected: pl.DataFrame

    @property
    def rows(self) -> list[Row]:
        return self.accepted.drop("_file").rows()

    @property
    def rejects(self) -> list[Row]:
        return self.rejected.select("_row", "_error_code", "_error_message").rows()

    @property
    def reject_fields(self) -> list[Row]:
        return self.rejected.select(self.source.columns).rows()


@pytest.fixture(scope="session")
def read() -> Callable[..., Reading]:
    """Reads a path to its end, with the options of a spec."""

    def read_path(path: Path | str, rows_per_batch: int = 100_000, **options: Any) -> Reading:
        source = open_source(SourceOptions(path=str(path), **options))
        batches = list(source.batches(rows_per_batch))
        if not batches:
            return Reading(
                source,
                pl.DataFrame(schema=_rows_schema(source)),
                pl.DataFrame(schema=_rejects_schema(source)),
            )
        return Reading(
            source,
            pl.concat([batch.rows for batch in batches]),
            pl.concat([batch.rejects for batch in batches]),
        )

    return read_path


@pytest.fixture
def read_csv(tmp_path: Path, read: Callable[..., Reading]) -> Callable[..., Reading]:
    """Writes bytes to a CSV file and reads it."""

    def read_bytes(content: bytes, **options: Any) -> Reading:
        path = tmp_path / "input.csv"
        path.write_bytes(content)
        return read(path, **options)

    return read_bytes


def _rows_schema(source: Source) -> dict[str, Any]:
    return {"_file": pl.String, "_row": pl.Int64, **dict.fromkeys(source.columns, pl.String)}


def _rejects_schema(source: Source) -> dict[str, Any]:
    return {**_rows_schema(source), "_error_code": pl.String, "_error_message": pl.String}
