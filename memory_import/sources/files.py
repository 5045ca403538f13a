"""The files of an input on this machine: opened once, hashed while they are read or copied.

What is remote is copied first. A copy is named by its file and by its own hash, so that it is known to be
whole: a run that was killed goes on with it and fetches nothing a second time.
"""

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from memory_import.errors import InputChanged
from memory_import.sources.errors import SourceError
from memory_import.sources.locations import Location
from memory_import.sources.remote import ByteStream, open_remote

BLOCK_BYTES = 1 << 20
_BLOCKS_WAITING = 8


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells whether a file is still the one it was, short of reading it. Times in ns since the epoch."""

    device: int
    inode: int
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that can be read here: of the customer's, as it was when it was opened, or a copy of ours.

    `name`: what people know it by. `sha256`: of a copy, None of a file of the customer's, which is hashed
    while it is read.
    """

    name: str
    path: Path
    state: FileState
    sha256: str | None = None

    @property
    def is_copy(self) -> bool:
        """Whether it is ours, so that nobody else can change it."""
        return self.sha256 is not None

    def open(self) -> "ReadOnce":
        """The bytes from front to back. Raises InputChanged when it is not the file it was."""
        stream = _open(self.path, self.name)
        if not self.is_copy and _state(os.fstat(stream.fileno())) != self.state:
            stream.close()
            raise changed_meanwhile(self.name)
        return ReadOnce(stream, self)

    def check_unchanged(self) -> None:
        """Raises InputChanged when something changed the file, or put another in its place, meanwhile.

        One that is gone was read as it was.
        """
        with suppress(FileNotFoundError):
            if not self.is_copy and _state(self.path.stat()) != self.state:
                raise changed_meanwhile(self.name)


class ReadOnce:
    """A file that is read to its end, and hashed by another thread meanwhile."""

    closed = False  # pyarrow asks

    def __init__(self, stream: BinaryIO, file: InputFile) -> None:
        self._stream = stream
        self._file = file
        self._digest = hashlib.sha256()
        self._hasher = None if file.is_copy else ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._waiting: deque[Future[None]] = deque()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end."""
        block = _read(self._stream, size, self._file.name)
        if self._hasher is not None and block:
            if len(self._waiting) == _BLOCKS_WAITING:
                self._waiting.popleft().result()
            self._waiting.append(self._hasher.submit(self._digest.update, block))
        return block

    def finish(self) -> str:
        """Reads what is left, and gives the SHA-256 of all that was read; InputChanged as above."""
        if self._file.sha256 is not None:
            return self._file.sha256
        while self.read(BLOCK_BYTES):
            pass
        self._file.check_unchanged()
        while self._waiting:
            self._waiting.popleft().result()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Closes the file."""
        if self._hasher is not None:
            self._hasher.shutdown()
        self._stream.close()


def bring_here(location: Location, folder: Path) -> InputFile:
    """A location as a file that can be read here: as it stands, or copied to `folder` (see above)."""
    if location.is_remote:
        return _find_copy(location.name, folder) or copy_stream(
            open_remote(location.address), location.name, folder
        )
    path = Path(location.address)
    if path.exists() and not path.is_file():
        raise SourceError(
            f"{location.name}: found something that is not a regular file, expected one; copy it to one"
        )
    with closing(_open(path, location.name)) as stream:
        return InputFile(location.name, path, _state(os.fstat(stream.fileno())))


def copy_of(file: InputFile, folder: Path) -> tuple[InputFile, str]:
    """A copy of a file in `folder`, whole and as it was when it was opened, and its hash; a copy as it is."""
    if file.sha256 is not None:
        return file, file.sha256
    copy = copy_stream(file.open(), file.name, folder)
    file.check_unchanged()
    assert copy.sha256 is not None  # noqa: S101 - as of every copy
    return copy, copy.sha256


def copy_stream(stream: ByteStream, name: str, folder: Path) -> InputFile:
    """What a stream holds, as a copy of ours by this name; the stream is closed."""
    _make_private(folder)
    draft = folder / f".{_key(name)}.partial"
    digest = hashlib.sha256()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with closing(stream), os.fdopen(descriptor, "wb") as copy:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    sha256 = digest.hexdigest()
    path = draft.rename(folder / f"{_key(name)}-{sha256}")
    return InputFile(name, path, _state(path.stat()), sha256)


def find_copy(name: str, folder: Path) -> Path | None:
    """Where the copy of a file by this name is, if there is one."""
    return next(folder.glob(f"{_key(name)}-*"), None)


def changed_meanwhile(name: str) -> InputChanged:
    """The end of a run whose input changes under it."""
    return InputChanged(
        [
            f"{name} changed while it was read.",
            "Wait until nothing writes to it, or copy it, and run again: nothing of it was sent.",
        ]
    )


def _find_copy(name: str, folder: Path) -> InputFile | None:
    path = find_copy(name, folder)
    return None if path is None else InputFile(name, path, _state(path.stat()), path.name.partition("-")[2])


def _make_private(folder: Path) -> None:
    try:
        for missing in [path for path in (folder, *folder.parents) if not path.exists()][::-1]:
            missing.mkdir(mode=0o700)
    except FileExistsError:
        raise SourceError(
            f"{folder}: found a file in its place, expected a folder for copies; give another --state-dir"
        ) from None


def _key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _open(path: Path, name: str) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(
            f"{name}: found {error.strerror or type(error).__name__!r}, expected a readable file; "
            "check its permissions"
        ) from None


def _read(stream: BinaryIO, size: int, name: str) -> bytes:
    try:
        return stream.read(size)
    except OSError as error:
        raise SourceError(
            f"{name}: found {error.strerror or type(error).__name__!r} while it was read, expected a file "
            "that can be read to its end; check the disk or the network, and try again"
        ) from None


def _state(status: os.stat_result) -> FileState:
    return FileState(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
