"""The machine: Python, the packages, the state directory and its ledger. Nothing is written."""

import fcntl
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from memory_import.run.doctor.finding import Finding, failure, ok, warning

_PACKAGES = ("polars", "pyarrow", "httpx", "phonenumbers", "email-validator", "SQLAlchemy", "prefect")
_OLDEST_PYTHON = (3, 11)
_LITTLE_SPACE_BYTES = 2 * 1024**3


def examine_machine(state_dir: Path) -> Iterator[Finding]:
    """Python, packages, state directory, lock, ledger."""
    yield _python()
    yield _packages()
    if not state_dir.exists():
        yield from _missing_directory(state_dir)
        return
    yield _rights(state_dir)
    yield _space(state_dir)
    yield _lock(state_dir)
    yield _ledger(state_dir)


def _python() -> Finding:
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return failure("python", found, "3.11 or later is needed")
    return ok("python", found)


def _packages() -> Finding:
    found, missing = [], []
    for name in ("memory-import", *_PACKAGES):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return failure("packages", f"{', '.join(missing)} not installed", "install memory-import again")
    return ok("packages", ", ".join(found))


def _missing_directory(state_dir: Path) -> Iterator[Finding]:
    parent = next(
        folder for folder in (state_dir.absolute(), *state_dir.absolute().parents) if folder.exists()
    )
    if not os.access(parent, os.W_OK | os.X_OK):
        yield failure(
            "state directory", f"{state_dir} is missing and cannot be made", "give another with --state-dir"
        )
        return
    yield ok("state directory", f"{state_dir} will be made by the first run")
    yield _space(parent)


def _rights(state_dir: Path) -> Finding:
    if not os.access(state_dir, os.R_OK | os.W_OK | os.X_OK):
        return failure(
            "state directory",
            f"{state_dir} cannot be written",
            f"chmod u+rwx {state_dir}, or give another with --state-dir",
        )
    if state_dir.stat().st_mode & 0o077:
        return warning(
            "state directory",
            f"{state_dir} is open to others; it holds customer data",
            f"chmod 700 {state_dir}",
        )
    return ok("state directory", f"{state_dir} is writable and private")


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{free / 1024**3:.1f} GiB free"
    if free < _LITTLE_SPACE_BYTES:
        return warning("disk", found, "a run takes two to three times the size of its CSV: make room")
    return ok("disk", found)


def _lock(state_dir: Path) -> Finding:
    path = state_dir / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return ok("lock", "free")
    except OSError as error:
        return failure(
            "lock", f"{path} cannot be opened: {error.strerror}", "it must be a plain file of yours"
        )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return warning("lock", f"held by {_holder(descriptor)}", "wait for it to end before you start a run")
    finally:
        os.close(descriptor)
    return ok("lock", "free")


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return f"{holder['purpose']} (process {holder['pid']}, since {holder['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _ledger(state_dir: Path) -> Finding:
    path = state_dir / "ledger.sqlite3"
    if not path.exists():
        return ok("ledger", "none yet: no run was started here")
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=2)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (runs,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.Error as error:
        return failure(
            "ledger", f"cannot be read: {error}", "restore it from a backup, or use another --state-dir"
        )
    if state != "ok":
        return failure("ledger", "is damaged", "restore it from a backup, or use another --state-dir")
    return ok("ledger", f"{runs} run{'s' if runs != 1 else ''}")
