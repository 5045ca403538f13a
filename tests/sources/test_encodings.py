"""Encodings and compressions: the same text comes out, and what is no text is rejected row by row."""

import bz2
import codecs
import encodings.aliases
import gzip
import random

import pyarrow as pa
import pytest

from memory_import.sources.encodings import to_original, transcoder
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
    "utf-32": (TEXT.encode("utf-32"), "utf-8"),
    "utf-16 named, without a mark": (TEXT.encode("utf-16-be"), "utf-16-be"),
    "gzip padded with zeros": (gzip.compress(TEXT.encode()) + bytes(700_000), "utf-8"),
    "bzip2": (bz2.compress(TEXT.encode()), "utf-8"),
    "two bzip2 streams": (bz2.compress(TEXT[:15].encode()) + bz2.compress(TEXT[15:].encode()), "utf-8"),
    "gzip of utf-16": (gzip.compress(TEXT.encode("utf-16")), "utf-8"),
}


@pytest.mark.parametrize(("content", "encoding"), ENCODED.values(), ids=ENCODED)
def test_the_same_rows_come_out_of_every_encoding(read_csv, content, encoding):
    reading = read_csv(content, encoding=encoding)
    assert reading.rows == ROWS
    assert reading.rejects == []


@pytest.mark.parametrize("name", ["latin-1", "iso-8859-1", "ISO8859-1", "windows-1252"])
def test_latin_1_is_read_as_windows_1252_as_browsers_do(read_csv, name):
    reading = read_csv(b"a,b\nO\x92Brien \x80 50,\xff\n", encoding=name)
    assert reading.rows == [(1, "O’Brien € 50", "\xff")]


CODECS = sorted(
    {
        codecs.lookup(name).name
        for name in set(encodings.aliases.aliases.values()) - {"mbcs"}
        if codecs.lookup(name)._is_text_encoding
    }
    - {"utf-16", "utf-32", "ascii", "iso8859-1", "iso8859-9", "iso8859-11", "tis-620"}
)


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_that_python_knows_is_read_and_written_back(read_csv, codec):
    known = [
        text
        for text in ("Zoë", "Žofie", "Ιωάννα", "Жанна", "山田", "김", "אבג", "سلام")
        if _knows(codec, text)
    ]
    lines = ["name,n", *(f'"{text}",{number}' for number, text in enumerate([*known, "plain"])), "ragged"]
    content = ("\n".join(lines) + "\n").encode(codec)
    reading = read_csv(content, encoding=codec)
    assert [row[1] for row in reading.rows] == [*known, "plain"]
    (table,) = reading.source.tables.values()
    assert table.encoding == codec
    text = table.head_text + b"".join(reading.originals)
    assert to_original(text, codec).decode(codec) == content.decode(codec)


@pytest.mark.parametrize("codec", CODECS)
def test_bytes_of_any_kind_are_read_and_written_back_without_a_trace(codec):
    for seed in range(20):
        content = random.Random(seed).randbytes(100)
        transcode = transcoder(codec)
        text = b"".join(transcode(content[at : at + 7], at + 7 >= 100) for at in range(0, 100, 7))
        assert isinstance(to_original(text, codec), bytes)


def _knows(codec, text):
    try:
        return text.encode(codec).decode(codec) == text
    except UnicodeError:
        return False


def test_what_is_no_text_comes_back_as_the_bytes_it_was(read_csv):
    for codec, line in (
        ("cp1252", b"\x81\xe9,1\n"),
        ("cp1253", b"\xd2\x81\xd2,1\n"),
        ("shift_jis", b"\x82,1\n"),
    ):
        reading = read_csv(b"a,b\n" + line + b"x,y\n", encoding=codec)
        assert [reject[1] for reject in reading.rejects] == ["invalid_bytes"]
        assert to_original(reading.reject_texts[0], codec) == line


def test_a_file_said_to_be_windows_1252_that_is_utf_8_is_called_that(read_csv):
    with pytest.raises(
        SourceError, match=r"found UTF-8 text, expected windows-1252 .* set the source's encoding to utf-8"
    ):
        read_csv("a,b\n1,Zoë\n".encode(), encoding="windows-1252")
    late = b"a,b\n" + b"1,plain\n" * 100_000 + "2,Zoë\n".encode()
    with pytest.raises(SourceError, match="found UTF-8 text"):
        read_csv(late, encoding="windows-1252")


READS_WELL = {
    "many languages": ("windows-1252", "Zoë Müller, José Núñez, Søren aus Malmö, façade à la crème"),
    "French": ("windows-1252", "Nom, Téléphone, Créé le, Éloïse à Besançon"),
    "one letter": ("windows-1252", "José from Paris"),
    "an apostrophe": ("windows-1252", "O’Brien"),
    "French on an old Mac": ("mac-roman", "Éloïse, Orléans, Forêt"),
    "German in DOS": ("cp850", "Müller, Jürgen, Königsstraße"),
    "Czech": ("windows-1250", "Jiří Dvořák, Plzeň, Příjmení"),
    "Polish": ("windows-1250", "Łukasz Wiśniewski z Łodzi"),
    "Turkish": ("windows-1254", "Ayşe Yılmaz, İstanbul, Türkiye"),
    "Russian": ("windows-1251", "Жанна Петрова из города Москва"),
    "Japanese": ("cp932", "山田 花子は東京都に住んでいます"),
}


@pytest.mark.parametrize(("codec", "text"), READS_WELL.values(), ids=READS_WELL)
def test_invalid_bytes_propose_the_encoding_that_reads_well(read_csv, codec, text):
    content = "a,b\n" + "".join(f'"{text}",{number}\n' for number in range(20))
    (message,) = {message.partition("; ")[2] for _, _, message in read_csv(content.encode(codec)).rejects}
    assert message == f"it reads well as {codec}: set the source's encoding to that"


def test_a_header_of_another_encoding_is_judged_with_the_rows_below_it(read_csv):
    content = "Jméno;Město\n" + "Jiří Dvořák;Plzeň\n" * 3
    with pytest.raises(SourceError, match="set the source's encoding to windows-1250"):
        read_csv(content.encode("cp1250"))


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
    "bzip2 cut in half": bz2.compress(b"a,b\n1,2\n" * 100)[:40],
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


@pytest.mark.parametrize("encoding", ["ebcdic", "rot13", "base64", "undefined", "idna", "punycode", ""])
def test_an_encoding_that_is_not_supported_is_an_error(read_csv, encoding):
    with pytest.raises(SourceError, match="expected one that Python knows"):
        read_csv(b"a\n1\n", encoding=encoding)


UNMARKED = {
    "utf-16 promised, no mark": ("a,b\n".encode("utf-16-le"), "utf-16", "no byte order mark"),
    "utf-16 unmarked, read as utf-8": (
        ("a,b\n1,2\n" * 9).encode("utf-16-le"),
        "utf-8",
        "found UTF-16-LE text without a byte order mark, .* set the source's encoding to utf-16-le",
    ),
    "utf-16 the other way, read as utf-8": (
        ("a,b\n1,2\n" * 9).encode("utf-16-be"),
        "utf-8",
        "set the source's encoding to utf-16-be",
    ),
    **{
        f"{script} in {encoding}": (
            f"a,b\n{word},{word}\n".encode(encoding),
            "utf-8",
            f"set the source's encoding to {encoding}",
        )
        for script, word in {"Cyrillic": "Анна Иванова", "Chinese": "上海王小明", "Thai": "สมชาย"}.items()
        for encoding in ("utf-16-le", "utf-16-be")
    },
    "utf-32 unmarked": (("a,b\n1,2\n" * 9).encode("utf-32-le"), "utf-8", "found UTF-32-LE text"),
}


@pytest.mark.parametrize(("content", "encoding", "message"), UNMARKED.values(), ids=UNMARKED)
def test_wide_text_without_its_mark_is_an_error(read_csv, content, encoding, message):
    with pytest.raises(SourceError, match=message):
        read_csv(content, encoding=encoding)
