"""What was staged is what is sent, and what the server said about a row outlives a crash."""

import json
import stat
import zlib
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.staging.layout import LAYOUT, is_merged, part_name
from memory_import.ledger.staging.staged import Staging
from tests.support.ledger_examples import MERGED, PART, payload, stage, staged_rows


def test_entries_are_the_rows_that_were_neither_refused_nor_merged(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 6, {1: "email_invalid"}), groups={2: [4]})
    entries = staging.entries(PART, "_payload")
    assert entries.rows() == [(row, payload(row), True) for row in (0, 3, 5)]
    assert entries.columns == ["_pos", "_payload", "_is_final"]


def test_entries_of_groups_keep_the_order_in_which_they_are_sent(tmp_path: Path) -> None:
    merged = [
        {"_pos": 4, "_round": 0, "_is_final": False},
        {"_pos": 1, "_round": 0, "_is_final": True},
        {"_pos": 0, "_round": 1, "_is_final": True},
    ]
    staging = stage(tmp_path / "profiles", staged_rows(0, 5), groups={0: [4], 1: [3]}, merged=merged)
    assert staging.merged_parts == (MERGED,)
    assert staging.entries(MERGED, "_round").rows() == [(4, False, 0), (1, True, 0), (0, True, 1)]


def test_parts_come_in_the_order_of_the_input(tmp_path: Path) -> None:
    parts = [staged_rows(number, number + 1) for number in range(11)]
    staging = stage(tmp_path / "profiles", *parts)
    assert staging.parts == tuple(part_name(number) for number in range(11))
    assert [staging.read(part, "_pos").item() for part in staging.parts] == list(range(11))


def test_rows_are_picked_by_position_from_all_parts(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 4), staged_rows(4, 5), staged_rows(5, 9))
    assert staging.positions == {part_name(0): range(4), part_name(1): range(4, 5), part_name(2): range(5, 9)}
    wanted = pl.DataFrame({"_pos": [1, 3, 8], "label": ["b", "d", "i"]})
    first, last = staging.pick(wanted, lambda part, at: staging.read(part, "_payload", at=at))
    assert first.rows() == [(1, "b", payload(1)), (3, "d", payload(3))]
    assert last.rows() == [(8, "i", payload(8))]
    assert list(staging.pick(wanted.clear(), lambda part, at: staging.read(part, "_payload", at=at))) == []


def test_a_part_counts_once_it_is_settled(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    Staging(folder).begin()
    Staging(folder).draft_part(0, staged_rows(0, 2))
    assert Staging(folder).parts == ()
    Staging(folder).settle_part(0)
    assert Staging(folder).parts == (PART,)


def test_rejected_counts_bad_rows_of_all_parts_and_of_overfull_groups(tmp_path: Path) -> None:
    parts = staged_rows(0, 3, {0: "email_invalid"}), staged_rows(3, 6, {4: "phone_invalid | email_invalid"})
    assert stage(tmp_path / "profiles", *parts, late_rejects=[2, 3]).rejected == 4


def test_a_load_without_rows_has_nothing_to_send(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles")
    assert (staging.parts, staging.merged_parts, staging.rejected) == ((), (), 0)
    assert staging.refusals().is_empty()


def test_a_new_beginning_leaves_nothing_of_the_last_attempt(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 1), staged_rows(1, 2))
    staging.note_refusal(1, 520010, "of the last attempt")
    again = stage(tmp_path / "profiles", staged_rows(0, 1))
    assert again.parts == (PART,)
    assert again.refusals().is_empty()


def test_files_that_are_not_what_the_manifest_says_are_named(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 4))
    assert staging.changed_files() == []
    (staging.folder / "members.arrow").unlink()
    with (staging.folder / "part-00000.arrow").open("ab") as stream:
        stream.write(b"more")
    assert staging.changed_files() == ["members.arrow", "part-00000.arrow"]


def test_the_manifest_names_every_file_with_its_checksum(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 3), merged=[{"_pos": 0, "_is_final": True}])
    manifest = json.loads((staging.folder / "manifest.json").read_text())
    files = {
        path.name: f"{zlib.crc32(path.read_bytes()):08x}-{path.stat().st_size}"
        for path in staging.folder.iterdir()
        if path.name != "manifest.json"
    }
    assert manifest == {"layout": LAYOUT, "files": files}
    assert set(files) == {
        f"{PART}.arrow",
        f"{MERGED}.arrow",
        "members.arrow",
        "late_rejects.parquet",
    }


def test_everything_staged_is_for_its_owner(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles", staged_rows(0, 1))
    staging.note_refusal(1, 520010, "p0@example.com is not right")
    assert stat.S_IMODE(staging.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in staging.folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "message",
    ["plain", "", 'quotes " and \\', "two\nlines\u2028and\x85more", "Zoë 🙂", "{", "\ud800 alone"],
    ids=["plain", "empty", "quotes", "line ends", "beyond ASCII", "brace", "half a surrogate pair"],
)
def test_the_words_of_the_server_come_back(tmp_path: Path, message: str) -> None:
    staging = stage(tmp_path / "profiles")
    staging.note_refusal(7, 520010, message)
    staging.note_refusal(8, None, "of another")
    expected = message.replace("\ud800", "?")
    assert staging.refusals().rows() == [(7, 520010, expected), (8, None, "of another")]


def test_the_last_words_about_a_batch_count(tmp_path: Path) -> None:
    staging = stage(tmp_path / "profiles")
    for message in ("before the crash", "after it"):
        staging.note_refusal(7, 520010, message)
    assert staging.refusals().rows() == [(7, 520010, "after it")]


@pytest.mark.parametrize("kept", range(0, 60, 6))
def test_a_line_cut_off_by_a_crash_costs_itself_alone(tmp_path: Path, kept: int) -> None:
    staging = stage(tmp_path / "profiles")
    staging.note_refusal(1, 520010, "whole")
    path = staging.folder / "refusals.jsonl"
    size = path.stat().st_size
    staging.note_refusal(2, 520010, "cut off by the crash, wherever it is cut")
    with path.open("r+b") as stream:
        stream.truncate(size + kept)
    Staging(staging.folder).note_refusal(3, None, "after the restart")
    assert staging.refusals()["batch_id"].to_list() == [1, 3]


@pytest.mark.parametrize(("name", "expected"), [(PART, False), (MERGED, True)])
def test_a_file_says_by_its_name_whether_it_is_of_groups(name: str, expected: bool) -> None:
    assert is_merged(name) is expected
