"""Bodies of answers by script: the API's own error, a proxy's page, and what no client should read whole."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import orjson

from memory_import.emulator.engine import checks
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.errors import invalid

JSON_TYPE = "application/json"
_PAGE = b"<html><body>Something is wrong.</body></html>"
_FILLER = b"x" * 65_536
_OPENING, _CLOSING = b'{"message":"', b'"}'

_NAMES = ("error", "empty", "html", "endless")
_SHAPE = checks.record(
    {
        "json": lambda _value, _place: None,
        "text": checks.text(),
        "bytes": checks.integer(low=len(_OPENING + _CLOSING)),
        "gzip": checks.boolean,
    }
)


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes of an answer, and the headers that tell what they are.

    A large one is not held: ``size_bytes`` of JSON that is mostly filler, ``math.inf`` for one that never
    ends; None is ``content`` as it stands.
    """

    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    size_bytes: float | None = None

    def length(self) -> float:
        """In bytes."""
        return len(self.content) if self.size_bytes is None else self.size_bytes

    def parts(self) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        if self.size_bytes is None:
            yield self.content
            return
        yield _OPENING
        left = self.size_bytes - len(_OPENING) - len(_CLOSING)
        while left > 0:
            part = _FILLER if left >= len(_FILLER) else _FILLER[: int(left)]
            yield part
            left -= len(part)
        yield _CLOSING

    def packed(self) -> "Body":
        """The same, compressed by gzip; not for one that never ends."""
        packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        packed = [packer.compress(part) for part in self.parts()]
        return Body(b"".join([*packed, packer.flush()]), {**self.headers, "content-encoding": "gzip"})


def json_body(value: object) -> Body:
    """``value`` as JSON."""
    return Body(orjson.dumps(value), {"content-type": JSON_TYPE})


def check_body(value: object, place: str) -> None:
    """A name of a body, or one of ``json``, ``text`` and ``bytes`` with or without ``gzip``."""
    if not isinstance(value, dict):
        checks.one_of(*_NAMES)(value, place)
        return
    _SHAPE(value, place)
    if len(value.keys() - {"gzip"}) != 1:
        raise invalid(f"{place} must have one of json, text and bytes.")


def read_body(written: object, error: Json) -> Body:
    """The body that a script asks for; ``error`` is the API's own error object, for "error"."""
    match written:
        case "error":
            return json_body(error)
        case "empty":
            return Body()
        case "html":
            return Body(_PAGE, {"content-type": "text/html"})
        case "endless":
            return Body(headers={"content-type": JSON_TYPE}, size_bytes=math.inf)
    shape = cast(Json, written)
    body = _read_shape(shape)
    return body.packed() if shape.get("gzip") else body


def _read_shape(shape: Json) -> Body:
    if "json" in shape:
        return json_body(shape["json"])
    if "text" in shape:
        return Body(cast(str, shape["text"]).encode(), {"content-type": JSON_TYPE})
    return Body(headers={"content-type": JSON_TYPE}, size_bytes=cast(int, shape["bytes"]))
