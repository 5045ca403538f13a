"""Which files an input means, what their headers say, and the error of one that cannot be read."""

import random

import polars as pl
import pytest

from memory_import.sources.tabular import SourceError, SourceOptions, open_source


def open_path(path, **options):
    return open_source(SourceOptions(path=str(path), **options))


@pytest.fixture
def folder(tmp_path):
    for name, content in {
        "a-1.csv": "id,name\n1,x\n",
        "a-2.csv": "name,extra,id\ny,z,2\n",
        "b.csv": "id\n3\n",
        "deep/er/a-3.csv": "id\n4\n",
        ".hidden.csv": "hidden\n1\n",
        "notes.md": "no data",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


PATHS = {
    "glob": ("a-*.csv", ("a-1.csv", "a-2.csv")),
    "glob of any depth": ("**/a-*.csv", ("a-1.csv", "a-2.csv", "deep/er/a-3.csv")),
    "directory": ("", ("a-1.csv", "a-2.csv", "b.csv", "deep/er/a-3.csv")),
}


@pytest.mark.parametrize(("path", "files"), PATHS.values(), ids=PATHS)
def test_several_files_are_named_within_their_common_folder(folder, path, files):
    assert open_path(folder / path).files == files


def test_one_file_is_named_as_given(folder):
    source = open_path(folder / "b.csv")
    assert source.files == (str(folder / "b.csv"),)
    assert next(source.batches()).rows["_file"].to_list() == [str(folder / "b.csv")]


def test_a_name_that_exists_is_no_glob(tmp_path):
    (tmp_path / "a[1].csv").write_text("id\n1\n")
    (tmp_path / "a1.csv").write_text("other\n1\n")
    assert open_path(tmp_path / "a[1].csv").columns == ("id",)


def test_columns_are_united_and_missing_ones_null(folder, read):
    reading = read(folder / "a-*.csv")
    assert reading.source.columns == ("id", "name", "extra")
    assert dict(reading.source.columns_of) == {"a-1.csv": ("id", "name"), "a-2.csv": ("name", "extra", "id")}
    assert reading.accepted.rows() == [("a-1.csv", 1, "1", "x", None), ("a-2.csv", 1, "2", "y", "z")]
    assert reading.accepted.schema == {
        "_file": pl.String,
        "_row": pl.Int64,
        **dict.fromkeys(("id", "name", "extra"), pl.String),
    }


def test_rejects_of_a_file_stand_under_its_own_columns(tmp_path, read):
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("b,c\n3,4,5\n")
    reading = read(tmp_path)
    assert reading.rejected.select("_file", "_row", "a", "b", "c").rows() == [("2.csv", 1, None, "3", "4,5")]


JUNK = {
    "empty": (b"", "found an empty file"),
    "blank lines alone": (b"\n\r\n\n", "found an empty file"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "found an empty file"),
    "duplicate names": (b"a,b,a,c, b\n1,2,3,4,5\n", "the same name for columns 1 and 3, 2 and 5"),
    "blank names": (b"a,, \n1,2,3\n", "no name for column 2, 3 of 3"),
    "blank and duplicate names": (
        b"a,,a\n",
        "no name for column 2 of 3 and the same name for columns 1 and 3",
    ),
    "trailing delimiter": (b"a,b,\n1,2,\n", "no name for column 3 of 3"),
    "quote not closed": (b'a,"b\n1,2\n', "a quote in the header that is not closed"),
    "quote not closed in a large file": (b'a,"b\n' + b"1,2\n" * 500_000, "a header without an end"),
    "header in latin-1": ("a,größe\n1,2\n".encode("latin-1"), "a header that is not valid text"),
    "header with a NUL": (b"a,\0b\n1,2\n", "control characters in the header"),
    "Excel": (b"PK\x03\x04" + bytes(100), "a ZIP archive or Excel workbook"),
    "old Excel": (b"\xd0\xcf\x11\xe0" + bytes(100), "an old Excel workbook"),
    "Parquet cut in half, called CSV": (b"PAR1" + bytes(100), "found Parquet data"),
    "image": (b"\x89PNG\r\n\x1a\n" + bytes(100), "binary data"),
    **{f"random bytes, seed {seed}": (random.Random(seed).randbytes(10_000), "found") for seed in range(40)},
}


@pytest.mark.parametrize(("content", "message"), JUNK.values(), ids=JUNK)
def test_what_is_no_csv_is_one_line_of_explanation(tmp_path, content, message):
    path = tmp_path / "junk.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_path(path)
    text = str(caught.value)
    assert message in text
    assert text.startswith(f"{path}: found")
    assert ", expected " in text
    assert "; " in text
    assert "\n" not in text


WRONG = {
    "no such file": ("nothing.csv", {}, "found nothing to read"),
    "no match": ("x-*.csv", {}, "found nothing to read"),
    "no data in the folder": ("deep/none", {}, "found nothing to read"),
    "two kinds": ("mixed", {}, "found 1 Parquet and 1 CSV files"),
    "long delimiter": ("b.csv", {"delimiter": "||"}, "found the delimiter"),
    "quote as delimiter": ("b.csv", {"delimiter": '"'}, "found the delimiter"),
    "wide delimiter": ("b.csv", {"delimiter": "§"}, "found the delimiter"),
    "not a file": ("/dev/null", {}, "not a regular file"),
}


@pytest.mark.parametrize(("path", "options", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_opened_says_so(folder, path, options, message):
    (folder / "deep/none").mkdir()
    (folder / "mixed").mkdir()
    (folder / "mixed/x.csv").write_text("a\n1\n")
    pl.DataFrame({"a": [1]}).write_parquet(folder / "mixed/y.parquet")
    with pytest.raises(SourceError, match=message) as caught:
        open_path(folder / path, **options)
    assert "\n" not in str(caught.value)
