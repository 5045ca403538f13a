"""From the path of a spec to the files it means, and those beside them that are not read."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import NoReturn

from memory_import.sources.errors import SourceError
from memory_import.sources.remote import check_address, is_http, list_stored_folder, without_secrets

DATA_FILE = re.compile(r"\.(?:(?:csv|tsv|tab|txt)(?:\.(?:gz|zst|bz2))?|parquet|parq|pq|zip)$", re.IGNORECASE)
"""The names that count as data when a directory, or an archive, is read."""

NOT_DATA = "its name is not that of a CSV or Parquet file"
_HIDDEN = "it is hidden: its name begins with '.' or '_'"
_LINK = "it is a link to a folder, which is not followed"
_IRREGULAR = "it is not a regular file"


@dataclass(frozen=True, slots=True)
class Location:
    """One file: the path or URL it is opened by, and the name people read, which holds no secrets."""

    address: str
    name: str

    @property
    def is_remote(self) -> bool:
        """Whether it has to be fetched."""
        return is_remote(self.address)


@dataclass(frozen=True, slots=True)
class NotRead:
    """A file that was found and is not read, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Found:
    """What a path means: the files to read, sorted by name, and those that are passed over."""

    locations: list[Location] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)


def locate(path: str) -> Found:
    """The files that `path` means; SourceError when there is none to read.

    A directory stands for every data file below it (`DATA_FILE`), hidden ones left out; so does one that a
    glob matches. What a glob matches otherwise has to be a file. A name that exists is taken as it is, even
    if it could be read as a glob; `**` matches any number of folders. An address in an object store may hold
    a glob, or end with a slash as a folder; an http(s) address names one file.
    """
    if not is_remote(path):
        return _named(*_list_local(path), path)
    check_address(path)
    folder = None if is_http(path) else list_stored_folder(path)
    if folder is None:
        return _named([path], [], path)
    names = [*folder.matched, *(name for name in folder.inside if reason_to_skip(name) is None)]
    skipped = [(name, reason) for name in folder.inside if (reason := reason_to_skip(name))]
    return _named(
        [f"{folder.address}/{name}" for name in sorted(names)],
        [(f"{folder.address}/{name}", reason) for name, reason in skipped],
        path,
    )


def is_remote(path: str) -> bool:
    """Whether a path is an address, of a file that has to be fetched."""
    return "://" in path


def reason_to_skip(name: str) -> str | None:
    """Why a file of this name, within a folder or an archive, is not read."""
    if any(part.startswith((".", "_")) for part in name.split("/")):
        return _HIDDEN
    return None if DATA_FILE.search(name) else NOT_DATA


Skipped = tuple[str, str]


def _list_local(path: str) -> tuple[list[str], list[Skipped]]:
    if Path(path).is_dir():
        return _list_folder(path)
    if Path(path).exists():
        return [path], []
    files: set[str] = set()
    skipped: dict[str, str] = {}
    for match in glob.glob(path, recursive=True):  # noqa: PTH207 - pathlib takes no absolute pattern
        if Path(match).is_dir():
            inside, passed_over = _list_folder(match)
            files.update(inside)
            skipped.update(passed_over)
        elif Path(match).is_file():
            files.add(match)
        else:
            raise SourceError(
                f"{match}: found something that is not a regular file, expected only files where "
                f"{path} matches; correct the source's path, or move it away"
            )
    return sorted(files), sorted((name, reason) for name, reason in skipped.items() if name not in files)


def _list_folder(folder: str) -> tuple[list[str], list[Skipped]]:
    files: list[str] = []
    skipped: list[Skipped] = []
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders.sort()
        for name in list(folders):
            place = Path(parent, name)
            if name.startswith((".", "_")) or place.is_symlink():
                folders.remove(name)
                skipped.append((str(place), _LINK if place.is_symlink() else _HIDDEN))
        for name in names:
            place = Path(parent, name)
            reason = reason_to_skip(name) or (None if place.is_file() else _IRREGULAR)
            if reason is None:
                files.append(str(place))
            else:
                skipped.append((str(place), reason))
    return sorted(files), sorted(skipped)


def _refuse(error: OSError) -> NoReturn:
    raise SourceError(
        f"{error.filename}: found {error.strerror!r}, expected a folder that can be listed; "
        "check its permissions"
    ) from None


def _named(addresses: Sequence[str], skipped: Iterable[Skipped], path: str) -> Found:
    """One file is named as it is; several are named from the folder they have in common."""
    shown = [_shown(address) for address in addresses]
    passed_over = [(_shown(address), reason) for address, reason in skipped]
    if not addresses:
        beside = f" but files of other kinds ({len(passed_over)})" if passed_over else ""
        raise SourceError(
            f"{_shown(path)}: found nothing to read{beside}, "
            "expected at least one file, in a folder a .csv, .tsv, .txt, .zip or .parquet file; "
            "correct the source's path"
        )
    common = _common_folder(shown) if len(shown) > 1 else ""
    return Found(
        [Location(address, name[len(common) :]) for address, name in zip(addresses, shown, strict=True)],
        list(_name_skipped(passed_over, common)),
    )


def _name_skipped(skipped: Iterable[Skipped], common: str) -> Iterator[NotRead]:
    for name, reason in skipped:
        yield NotRead(name.removeprefix(common), reason)


def _shown(address: str) -> str:
    return without_secrets(address) if is_remote(address) else address


def _common_folder(names: Sequence[str]) -> str:
    """The folder that all names start with, its last slash included."""
    levels = zip(*(name.split("/")[:-1] for name in names), strict=False)
    shared = takewhile(lambda level: len(set(level)) == 1, levels)
    return "".join(level[0] + "/" for level in shared)
