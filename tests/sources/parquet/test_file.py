"""Parquet: every value as text that loses nothing, or an error that names the column or the file."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from memory_import.sources.tabular import SourceError, SourceOptions, open_source

LOCAL = datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a time without a zone is meant

COLUMNS = {
    "text": (pa.array([" x ", "", None, "é\n"]), [" x ", None, None, "é\n"]),
    "large text": (pa.array(["x", None], pa.large_string()), ["x", None]),
    "category": (pa.array(["x", None, "x"]).dictionary_encode(), ["x", None, "x"]),
    "integer": (pa.array([0, -7, None, 2**63 - 1]), ["0", "-7", None, "9223372036854775807"]),
    "unsigned": (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
    "float": (pa.array([1.5, 0.1, 1e300, -2.25, None]), ["1.5", "0.1", "1e+300", "-2.25", None]),
    "whole float": (pa.array([12025550101.0, 0.0, -3.0]), ["12025550101", "0", "-3"]),
    "float without value": (pa.array([float("nan"), float("inf")]), ["NaN", "inf"]),
    "single float": (pa.array([0.1, 16777216.0], pa.float32()), ["0.1", "16777216"]),
    "decimal": (pa.array([Decimal("1.50"), Decimal("-100.00")]), ["1.50", "-100.00"]),
    "boolean": (pa.array([True, False, None]), ["true", "false", None]),
    "date": (pa.array([date(2024, 2, 29), None]), ["2024-02-29", None]),
    "time": (pa.array([time(3, 4, 5), time(3, 4, 5, 6000)]), ["03:04:05", "03:04:05.006"]),
    "local time": (
        pa.array([LOCAL, LOCAL + timedelta(microseconds=120)]),
        ["2024-01-02T03:04:05", "2024-01-02T03:04:05.000120"],
    ),
    "time in UTC": (pa.array([datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)]), ["2024-01-02T03:04:05+00:00"]),
    "time in a zone": (
        pa.array([datetime(2024, 7, 2, 3, 4, 5, tzinfo=ZoneInfo("Europe/Berlin"))]),
        ["2024-07-02T03:04:05+02:00"],
    ),
    "time with an offset": (
        pa.array([datetime(2024, 7, 2, 3, 4, tzinfo=UTC)], pa.timestamp("us", "+05:30")),
        ["2024-07-02T03:04:00+00:00"],
    ),
    "duration": (pa.array([timedelta(hours=25)]), ["P1DT1H"]),
    "list of text": (pa.array([['a"b', "c,é"], [], None, [None]]), ['["a\\"b","c,é"]', "[]", None, "[null]"]),
    "list of integers": (pa.array([[1, 2], None]), ["[1,2]", None]),
    "list of booleans": (pa.array([[True]]), ["[true]"]),
    "list of dates": (pa.array([[date(2024, 2, 29)]]), ['["2024-02-29"]']),
    "list of a fixed size": (pa.array([[1, 2]], pa.list_(pa.int32(), 2)), ["[1,2]"]),
    "nothing": (pa.nulls(2), [None, None]),
}


def write(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(("values", "texts"), COLUMNS.values(), ids=COLUMNS)
def test_every_type_has_a_text(tmp_path, read, values, texts):
    reading = read(write(tmp_path / "x.parquet", column=values))
    assert reading.accepted["column"].to_list() == texts
    assert reading.accepted.schema == {"_file": pl.String, "_row": pl.Int64, "column": pl.String}


REFUSED = {
    "bytes": pa.array([b"x"]),
    "structure": pa.array([{"a": 1}]),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "list of lists": pa.array([[[1]]]),
    "list of structures": pa.array([[{"a": 1}]]),
    "list of bytes": pa.array([[b"x"]]),
}


@pytest.mark.parametrize("values", REFUSED.values(), ids=REFUSED)
def test_a_column_without_a_text_is_named(tmp_path, values):
    path = write(tmp_path / "x.parquet", fine=pa.array(["x"]), odd=values)
    with pytest.raises(SourceError, match=r"x\.parquet: found odd \(.*\), expected columns of text"):
        open_source(SourceOptions(path=str(path)))


def test_rows_are_numbered_through_row_groups_and_batches(tmp_path, read):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n": pa.array(range(1000))}), path, row_group_size=300)
    reading = read(path, rows_per_batch=128)
    assert reading.accepted["_row"].to_list() == list(range(1, 1001))
    assert reading.accepted["n"].to_list() == [str(number) for number in range(1000)]


def test_empty_texts_and_a_report_s_own_columns_mean_nothing_here_too(tmp_path, read):
    path = write(
        tmp_path / "x.parquet",
        a=pa.array(["", "x"]),
        _row=pa.array([5, 6]),
        _error_code=pa.array(["x", "y"]),
    )
    reading = read(path)
    assert reading.rows == [(1, None), (2, "x")]


def test_parquet_is_known_by_its_content(tmp_path, read):
    assert read(write(tmp_path / "export.data", a=pa.array([1]))).rows == [(1, "1")]


def test_a_file_without_rows_has_columns(tmp_path, read):
    reading = read(write(tmp_path / "x.parquet", a=pa.array([], pa.int64())))
    assert reading.source.columns == ("a",)
    assert reading.rows == []


def test_a_repeated_name_is_an_error(tmp_path):
    pq.write_table(
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", " a"]), tmp_path / "x.parquet"
    )
    with pytest.raises(SourceError, match="the column 'a' twice or without a name"):
        open_source(SourceOptions(path=str(tmp_path / "x.parquet")))


def test_a_file_cut_in_half_is_an_error_when_it_is_opened(tmp_path):
    path = write(tmp_path / "x.parquet", n=pa.array(range(10_000)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(
        SourceError, match=r"x\.parquet: found a Parquet file that is cut off or damaged"
    ) as caught:
        open_source(SourceOptions(path=str(path)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,b\n1,2\n"], ids=["empty", "magic alone", "CSV"])
def test_what_is_called_parquet_must_be_parquet(tmp_path, content):
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="cut off or damaged"):
        open_source(SourceOptions(path=str(path)))


def test_a_damaged_column_is_an_error_while_it_is_read(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(
        pa.table({"n": pa.array([str(number * 7919) for number in range(50_000)])}), path, compression="zstd"
    )
    content = bytearray(path.read_bytes())
    content[1000:3000] = bytes(2000)
    path.write_bytes(content)
    source = open_source(SourceOptions(path=str(path)))
    with pytest.raises(SourceError, match="cut off or damaged"):
        list(source.batches())
