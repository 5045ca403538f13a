"""Which files an input means, what their headers say, and the error of one that cannot be read."""

import random
from pathlib import Path

import polars as pl
import pytest

from memory_import.sources.tabular import SourceError, SourceOptions, open_source


def open_path(path, **options):
    return open_source(SourceOptions(path=str(path), **options), Path(path).parent / "copies")


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
    assert [table.columns for table in reading.source.tables.values()] == [
        ("id", "name"),
        ("name", "extra", "id"),
    ]
    assert reading.accepted.rows() == [("a-1.csv", 1, "1", "x", None), ("a-2.csv", 1, "2", "y", "z")]
    assert reading.accepted.schema == {
        "_file": pl.String,
        "_row": pl.Int64,
        **dict.fromkeys(("id", "name", "extra"), pl.String),
    }


JUNK = {
    "empty": (b"", "found an empty file"),
    "blank lines alone": (b"\n\r\n\n", "found an empty file"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "found an empty file"),
    "no name at all": (b",, \n1,2,3\n", "no name in the header"),
    "quote not closed": (b'a,"b\n1,2\n', "a quote in the header that is not closed"),
    "quote not closed in a large file": (b'a,"b\n' + b"1,2\n" * 500_000, "a header without an end"),
    "header in latin-1": ("a,größe\n1,2\n".encode("latin-1"), "a header that is not valid text"),
    "header with a NUL": (b"a,\0b\n1,2\n", "control characters in the header"),
    "half an archive": (b"PK\x03\x04" + bytes(100), "a ZIP archive that breaks off or is damaged"),
    "JSON": (b'{"error": {"code": 403}}', "found JSON"),
    "a list of JSON": (b'[\n  {"a": 1}\n]', "found JSON"),
    "JSON lines": (b'{"a": 1}\n{"a": 2}\n', "found JSON lines"),
    "HTML": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "found an HTML page"),
    "XML": (b"<?xml version='1.0'?>\n<rows/>", "found XML"),
    "XML without a declaration": (b"<rows>\n" + b"<row><a>1</a></row>\n" * 9_000, "found XML"),
    "an error of S3": (b"<Error><Code>AccessDenied</Code></Error>", "found XML"),
    "a pointer of Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "found a Git LFS pointer, not the file itself",
    ),
    "encrypted Parquet": (b"PARE" + bytes(100) + b"PARE", "found encrypted Parquet data"),
    "Avro": (b"Obj\x01" + bytes(100), "found Avro data"),
    "a tar archive": (bytes(257) + b"ustar" + bytes(100), "found a tar archive"),
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


NAMELESS = {
    "an index without a name, as pandas writes it": (b",a,b\n0,1,2\n", (None, "1", "2")),
    "a delimiter at the end of each line": (b"a,b,\n1,2,\n", ("1", "2", None)),
    "a name twice": (b"a,x,x,b\n1,8,9,2\n", ("1", "2", None)),
    "a line that names the delimiter": (b"sep=;\na;b\n1;2\n", ("1", "2", None)),
    "a line that names an odd delimiter": (b'"sep=~"\r\na~b\r\n1~2\r\n', ("1", "2", None)),
    "such a line behind a byte order mark": (b"\xef\xbb\xbfsep=;\na;b\n1;2\n", ("1", "2", None)),
}


@pytest.mark.parametrize("content", [content for content, _ in NAMELESS.values()], ids=NAMELESS)
def test_columns_that_nobody_uses_may_have_any_name(tmp_path, read, content):
    (tmp_path / "x.csv").write_bytes(content)
    assert read(tmp_path / "x.csv").accepted.select("a", "b").rows() == [("1", "2")]


def test_a_name_that_stands_twice_is_told_where(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a,b,a\n1,2,3\n")
    (table,) = open_path(tmp_path / "x.csv").tables.values()
    assert (table.repeated("a"), table.repeated("b")) == ([1, 3], [])


def test_lines_before_the_header_are_skipped(tmp_path, read):
    (tmp_path / "x.csv").write_bytes(b'Report, "of today\n\nsep=;\na;b\n1;2\n3\n')
    reading = read(tmp_path / "x.csv", skip_rows=2)
    assert reading.rows == [(1, "1", "2")]
    assert reading.rejects[0][2].startswith("line 6:")
    with pytest.raises(SourceError, match="found no line after the 9 to skip"):
        read(tmp_path / "x.csv", skip_rows=9)


FOOTERS = {
    "Salesforce's": (b'\n"Generated by Ann"\n"Copyright (c)"\n', ["footer", "footer"]),
    "a total": (b'"Grand Totals (2 records)"\n', ["footer"]),
    "with lines of delimiters": (b',,\n"Total",9\n,,\n', ["empty_row", "footer", "empty_row"]),
    "none": (b"", []),
    "a row too long": (b"1,2,3,4\n", ["ragged_row"]),
    "a footer before a row too long": (b"Total\n1,2,3,4\n", ["ragged_row", "ragged_row"]),
}


@pytest.mark.parametrize("rows", [2, 75_000, 100_003])
@pytest.mark.parametrize(("footer", "codes"), FOOTERS.values(), ids=FOOTERS)
def test_short_lines_after_the_data_are_left_out_where_the_spec_says_so(tmp_path, read, footer, codes, rows):
    (tmp_path / "x.csv").write_bytes(b"a,b,c\nshort\n" + b"1,2,3\n" * rows + footer)
    reading = read(tmp_path / "x.csv", ignores_footer=True)
    assert reading.accepted.height == rows
    assert [code for _, code, _ in reading.rejects] == ["ragged_row", *codes]
    as_rejects = [code for _, code, _ in read(tmp_path / "x.csv").rejects]
    assert as_rejects == ["ragged_row", *(code.replace("footer", "ragged_row") for code in codes)]


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
