"""A file is whole or absent, and nobody but its owner reads it."""

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest

from memory_import.ledger.files import (
    draft,
    map_arrow,
    private_directory,
    settle,
    whole_file,
    write_arrow,
    write_json,
    write_parquet,
    write_text,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    with whole_file(path) as stream:
        stream.write(b"all ")
        stream.flush()
        assert not path.exists()
        stream.write(b"of it")
    assert path.read_bytes() == b"all of it"
    assert [found.name for found in tmp_path.iterdir()] == ["report.md"]


@pytest.mark.parametrize("before", [None, b"what was there"], ids=["new", "replaced"])
def test_a_file_that_could_not_be_finished_changes_nothing(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "report.md"
    if before is not None:
        path.write_bytes(before)

    def begin(stream: BinaryIO) -> None:
        stream.write(b"a beginning that is longer than what follows")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"), whole_file(path) as stream:
        begin(stream)
    assert (path.read_bytes() if path.exists() else None) == before
    write_text("the whole", path)
    assert path.read_bytes() == b"the whole"


def test_files_are_for_their_owner_whatever_the_umask_and_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("readable by all")
    path.chmod(0o644)
    umask = os.umask(0)
    try:
        write_text("secret", path)
        private_directory(tmp_path / "runs" / "one")
    finally:
        os.umask(umask)
    assert mode(path) == 0o600
    assert mode(tmp_path / "runs" / "one") == 0o700


def test_a_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    assert private_directory(folder) == folder
    assert mode(folder) == 0o755
    assert mode(private_directory(folder / "runs")) == 0o700


def test_json_comes_back_and_can_be_read_by_people(tmp_path: Path) -> None:
    value = {"rows": {"read": 3}, "spec": "Straße.yaml", "resume_command": None}
    write_json(value, tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert "Straße" in text
    assert text.endswith("}\n")


def test_frames_come_back(tmp_path: Path) -> None:
    frame = pl.DataFrame({"_pos": [0, 1], "Name": ["Zoë", None]})
    write_parquet(frame, tmp_path / "part.parquet")
    assert pl.read_parquet(tmp_path / "part.parquet").equals(frame)
    assert mode(tmp_path / "part.parquet") == 0o600


def test_a_draft_is_the_file_once_it_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "part.arrow"
    with draft(path) as stream:
        stream.write(b"all of it")
    assert not path.exists()
    settle(path)
    assert path.read_bytes() == b"all of it"
    assert [found.name for found in tmp_path.iterdir()] == ["part.arrow"]
    assert mode(path) == 0o600


def test_columns_of_a_mapped_file_come_back_as_asked(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"_pos": [0, 1, 2], "_payload": ["Zoë" * 9, None, "🙂"], "_parts": [["a", "b"], None, ["c" * 20]]}
    )
    write_arrow(frame, tmp_path / "part.arrow")
    assert map_arrow(tmp_path / "part.arrow", ("_parts", "_pos")).equals(frame.select("_parts", "_pos"))
    assert map_arrow(tmp_path / "part.arrow", frame.columns).equals(frame)
    assert mode(tmp_path / "part.arrow") == 0o600


def test_a_file_without_rows_can_be_mapped(tmp_path: Path) -> None:
    frame = pl.DataFrame(schema={"_pos": pl.Int64, "_payload": pl.String})
    write_arrow(frame, tmp_path / "part.arrow")
    assert map_arrow(tmp_path / "part.arrow", frame.columns).equals(frame)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda frame, stream: stream.write(bytes(100_000)), id="bytes"),
        pytest.param(lambda frame, stream: frame.write_csv(stream), id="CSV"),
        pytest.param(lambda frame, stream: frame.write_parquet(stream), id="Parquet"),
        pytest.param(lambda frame, stream: frame.write_ipc(stream), id="Arrow"),
    ],
)
def test_a_full_disk_is_told_by_its_number_whatever_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[pl.DataFrame, BinaryIO], object]
) -> None:
    monkeypatch.setattr("memory_import.ledger.files._draft_path", lambda path: Path("/dev/full"))
    frame = pl.DataFrame({"row": range(100_000)})
    with pytest.raises(OSError, match="No space left") as refused, draft(tmp_path / "gone.csv") as stream:
        write(frame, stream)
    assert refused.value.errno == errno.ENOSPC
