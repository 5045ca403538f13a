"""From the path of a spec to the files it means, and from a file to its bytes."""

import glob
import io
import re
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from sources.errors import SourceError, one_line

DATA_FILE = re.compile(r"\.(?:(?:csv|tsv|txt)(?:\.(?:gz|zst))?|parquet|pq)$", re.IGNORECASE)
"""The names that count as data when a directory is read."""

HTTP_TIMEOUT_SECONDS = 60
LOOPBACK = ("127.0.0.1", "localhost", "::1")
COPY_BYTES = 1 << 20


class ByteStream(Protocol):
    """Bytes from front to back; `read` may return fewer than asked for, and b"" only at the end."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Location:
    """One file: the path or URL it is opened by, and the name people read. The name holds no secrets."""

    address: str
    name: str

    def open(self) -> ByteStream:
        """The file's bytes from front to back. Raises SourceError when it cannot be opened."""
        if not is_remote(self.address):
            return _open_local(self)
        if _is_http(self.address):
            return _HttpBody(self)
        return cast(ByteStream, _open_cloud(self).open_input_stream(_cloud_path(self.address)))

    def open_seekable(self) -> BinaryIO:
        """The same bytes in any order; those of an http(s) address are first copied to a temporary file."""
        if not is_remote(self.address):
            return _open_local(self)
        if _is_http(self.address):
            return _copy_to_temporary_file(self.open())
        return cast(BinaryIO, _open_cloud(self).open_input_file(_cloud_path(self.address)))


def is_remote(path: str) -> bool:
    """Whether `path` is a URL."""
    return "://" in path


def locate(path: str) -> list[Location]:
    """The files that `path` means, sorted by name; SourceError when there is none.

    A directory stands for every data file below it (`DATA_FILE`), hidden ones left out. A name that exists is
    taken as it is, even if it could be read as a glob; `**` matches any number of folders. `s3://`, `gs://`
    and `abfss://` addresses may hold a glob, an http(s) address names one file.
    """
    if not is_remote(path):
        return _name(_local_files(path))
    if _is_http(path):
        _check_http(path)
        return [Location(path, _without_secrets(path))]
    return _name(_cloud_files(path))


def _local_files(path: str) -> list[str]:
    if Path(path).is_dir():
        found = [str(file) for file in Path(path).rglob("*") if _is_visible_data(file, Path(path))]
        wanted = "a .csv, .tsv, .txt or .parquet file in the folder"
    elif Path(path).exists():
        return [path]
    else:
        found = [name for name in glob.glob(path, recursive=True) if Path(name).is_file()]  # noqa: PTH207 - absolute patterns
        wanted = "at least one file"
    if not found:
        raise SourceError(f"{path}: found nothing to read, expected {wanted}; correct the source's path")
    return sorted(found)


def _is_visible_data(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    return not hidden and DATA_FILE.search(file.name) is not None and file.is_file()


def _cloud_files(url: str) -> list[str]:
    base, pattern = _split_glob(url)
    if not pattern:
        return [url]
    try:
        file_system, folder = fs.FileSystem.from_uri(base)
        entries = file_system.get_file_info(fs.FileSelector(folder, recursive=True))
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(_without_secrets(url), error) from None
    matches = re.compile(re.escape(f"{folder.rstrip('/')}/") + _glob_to_regex(pattern)).fullmatch
    found = [entry.path for entry in entries if entry.is_file and matches(entry.path)]
    if not found:
        raise SourceError(
            f"{url}: found no file that matches, expected at least one; correct the source's path"
        )
    return sorted(base.rstrip("/") + file.removeprefix(folder.rstrip("/")) for file in found)


def _split_glob(url: str) -> tuple[str, str]:
    """The folder without wildcards and the pattern below it, "" when the address has no wildcard."""
    wildcard = re.search(r"[*?\[]", url)
    if wildcard is None:
        return url, ""
    slash = url.rindex("/", 0, wildcard.start())
    return url[:slash], url[slash + 1 :]


def _glob_to_regex(pattern: str) -> str:
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    return "".join(
        tokens.get(part) or (part.replace("[!", "[^", 1) if index % 2 else re.escape(part))
        for index, part in enumerate(parts)
    )


def _name(addresses: list[str]) -> list[Location]:
    """One file keeps its address as its name; several are named from the folder they have in common."""
    if len(addresses) == 1:
        return [Location(addresses[0], _without_secrets(addresses[0]))]
    folders = [address.rpartition("/")[0] for address in addresses]
    common = _common_length(folders)
    return [Location(address, address[common:]) for address in addresses]


def _common_length(folders: list[str]) -> int:
    levels = zip(*(folder.split("/") for folder in folders), strict=False)
    shared = takewhile(lambda level: len(set(level)) == 1, levels)
    return sum(len(level[0]) + 1 for level in shared)


def _without_secrets(address: str) -> str:
    """A URL without the user, query and fragment, where signatures and passwords live; a path as it is."""
    if not is_remote(address):
        return address
    parts = urlsplit(address)
    host = parts.netloc if parts.scheme.startswith("abfs") else parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _open_local(location: Location) -> BinaryIO:
    path = Path(location.address)
    if path.exists() and not path.is_file():
        raise SourceError(
            f"{location.name}: found something that is not a regular file, expected a file; copy it to one"
        )
    try:
        return path.open("rb")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(
            f"{location.name}: cannot be opened ({reason}); correct the path or its permissions"
        ) from None


def _is_http(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def _check_http(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme.lower() == "http" and parts.hostname not in LOOPBACK:
        raise SourceError(
            f"{_without_secrets(address)}: found http://, expected https:// (http is for this machine only); "
            "correct the source's path"
        )


class _HttpBody:
    """The body of one GET. A body shorter than its Content-Length is a SourceError, never an early end."""

    def __init__(self, location: Location) -> None:
        self._name = location.name
        try:
            self._response = urllib.request.urlopen(location.address, timeout=HTTP_TIMEOUT_SECONDS)  # noqa: S310 - http(s) only
        except urllib.error.HTTPError as error:
            error.close()
            raise SourceError(
                f"{self._name}: found HTTP status {error.code} ({error.reason}), expected 200; "
                "check the address and who may read it"
            ) from None
        except OSError as error:
            raise _unreadable(self._name, error) from None
        length = self._response.headers.get("Content-Length")
        self._missing = int(length) if length else None

    def read(self, size: int, /) -> bytes:
        try:
            data: bytes = self._response.read(size)
        except (OSError, ValueError) as error:
            raise _unreadable(self._name, error) from None
        if self._missing is not None:
            self._missing -= len(data)
            if not data and size and self._missing > 0:
                raise SourceError(
                    f"{self._name}: found a body that ends {self._missing} bytes early, expected all of it; "
                    "try again"
                )
        return data

    def close(self) -> None:
        self._response.close()


def _copy_to_temporary_file(stream: ByteStream) -> BinaryIO:
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    while block := stream.read(COPY_BYTES):
        copy.write(block)
    stream.close()
    copy.seek(0, io.SEEK_SET)
    return copy


def _open_cloud(location: Location) -> fs.FileSystem:
    try:
        return fs.FileSystem.from_uri(location.address)[0]
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(location.name, error) from None


def _cloud_path(address: str) -> str:
    return str(fs.FileSystem.from_uri(address)[1])


def _unreadable(name: str, error: BaseException) -> SourceError:
    return SourceError(
        f"{name}: cannot be read ({one_line(error)}); check the address, the network and the credentials"
    )
