"""The state file: one JSON object a line, only ever appended to, on disk before an answer leaves.

It is at once what a restarted emulator replays and the record of what was accepted and applied. A line that a
kill cut short was never answered for; it is dropped. Anything else that cannot be read is an error.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import orjson

from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.errors import UsageError

_FORMAT: Json = {"emulator": 2}


class Journal(Protocol):
    """Where accepted and applied work is written down."""

    def append(self, entry: Json) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


class NoJournal:
    """Remembers nothing: the state ends with the process."""

    def append(self, entry: Json) -> None:
        """Drop ``entry``."""

    def sync(self) -> None:
        """Nothing to write."""

    def close(self) -> None:
        """Nothing to close."""


class FileJournal:
    """A journal in ``path``, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open_locked(path)
        self._has_unsynced = False

    def replay(self) -> Iterator[Json]:
        """Every whole entry so far, in order. To be read to its end before the first ``append``."""
        self._file.seek(0)
        good_bytes = 0
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break
            entry = self._read(line, number)
            good_bytes += len(line)
            if number > 1:
                yield entry
        self._file.truncate(good_bytes)
        self._file.seek(good_bytes)
        if good_bytes == 0:
            self.append(_FORMAT)

    def _read(self, line: bytes, number: int) -> Json:
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise UsageError(
                f"State file {self.path}: line {number} is not JSON. Use another file."
            ) from error
        if number == 1 and entry != _FORMAT:
            raise UsageError(f"State file {self.path} was not written by this emulator. Use another file.")
        return cast(Json, entry)

    def append(self, entry: Json) -> None:
        self._file.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
        self._has_unsynced = True

    def sync(self) -> None:
        """Bring everything appended to the disk."""
        if self._has_unsynced:
            self._file.flush()
            os.fdatasync(self._file.fileno())
            self._has_unsynced = False

    def close(self) -> None:
        self.sync()
        self._file.close()


def _open_locked(path: Path) -> BinaryIO:
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=1 << 20)
    except OSError as error:
        raise UsageError(f"State file {path} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise UsageError(f"State file {path} is in use by another emulator.") from error
    return file
