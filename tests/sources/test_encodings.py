"""Encodings and compressions: the same text comes out, and what is no text is rejected row by row."""

import codecs
import gzip

import pyarrow as pa
import pytest

from memory_import.sources.tabular import SourceError

TEXT = "name,city\nZoë,Århus\n“x”,€5\n"
ROWS = [(1, "Zoë", "Århus"), (2, "“x”", "€5")]


def compress(content: bytes, codec: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


ENCODED = {
    "utf-8": (TEXT.encode(), "utf-8"),
    "utf-8 with a mark": (TEXT.encode("utf-8-sig"), "utf-8"),
    "utf-8 with a mark, taken for another": (TEXT.encode("utf-8-sig"), "windows-1252"),
    "utf-16 little endian": (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-8"),
    "utf-16 big endian": (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
    "windows-1252": (TEXT.encode("cp1252"), "windows-1252"),
    "gzip": (gzip.compress(TEXT.encode()), "utf-8"),
    "two gzip members": (gzip.compress(TEXT[:15].encode()) + gzip.compress(TEXT[15:].encode()), "utf-8"),
    "zstandard": (compress(TEXT.encode(), "zstd"), "utf-8"),
    "gzip of utf-16": (gzip.compress(TEXT.encode("utf-16")), "utf-8"),
}


@pytest.mark.parametrize(("content", "encoding"), ENCODED.values(), ids=ENCODED)
def test_the_same_rows_come_out_of_every_encoding(read_csv, content, encoding):
    reading = read_csv(content, encoding=encoding)
    assert reading.rows == ROWS
    assert reading.rejects == []


@pytest.mark.parametrize("name", ["latin-1", "iso-8859-1", "ISO8859-1"])
def test_latin_1_knows_every_byte(read_csv, name):
    reading = read_csv(b"a,b\n\xe9\x80,\xff\n", encoding=name)
    assert reading.rows == [(1, "\xe9\x80", "\xff")]


UNDECODABLE = {
    "windows-1252": ("a,b\n1,é\n".encode("cp1252") + b"2,\x81\xe9\n3,x\n", "windows-1252", 3),
    "lone surrogate in utf-16": (
        codecs.BOM_UTF16_LE
        + "a,b\n1,é\n2,".encode("utf-16-le")
        + b"\x00\xd8"
        + "\n3,x\n".encode("utf-16-le"),
        "utf-8",
        3,
    ),
    "half a character at the end of utf-16": (
        codecs.BOM_UTF16_LE + "a,b\n1,é\n2,x".encode("utf-16-le") + b"y",
        "utf-8",
        2,
    ),
    "latin-1 read as utf-8": ("a,b\n1,x\n2,é\n3,x\n".encode("latin-1"), "utf-8", 3),
}


@pytest.mark.parametrize(("content", "encoding", "rows"), UNDECODABLE.values(), ids=UNDECODABLE)
def test_undecodable_bytes_reject_their_row_alone(read_csv, content, encoding, rows):
    reading = read_csv(content, encoding=encoding)
    assert [reject[:2] for reject in reading.rejects] == [(2, "invalid_bytes")]
    assert "\ufffd" in reading.reject_fields[0][1]
    assert reading.accepted.height == rows - 1


def test_characters_that_straddle_blocks_stay_whole(read_csv):
    lines = [f"{number},{'ø€😀' * (number % 40)}" for number in range(20_000)]
    content = ("id,text\n" + "\n".join(lines)).encode("utf-16")
    reading = read_csv(content)
    assert reading.accepted["text"].to_list() == [line.partition(",")[2] or None for line in lines]


BROKEN = {
    "gzip cut in half": gzip.compress(b"a,b\n" + bytes(range(32, 127)).replace(b'"', b"") * 100)[:90],
    "gzip without its end": gzip.compress(b"a,b\n1,2\n")[:-4],
    "zstandard cut in half": compress(b"a,b\n1,2\n" * 100, "zstd")[:-9],
    "gzip with other data after it": gzip.compress(b"a,b\n1,2\n") + b"junk that is no gzip member",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_compressed_file_that_breaks_off_is_an_error_that_names_it(read_csv, content):
    with pytest.raises(
        SourceError, match=r"input\.csv: found a file that breaks off or is damaged \(.*\), expected"
    ):
        read_csv(content)


def test_a_large_gzip_file_that_breaks_off_is_an_error_while_it_is_read(read_csv):
    lines = b"".join(b"%d,%d\n" % (number, number * 7919 % 100_003) for number in range(200_000))
    content = gzip.compress(b"a,b\n" + lines)
    with pytest.raises(SourceError, match="breaks off"):
        read_csv(content[: len(content) // 2])


@pytest.mark.parametrize("encoding", ["ebcdic", "utf-32", "shift_jis", "rot13", ""])
def test_an_encoding_that_is_not_supported_is_an_error(read_csv, encoding):
    with pytest.raises(SourceError, match="expected utf-8, utf-16, windows-1252 or latin-1"):
        read_csv(b"a\n1\n", encoding=encoding)


UNMARKED = {
    "utf-16 promised, no mark": ("a,b\n".encode("utf-16-le"), "utf-16", "no byte order mark"),
    "utf-16 unmarked, read as utf-8": (
        ("a,b\n1,2\n" * 9).encode("utf-16-le"),
        "utf-8",
        "save UTF-16 with a byte order mark",
    ),
    "utf-32": ("a,b\n".encode("utf-32"), "utf-8", "found UTF-32"),
}


@pytest.mark.parametrize(("content", "encoding", "message"), UNMARKED.values(), ids=UNMARKED)
def test_wide_text_without_its_mark_is_an_error(read_csv, content, encoding, message):
    with pytest.raises(SourceError, match=message):
        read_csv(content, encoding=encoding)
