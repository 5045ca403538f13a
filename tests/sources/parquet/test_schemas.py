"""Whatever a Parquet file holds, its rows are read or rejected, or the file is refused: never a trace."""

import math
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_import.sources.parquet.rows import read_rows
from memory_import.sources.tabular import SourceError, SourceOptions, open_source

INTEGERS = st.integers(-(2**63), 2**63 - 1)
DAYS = st.integers(-(2**31), 2**31 - 1)
ZONES = st.sampled_from([None, "UTC", "Z", "GMT+2", "05:30", "+05:30", "Europe/Berlin", "nowhere"])


def _of(kind: pa.DataType, values: st.SearchStrategy, stored: pa.DataType | None = None) -> st.SearchStrategy:
    cells = st.lists(st.none() | values, min_size=3, max_size=3)
    return cells.map(lambda found: pa.array(found, stored or kind).cast(kind))


def _broken_text(values: list[bytes | None]) -> pa.Array:
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(values, pa.binary()).buffers())


SIMPLE = st.one_of(
    _of(pa.int64(), INTEGERS),
    _of(pa.uint64(), st.integers(0, 2**64 - 1)),
    _of(pa.float64(), st.floats()),
    _of(pa.float32(), st.floats(width=32)),
    _of(pa.float16(), st.floats(width=16)),
    _of(pa.bool_(), st.booleans()),
    _of(pa.string(), st.text(max_size=5)),
    _of(pa.large_string(), st.text(max_size=5)),
    _of(pa.binary(), st.binary(max_size=5)),
    _of(pa.date32(), DAYS, pa.int32()),
    st.sampled_from(["ms", "us", "ns"]).flatmap(
        lambda unit: ZONES.flatmap(lambda zone: _of(pa.timestamp(unit, zone), INTEGERS, pa.int64()))
    ),
    _of(pa.time64("us"), INTEGERS, pa.int64()),
    _of(pa.duration("s"), INTEGERS, pa.int64()),
    _of(pa.time32("s"), DAYS, pa.int32()),
    st.lists(st.none() | st.text(max_size=20), min_size=3, max_size=3).map(
        lambda texts: pa.array(texts, pa.string_view())
    ),
    st.lists(st.none() | st.binary(max_size=4), min_size=3, max_size=3).map(
        lambda values: _broken_text(values).dictionary_encode()
    ),
    _of(pa.decimal256(60, 5), st.decimals(-(10**40), 10**40, places=5)),
    _of(pa.decimal128(20, 10), st.decimals(-(10**9), 10**9, places=10)),
    _of(pa.null(), st.none()),
    st.lists(st.none() | st.binary(max_size=4), min_size=3, max_size=3).map(_broken_text),
)
NESTED = SIMPLE.flatmap(
    lambda values: st.sampled_from(
        [
            pa.ListArray.from_arrays(pa.array([0, 1, 1, 3], pa.int32()), values),
            pa.StructArray.from_arrays([values], ["inner"]),
            pa.MapArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), pa.array(["a", "b", "c"]), values),
        ]
    )
)


@settings(max_examples=300)
@given(st.lists(SIMPLE | NESTED, min_size=1, max_size=4))
def test_every_row_is_read_or_rejected(tmp_path_factory, columns):
    folder = tmp_path_factory.mktemp("schema")
    names = [f"c{number}" for number in range(len(columns))]
    pq.write_table(pa.table(dict(zip(names, columns, strict=True))), folder / "x.parquet")
    source = open_source(SourceOptions(path=str(folder / "x.parquet")), folder / "copies")
    try:
        batches = list(source.batches())
    except SourceError:  # such as text of no encoding in a map
        return
    numbers = [row for batch in batches for row in (*batch.rows["_row"], *batch.rejects["_row"])]
    assert sorted(numbers) == [1, 2, 3]


@settings(max_examples=200)
@given(st.lists(SIMPLE | NESTED, min_size=1, max_size=4))
def test_every_row_can_be_printed(tmp_path_factory, columns):
    path = tmp_path_factory.mktemp("schema") / "x.parquet"
    names = [f"c{number}" for number in range(len(columns))]
    pq.write_table(pa.table(dict(zip(names, columns, strict=True))), path)
    (printed,) = read_rows(path, path.name, pl.Series([1, 3]), names)
    assert printed.shape == (2, len(names))
    assert set(printed.dtypes) == {pl.String}


CELLS = {
    "not a number is nothing": (pa.array([math.nan, 1.0]), [None, "1"]),
    "digits are digits": (pa.array([Decimal("-0.50")]), ["-0.50"]),
}


@pytest.mark.parametrize(("values", "texts"), CELLS.values(), ids=CELLS)
def test_a_cell_is_what_people_would_write(tmp_path, read, values, texts):
    pq.write_table(pa.table({"c": values}), tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet").accepted["c"].to_list() == texts
