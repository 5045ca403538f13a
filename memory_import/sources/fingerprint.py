"""What an input was: enough to tell later whether it is still the same, and if not, what differs."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from memory_import.sources.errors import SourceError
from memory_import.sources.files import BLOCK_BYTES
from memory_import.sources.locations import is_remote, locate


@dataclass(frozen=True, slots=True)
class FileFingerprint:
    """One file: its name, its size in bytes and the SHA-256 of its bytes as stored.

    `modified` (ns since the epoch; None of a remote one) spares a look into a file that was left alone; it is
    no part of what makes two equal.
    """

    name: str
    size: int
    sha256: str
    modified: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The files of an input in reading order, as they were read. Two are equal when every byte is."""

    files: tuple[FileFingerprint, ...]

    @property
    def total_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size for file in self.files)

    def differences(self, other: "Fingerprint") -> list[str]:
        """What is different in `other`, a sentence for each; empty when nothing is."""
        then = {file.name: file for file in self.files}
        now = {file.name: file for file in other.files}
        changed = [
            _describe_change(then[name], now[name])
            for name in then
            if name in now and then[name] != now[name]
        ]
        missing = [f"{name} is no longer there" for name in then if name not in now]
        added = [f"{name} was not there before" for name in now if name not in then]
        return changed + missing + added

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return {"total_bytes": self.total_bytes, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The fingerprint that `to_json` was called on, also after a trip through JSON text."""
        return cls(tuple(FileFingerprint(**file) for file in value["files"]))


def find_differences(known: Fingerprint, path: str) -> list[str]:
    """What has changed in a local input that was read before, a sentence for each.

    Only a file that was written to since, and has its size still, is read again. Nothing is looked for where
    the input is remote, or gone: it is not needed any more.
    """
    if is_remote(path):
        return []
    try:
        locations = locate(path).locations
    except SourceError:
        return []
    then = {file.name: file for file in known.files}
    names = [file_name(location.name, is_alone=len(locations) == 1) for location in locations]
    now = [
        _look_again(Path(location.address), name, then.get(name))
        for location, name in zip(locations, names, strict=True)
    ]
    return known.differences(Fingerprint(tuple(now)))


def file_name(name: str, *, is_alone: bool) -> str:
    """A single file goes by its last name, so that it may move; several by their names within the folder
    they share."""
    return name.rpartition("/")[2] if is_alone else name


def _look_again(path: Path, name: str, known: FileFingerprint | None) -> FileFingerprint:
    status = path.stat()
    if known is None or status.st_size != known.size:
        return FileFingerprint(name, status.st_size, "")
    if status.st_mtime_ns == known.modified:
        return known
    return FileFingerprint(name, status.st_size, _hash(path))


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _describe_change(then: FileFingerprint, now: FileFingerprint) -> str:
    if then.size != now.size:
        return f"{then.name} had {then.size} bytes and has {now.size}"
    return f"{then.name} has other content of the same size"
