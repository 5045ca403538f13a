"""Files that are whole or absent, and readable by their owner only."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl


def private_directory(path: Path) -> Path:
    """`path`, made with mode 0700 where it is missing; one that is there keeps the mode it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write `path` under a temporary name; on leaving it is synced to disk and renamed (mode 0600)."""
    temporary = path.with_name(f".{path.name}.partial")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as one whole Parquet file."""
    with whole_file(path) as stream:
        frame.write_parquet(stream, compression="zstd", compression_level=1, statistics=False)


def write_json(value: Any, path: Path) -> None:
    """Write a value as one whole, indented JSON file."""
    with whole_file(path) as stream:
        stream.write(json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")


def write_text(text: str, path: Path) -> None:
    """Write a text as one whole UTF-8 file."""
    with whole_file(path) as stream:
        stream.write(text.encode())
