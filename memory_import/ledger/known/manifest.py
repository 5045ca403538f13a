"""The manifest of a table: which of its files count, with their sizes and checksums, and its own."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from memory_import.clock import seconds_now
from memory_import.ledger.files import write_json
from memory_import.ledger.known.damage import KnownDamaged

_FORMAT = 1
_CHUNK_BYTES = 1 << 22
MANIFEST = "manifest.json"
_MOST_CHECKED = 64
_FRESH_SECONDS = 2.0  # in which a file may change twice at what is the same time to the system


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was written."""

    name: str
    rows: int
    size_bytes: int
    crc32: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a manifest says: the files that count, and what else was to be kept with them."""

    generation: int
    segments: tuple[File, ...]
    voided: File | None
    facts: Mapping[str, Any]


NOTHING = Content(0, (), None, {})


def list_files(content: Content) -> list[File]:
    """All files that count."""
    return [*content.segments, *([content.voided] if content.voided else [])]


def describe_file(path: Path, rows: int) -> File:
    """A file that was just written, with so many rows."""
    return File(path.name, rows, path.stat().st_size, _checksum(path))


def _checksum(path: Path) -> int:
    """CRC-32 of a file: chance damages files, nobody forges them."""
    found = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            found = zlib.crc32(chunk, found)
    return found


def write_content(folder: Path, content: Content) -> None:
    """Write the manifest of a folder."""
    body = {"format": _FORMAT, **asdict(content)}
    write_json({"sha256": _digest(body), "content": body}, folder / MANIFEST)


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def read_content(folder: Path) -> Content:
    """What the manifest of a folder says; `KnownDamaged` where a file is missing or not what was written."""
    path = folder / MANIFEST
    if not path.exists():
        if any(folder.glob("rows-*")):
            raise KnownDamaged(f"{path} is missing")
        return NOTHING
    try:
        document = json.loads(path.read_text())
        body = document["content"]
        is_whole = document["sha256"] == _digest(body)
    except (ValueError, KeyError, TypeError):
        raise KnownDamaged(f"{path} cannot be read") from None
    if not is_whole or body["format"] != _FORMAT:
        raise KnownDamaged(f"{path} is not what was written, or was written by another version")
    content = Content(
        generation=body["generation"],
        segments=tuple(File(**file) for file in body["segments"]),
        voided=File(**body["voided"]) if body["voided"] else None,
        facts=body["facts"],
    )
    for file in list_files(content):
        _check_file(folder / file.name, file)
    return content


def _check_file(path: Path, file: File) -> None:
    if not path.exists():
        raise KnownDamaged(f"{path} is missing")
    status = path.stat()
    is_fresh = seconds_now() - status.st_mtime < _FRESH_SECONDS
    found = _checksum(path) if is_fresh else _checksum_as_of(path, status.st_mtime_ns, status.st_size)
    if status.st_size != file.size_bytes or found != file.crc32:
        raise KnownDamaged(f"{path} is not what was written")


@lru_cache(maxsize=_MOST_CHECKED)
def _checksum_as_of(path: Path, _modified_ns: int, _size_bytes: int) -> int:
    """The checksum of a file that may be opened again and again in a run, and is large."""
    return _checksum(path)
