"""ZIP archives: what can be read in them is, the rest is named, and what is no archive of data is refused."""

import io
import zipfile

import polars as pl
import pytest

from memory_import.sources.tabular import SourceError


def write_archive(path, members: dict[str, bytes]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def parquet(**columns) -> bytes:
    stream = io.BytesIO()
    pl.DataFrame(columns).write_parquet(stream)
    return stream.getvalue()


def test_every_readable_file_of_an_archive_is_read(tmp_path, read):
    path = write_archive(
        tmp_path / "export.zip",
        {
            "contacts/2.csv": b"id,name\n2,Bob\n",
            "contacts/1.tsv": b"id\tname\n1\tAda\n",
            "__MACOSX/._1.csv": b"junk",
            "readme.md": b"hello",
            "inner.zip": b"PK",
        },
    )
    reading = read(path)
    assert reading.source.files == (f"{path}/contacts/1.tsv", f"{path}/contacts/2.csv")
    assert reading.accepted.select("id", "name").rows() == [("1", "Ada"), ("2", "Bob")]
    assert [(file.name.removeprefix(f"{path}/"), file.reason) for file in reading.source.not_read] == [
        ("__MACOSX/._1.csv", "it is hidden: its name begins with '.' or '_'"),
        ("inner.zip", "it is an archive within an archive"),
        ("readme.md", "its name is not that of a CSV or Parquet file"),
    ]
    (stored,) = reading.source.fingerprint().files
    assert (stored.name, stored.size) == ("export.zip", path.stat().st_size)


def test_parquet_is_read_from_an_archive(tmp_path, read):
    path = write_archive(tmp_path / "export.zip", {"x.parquet": parquet(a=[1, 2])})
    assert read(path).rows == [(1, "1"), (2, "2")]


def test_an_archive_is_known_by_its_content(tmp_path, read):
    assert read(write_archive(tmp_path / "export.csv", {"x.csv": b"a\n1\n"})).rows == [(1, "1")]


REFUSED = {
    "an Excel workbook": ({"[Content_Types].xml": b"", "xl/workbook.xml": b""}, "found an Excel workbook"),
    "a Word document": ({"[Content_Types].xml": b"", "word/document.xml": b""}, "found a Word document"),
    "an OpenDocument": ({"mimetype": b"", "content.xml": b""}, "found an OpenDocument"),
    "nothing to read": ({"readme.md": b""}, "without a file that is read"),
    "an empty archive": ({}, "without a file that is read"),
    "two kinds": ({"a.csv": b"a\n1\n", "b.parquet": parquet(a=[1])}, "found 1 Parquet and 1 CSV files"),
}


@pytest.mark.parametrize(("members", "message"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_data_is_refused_by_name(tmp_path, read, members, message):
    with pytest.raises(SourceError, match=message) as caught:
        read(write_archive(tmp_path / "export.zip", members))
    assert "\n" not in str(caught.value)


def test_a_damaged_archive_is_one_line(tmp_path, read):
    path = write_archive(tmp_path / "export.zip", {"x.csv": b"a\n" + bytes(range(32, 127)) * 500})
    content = bytearray(path.read_bytes())
    content[60:80] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="breaks off or is damaged") as caught:
        read(path)
    assert "\n" not in str(caught.value)
