"""The rejected rows of a load as they stand in its input, with the reasons, as a CSV file to feed back.

Of a CSV file a row is its own bytes, and a quote behind them where one is not closed; of a Parquet file,
text in UTF-8, where bytes that are no text stand as backslash, x and two digits. Where several CSV files
differ in columns, delimiter or encoding, rows of those that are not like the first are written its way.
"""

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from memory_import.columns import ERROR_CODE, ERRORS, FILE, ROW
from memory_import.sources.csv.blocks import split_rows
from memory_import.sources.csv.file import CsvFile
from memory_import.sources.csv.head import CsvHead
from memory_import.sources.encodings import byte_order_mark, to_original
from memory_import.sources.errors import RejectCode
from memory_import.sources.files import find_copy
from memory_import.sources.frames import REPORT_COLUMNS
from memory_import.sources.tabular import Source

_LINE_ENDS = b"\r\n"
_MISSHAPEN = (RejectCode.RAGGED_ROW, RejectCode.UNCLOSED_QUOTE)


class Runs(Protocol):
    """The staged text of a part: numbers of rows, with the text of so many."""

    def __call__(self, part: str) -> Iterable[tuple[int, memoryview]]: ...


@dataclass(frozen=True, slots=True)
class _Layout:
    """How rows of a CSV file are written."""

    names: tuple[str, ...]
    delimiter: str
    escape: str | None
    encoding: str
    is_report: bool

    @property
    def own_names(self) -> tuple[str, ...]:
        return self.names[: -len(REPORT_COLUMNS)] if self.is_report else self.names

    def join(self, cells: Iterable[str]) -> str:
        """A row of these cells, each quoted where it has to be."""
        return self.delimiter.join(map(self._quoted, cells))

    def join_columns(self, cells: pl.DataFrame) -> pl.Series:
        """The rows of String columns, each as such a text."""
        texts = [
            pl.when(pl.col(name).str.contains(self._special))
            .then(self.quoted(pl.col(name)))
            .otherwise(pl.col(name))
            .fill_null("")
            for name in cells.columns
        ]
        return cells.select(pl.concat_str(texts, separator=self.delimiter)).to_series()

    def quoted(self, text: pl.Expr) -> pl.Expr:
        """A String column in quotes."""
        doubled = [2 * character for character in self._doubled]
        return pl.concat_str(pl.lit('"'), text.str.replace_many(self._doubled, doubled), pl.lit('"'))

    def _quoted(self, cell: str) -> str:
        if not re.search(self._special, cell):
            return cell
        for character in self._doubled:
            cell = cell.replace(character, 2 * character)
        return f'"{cell}"'

    @property
    def _doubled(self) -> list[str]:
        return [self.escape, '"'] if self.escape else ['"']

    @property
    def _special(self) -> str:
        """What a cell is quoted for: what means something in a CSV file of this layout, or in any."""
        own = "".join(f"\\x{ord(character):02x}" for character in self.delimiter + (self.escape or ""))
        return rf'[ ,;|\t"\r\n~:\\{own}]'


def describe_originals(source: Source) -> dict[str, Any]:
    """What `Originals` has to know of an input, as plain values for `json.dumps`."""
    first = next(iter(source.tables.values()))
    layouts = {
        name: (*_layout_of(table.head), table.encoding, table.head.is_report)
        for name, table in source.tables.items()
        if isinstance(table, CsvFile)
    }
    head = {}
    if isinstance(first, CsvFile):
        mark = byte_order_mark(first.encoding) if first.has_mark else b""
        head = {"head": base64.b64encode(first.head_text).decode(), "mark": base64.b64encode(mark).decode()}
    return {"columns": source.columns, "layouts": layouts, **head}


def _layout_of(head: CsvHead) -> tuple[Any, ...]:
    return head.names, head.shape.delimiter, head.shape.escape


class Originals:
    """`described`: what `describe_originals` gave. `runs` reads the staged text of a part; `folder` holds the
    copies of Parquet files."""

    def __init__(self, described: Mapping[str, Any], runs: Runs, folder: Path, delimiter: str) -> None:
        self._runs = runs
        self._folder = folder
        self._columns = tuple(described["columns"])
        self._layouts = {
            name: _Layout(tuple(names), *rest) for name, (names, *rest) in described["layouts"].items()
        }
        first = next(iter(self._layouts.values()), None)
        self._is_csv = first is not None
        self._layout = first or _Layout(self._columns, delimiter, None, "utf-8", is_report=False)
        self._head = base64.b64decode(described.get("head", ""))
        self._mark = base64.b64decode(described.get("mark", ""))
        known = set(self._layout.own_names)
        self._added = [name for name in self._columns if name not in known] if self._is_csv else []

    @property
    def delimiter(self) -> str | None:
        """What separates cells in the first file; None of Parquet."""
        return self._layout.delimiter if self._is_csv else None

    @property
    def encoding(self) -> str | None:
        """The encoding of the first file; None of Parquet."""
        return self._layout.encoding if self._is_csv else None

    def header(self) -> bytes:
        """Everything before the first row: the input's own header with the columns of the report."""
        if not self._is_csv:
            return self._layout.join([*self._columns, *REPORT_COLUMNS]).encode() + b"\n"
        head, end = _cut_line_end(self._head)
        if self._layout.is_report:
            start = len(head) - len(head.splitlines(keepends=True)[-1])
            own = _drop_report(head[start:], self._layout)
            head = head[:start] + own
        tail = self._layout.join([*self._added, *REPORT_COLUMNS])
        text = head + self._layout.delimiter.encode() + tail.encode()
        return self._mark + self._encode(text) + self._encode(end or b"\n")

    def lines(self, part: str, indexes: Sequence[int], rejected: pl.DataFrame) -> Iterator[bytes]:
        """The rows at some indexes of a part, with their reasons: `_file`, `_row` and ERRORS of `rejected`,
        row for row."""
        reasons = self._reasons(rejected)
        if self._is_csv:
            texts = _pick(self._runs(part), indexes)
            for text, reason, file, code in zip(
                texts, reasons, rejected[FILE].to_list(), rejected[ERROR_CODE].to_list(), strict=True
            ):
                yield self._csv_line(text, reason, self._layouts[file], code)
            return
        from memory_import.sources.parquet.rows import read_rows  # with pyarrow.compute, slow to load

        for (file,), group in rejected.with_columns(_reason=pl.Series(reasons, dtype=pl.Binary)).group_by(
            FILE, maintain_order=True
        ):
            path = find_copy(str(file), self._folder)
            assert path is not None  # noqa: S101 - it is kept as long as the run
            waiting = iter(group["_reason"].to_list())
            for cells in read_rows(path, str(file), group[ROW], self._columns):
                rows = self._layout.join_columns(cells).to_list()
                for row, reason in zip(rows, waiting, strict=False):
                    yield f"{row}{self._layout.delimiter}".encode() + reason + b"\n"

    def _csv_line(self, text: bytes, reason: bytes, layout: _Layout, code: str) -> bytes:
        row, end = _cut_line_end(text)
        if layout.is_report:
            row = _drop_report(row, layout)
        delimiter = self._layout.delimiter.encode()
        if code == RejectCode.UNCLOSED_QUOTE:
            row = _closed(row, layout)
        if layout != self._layout:
            row = self._rewrite(row, layout, is_ragged=code in _MISSHAPEN)
        elif self._added:
            row += delimiter * len(self._added)
        return self._encode(row + delimiter) + self._encode_reason(reason) + self._encode(end or b"\n")

    def _rewrite(self, row: bytes, layout: _Layout, *, is_ragged: bool) -> bytes:
        """A row of another layout in ours; one that does not fit its own header does not fit ours either."""
        fields = _fields(row, layout)
        ours = (*self._layout.own_names, *self._added)
        if is_ragged:
            cells = fields + [""] * (len(fields) == len(ours))
        else:
            given = dict(zip(layout.own_names, fields, strict=False))
            cells = [given.get(name, "") for name in ours]
        return self._layout.join(cells).encode("utf-8", "surrogatepass")

    def _reasons(self, rejected: pl.DataFrame) -> list[bytes]:
        cells = [
            self._layout.quoted(pl.col(name).cast(pl.String).fill_null("")) for name in (FILE, ROW, *ERRORS)
        ]
        joined = rejected.select(pl.concat_str(cells, separator=self._layout.delimiter)).to_series()
        return [text.encode() for text in joined.to_list()]

    def _encode(self, text: bytes) -> bytes:
        return to_original(text, self._layout.encoding)

    def _encode_reason(self, reason: bytes) -> bytes:
        if self._layout.encoding == "utf-8":
            return reason
        return reason.decode().encode(self._layout.encoding, "backslashreplace")


def _pick(runs: Iterable[tuple[int, memoryview]], indexes: Sequence[int]) -> Iterator[bytes]:
    """The texts of some rows, which are in order, of a part."""
    wanted = iter(indexes)
    index = next(wanted, None)
    start = 0
    for rows, text in runs:
        stop = start + rows
        if index is not None and index < stop:
            texts = [bytes(text)] if rows == 1 else split_rows(bytes(text))
            while index is not None and index < stop:
                yield texts[index - start]
                index = next(wanted, None)
        start = stop


def _cut_line_end(text: bytes) -> tuple[bytes, bytes]:
    row = text.rstrip(_LINE_ENDS)
    return row, text[len(row) :]


def _closed(row: bytes, layout: _Layout) -> bytes:
    """A row whose last quote is open, closed so that it takes no other row with it; it stays misshapen."""
    closed = row + b'"'
    fits = len(_fields(closed, layout)) == len(layout.names)
    return closed + layout.delimiter.encode() if fits else closed


def _drop_report(row: bytes, layout: _Layout) -> bytes:
    """A row of a report on its way back without what the report had added: as it stands where that is as it
    was written, else written anew."""
    delimiter = re.escape(layout.delimiter.encode())
    header = re.escape("".join(layout.delimiter + name for name in REPORT_COLUMNS).encode())
    cells = rb'(?:%s"(?:[^"]|"")*+"){%d}' % (delimiter, len(REPORT_COLUMNS))
    added = re.search(rb"(?:%s|%s)$" % (header, cells), row)
    if added is not None:
        return row[: added.start()]
    fields = _fields(row, layout)
    own = fields[: max(1, len(fields) - len(REPORT_COLUMNS))]
    return layout.join(own).encode("utf-8", "surrogateescape")


def _fields(row: bytes, layout: _Layout) -> list[str]:
    text = io.StringIO(row.decode("utf-8", "surrogateescape"), newline="")
    reader = csv.reader(text, delimiter=layout.delimiter, escapechar=layout.escape, skipinitialspace=True)
    return next(reader, [])


def load_described(path: Path) -> Mapping[str, Any]:
    """What `describe_originals` gave, as it was written down."""
    described: Mapping[str, Any] = json.loads(path.read_text())
    return described
