"""Rejected rows come back as they stand in the input, with the reasons behind them, and can be fed back."""

import codecs
import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from memory_import.sources.originals import Originals, describe_originals
from memory_import.sources.tabular import Source, SourceOptions, open_source

REPORT = ["_file", "_row", "_error_code", "_error_field", "_error_message"]


@dataclass(frozen=True)
class Rejected:
    """An input, what was read of it, and the report in which its every row is rejected."""

    source: Source
    rows: pl.DataFrame
    rejects: pl.DataFrame
    report: bytes


def reject_all(path: Path, copies: Path, **options: Any) -> Rejected:
    source = open_source(SourceOptions(path=str(path), **options), copies)
    batches = list(source.batches())
    originals = Originals(
        describe_originals(source),
        lambda part: ((rows, memoryview(text)) for rows, text in batches[int(part)].original),
        copies,
        options.get("delimiter") or ",",
    )
    report = [originals.header()]
    for number, batch in enumerate(batches):
        rows = batch.rows.select("_file", "_row", _error_code=pl.lit("no_identifier"))
        rejected = pl.concat([rows, batch.rejects], how="diagonal").sort("_row")
        rejected = rejected.with_columns(_error_field=pl.lit("a"), _error_message=pl.lit('Say "no\\".'))
        report += originals.lines(str(number), range(rejected.height), rejected)
    return Rejected(
        source,
        pl.concat([batch.rows.drop("_file") for batch in batches]),
        pl.concat([batch.rejects.drop("_file") for batch in batches]),
        b"".join(report),
    )


KEPT: Mapping[str, tuple[bytes, dict[str, Any]]] = {
    "plain": (b"a,b\n1,2\n007,+47\n", {}),
    "no line end at the end": (b"a,b\n1,2", {}),
    "windows line ends": (b"a,b\r\n1,2\r\n", {}),
    "old mac line ends": (b"a,b\r1,2\r3,4\r", {}),
    "quotes that need not be": (b'"a","b"\n"1","x""y"\n', {}),
    "line ends within quotes": (b'a,b\n"1\n2",3\n"4\r\n5",6\n', {}),
    "spaces": (b" a , b\n  1 ,  2\n", {}),
    "another delimiter": (b"a;b\n1,5;2\n", {}),
    "a delimiter of the spec": (b"a~b\n1~2\n", {"delimiter": "~"}),
    "bytes that are no text": (b"a,b\nJos\xe9,2\n", {}),
    "a character of Windows": (b"a,b\nJos\xe9 \x80,2\n", {"encoding": "windows-1252"}),
    "a byte that Windows has not": (b"a,b\nJos\x81,2\n", {"encoding": "windows-1252"}),
    "Shift-JIS": ("a,b\n山田,2\n".encode("shift_jis"), {"encoding": "shift_jis"}),
    "UTF-16": ("a,b\nZoë,2\n".encode("utf-16"), {}),
    "UTF-16 without a mark": ("a,b\nZoë,2\n".encode("utf-16-be"), {"encoding": "utf-16-be"}),
    "a byte order mark": (codecs.BOM_UTF8 + b"a,b\n1,2\n", {}),
    "too few and too many fields": (b"a,b,c\n1,2\n1,2,3,4\n", {}),
    "a NUL": (b"a,b\n1\x00,2\n", {}),
    "text after a quote": (b'a,b\n"x"y,2\n', {}),
    "an escape": (b'a,b\n"x\\"y",2\n', {"escape": "\\"}),
    "quotes that are not doubled": (b'a,b\n"x \\"y\\" z",2\n"x "y" z",2\n', {}),
    "an escape in a row that does not fit": (b'a,b\n"x\\",y"\n', {"escape": "\\"}),
    "lines before the header": (b"Report of today\nsep=;\na;b\n1;2\n", {"skip_rows": 1}),
    "a footer": (b"a,b\n1,2\nTotal\n", {"ignores_footer": True}),
    "columns that a report has": (b"_file,_row,a\nx,7,1\n", {}),
    "a name twice and one that is blank": (b",a,a\n0,1,2\n", {}),
}


@pytest.mark.parametrize(("content", "options"), KEPT.values(), ids=KEPT)
def test_every_byte_of_a_row_stands_before_the_reasons(
    tmp_path: Path, content: bytes, options: dict[str, Any]
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    read = reject_all(path, tmp_path / "copies", **options)
    (table,) = read.source.tables.values()
    delimiter = table.head.shape.delimiter
    report = read.report.decode(table.encoding, "surrogateescape")
    kept = report.replace(delimiter + delimiter.join(REPORT), "", 1)
    cell = '"(?:[^"]|"")*"'
    reasons = re.escape(f'{delimiter}"{path}"') + f"(?:{re.escape(delimiter)}{cell}){{4}}"
    kept, count = re.subn(reasons, "", kept)
    assert kept in (text := content.decode(table.encoding, "surrogateescape"), text + "\n")
    assert count == read.rows.height + read.rejects.height


@pytest.mark.parametrize(("content", "options"), KEPT.values(), ids=KEPT)
def test_fed_back_it_gives_the_same_rows_and_the_same_rejects(
    tmp_path: Path, content: bytes, options: dict[str, Any]
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    first = reject_all(path, tmp_path / "copies", **options)
    path.write_bytes(first.report)
    again = reject_all(path, tmp_path / "copies", **options)
    assert again.source.columns == first.source.columns
    assert again.rows.rows() == first.rows.rows()
    assert again.rejects["_row"].to_list() == first.rejects["_row"].to_list()
    assert again.report == first.report


def test_a_quote_that_is_not_closed_takes_no_other_row_with_it(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'a,b\n1,"2\n"3,4\n5,6\n')
    report = reject_all(path, tmp_path / "copies").report
    rows = list(csv.reader(io.StringIO(report.decode(), newline="")))
    assert [row[-4] for row in rows[1:]] == ["1", "2", "3"]
    assert b'\n1,"2",,"' in report  # closed, and still not as wide as the header
    path.write_bytes(report)
    assert reject_all(path, tmp_path / "copies").rows.select("a", "b").rows() == [("5", "6")]


def test_rows_of_files_that_differ_are_written_as_those_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes("id;name\n1;Zoë\n".encode("windows-1252"))
    (tmp_path / "2.csv").write_bytes('name,extra,id\nJosé,"a;b",2\nshort\n'.encode("windows-1252"))
    report = reject_all(tmp_path / "*.csv", tmp_path / "copies", encoding="windows-1252").report
    rows = list(csv.reader(io.StringIO(report.decode("windows-1252"), newline=""), delimiter=";"))
    assert rows[0] == ["id", "name", "extra", *REPORT]
    assert [row[:-5] for row in rows[1:]] == [["1", "Zoë", ""], ["2", "José", "a;b"], ["short"]]


def test_rows_of_parquet_are_text_and_what_is_no_text_is_escaped(tmp_path: Path) -> None:
    binary = pa.array([b"fine", b"Jos\xe9"], pa.binary())
    columns = {
        "name": pa.Array.from_buffers(pa.string(), 2, binary.buffers()),
        "a, b": pa.array([1.0, None]),
        "raw": pa.array([b"\xff\x00", b"x"]),
        "nested": pa.array([{"a": 1}, None]),
        "viewed": pa.array([None, "a text that is longer than twelve bytes"], pa.string_view()),
        "when": pa.array([2**63 - 1, 0]).cast(pa.timestamp("us")),
    }
    pq.write_table(pa.table(columns), tmp_path / "x.parquet", row_group_size=1)
    report = reject_all(tmp_path / "x.parquet", tmp_path / "copies").report
    rows = list(csv.reader(io.StringIO(report.decode(), newline="")))
    assert rows[0] == [*columns, *REPORT]
    assert [row[:6] for row in rows[1:]] == [
        ["fine", "1", "\\xff\x00", '{"a": 1}', "", "9223372036854775807"],
        ["Jos\\xe9", "", "x", "", "a text that is longer than twelve bytes", "1970-01-01T00:00:00"],
    ]
    assert [row[7] for row in rows[1:]] == ["1", "2"]
