"""What the head of a CSV file says: that it is text, its delimiter, its column names."""

import csv
import re
from dataclasses import dataclass
from itertools import islice

from memory_import.sources.csv.blocks import CsvShape
from memory_import.sources.csv.kinds import recognise
from memory_import.sources.csv.repair import Record, end_of_lines, read_records
from memory_import.sources.encodings import to_original
from memory_import.sources.errors import RejectCode, SourceError
from memory_import.sources.frames import REPORT_COLUMNS
from memory_import.sources.guess import propose_encoding
from memory_import.sources.options import SourceOptions

DELIMITERS = (",", ";", "\t", "|")
"""The delimiters that are recognised, in order of preference."""

_SAMPLE_BYTES = 1 << 16
_SAMPLE_RECORDS = 200
_CONTROL_BYTES = bytes({*range(32), 127} - {*b"\t\n\v\f\r"})
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_FEW_CONTROL_BYTES = 8
_MOST_CONTROL_SHARE = 0.05
_SEPARATOR_LINE = re.compile(rb'"?sep=([^"\r\n])"?(?:\r\n|\r|\n)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CsvHead:
    """The names of all columns, trimmed, "" where one has none and perhaps the same twice; the shape of the
    rows; the bytes and lines before the first row; whether it is a report of rejects on its way back."""

    names: tuple[str, ...]
    shape: CsvShape
    end: int
    lines: int
    is_report: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that a spec may use, or that are there for people: each once, a report's own left out."""
        own = self.names[: -len(REPORT_COLUMNS)] if self.is_report else self.names
        return tuple(dict.fromkeys(name for name in own if name))

    @property
    def repeated(self) -> dict[str, list[int]]:
        """The names that stand twice, with their positions from 1."""
        places: dict[str, list[int]] = {}
        for position, name in enumerate(self.names, start=1):
            places.setdefault(name, []).append(position)
        return {name: found for name, found in places.items() if name and len(found) > 1}


def read_head(text: bytes, name: str, options: SourceOptions, encoding: str, *, is_last: bool) -> CsvHead:
    """Reads the header from the first bytes of the file `name`; `is_last` says that they are the whole file.

    The header is the first line that is not blank, after the lines that the options skip and perhaps a line
    `sep=;`, which names the delimiter. SourceError when the file is empty or no CSV.
    """
    _check_is_text(text[:_SAMPLE_BYTES], name)
    start = end_of_lines(text, options.skip_rows)
    if start is None or (options.skip_rows and not text[start:].strip()):
        raise SourceError(
            f"{name}: found no line after the {options.skip_rows} to skip, expected a header line; "
            "correct the source's skip_rows"
        )
    lines = options.skip_rows
    announced = _SEPARATOR_LINE.match(text, start)
    if announced is not None:
        start, lines = announced.end(), lines + 1
    separator = options.delimiter or (
        announced[1].decode("latin-1") if announced else sniff_delimiter(text[start : start + _SAMPLE_BYTES])
    )
    for record in read_records(text, start, CsvShape(separator, 0, options.escape), is_last=is_last):
        lines += record.lines
        if record.fields:
            names = _check_names(record, name, to_original(text[start : start + _SAMPLE_BYTES], encoding))
            shape = CsvShape(separator, len(names), options.escape)
            is_report = len(names) > len(REPORT_COLUMNS) and names[-len(REPORT_COLUMNS) :] == REPORT_COLUMNS
            return CsvHead(names, shape, record.end, lines, is_report)
    if text[start:].strip():
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
    records = islice(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), _SAMPLE_RECORDS)
    widths = [len(fields) for fields in records if fields]
    if not widths or widths[0] == 1:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


def _check_is_text(sample: bytes, name: str) -> None:
    kind = recognise(sample)
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    if kind is None and controls > max(_FEW_CONTROL_BYTES, _MOST_CONTROL_SHARE * len(sample)):
        kind = "binary data", "export it as CSV or Parquet"
    if kind is not None:
        raise SourceError(f"{name}: found {kind[0]}, expected CSV text or a Parquet file; {kind[1]}")


def _check_names(header: Record, name: str, original: bytes) -> tuple[str, ...]:
    if header.code is RejectCode.UNCLOSED_QUOTE:
        raise SourceError(
            f"{name}: found a quote in the header that is not closed, expected column names; correct it"
        )
    if header.code is RejectCode.TEXT_AFTER_QUOTE:
        raise SourceError(
            f"{name}: found text after a closing quote in the header, expected column names; correct it"
        )
    if header.code is RejectCode.INVALID_BYTES:
        proposal = propose_encoding(original)
        remedy = f"set the source's encoding to {proposal}" if proposal else "set the source's encoding"
        raise SourceError(
            f"{name}: found a header that is not valid text in its encoding, expected column names; {remedy}"
        )
    if any(_CONTROL_CHARACTER.search(field) for field in header.fields):
        raise SourceError(
            f"{name}: found control characters in the header, expected column names; check the file"
        )
    names = tuple(field.strip() for field in header.fields)
    if not any(names):
        raise SourceError(
            f"{name}: found no name in the header, expected column names; put a line of them before the rows"
        )
    return names
