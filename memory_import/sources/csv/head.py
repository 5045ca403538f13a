"""What the head of a CSV file says: that it is text, its delimiter, its column names."""

import csv
import re
from dataclasses import dataclass
from itertools import islice

from memory_import.sources.csv.blocks import CsvShape
from memory_import.sources.csv.repair import Record, read_records
from memory_import.sources.errors import RejectCode, SourceError

DELIMITERS = (",", ";", "\t", "|")
"""The delimiters that are recognised, in order of preference."""

_SAMPLE_BYTES = 1 << 16
_SAMPLE_RECORDS = 200
_CONTROL_BYTES = bytes({*range(32), 127} - {*b"\t\n\v\f\r"})
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_FEW_CONTROL_BYTES = 8
_MOST_CONTROL_SHARE = 0.05

_FORMATS = {
    b"PK\x03\x04": "a ZIP archive or Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "Parquet data",
    b"ARROW1": "Arrow data",
}


@dataclass(frozen=True, slots=True)
class CsvHead:
    """The column names, trimmed, the shape of the rows, and the bytes and lines before the first row."""

    names: tuple[str, ...]
    shape: CsvShape
    end: int
    lines: int


def read_head(text: bytes, name: str, delimiter: str | None, *, is_last: bool) -> CsvHead:
    """Reads the header from the first bytes of the file `name`; `is_last` says that they are the whole file.

    The header is the first line that is not blank. SourceError when the file is empty or binary, and when a
    column has no name or a name stands twice (all of them are listed).
    """
    _check_is_text(text[:_SAMPLE_BYTES], name)
    separator = delimiter or sniff_delimiter(text[:_SAMPLE_BYTES])
    lines = 0
    for record in read_records(text, 0, CsvShape(separator, 0), is_last=is_last):
        lines += record.lines
        if record.fields:
            names = _check_names(record, name)
            return CsvHead(names, CsvShape(separator, len(names)), record.end, lines)
    if text.strip():
        raise SourceError(
            f"{name}: found a header without an end, expected a line of column names; correct it"
        )
    raise SourceError(f"{name}: found an empty file, expected a header line; export the file again")


def sniff_delimiter(sample: bytes) -> str:
    """The delimiter that splits the header and most other lines into as many fields; a comma if none does."""
    best = max(DELIMITERS, key=lambda delimiter: _regularity(sample, delimiter))
    return best if _regularity(sample, best) > (0.0, 1) else DELIMITERS[0]


def _regularity(sample: bytes, delimiter: str) -> tuple[float, int]:
    """The share of records as wide as the first, and that width; nothing for a first record of one field."""
    lines = (line.decode("utf-8", "replace") for line in sample.splitlines(keepends=True))
    records = islice(csv.reader(lines, delimiter=delimiter), _SAMPLE_RECORDS)
    widths = [len(fields) for fields in records if fields]
    if not widths or widths[0] == 1:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


def _check_is_text(sample: bytes, name: str) -> None:
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    kind = next((kind for magic, kind in _FORMATS.items() if sample.startswith(magic)), "binary data")
    if kind != "binary data" or controls > max(_FEW_CONTROL_BYTES, _MOST_CONTROL_SHARE * len(sample)):
        hint = "; save UTF-16 with a byte order mark" if sample[1:4:2] == b"\0\0" else ""
        raise SourceError(
            f"{name}: found {kind}, expected CSV text or a Parquet file; export it as one of these{hint}"
        )


def _check_names(header: Record, name: str) -> tuple[str, ...]:
    if header.code is RejectCode.UNCLOSED_QUOTE:
        raise SourceError(
            f"{name}: found a quote in the header that is not closed, expected column names; correct it"
        )
    if header.code is RejectCode.INVALID_BYTES:
        raise SourceError(
            f"{name}: found a header that is not valid text in its encoding, expected column names; "
            "set the source's encoding (utf-8, windows-1252, latin-1, or UTF-16 with a byte order mark)"
        )
    if any(_CONTROL_CHARACTER.search(field) for field in header.fields):
        raise SourceError(
            f"{name}: found control characters in the header, expected column names; check the file"
        )
    names = tuple(field.strip() for field in header.fields)
    problems = _list_blanks(names) + _list_duplicates(names)
    if problems:
        raise SourceError(
            f"{name}: found {' and '.join(problems)} in the header, "
            "expected a name of its own for every column; correct the header"
        )
    return names


def _list_blanks(names: tuple[str, ...]) -> list[str]:
    positions = [str(position) for position, name in enumerate(names, start=1) if not name]
    return [f"no name for column {', '.join(positions)} of {len(names)}"] if positions else []


def _list_duplicates(names: tuple[str, ...]) -> list[str]:
    """By their positions: where a header is missing, the names are a customer's values."""
    places: dict[str, list[str]] = {}
    for position, name in enumerate(names, start=1):
        places.setdefault(name, []).append(str(position))
    repeated = [" and ".join(found) for name, found in places.items() if name and len(found) > 1]
    return [f"the same name for columns {', '.join(repeated)}"] if repeated else []
