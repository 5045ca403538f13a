"""What an input was: enough to tell later whether it is still the same, and if not, what differs."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Self

from memory_import.sources.locations import Location, locate
from memory_import.sources.options import SourceOptions, check_options

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileFingerprint:
    """One file: its name, its size in bytes and the SHA-256 of its bytes as stored."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The files of an input in reading order, and the options that decide how they are read.

    Two are equal when every byte and every option is. `total_bytes` is the size of all files together.
    """

    files: tuple[FileFingerprint, ...]
    delimiter: str | None
    encoding: str

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
        options = [
            f"{name}: {getattr(self, name)!r} before, {getattr(other, name)!r} now"
            for name in ("delimiter", "encoding")
            if getattr(self, name) != getattr(other, name)
        ]
        return changed + missing + added + options

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return {"total_bytes": self.total_bytes, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The fingerprint that `to_json` was called on, also after a trip through JSON text."""
        files = tuple(FileFingerprint(**file) for file in value["files"])
        return cls(files, value["delimiter"], value["encoding"])


def fingerprint(options: SourceOptions, between_blocks: Callable[[], None] = lambda: None) -> Fingerprint:
    """Reads every byte of the input, remote ones too: a download of its own.

    `between_blocks` is called again and again meanwhile; what it raises ends the reading.

    A single file goes by its last name, so that it may move; several by their names within the folder they
    share. Raises SourceError when a file is not there or cannot be read to its end.
    """
    check_options(options)
    locations = locate(options.path)
    files = tuple(_hash(location, between_blocks, is_alone=len(locations) == 1) for location in locations)
    return Fingerprint(files, options.delimiter, options.encoding)


def _hash(location: Location, between_blocks: Callable[[], None], *, is_alone: bool) -> FileFingerprint:
    digest = hashlib.sha256()
    size = 0
    with closing(location.open()) as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            between_blocks()
    name = location.name.rpartition("/")[2] if is_alone else location.name
    return FileFingerprint(name, size, digest.hexdigest())


def _describe_change(then: FileFingerprint, now: FileFingerprint) -> str:
    if then.size != now.size:
        return f"{then.name} had {then.size} bytes and has {now.size}"
    return f"{then.name} has other content of the same size"
