"""Rows are distributed over files in one pass: all of them, in order, privately, and for a while only."""

import stat
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.staging.partitions import MOST_PARTITIONS, assign_partitions, partitioned


def test_a_group_is_in_one_partition_and_rows_keep_their_order() -> None:
    rows = pl.DataFrame(
        {"_pos": range(6), "group": ["a", "b", "a", "c", "d", "b"], "pieces": [1, 2, 1, 5, 1, 2]}
    )
    by_rows = assign_partitions(rows, "group", pl.len(), fits=3)
    assert by_rows.drop("_partition").equals(rows)
    assert by_rows["_partition"].to_list() == [0, 0, 0, 1, 1, 0]
    by_pieces = assign_partitions(rows, "group", pl.col("pieces").sum(), fits=3)
    assert by_pieces["_partition"].to_list() == [0, 0, 0, 2, 3, 0]
    assert assign_partitions(rows.clear(), "group", pl.len(), fits=3).is_empty()


def test_partitions_are_never_more_than_files_that_can_be_open() -> None:
    rows = pl.DataFrame({"group": range(10 * MOST_PARTITIONS + 1)})
    numbers = assign_partitions(rows, "group", pl.len(), fits=1)["_partition"]
    assert numbers.n_unique() <= MOST_PARTITIONS
    assert numbers.max() < MOST_PARTITIONS


def test_every_row_is_in_the_file_of_its_partition_in_the_order_it_came(tmp_path: Path) -> None:
    frames = [
        pl.DataFrame({"_partition": [10, 2, 10], "name": ["Zoë", None, "b"], "tags": [["x"], None, []]}),
        pl.DataFrame({"_partition": [2], "name": ["c"], "tags": [["y", "z"]]}),
        pl.DataFrame({"_partition": [10], "name": ["d"], "tags": [["w"]]}),
    ]
    with partitioned(tmp_path / "bins", iter(frames)) as paths:
        second, tenth = [pl.read_ipc(path) for path in paths]
    assert second.rows() == [(None, None), ("c", ["y", "z"])]
    assert tenth.rows() == [("Zoë", ["x"]), ("b", []), ("d", ["w"])]


def test_without_rows_there_are_no_files(tmp_path: Path) -> None:
    with partitioned(tmp_path / "bins", []) as paths:
        assert paths == []


def test_files_are_private_and_gone_afterwards_even_after_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "bins"

    def fail_inside() -> None:
        with partitioned(folder, [pl.DataFrame({"_partition": [0], "_pos": [1]})]) as paths:
            assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, *paths)] == [0o700, 0o600]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert not folder.exists()


def test_what_a_killed_run_left_is_not_taken_for_rows(tmp_path: Path) -> None:
    folder = tmp_path / "bins"
    folder.mkdir()
    (folder / "0000000007").write_bytes(b"half a file")
    with partitioned(folder, [pl.DataFrame({"_partition": [1], "_pos": [5]})]) as [path]:
        assert pl.read_ipc(path).rows() == [(5,)]


def test_a_few_rows_of_a_large_frame_take_the_room_of_a_few(tmp_path: Path) -> None:
    large = pl.DataFrame({"_partition": [1] * 1_000, "payload": ["long text " * 100] * 1_000})
    with partitioned(tmp_path / "bins", [large[[7]]]) as [path]:
        assert pl.read_ipc(path)["payload"].to_list() == ["long text " * 100]
        assert path.stat().st_size < 5_000
