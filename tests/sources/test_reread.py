"""Staged text is read again as it was read."""

import json
from pathlib import Path

import polars as pl
import pytest

from memory_import.sources.csv.file import list_originals
from memory_import.sources.originals import describe_originals
from memory_import.sources.reread import read_again
from memory_import.sources.tabular import SourceOptions, open_source

TEXT = 'Name,City,Note\n"Berg; Ana",Rome,""\nBob,"two\nlines",x\nCleo,,"""y"""\nshort\n Dov ,Oslo,\nÄva,B,C\n'


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("places", [None, [0], [0, 2, 4], [0, 1, 2, 3, 4, 5], []], ids=str)
def test_rows_are_read_again(tmp_path: Path, line_end: str, places: list[int] | None) -> None:
    path = tmp_path / "people.csv"
    path.write_text(TEXT.replace("\n", line_end), encoding="utf-8")
    source = open_source(SourceOptions(path=str(path)), tmp_path / "copies")
    (batch,) = source.batches(columns=("City", "Name", "Gone"))
    described = tmp_path / "input.json"
    described.write_text(json.dumps(describe_originals(source)))
    texts = list_originals(batch.original)
    runs = [
        (3, memoryview(b"".join(texts[:3]))),
        (1, memoryview(texts[3])),
        (2, memoryview(b"".join(texts[4:]))),
    ]
    rows = pl.concat([batch.rows, batch.rejects.select("_file", "_row")], how="diagonal").sort("_row")
    at = None if places is None else pl.Series(places, dtype=pl.UInt32)
    read = read_again(described, str(path), runs, ["Name", "City", "Gone"], at)
    expected = rows.select("Name", "City", "Gone")[list(range(6)) if places is None else places]
    if places is not None and 1 in places:
        expected[places.index(1), "Name"] = expected[places.index(1), "City"] = None
    assert read.rows() == expected.rows()
