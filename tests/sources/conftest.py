"""Inputs are real files in a temporary folder; what is read of them comes back as plain rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memory_import.sources.csv.file import list_originals
from memory_import.sources.tabular import Source, SourceOptions, open_source

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Reading:
    """What a source gave: rows as (number, fields…), rejects as (number, code, message), both frames, and
    the text of every row of CSV files."""

    source: Source
    accepted: pl.DataFrame
    rejected: pl.DataFrame
    originals: list[bytes]

    @property
    def rows(self) -> list[Row]:
        return self.accepted.drop("_file").rows()

    @property
    def rejects(self) -> list[Row]:
        return self.rejected.select("_row", "_error_code", "_error_message").rows()

    @property
    def reject_texts(self) -> list[bytes]:
        """The rejected rows as they stand in the file."""
        numbers = pl.concat([self.accepted["_row"], self.rejected["_row"]]).sort().to_list()
        texts = dict(zip(numbers, self.originals, strict=True))
        return [texts[number] for number in self.rejected["_row"].to_list()]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Reading]:
    """Reads a path to its end, with the options of a spec."""

    def read_path(path: Path | str, rows_per_batch: int = 100_000, **options: Any) -> Reading:
        source = open_source(SourceOptions(path=str(path), **options), tmp_path_factory.mktemp("copies"))
        batches = list(source.batches(rows_per_batch))
        place = {"_file": pl.String, "_row": pl.Int64}
        columns = dict.fromkeys((n for n in source.columns if n not in source.unusable), pl.String)
        errors = {"_error_code": pl.String, "_error_message": pl.String}
        return Reading(
            source,
            pl.concat([pl.DataFrame(schema={**place, **columns}), *(batch.rows for batch in batches)]),
            pl.concat([pl.DataFrame(schema={**place, **errors}), *(batch.rejects for batch in batches)]),
            [text for batch in batches for text in list_originals(batch.original)],
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
