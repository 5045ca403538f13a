"""Files behind an address: http(s) through the standard library, object stores through Arrow."""

import http.client
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import SplitResult, urlsplit

import pyarrow as pa
from pyarrow import fs

from memory_import.sources.errors import SourceError, one_line

HTTP_TIMEOUT_SECONDS = 60
_HTTP_SCHEMES = ("http", "https")
_STORE_SCHEMES = ("s3", "gs", "gcs", "abfs", "abfss", "file")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ByteStream(Protocol):
    """Bytes from front to back; `read` may return fewer than asked for, and b"" only at the end."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def is_http(address: str) -> bool:
    """Whether the address is read by HTTP."""
    return urlsplit(address).scheme in _HTTP_SCHEMES


def check_address(address: str) -> None:
    """Raises SourceError for an address that is none, of a kind that is not read, or not encrypted."""
    parts = _split(address)
    shown = without_secrets(address)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SourceError(
            f"{shown}: found http://, expected https:// (http is for this machine alone); "
            "correct the source's path"
        )
    if parts.scheme in ("az", "azure", "adl"):
        raise SourceError(
            f"{shown}: found {parts.scheme}://, "
            "expected abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH, which names the account; "
            "correct the source's path"
        )
    if parts.scheme not in (*_HTTP_SCHEMES, *_STORE_SCHEMES):
        raise SourceError(
            f"{shown}: found {parts.scheme}://, expected a path or a URL with https, s3, gs or abfss; "
            "correct the source's path"
        )


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_address = parts.port != 0 and not re.search(r"\s", parts.netloc)  # a port that is none raises
    except ValueError:
        is_address = False
    if not is_address:
        scheme = address.partition("://")[0]
        raise SourceError(
            f"{scheme}://…: found an address with a host or port that cannot be, expected "
            f"{scheme}://HOST/PATH; correct the source's path"
        )
    return parts


def without_secrets(address: str) -> str:
    """The address without the user, query and fragment, where passwords and signatures are."""
    parts = urlsplit(address)
    is_container = parts.scheme.startswith("abfs")  # the container stands where others have a user
    host = parts.netloc if is_container else parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


@dataclass(frozen=True, slots=True)
class StoredFolder:
    """A folder of an object store: its address and, below it, what a glob matches and what is in the folders
    that it matches; for an address that ends with a slash, all of it."""

    address: str
    matched: tuple[str, ...]
    inside: tuple[str, ...]


def list_stored_folder(address: str) -> StoredFolder | None:
    """The files that an address in an object store stands for, sorted; None for an address of one file."""
    base, pattern = _split_glob(address)
    if not pattern and not address.endswith("/"):
        return None
    try:
        store, folder = fs.FileSystem.from_uri(base)
        entries = store.get_file_info(fs.FileSelector(folder, recursive=True))
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(address, error) from None
    start = len(folder.rstrip("/")) + 1
    names = sorted(entry.path[start:] for entry in entries if entry.is_file)
    glob = _glob_to_regex(pattern)
    matched = tuple(name for name in names if re.fullmatch(glob, name)) if pattern else ()
    below = re.compile(f"(?:{glob})/.*" if pattern else ".*", re.DOTALL)
    inside = tuple(name for name in names if name not in set(matched) and below.fullmatch(name))
    return StoredFolder(base.rstrip("/"), matched, inside)


def open_remote(address: str) -> ByteStream:
    """The bytes behind an address, by one GET. Whatever goes wrong, then or while they are read, is a
    SourceError: a status that is not 200, a body that breaks off, a store that denies it."""
    if urlsplit(address).scheme in _HTTP_SCHEMES:
        return _HttpBody(address)
    return _StoredBody(address)


class _StoredBody:
    """A file of an object store."""

    def __init__(self, address: str) -> None:
        self._address = address
        try:
            store, path = fs.FileSystem.from_uri(address)
            self._stream = store.open_input_stream(path, compression=None)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(address, error) from None

    def read(self, size: int, /) -> bytes:
        try:
            return cast(bytes, self._stream.read(size))
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(self._address, error) from None

    def close(self) -> None:
        self._stream.close()


class _HttpBody:
    """The body of one GET. A body shorter than its Content-Length is a SourceError, never an early end."""

    def __init__(self, address: str) -> None:
        self._name = without_secrets(address)
        try:
            self._response = urllib.request.urlopen(address, timeout=HTTP_TIMEOUT_SECONDS)  # noqa: S310 - http(s) only
        except urllib.error.HTTPError as error:
            error.close()
            raise SourceError(
                f"{self._name}: found HTTP status {error.code} ({one_line(error.reason)}), expected 200; "
                "check the address and who may read it"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise _unreadable(self._name, error) from None
        self._check_status()
        length = self._response.headers.get("Content-Length") or ""
        self._missing = int(length) if re.fullmatch("[0-9]+", length) else None

    def _check_status(self) -> None:
        """A part of a file is a file only where it is all of it."""
        status = self._response.status
        parts = re.fullmatch(r"bytes 0-(\d+)/(\d+)", self._response.headers.get("Content-Range") or "")
        is_whole = status == 206 and parts is not None and int(parts[1]) + 1 == int(parts[2])
        if status != 200 and not is_whole:
            self._response.close()
            raise SourceError(
                f"{self._name}: found HTTP status {status} ({self._response.reason}), expected 200 and the "
                "whole file; check the address"
            )

    def read(self, size: int, /) -> bytes:
        try:
            data: bytes = self._response.read(size)
        except http.client.IncompleteRead:
            raise SourceError(
                f"{self._name}: found a body that breaks off, expected all of it; try again"
            ) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
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


def _split_glob(address: str) -> tuple[str, str]:
    """The folder without wildcards and the pattern below it, "" when the address has no wildcard."""
    wildcard = re.search(r"[*?\[]", address)
    if wildcard is None:
        return address.rstrip("/"), ""
    slash = address.rindex("/", 0, wildcard.start())
    return address[:slash], address[slash + 1 :]


def _glob_to_regex(pattern: str) -> str:
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    return "".join(
        tokens.get(part) or (part.replace("[!", "[^", 1) if index % 2 else re.escape(part))
        for index, part in enumerate(parts)
    )


def _unreadable(address: str, error: BaseException) -> SourceError:
    return SourceError(
        f"{without_secrets(address)}: cannot be read, found {one_line(error)!r}, expected a file; "
        "check the address, the network and the credentials"
    )
