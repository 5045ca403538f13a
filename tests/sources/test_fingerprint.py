"""A fingerprint says whether an input is still the same, and what differs."""

import json

import pytest

from memory_import.sources.fingerprint import Fingerprint, fingerprint
from memory_import.sources.tabular import SourceError, SourceOptions


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id\n2\n")
    return tmp_path


def take(path, **options) -> Fingerprint:
    return fingerprint(SourceOptions(path=str(path), **options))


def test_the_same_input_has_the_same_fingerprint(folder):
    assert take(folder) == take(folder)
    assert take(folder).differences(take(folder)) == []
    assert take(folder).total_bytes == 10


def test_it_survives_json(folder):
    before = take(folder, delimiter=";")
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


OPTIONS = {
    "delimiter": ({"delimiter": ";"}, ["delimiter: None before, ';' now"]),
    "encoding": ({"encoding": "latin-1"}, ["encoding: 'utf-8' before, 'latin-1' now"]),
}


@pytest.mark.parametrize(("options", "differences"), OPTIONS.values(), ids=OPTIONS)
def test_a_change_of_the_options_is_told(folder, options, differences):
    assert take(folder).differences(take(folder, **options)) == differences


def test_what_is_not_there_has_no_fingerprint(tmp_path):
    with pytest.raises(SourceError, match="found nothing to read"):
        take(tmp_path / "none.csv")
