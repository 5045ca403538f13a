"""Whatever the bytes are, rows and rejects are those that Python's csv module gives, line by line."""

import csv
import io
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from memory_import.columns import Exclusion
from memory_import.sources.csv.blocks import CsvShape, split_rows
from memory_import.sources.csv.pieces import PieceCutter
from memory_import.sources.tabular import SourceOptions, open_source

WIDTHS = st.integers(1, 4)
TROUBLE = st.lists(
    st.sampled_from(
        [
            b'"',
            b'"',
            b",",
            b",",
            b"\n",
            b"\n",
            b"\r\n",
            b"\r",
            b"a",
            b"bc",
            b" ",
            b'""',
            "é".encode(),
            b"\xff",
            b"\0",
            b"\xef\xbb\xbf",
        ]
    ),
    max_size=60,
).map(b"".join)
FIELDS = st.text(st.sampled_from('ab,"\n\r é'), max_size=6)
BLOCKS = st.sampled_from([8, 32, 128, 4096])


Expected = tuple[int | None, list[str] | bytes]
BLANK = (None, [])


def expect(text: bytes, width: int) -> list[Expected]:
    """Of every data row (None, fields), or (line, text) if it is rejected, or BLANK if it says nothing: the
    shortest run of lines that csv can close. Spaces that fields begin with are left out."""
    if text and not text.endswith((b"\n", b"\r")):
        text += b"\n"
    lines = text.splitlines(keepends=True)
    rows, start = [], 0
    while start < len(lines):
        end = next((end for end in range(start + 1, len(lines) + 1) if _is_closed(lines[start:end])), None)
        if end is None or (end > start + 1 and not _is_strict(lines[start:end])):
            rows.append((start + 1, lines[start]))
            start += 1
            continue
        raw = b"".join(lines[start:end])
        fields = (_parse(lines[start:end]) or [[]])[0]
        is_sound = b"\0" not in raw and _is_utf8(raw) and _is_strict(lines[start:end])
        if fields and is_sound and not any(field.strip(" \t\r\n") for field in fields):
            rows.append(BLANK)
        elif fields:
            is_accepted = is_sound and len(fields) == width
            rows.append((None, _stripped(fields)) if is_accepted else (start + 1, raw))
        start = end
    return rows


def _stripped(fields: list[str | None]) -> list[str]:
    fields = [(field or "").lstrip(" ") for field in fields]
    return fields if any(field.strip("\t\r\n ") for field in fields) else []


def _parse(lines: list[bytes], *, strict: bool = False) -> list[list[str]]:
    texts = [line.decode("utf-8", "replace") for line in lines]
    return list(csv.reader(texts, strict=strict, skipinitialspace=True))


def _is_closed(lines: list[bytes]) -> bool:
    return len(_parse([*lines, b"x"])) == 2


def _is_strict(lines: list[bytes]) -> bool:
    try:
        return len(_parse(lines, strict=True)) == 1
    except csv.Error:
        return False


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def cut(text: bytes, width: int, block_bytes: int) -> list[Expected]:
    """The same from the pieces that the reader cuts; checks that row numbers leave nothing out."""
    cutter = PieceCutter(io.BytesIO(text), "x.csv", block_bytes=block_bytes, repair_bytes=block_bytes // 4)
    found: dict[int, Expected] = {}
    for piece in cutter.cut(CsvShape(",", width), 0, 0):
        rows = list(csv.reader(io.StringIO(piece.text.decode(), newline="")))
        assert len(rows) == len(piece.row_numbers)
        found |= {number: (None, _stripped(row)) for number, row in zip(piece.row_numbers, rows, strict=True)}
        rejects = {reject.row: reject for reject in piece.rejects}
        numbers = sorted([*piece.row_numbers, *rejects])
        texts = [
            text for count, run in piece.originals for text in ([run] if count == 1 else split_rows(run))
        ]
        for number, original in zip(numbers, texts, strict=True):
            if number in rejects:
                is_blank = rejects[number].code is Exclusion.EMPTY_ROW
                found[number] = BLANK if is_blank else (_first_line(rejects[number].message), original)
    assert sorted(found) == list(range(1, len(found) + 1))
    return [found[number] for number in sorted(found)]


def _first_line(message: str) -> int:
    return int(re.match(r"lines? (\d+)", message)[1])


@settings(max_examples=600)
@given(TROUBLE, WIDTHS, BLOCKS)
@example(b'a"b\n",c\nd,e\n', 2, 32)
@example(b'"a\n"b",c\n', 2, 8)
@example(b'a,"b\r', 2, 8)
def test_any_bytes_are_cut_as_csv_reads_them(text, width, block_bytes):
    assert cut(text, width, block_bytes) == expect(text, width)


@settings(max_examples=300)
@given(TROUBLE, WIDTHS)
def test_any_bytes_come_out_of_a_file_as_csv_reads_them(tmp_path_factory, text, width):
    path = tmp_path_factory.mktemp("trouble") / "x.csv"
    names = [f"c{number}" + "-" * 2000 for number in range(width)]  # beside much text, NULs are not binary
    path.write_bytes(",".join(names).encode() + b"\n" + text)
    source = open_source(SourceOptions(path=str(path), delimiter=","), path.parent / "copies")
    batches = list(source.batches(7))
    accepted = [
        (number, _stripped(fields))
        for batch in batches
        for number, *fields in batch.rows.select("_row", *names).rows()
    ]
    rejected = [row for batch in batches for row in batch.rejects.select("_row", "_error_code").rows()]
    rows = expect(text, width)
    numbered = list(enumerate(rows, start=1))
    assert accepted == [(number, row[1]) for number, row in numbered if row[0] is None and row[1]]
    assert [number for number, _ in rejected] == [number for number, row in numbered if row[0] or not row[1]]
    assert [number for number, code in rejected if code == "empty_row"] == [
        number for number, row in numbered if row == BLANK
    ]


@settings(max_examples=200)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), max_size=12)
    ),
    st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]),
    BLOCKS,
)
def test_what_csv_writes_is_read_back_without_a_reject(rows, style, block_bytes):
    text = io.StringIO()
    quoting, line_end = style
    csv.writer(text, quoting=quoting, lineterminator=line_end).writerows(rows)
    width = len(rows[0]) if rows else 1
    assert cut(text.getvalue().encode(), width, block_bytes) == [(None, _stripped(row)) for row in rows]
