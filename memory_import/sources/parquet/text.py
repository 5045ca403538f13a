"""Columns of Arrow as text that loses nothing, whatever is in them.

What Polars takes for granted is looked at first, with Arrow: text that is no UTF-8, moments that no calendar
has, time zones that it does not know and types that it does not read end its process otherwise.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from memory_import.sources.errors import RejectCode
from memory_import.sources.parquet.digits import plain_decimals, write_decimals, write_floats

_FRACTION = "%.f"  # as many digits as there are, none for a whole second
_MOMENT = f"%Y-%m-%dT%H:%M:%S{_FRACTION}"
_OFFSET = re.compile(r"([+-])(0[0-9]|1[0-4]):?([0-5][0-9])")
_FIRST_SECOND = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
_LAST_SECOND = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
SECONDS_PER_DAY = 86_400
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column as text: `texts` String, null where it has no value or none that can be had; `faults`, a
    RejectCode by the position of each value that cannot be had."""

    texts: pl.Series
    faults: dict[int, RejectCode]


def has_text_form(kind: pa.DataType) -> bool:
    """Whether values of a type are text, numbers, booleans, dates, times, UUIDs or lists of these."""
    kind = plain_type(kind)
    if is_list(kind):
        inner = plain_type(kind.value_type)
        return not is_list(inner) and has_text_form(inner)
    types = pa.types
    return (
        is_uuid(kind)
        or any(
            test(kind)
            for test in (
                types.is_null, types.is_boolean, types.is_integer, types.is_floating, types.is_decimal,
                types.is_string, types.is_large_string, types.is_string_view, types.is_date, types.is_time,
                types.is_timestamp, types.is_duration,
            )
        )
    )  # fmt: skip


def example_of(kind: pa.DataType) -> str | None:
    """A number with a fraction, a date or a moment as text, of a type that holds such; else None."""
    kind = plain_type(kind)
    if pa.types.is_floating(kind) or (pa.types.is_decimal(kind) and kind.scale > 0):
        return "1.234"
    if pa.types.is_date(kind):
        return "2024-05-06"
    if pa.types.is_timestamp(kind):
        moment = datetime(2024, 5, 6, 23, 15, 30, tzinfo=UTC)
        return str(to_text(pa.array([moment], pa.timestamp("us", kind.tz))).texts[0])
    return None


def to_text(column: pa.Array) -> TextColumn:
    """A column whose type has a text form, as text.

    Integers and decimals as digits, decimals of a type that tools give to any number (more than 6 places)
    without the zeros at their end, whole ones of a type with 3 places without ".000"; floats in the shortest
    form that reads back the same, whole ones below 2^53 without ".0" (tools write an integer column with gaps
    as floats), NaN and infinity as nothing; dates and times as ISO 8601, with the offset if there is a time
    zone (one that is not known is written as UTC); booleans as true and false; UUIDs as they are written;
    lists as JSON, empty ones as nothing.
    """
    column = _plain(column)
    if is_list(column.type):
        return _lists_to_text(column)
    column, faults = _without_faults(column)
    return TextColumn(_texts(column), faults)


def _lists_to_text(column: pa.Array) -> TextColumn:
    """JSON of each list; a list that holds a value that cannot be had cannot be had."""
    kind = pa.large_list(column.type.value_type)
    is_view = pa.types.is_list_view(column.type) or pa.types.is_large_list_view(column.type)
    column = pa.array(column.to_pylist(), kind) if is_view else column.cast(kind)
    values, faults = _without_faults(_plain(column.flatten()))
    parents = pc.list_parent_indices(column)
    faulty = {parents[position].as_py(): code for position, code in faults.items()}
    if not (
        pa.types.is_boolean(values.type)
        or pa.types.is_integer(values.type)
        or pa.types.is_floating(values.type)
    ):
        values = _texts(values).to_arrow().cast(pa.large_string())
    lengths = pc.fill_null(pc.list_value_length(column), 0).cast(pa.int64())
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths)])
    rebuilt = pa.LargeListArray.from_arrays(offsets, values)
    lists = cast(pl.Series, pl.from_arrow(rebuilt)).alias("v").to_frame()
    json = lists.select(pl.struct("v").struct.json_encode().str.slice(len('{"v":')).str.head(-len("}")))
    is_missing = cast(pl.Series, pl.from_arrow(pc.equal(lengths, 0)))
    missing = is_missing | pl.Series(
        [position in faulty for position in range(len(column))], dtype=pl.Boolean
    )
    texts = json.select(pl.when(~missing).then(pl.first())).to_series()
    return TextColumn(texts, faulty)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """A type without what only says how its values are stored."""
    if isinstance(kind, pa.BaseExtensionType) and not is_uuid(kind):
        return pa.bool_() if kind.extension_name == "arrow.bool8" else plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    return kind


def _plain(column: pa.Array) -> pa.Array:
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        if is_uuid(kind):
            return pa.array(
                [None if value is None else str(UUID(bytes=value)) for value in column.storage.to_pylist()],
                pa.large_string(),
            )
        stored = column.storage
        return stored.cast(pa.bool_()) if kind.extension_name == "arrow.bool8" else _plain(stored)
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return _plain(pc.run_end_decode(column))
    return column


def is_uuid(kind: pa.DataType) -> bool:
    """Whether the values of a plain type are UUIDs."""
    return isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "arrow.uuid"


def is_list(kind: pa.DataType) -> bool:
    """Whether the values of a plain type are lists."""
    types = pa.types
    tests: Iterable[Callable[[pa.DataType], bool]] = (
        types.is_list, types.is_large_list, types.is_fixed_size_list,
        types.is_list_view, types.is_large_list_view,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def _without_faults(column: pa.Array) -> tuple[pa.Array, dict[int, RejectCode]]:
    """A column of single values without those that cannot be had, and which they were."""
    types, kind = pa.types, column.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _without_invalid_text(column)
    if types.is_duration(kind):
        longest = _LARGEST_INTEGER // (PER_SECOND["ms"] if kind.unit == "s" else 1)
        return _within(column, -longest, longest)
    if types.is_temporal(kind):
        return _without_impossible_moments(column)
    if types.is_decimal(kind):
        column = plain_decimals(column)
    elif types.is_floating(kind):
        column = column.cast(pa.float32()) if types.is_float16(kind) else column
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return column, {}


def _without_impossible_moments(column: pa.Array) -> tuple[pa.Array, dict[int, RejectCode]]:
    types, kind = pa.types, column.type
    if types.is_timestamp(kind):
        per_second, shift = PER_SECOND[kind.unit], _shift(kind)
        lowest = max(_FIRST_SECOND * per_second, -_LARGEST_INTEGER - shift)
        highest = min((_LAST_SECOND + 1) * per_second - 1, _LARGEST_INTEGER - shift)
        return _within(_with_known_zone(column), lowest, highest)
    if types.is_time(kind):
        return _within(column, 0, SECONDS_PER_DAY * PER_SECOND[kind.unit] - 1)
    if types.is_date32(kind):
        return _within(column, _FIRST_SECOND // SECONDS_PER_DAY, _LAST_SECOND // SECONDS_PER_DAY)
    found, faults = _within(column, _FIRST_SECOND * 1000, _LAST_SECOND * 1000)
    return found.cast(pa.date32()), faults


def _without_invalid_text(column: pa.Array) -> tuple[pa.Array, dict[int, RejectCode]]:
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_binary()).view(pa.large_string())
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        values = column.view(pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary())
        texts = [_decode(value) for value in values.to_pylist()]
        faults = [position for position, text in enumerate(texts) if text is False]
        valid = pa.array([text or None if text is not False else None for text in texts], pa.large_string())
        return valid, dict.fromkeys(faults, RejectCode.INVALID_BYTES)
    return column, {}


def _decode(value: bytes | None) -> str | bool | None:
    """The text; False where it is none."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return False


def _within(column: pa.Array, lowest: int, highest: int) -> tuple[pa.Array, dict[int, RejectCode]]:
    """A column of moments without those whose number is not in a range."""
    width = pa.int64() if column.type.bit_width == 64 else pa.int32()
    numbers = column.cast(width)
    limits = (
        pa.scalar(max(lowest, -_LARGEST_INTEGER), pa.int64()),
        pa.scalar(min(highest, _LARGEST_INTEGER), pa.int64()),
    )
    numbers = numbers.cast(pa.int64())
    is_outside = pc.or_(pc.less(numbers, limits[0]), pc.greater(numbers, limits[1]))
    if not pc.any(is_outside).as_py():
        return column, {}
    faults = pc.indices_nonzero(is_outside).to_pylist()
    return pc.if_else(is_outside, pa.scalar(None, column.type), column), dict.fromkeys(
        faults, RejectCode.UNREADABLE_VALUE
    )


def _with_known_zone(column: pa.Array) -> pa.Array:
    zone = column.type.tz
    if zone is None or zone == "UTC" or _OFFSET.fullmatch(zone) or _is_known(zone):
        return column
    return column.cast(pa.int64()).cast(pa.timestamp(column.type.unit, "UTC"))


def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
        pl.Series([0], dtype=pl.Datetime("us", zone)).dt.to_string("%:z")
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.PolarsError):
        return False
    return True


def _texts(column: pa.Array) -> pl.Series:
    if pa.types.is_null(column.type):
        return pl.repeat(None, len(column), dtype=pl.String, eager=True)
    if pa.types.is_timestamp(column.type) and column.type.unit == "s":
        column = column.cast(pa.timestamp("ms", column.type.tz))
    if pa.types.is_timestamp(column.type) and _OFFSET.fullmatch(column.type.tz or ""):
        return _moments_at_offset(column)
    values = cast(pl.Series, pl.from_arrow(column)).alias("value")
    return values.to_frame().select(_as_text(pl.col("value"), values.dtype)).to_series()


def _moments_at_offset(column: pa.Array) -> pl.Series:
    """Moments in a zone that is a fixed offset from UTC, which Polars does not know."""
    numbers = cast(pl.Series, pl.from_arrow(column.cast(pa.int64())))
    local = (numbers + _shift(column.type)).cast(pl.Datetime(column.type.unit))
    return local.dt.strftime(_MOMENT + _OFFSET.sub(r"\1\2:\3", column.type.tz))


def _shift(kind: pa.DataType) -> int:
    """What local time is ahead of UTC in a zone that is a fixed offset, in units of the type; else 0."""
    offset = _OFFSET.fullmatch(kind.tz or "")
    if offset is None:
        return 0
    sign, hours, minutes = offset.groups()
    return int(f"{sign}1") * (3600 * int(hours) + 60 * int(minutes)) * PER_SECOND[kind.unit]


def _as_text(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    match kind:
        case pl.Float32() | pl.Float64():
            return write_floats(value)
        case pl.Decimal():
            return write_decimals(value, kind.scale)
        case pl.Datetime():
            return value.dt.strftime(_MOMENT + ("%:z" if kind.time_zone else ""))
        case pl.Time():
            return value.dt.strftime(f"%H:%M:%S{_FRACTION}")
        case pl.Duration():
            return value.dt.to_string("iso")
        case _:
            return value.cast(pl.String)
