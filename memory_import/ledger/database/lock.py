"""One writer at a time: a lock on the state directory that the kernel releases when its holder dies."""

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class StateDirectoryBusy(RuntimeError):
    """Another process is writing to the same state directory."""


_LOOK_SECONDS = 0.05  # far longer than `find_holder` has the lock


@contextmanager
def exclusive(
    state_dir: Path,
    *,
    purpose: str,
    since: str,
    waits: bool = False,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[None]:
    """Hold the state directory for one run; `purpose` and `since` are what a second run is told.

    Who only looks who has it may be in the way for a moment: after that it is tried once more.

    Raises `StateDirectoryBusy`, which names the holder, unless it `waits` until the holder is done, and
    `OSError` where the lock is no file of its own: a link would have another file overwritten.
    """
    path = state_dir / "lock"
    if path.is_symlink():
        raise OSError(errno.ELOOP, "its lock is a link", str(path))
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise OSError(errno.EINVAL, "its lock is not a file of its own", str(path))
        if waits:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        elif not _take(descriptor):
            sleep(_LOOK_SECONDS)
            if not _take(descriptor):
                raise StateDirectoryBusy(_busy_message(state_dir, descriptor))
        holder = {"pid": os.getpid(), "purpose": purpose, "since": since}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def name_run(state_dir: Path, run_id: str) -> None:
    """Say in a lock that this process holds which run it is held for, so that others can tell that it is
    under way."""
    path = state_dir / "lock"
    holder = json.loads(path.read_bytes()) | {"run_id": run_id}
    with path.open("r+b") as stream:
        stream.write(json.dumps(holder).encode())


def find_holder(state_dir: Path) -> Mapping[str, Any] | None:
    """Who holds the state directory: `pid`, `purpose`, `since`, and `run_id` where it is for a run.

    None where nobody does, the process that did died; empty where the holder has not said its name yet.
    """
    try:
        descriptor = os.open(state_dir / "lock", os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if _take(descriptor, fcntl.LOCK_SH):
            return None
        holder = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return {}
    finally:
        os.close(descriptor)
    return holder if isinstance(holder, dict) else {}


def _take(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy_message(state_dir: Path, descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        who = f"{holder['purpose']} (process {holder['pid']}, since {holder['since']})"
    except (ValueError, KeyError):
        who = "another process that is just starting"
    return (
        f"The state directory {state_dir} is in use by {who}. "
        "Wait for it to end and repeat this; in another state directory nobody would know what it sends."
    )
