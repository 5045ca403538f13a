"""A fingerprint says whether an input is still the same, and what differs."""

import json
import os
from pathlib import Path

import pytest

from memory_import.sources.fingerprint import Fingerprint, find_differences
from memory_import.sources.tabular import SourceError, SourceOptions, open_source


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id\n2\n")
    return tmp_path


def take(path, **options) -> Fingerprint:
    source = open_source(SourceOptions(path=str(path), **options), Path(path).parent / "copies")
    list(source.batches())
    return source.fingerprint()


def test_the_same_input_has_the_same_fingerprint(folder):
    assert take(folder) == take(folder)
    assert take(folder).differences(take(folder)) == []
    assert take(folder).total_bytes == 10


def test_it_survives_json(folder):
    before = take(folder)
    assert Fingerprint.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_a_single_file_may_move(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.csv"
    elsewhere.write_bytes((folder / "a.csv").read_bytes())
    assert take(folder / "a.csv") == take(elsewhere)


CHANGES = {
    "grown": (lambda folder: (folder / "a.csv").write_text("id\n1\n2\n"), ["a.csv had 5 bytes and has 7"]),
    "other content": (
        lambda folder: (folder / "a.csv").write_text("id\n9\n"),
        ["a.csv has other content of the same size"],
    ),
    "gone": (
        lambda folder: (folder / "b.csv").rename(folder / "c.csv"),
        ["b.csv is no longer there", "c.csv was not there before"],
    ),
    "added": (lambda folder: (folder / "c.csv").write_text("id\n"), ["c.csv was not there before"]),
}


@pytest.mark.parametrize(("change", "differences"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_files_is_told(folder, change, differences):
    before = take(folder)
    change(folder)
    assert before != take(folder)
    assert before.differences(take(folder)) == differences


@pytest.mark.parametrize(("change", "differences"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_files_is_found_where_they_are(folder, change, differences):
    before = take(folder)
    assert find_differences(before, str(folder)) == []
    change(folder)
    os.utime(folder / "a.csv", ns=(1, 1))
    assert find_differences(before, str(folder)) == differences


def test_a_file_that_was_left_alone_is_not_read_again(folder):
    before = take(folder)
    status = (folder / "a.csv").stat()
    (folder / "a.csv").write_text("id\n9\n")
    os.utime(folder / "a.csv", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert find_differences(before, str(folder)) == []  # its size and its time say that it is the same


def test_a_file_that_was_written_again_with_the_same_content_is_the_same(folder):
    before = take(folder)
    os.utime(folder / "a.csv", ns=(1, 1))
    assert find_differences(before, str(folder)) == []


def test_an_input_that_is_gone_is_not_missed(folder):
    before = take(folder)
    (folder / "a.csv").unlink()
    (folder / "b.csv").unlink()
    assert find_differences(before, str(folder)) == []


def test_what_is_not_there_has_no_fingerprint(tmp_path):
    with pytest.raises(SourceError, match="found nothing to read"):
        take(tmp_path / "none.csv")
