"""From the path of a spec to the files it means, and from a file to its bytes."""

import glob
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, cast

from memory_import.sources.errors import SourceError
from memory_import.sources.remote import (
    ByteStream,
    check_address,
    is_http,
    list_stored_files,
    open_http,
    open_stored,
    open_stored_seekable,
    without_secrets,
)

DATA_FILE = re.compile(r"\.(?:(?:csv|tsv|txt)(?:\.(?:gz|zst))?|parquet|pq)$", re.IGNORECASE)
"""The names that count as data when a directory is read."""

_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Location:
    """One file: the path or URL it is opened by, and the name people read, which holds no secrets."""

    address: str
    name: str

    def open(self) -> ByteStream:
        """The file's bytes from front to back. Raises SourceError when it cannot be opened."""
        if not _is_remote(self.address):
            return self._open_local()
        return open_http(self.address) if is_http(self.address) else open_stored(self.address)

    def open_seekable(self) -> BinaryIO:
        """The same bytes in any order; the body of an http(s) address is copied to a temporary file first."""
        if not _is_remote(self.address):
            return self._open_local()
        return _copy(self.open()) if is_http(self.address) else open_stored_seekable(self.address)

    def _open_local(self) -> BinaryIO:
        path = Path(self.address)
        if path.exists() and not path.is_file():
            raise SourceError(
                f"{self.name}: found something that is not a regular file, expected one; copy it to one"
            )
        try:
            return path.open("rb")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceError(
                f"{self.name}: found {reason!r}, expected a readable file; check its permissions"
            ) from None


def locate(path: str) -> list[Location]:
    """The files that `path` means, sorted by name; SourceError when there is none.

    A directory stands for every data file below it (`DATA_FILE`), hidden ones left out. A name that exists is
    taken as it is, even if it could be read as a glob; `**` matches any number of folders. An address in an
    object store may hold a glob; an http(s) address names one file.
    """
    if not _is_remote(path):
        return _name(_list_local_files(path))
    check_address(path)
    addresses = [path] if is_http(path) else list_stored_files(path)
    return _name(_some(addresses, without_secrets(path), "at least one file"))


def _is_remote(path: str) -> bool:
    return "://" in path


def _list_local_files(path: str) -> list[str]:
    if Path(path).is_dir():
        files = sorted(str(file) for file in Path(path).rglob("*") if _is_visible_data(file, Path(path)))
        return _some(files, path, "a .csv, .tsv, .txt or .parquet file in the folder")
    if Path(path).exists():
        return [path]
    matches = glob.glob(path, recursive=True)  # noqa: PTH207 - pathlib takes no absolute pattern
    return _some(sorted(name for name in matches if Path(name).is_file()), path, "at least one file")


def _is_visible_data(file: Path, folder: Path) -> bool:
    is_hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    return not is_hidden and DATA_FILE.search(file.name) is not None and file.is_file()


def _some(addresses: list[str], path: str, expected: str) -> list[str]:
    if not addresses:
        raise SourceError(f"{path}: found nothing to read, expected {expected}; correct the source's path")
    return addresses


def _name(addresses: Sequence[str]) -> list[Location]:
    """One file is named as it is; several are named from the folder they have in common."""
    shown = [without_secrets(address) if _is_remote(address) else address for address in addresses]
    common = _common_length(shown) if len(shown) > 1 else 0
    return [Location(address, name[common:]) for address, name in zip(addresses, shown, strict=True)]


def _common_length(names: Sequence[str]) -> int:
    """The length of the folder that all names start with, its last slash included."""
    levels = zip(*(name.split("/")[:-1] for name in names), strict=False)
    shared = takewhile(lambda level: len(set(level)) == 1, levels)
    return sum(len(level[0]) + 1 for level in shared)


def _copy(stream: ByteStream) -> BinaryIO:
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    while block := stream.read(_COPY_BYTES):
        copy.write(block)
    stream.close()
    copy.seek(0)
    return copy
