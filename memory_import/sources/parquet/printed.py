"""Any value of a Parquet file, printed for people: whatever is in it, and whatever is wrong with it."""

import json
from typing import Any

import pyarrow as pa

from memory_import.sources.parquet.text import PER_SECOND, SECONDS_PER_DAY


def as_printed(value: pa.Scalar) -> str | None:
    """A value as text, None for none.

    Text as it stands, with bytes that are no text as backslash, x and two digits; a moment that no calendar
    has as its number; what is nested much like JSON.
    """
    if not value.is_valid:
        return None
    inner = _stored(value)
    if inner is not value:
        return as_printed(inner)
    if pa.types.is_nested(value.type):
        return _structure(value)
    return _decoded(value.as_buffer().to_pybytes()) if hasattr(value, "as_buffer") else _plain(value)


def _structure(value: pa.Scalar) -> str:
    kind = value.type
    if pa.types.is_map(kind):
        pairs = [f"{_nested(entry['key'])}: {_nested(entry['value'])}" for entry in value.values]
        return "{" + ", ".join(pairs) + "}"
    if pa.types.is_struct(kind):
        names = [json.dumps(kind.field(at).name, ensure_ascii=False) for at in range(kind.num_fields)]
        return "{" + ", ".join(f"{name}: {_nested(value[at])}" for at, name in enumerate(names)) + "}"
    return "[" + ", ".join(map(_nested, value.values)) + "]"


def _stored(value: pa.Scalar) -> pa.Scalar:
    """What a value stands for: an entry of a dictionary, what an extension stores."""
    is_indirect = (
        isinstance(value.type, pa.BaseExtensionType)
        or pa.types.is_dictionary(value.type)
        or pa.types.is_run_end_encoded(value.type)
    )
    inner = value.value if is_indirect else value
    return inner if isinstance(inner, pa.Scalar) else value


def _nested(value: pa.Scalar) -> str:
    text = as_printed(value)
    if text is None:
        return "null"
    is_text = hasattr(_stored(value), "as_buffer") or pa.types.is_temporal(value.type)
    return json.dumps(text, ensure_ascii=False) if is_text else text


def _plain(value: pa.Scalar) -> str:
    """A single value as Python has it; its number where Python has none, or another."""
    if pa.types.is_time(value.type) and not 0 <= value.value < SECONDS_PER_DAY * PER_SECOND[value.type.unit]:
        return str(value.value)
    try:
        plain: Any = value.as_py()
    except (ValueError, ArithmeticError, LookupError, ImportError, pa.ArrowException):
        return str(getattr(value, "value", value))
    return _decoded(plain) if isinstance(plain, bytes) else str(plain)


def _decoded(stored: bytes) -> str:
    return stored.decode("utf-8", "backslashreplace")
