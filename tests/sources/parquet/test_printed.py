"""Values of a Parquet file for people: whatever is in them, and whatever is wrong with it."""

import pyarrow as pa
import pytest

from memory_import.sources.parquet.printed import as_printed

NO_TEXT = pa.array([b"Jos\xe9"]).view(pa.string())
BEYOND = pa.array([2**62])

PRINTED = {
    "nothing": (pa.nulls(1), None),
    "text": (pa.array(["é"]), "é"),
    "bytes that are no text": (NO_TEXT, "Jos\\xe9"),
    "such a category": (NO_TEXT.dictionary_encode(), "Jos\\xe9"),
    "such JSON": (pa.ExtensionArray.from_storage(pa.json_(), NO_TEXT), "Jos\\xe9"),
    "such text that is viewed": (pa.array([b"Jos\xe9"], pa.binary_view()).view(pa.string_view()), "Jos\\xe9"),
    "such text in a list": (pa.ListArray.from_arrays([0, 1], NO_TEXT), '["Jos\\\\xe9"]'),
    "such text in a structure": (pa.StructArray.from_arrays([NO_TEXT], ["a"]), '{"a": "Jos\\\\xe9"}'),
    "such text as a key": (pa.MapArray.from_arrays([0, 1], NO_TEXT, pa.array([1])), '{"Jos\\\\xe9": 1}'),
    "a moment that no calendar has": (BEYOND.cast(pa.timestamp("us")), "4611686018427387904"),
    "such a moment in a list": (
        pa.ListArray.from_arrays([0, 1], BEYOND.cast(pa.timestamp("us"))),
        '["4611686018427387904"]',
    ),
    "a zone that is not known": (pa.array([0]).cast(pa.timestamp("us", "GMT+2")), "0"),
    "a time that no day has": (pa.array([-1], pa.int32()).cast(pa.time32("s")), "-1"),
    "lists of lists": (pa.array([[["a"], None, []]]), '[["a"], null, []]'),
    "a list of a fixed size": (pa.array([[1, 2]], pa.list_(pa.int64(), 2)), "[1, 2]"),
    "a list that is viewed": (pa.array([["a"]], pa.list_view(pa.string())), '["a"]'),
    "a run": (pa.RunEndEncodedArray.from_arrays([1], pa.array(["a"])), "a"),
}


@pytest.mark.parametrize(("values", "text"), PRINTED.values(), ids=PRINTED)
def test_any_value_can_be_printed(values: pa.Array, text: str | None) -> None:
    assert as_printed(values[0]) == text
