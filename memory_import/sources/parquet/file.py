"""A Parquet file as frames of text."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from memory_import.columns import ROW
from memory_import.sources.errors import RejectCode, SourceError, one_line
from memory_import.sources.files import InputFile, copy_of
from memory_import.sources.frames import REPORT_COLUMNS, Batch, make_rejects, null_out, select_columns

_BYTES_PER_FRAME = 1 << 25
_FEWEST_ROWS = 1_000
_ENCRYPTED = b"PARE"
_EXPLANATIONS = {
    RejectCode.INVALID_BYTES: "found bytes that are no UTF-8 text; rejects.csv has them as \\xNN",
    RejectCode.UNREADABLE_VALUE: "found a value beyond what its type can say",
}


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A Parquet file whose footer has been read. A copy of it goes to `folder` before its rows are read."""

    file: InputFile
    folder: Path
    schema: pa.Schema

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns, trimmed; each once, a report's own left out."""
        names = self._names
        is_report = (
            len(names) > len(REPORT_COLUMNS) and tuple(names[-len(REPORT_COLUMNS) :]) == REPORT_COLUMNS
        )
        own = names[: -len(REPORT_COLUMNS)] if is_report else names
        return tuple(dict.fromkeys(name for name in own if name))

    @property
    def _names(self) -> list[str]:
        return [name.strip() for name in self.schema.names]

    def repeated(self, column: str) -> list[int]:
        """The positions of a column's name, where it stands more than once."""
        found = [position for position, name in enumerate(self._names, start=1) if name == column]
        return found if len(found) > 1 else []

    def unreadable(self, column: str) -> str | None:
        """The type of a column that has no form as text; None of one that has."""
        from memory_import.sources.parquet.text import has_text_form  # with pyarrow.compute, slow to load

        kind = self._type(column)
        return None if has_text_form(kind) else str(kind)

    def example(self, column: str) -> tuple[str, str] | None:
        """The type of a column of numbers with a fraction, of dates or of moments, and one of them as it is
        read; None of other columns, which are texts."""
        from memory_import.sources.parquet.text import example_of

        kind = self._type(column)
        text = example_of(kind)
        return None if text is None else (str(kind), text)

    def lists(self, column: str) -> str | None:
        """The type of a column of lists; None of other columns."""
        from memory_import.sources.parquet.conditions import holds_lists

        kind = self._type(column)
        return str(kind) if holds_lists(kind) else None

    def as_cell(self, column: str, text: str) -> tuple[str, str | None]:
        """The type of a column that can be read and holds no lists, and a text as a cell of it has it; None
        where no cell of it says this."""
        from memory_import.sources.parquet.conditions import as_cell

        kind = self._type(column)
        return str(kind), as_cell(kind, text)

    def _type(self, column: str) -> pa.DataType:
        return self.schema.field(self._names.index(column)).type

    def batches(self, columns: Sequence[str], rows_per_batch: int) -> Generator[Batch, None, str]:
        """The file's rows with these columns, at most `rows_per_batch` in a batch.

        A row with a value that cannot be had is rejected. Returns (as a generator does) the SHA-256 of the
        file. Raises SourceError when a part of it cannot be read.
        """
        copy, sha256 = copy_of(self.file, self.folder)
        names = {self.schema.names[self._names.index(name)]: name for name in columns if name in self.columns}
        first_row = 1
        with opened_parquet(copy.path, self.file.name) as file:
            for stretch in _stretches(file, list(names), rows_per_batch):
                yield self._to_batch(stretch, names, columns, first_row)
                first_row += stretch.num_rows
        return sha256

    def _to_batch(
        self, stretch: pa.RecordBatch, names: dict[str, str], columns: Sequence[str], first_row: int
    ) -> Batch:
        from memory_import.sources.parquet.text import to_text

        texts: dict[str, pl.Series] = {}
        faults: dict[int, tuple[RejectCode, str]] = {}
        for stored, name in names.items():
            column = to_text(stretch.column(stored))
            texts[name] = column.texts
            for position, code in column.faults.items():
                faults.setdefault(position, (code, f"column {name!r}: {_EXPLANATIONS[code]}"))
        numbers = pl.int_range(first_row, first_row + stretch.num_rows, eager=True).alias(ROW)
        frame = null_out(pl.DataFrame(texts), [""]).with_columns(numbers) if texts else numbers.to_frame()
        if faults:
            frame = frame.filter(~pl.int_range(pl.len()).is_in(list(faults)))
        rejects = [
            (first_row + position, code.value, message) for position, (code, message) in faults.items()
        ]
        return Batch(select_columns(frame, self.file.name, columns), make_rejects(self.file.name, rejects))


def open_parquet(file: InputFile, folder: Path) -> ParquetFile:
    """Reads the footer of a Parquet file; SourceError when it is damaged."""
    with opened_parquet(file.path, file.name) as opened:
        schema = opened.schema_arrow
    file.check_unchanged()
    return ParquetFile(file, folder, schema)


@contextmanager
def opened_parquet(path: Path, name: str) -> Iterator[pq.ParquetFile]:
    """A Parquet file that is here; whatever goes wrong with it is a SourceError."""
    try:
        # Old files hold moments as INT96; in nanoseconds those far away would wrap around.
        with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        found = (
            "an encrypted Parquet file, expected one that can be read; export it without encryption"
            if _ends_with(path, _ENCRYPTED) or "decrypt" in str(error)  # the footer may be in clear
            else f"a Parquet file that is cut off or damaged ({one_line(error)}), "
            "expected a complete one; copy or export it again"
        )
        raise SourceError(f"{name}: found {found}") from None


def _ends_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        file.seek(-min(len(magic), path.stat().st_size), 2)
        return file.read() == magic


def _stretches(file: pq.ParquetFile, names: list[str], most_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of a file, with these columns; as many at a time as are small enough in memory."""
    rows = min(most_rows, max(_FEWEST_ROWS, 4_000_000 // max(1, len(names))))
    for stretch in file.iter_batches(batch_size=rows, columns=names, use_threads=True):
        parts = max(1, -(-stretch.nbytes // _BYTES_PER_FRAME))
        size = max(1, -(-stretch.num_rows // parts))
        for start in range(0, stretch.num_rows, size):
            yield stretch.slice(start, size)
