"""Rows that belong together but are too many to be held at once: put into one file for each partition."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polars as pl

from memory_import.columns import PARTITION
from memory_import.ledger.files import private_directory

MOST_PARTITIONS = 128  # their files are open at the same time, and some systems allow 256


def assign_partitions(rows: pl.DataFrame, group: str, size: pl.Expr, *, fits: int) -> pl.DataFrame:
    """Adds `_partition` (an integer, from 0) to rows in the same order: a group is in one, by its values in a
    column.

    `size` sums up a group. A partition holds groups of so much (`fits`) that it can be worked on, or of more
    where there would be too many of them; all are about as large, as each costs something in itself.
    """
    sizes = rows.group_by(group, maintain_order=True).agg(size=size)
    total = int(sizes["size"].sum())
    room = max(1, -(-total // min(max(1, -(-total // fits)), MOST_PARTITIONS)))
    before = pl.col("size").cum_sum() - pl.col("size")
    return rows.join(sizes.select(group, _partition=before // room), on=group, maintain_order="left")


@contextmanager
def partitioned(folder: Path, frames: Iterable[pl.DataFrame]) -> Iterator[list[Path]]:
    """Distribute the rows of many frames by their `_partition`, in one pass over them.

    Yields one Arrow file for each partition that has rows (there are at most MOST_PARTITIONS), in ascending
    order; within it the rows are in the order in which they came. The files are readable by their owner only,
    and gone on leaving: read them with `polars.read_ipc`, which maps none of them.
    """
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed left behind
    private_directory(folder)
    try:
        _distribute(frames, folder)
        yield sorted(folder.iterdir())
    finally:
        shutil.rmtree(folder)


def _distribute(frames: Iterable[pl.DataFrame], folder: Path) -> None:
    import pyarrow as pa

    files: dict[tuple[object, ...], pa.RecordBatchFileWriter] = {}
    with ExitStack() as open_files:
        for frame in frames:
            for key, rows in frame.partition_by(PARTITION, as_dict=True, include_key=False).items():
                table = rows.to_arrow()  # texts of its own: what it was picked from need not stay in memory
                if key not in files:
                    stream = open_files.enter_context(open(folder / f"{key[0]:010d}", "xb", opener=_private))
                    files[key] = open_files.enter_context(pa.ipc.new_file(stream, table.schema))
                files[key].write_table(table)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
