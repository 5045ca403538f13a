"""Files that are whole or absent, and readable by their owner only."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import polars as pl
from polars.exceptions import PolarsError

if TYPE_CHECKING:
    import pyarrow as pa

_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def private_directory(path: Path) -> Path:
    """`path`, made with mode 0700 where it is missing; one that is there keeps the mode it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write `path` under a temporary name; on leaving it is synced to disk and renamed (mode 0600)."""
    with draft(path) as stream:
        yield stream
    settle(path)


@contextmanager
def draft(path: Path) -> Iterator[BinaryIO]:
    """Write what shall be `path` under a temporary name (mode 0600); `settle` makes it whole."""
    descriptor = os.open(_draft_path(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        try:
            yield stream
        except (OSError, PolarsError) as error:
            raise _with_number(error) from error


def _with_number(error: OSError | PolarsError) -> Exception:
    """An error of the operating system with its number, which Polars has in the text of its errors alone."""
    found = _OS_ERROR.search(str(error))
    return OSError(int(found[1]), os.strerror(int(found[1]))) if found else error


def is_draft(path: Path) -> bool:
    """Whether there is a draft of `path`."""
    return _draft_path(path).exists()


def settle(path: Path) -> None:
    """Sync a draft to disk and give it its name; this waits for the disk and does little else."""
    _sync(_draft_path(path))
    _draft_path(path).rename(path)
    sync_directory(path.parent)


def _draft_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as one whole Parquet file: small, for what is read once if at all."""
    with whole_file(path) as stream:
        frame.write_parquet(stream, compression="zstd", compression_level=1, statistics=False)


def draft_arrow(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as the draft of an uncompressed Arrow file: large, but free to read with `map_arrow`.

    PyArrow writes from where the values are; Polars would copy all of them first.
    """
    import pyarrow as pa

    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    with draft(path) as stream, pa.ipc.new_file(stream, table.schema) as file:
        file.write_table(table)


def write_arrow(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as one whole, uncompressed Arrow file."""
    draft_arrow(frame, path)
    settle(path)


def map_arrow(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    """Columns of an uncompressed Arrow file, mapped into memory: what is not looked at is not read.

    Memory and disk share the pages of the file, which is therefore never changed in place.
    """
    frame = pl.from_arrow(_map_as_of(path, *_version(path)).select(columns))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - as a table always is
    return frame


def copy_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with texts of their own, where they would keep all texts of the frame that they were picked from:
    whatever they are put into would be kept, or written, with these."""
    copied = pl.from_arrow(rows.to_arrow())
    assert isinstance(copied, pl.DataFrame)  # noqa: S101 - as a table always is
    return copied


def arrow_columns(path: Path) -> tuple[str, ...]:
    """The names of the columns of an Arrow file."""
    return _columns_as_of(path, *_version(path))


def _version(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _map_as_of(path: Path, _inode: int, _modified_ns: int, _size_bytes: int) -> "pa.Table":
    """A file that is never changed in place: several columns of a part are asked for one after the other."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


@lru_cache(maxsize=1_000)
def _columns_as_of(path: Path, _inode: int, _modified_ns: int, _size_bytes: int) -> tuple[str, ...]:
    """The same of a file that is never changed in place: of each part they are asked for again and again."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        return tuple(pa.ipc.open_file(source).schema.names)


def write_json(value: Any, path: Path) -> None:
    """Write a value as one whole, indented JSON file."""
    with whole_file(path) as stream:
        stream.write(json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")


def write_text(text: str, path: Path) -> None:
    """Write a text as one whole UTF-8 file."""
    with whole_file(path) as stream:
        stream.write(text.encode())
