"""One writer at a time: a lock on the state directory that the kernel releases when its holder dies."""

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StateDirectoryBusy(RuntimeError):
    """Another process is writing to the same state directory."""


@contextmanager
def exclusive(state_dir: Path, *, purpose: str, since: str, waits: bool = False) -> Iterator[None]:
    """Hold the state directory for one run; `purpose` and `since` are what a second run is told.

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
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            raise StateDirectoryBusy(_busy_message(state_dir, descriptor)) from None
        holder = {"pid": os.getpid(), "purpose": purpose, "since": since}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _busy_message(state_dir: Path, descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        who = f"{holder['purpose']} (process {holder['pid']}, since {holder['since']})"
    except (ValueError, KeyError):
        who = "another process that is just starting"
    return (
        f"The state directory {state_dir} is in use by {who}. "
        "Wait for it to end, or give this run its own with --state-dir."
    )
