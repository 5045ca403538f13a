"""Parquet: every value as text that loses nothing, or an error that names the column or the file."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from memory_import.sources.frames import REPORT_COLUMNS
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
    "float without value": (pa.array([float("nan"), float("inf"), -float("inf"), 1.5]), [None] * 3 + ["1.5"]),
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
        ["2024-07-02T08:34:00+05:30"],
    ),
    "duration": (pa.array([timedelta(hours=25)]), ["P1DT1H"]),
    "list of text": (pa.array([['a"b', "c,é"], [], None, [None]]), ['["a\\"b","c,é"]', None, None, "[null]"]),
    "list of integers": (pa.array([[1, 2], None]), ["[1,2]", None]),
    "list of booleans": (pa.array([[True]]), ["[true]"]),
    "list of dates": (pa.array([[date(2024, 2, 29)]]), ['["2024-02-29"]']),
    "list of a fixed size": (pa.array([[1, 2]], pa.list_(pa.int32(), 2)), ["[1,2]"]),
    "nothing": (pa.nulls(2), [None, None]),
    "decimal of 256 bits": (
        pa.array([Decimal("1.50"), Decimal(10) ** 45], pa.decimal256(60, 2)),
        ["1.50", "1" + "0" * 45 + ".00"],
    ),
    "decimal of 32 bits": (pa.array([Decimal("1.50"), None], pa.decimal32(5, 2)), ["1.50", None]),
    "small decimal": (pa.array([Decimal("1E-7")], pa.decimal128(20, 10)), ["0.0000001"]),
    "number of an unknown kind": (
        pa.array([Decimal("12345"), Decimal("100"), Decimal("1.5"), Decimal(0)], pa.decimal128(38, 10)),
        ["12345", "100", "1.5", "0"],
    ),
    "one of 256 bits": (
        pa.array([Decimal(10) ** 45, Decimal("-0.5")], pa.decimal256(60, 9)),
        ["1" + "0" * 45, "-0.5"],
    ),
    "whole decimals that could be thousands": (
        pa.array([Decimal("7.000"), Decimal("-12.000"), Decimal("0.000"), Decimal("7.500")]),
        ["7", "-12", "0", "7.500"],
    ),
    "those of 256 bits": (
        pa.array([Decimal(10) ** 45, Decimal("7.000"), None], pa.decimal256(60, 3)),
        ["1" + "0" * 45, "7", None],
    ),
    "list of those": (pa.array([[Decimal("7.000"), Decimal("7.250")]]), ['["7","7.250"]']),
    **{
        f"time in {zone}": (
            pa.array([datetime(2024, 7, 2, 3, 4, tzinfo=UTC)], pa.timestamp("us", zone)),
            ["2024-07-02T03:04:00+00:00"],
        )
        for zone in ("Z", "GMT+2", "05:30", "nowhere")
    },
    "list of times with an offset": (
        pa.array([[datetime(2024, 7, 2, 3, 4, tzinfo=UTC)]], pa.list_(pa.timestamp("us", "-0300"))),
        ['["2024-07-02T00:04:00-03:00"]'],
    ),
    "list of times in Z": (
        pa.array([[datetime(2024, 7, 2, 3, 4, tzinfo=UTC)]], pa.list_(pa.timestamp("us", "Z"))),
        ['["2024-07-02T03:04:00+00:00"]'],
    ),
    "list of decimals of 256 bits": (
        pa.array([[Decimal("1.5")]], pa.list_(pa.decimal256(40, 1))),
        ['["1.5"]'],
    ),
    "far away": (
        pa.array([datetime(9999, 12, 31, 23, 59, 59), datetime(1, 1, 1)]),  # noqa: DTZ001
        ["9999-12-31T23:59:59", "0001-01-01T00:00:00"],
    ),
    "JSON": (pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":1}'])), ['{"a":1}']),
    "UUID": (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(range(16))], pa.binary(16))),
        ["00010203-0405-0607-0809-0a0b0c0d0e0f"],
    ),
    "half float": (pa.array([1.5, float("nan")], pa.float16()), ["1.5", None]),
    "list with no number": (pa.array([[1.5, float("nan")]]), ["[1.5,null]"]),
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
def test_a_column_without_a_text_is_told_and_refuses_nothing_else(tmp_path, values):
    path = write(tmp_path / "x.parquet", fine=pa.array(["x"]), odd=values)
    source = open_source(SourceOptions(path=str(path)), tmp_path / "copies")
    (table,) = source.tables.values()
    assert table.unreadable("fine") is None
    assert table.unreadable("odd") == str(pq.read_schema(path).field("odd").type)
    (batch,) = source.batches(columns=["fine"])
    assert batch.rows["fine"].to_list() == ["x"]


INT64 = [2**63 - 1, -(2**63) + 1, 0, None]
FAULTY = {
    "infinity of Postgres": pa.array(INT64).cast(pa.timestamp("us")),
    "infinity in a zone": pa.array(INT64).cast(pa.timestamp("us", "Europe/Berlin")),
    "milliseconds": pa.array(INT64).cast(pa.timestamp("ms")),
    "date": pa.array([2**31 - 1, -(2**31), 0, None], pa.int32()).cast(pa.date32()),
    "date of 64 bits": pa.array(INT64).cast(pa.date64()),
    "time": pa.array(INT64).cast(pa.time64("us")),
    "nanoseconds that an offset takes out of range": pa.array([2**63 - 1, -(2**63), 0, None]).cast(
        pa.timestamp("ns", "+05:30")
    ),
    "duration": pa.array(INT64).cast(pa.duration("s")),
    "in a list": pa.array([[value] for value in INT64]).cast(pa.list_(pa.timestamp("us"))),
}


@pytest.mark.parametrize("values", FAULTY.values(), ids=FAULTY)
def test_a_moment_that_no_calendar_has_rejects_its_row_by_the_column_s_name(tmp_path, read, values):
    reading = read(write(tmp_path / "x.parquet", n=pa.array(["a", "b", "c", "d"]), when=values))
    assert [row[1] for row in reading.rows] == ["c", "d"]
    assert reading.rejects == [
        (row, "unreadable_value", "column 'when': found a value beyond what its type can say")
        for row in (1, 2)
    ]


def broken_text(kind, values=(b"fine", b"Jos\xe9", None)):
    """Text as careless writers write it: bytes of another encoding under the name of UTF-8."""
    binary = pa.array(values, pa.large_binary() if kind == pa.large_string() else pa.binary())
    return pa.Array.from_buffers(kind, len(values), binary.buffers())


BROKEN = {
    "text": broken_text(pa.string()),
    "large text": broken_text(pa.large_string()),
    "list": pa.ListArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), broken_text(pa.string())),
}


@pytest.mark.parametrize("values", BROKEN.values(), ids=BROKEN)
def test_bytes_that_are_no_utf_8_reject_their_row_alone(tmp_path, read, values):
    reading = read(write(tmp_path / "x.parquet", n=pa.array(["a", "b", "c"]), text=values))
    assert [row[1] for row in reading.rows] == ["a", "c"]
    assert reading.rejects == [
        (
            2,
            "invalid_bytes",
            "column 'text': found bytes that are no UTF-8 text; rejects.csv has them as \\xNN",
        )
    ]
    (batch,) = reading.source.batches(columns=["n"])
    assert batch.rows["n"].to_list() == ["a", "b", "c"]


def test_rows_are_numbered_through_row_groups_and_batches(tmp_path, read):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n": pa.array(range(1000))}), path, row_group_size=300)
    reading = read(path, rows_per_batch=128)
    assert reading.accepted["_row"].to_list() == list(range(1, 1001))
    assert reading.accepted["n"].to_list() == [str(number) for number in range(1000)]


def test_empty_texts_and_a_report_s_own_columns_mean_nothing_here_too(tmp_path, read):
    report = dict.fromkeys(REPORT_COLUMNS, pa.array(["x", "y"]))
    reading = read(write(tmp_path / "x.parquet", a=pa.array(["", "x"]), **report))
    assert reading.rows == [(1, None), (2, "x")]


def test_parquet_is_known_by_its_content(tmp_path, read):
    assert read(write(tmp_path / "export.data", a=pa.array([1]))).rows == [(1, "1")]


def test_a_file_without_rows_has_columns(tmp_path, read):
    reading = read(write(tmp_path / "x.parquet", a=pa.array([], pa.int64())))
    assert reading.source.columns == ("a",)
    assert reading.rows == []


def test_a_repeated_name_is_told_where_it_stands(tmp_path):
    pq.write_table(
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", " a"]), tmp_path / "x.parquet"
    )
    source = open_source(SourceOptions(path=str(tmp_path / "x.parquet")), tmp_path)
    (table,) = source.tables.values()
    assert table.repeated("a") == [1, 2]


def test_files_with_differing_schemas_are_read_by_name(tmp_path, read):
    write(tmp_path / "1.parquet", a=pa.array([1]), b=pa.array(["x"]))
    write(tmp_path / "2.parquet", b=pa.array([2.5]), c=pa.array([True]))
    reading = read(tmp_path / "*.parquet")
    assert reading.accepted.select("a", "b", "c").rows() == [("1", "x", None), (None, "2.5", "true")]


def test_a_file_cut_in_half_is_an_error_when_it_is_opened(tmp_path):
    path = write(tmp_path / "x.parquet", n=pa.array(range(10_000)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(
        SourceError, match=r"x\.parquet: found a Parquet file that is cut off or damaged"
    ) as caught:
        open_source(SourceOptions(path=str(path)), path.parent / "copies")
    assert "\n" not in str(caught.value)


CALLED_PARQUET = {
    "nothing": (b"", "an empty file"),
    "magic alone": (b"PAR1", "cut off or damaged"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a Git LFS pointer"),
    "an answer": (b"<html><body>Sign in</body></html>", "an HTML page"),
    "encrypted": (b"PARE" + bytes(50) + b"PARE", "encrypted Parquet data"),
    "bytes": (bytes(range(256)), "binary data"),
}


@pytest.mark.parametrize(("content", "message"), CALLED_PARQUET.values(), ids=CALLED_PARQUET)
def test_what_is_called_parquet_and_is_none_is_called_what_it_is(tmp_path, content, message):
    write(tmp_path / "a.parquet", a=pa.array([1]))
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"x\.parquet: found .*{message}"):
        open_source(SourceOptions(path=str(tmp_path)), tmp_path / "copies")
    with pytest.raises(SourceError, match=message):
        open_source(SourceOptions(path=str(path)), path.parent / "copies")


def test_a_damaged_column_is_an_error_while_it_is_read(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(
        pa.table({"n": pa.array([str(number * 7919) for number in range(50_000)])}), path, compression="zstd"
    )
    content = bytearray(path.read_bytes())
    content[1000:3000] = bytes(2000)
    path.write_bytes(content)
    source = open_source(SourceOptions(path=str(path)), path.parent / "copies")
    with pytest.raises(SourceError, match="cut off or damaged"):
        list(source.batches())
