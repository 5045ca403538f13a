"""A Parquet file as frames of text."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from memory_import.columns import ROW
from memory_import.sources.errors import SourceError, one_line
from memory_import.sources.frames import REPORT_COLUMNS, Batch, no_rejects, null_out, select_columns
from memory_import.sources.locations import Location
from memory_import.sources.options import SourceOptions

_FRACTION = "%.f"  # as many digits as there are, none for a whole second


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A Parquet file whose footer has been read; `columns` are its trimmed column names."""

    location: Location
    options: SourceOptions
    columns: tuple[str, ...]

    def batches(self, columns: Sequence[str], rows_per_batch: int) -> Iterator[Batch]:
        """The file's rows as `columns`, at most `rows_per_batch` in a batch; none is ever rejected.

        Raises SourceError when a part of the file cannot be read.
        """
        first_row = 1
        rejects = no_rejects(columns)
        with _opened(self.location) as file:
            for table in file.iter_batches(batch_size=rows_per_batch, use_threads=True):
                frame = _to_text(table).rename(str.strip).drop(REPORT_COLUMNS, strict=False)
                numbers = pl.int_range(first_row, first_row + table.num_rows, eager=True).alias(ROW)
                frame = null_out(frame, [""]).with_columns(numbers)
                yield Batch(select_columns(frame, self.location.name, columns), rejects)
                first_row += table.num_rows


def open_parquet(location: Location, options: SourceOptions) -> ParquetFile:
    """Reads the footer of a Parquet file; SourceError when it is damaged or a column has no form as text."""
    with _opened(location) as file:
        schema = file.schema_arrow
    _check_types(schema, location.name)
    names = [name.strip() for name in schema.names]
    wrong = sorted({name for name in names if names.count(name) > 1 or not name})
    if wrong:
        raise SourceError(
            f"{location.name}: found the column {', '.join(map(repr, wrong))} twice or without a name, "
            "expected a name of its own for every column; rename them"
        )
    return ParquetFile(location, options, tuple(name for name in names if name not in REPORT_COLUMNS))


@contextmanager
def _opened(location: Location) -> Iterator[pq.ParquetFile]:
    with closing(location.open_seekable()) as stream:
        try:
            with pq.ParquetFile(stream) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise SourceError(
                f"{location.name}: found a Parquet file that is cut off or damaged ({one_line(error)}), "
                "expected a complete one; copy or export it again"
            ) from None


def _check_types(schema: pa.Schema, name: str) -> None:
    unreadable = [f"{field.name} ({field.type})" for field in schema if not _has_text_form(field)]
    if unreadable:
        raise SourceError(
            f"{name}: found {', '.join(unreadable)}, expected columns of text, numbers, booleans, dates, "
            "times or lists of these; leave the column out or write it as text"
        )


def _has_text_form(field: pa.Field) -> bool:
    try:
        texts = _to_text(pa.schema([field]).empty_table())
    except (pa.ArrowException, pl.exceptions.PolarsError):
        return False
    return texts.dtypes == [pl.String]


def _to_text(table: pa.RecordBatch | pa.Table) -> pl.DataFrame:
    """Every column as text that loses nothing.

    Integers and decimals as digits; floats in the shortest form that reads back the same, whole ones below
    2^53 without ".0" (tools write an integer column with gaps as floats); dates and times as ISO 8601, with
    the offset if there is a time zone (a fixed offset is written as UTC); booleans as true and false; lists
    as JSON.
    """
    frame = pl.DataFrame(table.cast(_without_offsets(table.schema)))
    return frame.select(_column_as_text(name, kind) for name, kind in frame.schema.items())


def _without_offsets(schema: pa.Schema) -> pa.Schema:
    """The schema with UTC in place of fixed offsets such as +05:30, which Polars takes for no time zone."""
    fields = (
        field.with_type(pa.timestamp(field.type.unit, "UTC")) if _has_offset(field.type) else field
        for field in schema
    )
    return pa.schema(fields)


def _has_offset(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) and (kind.tz or "").startswith(("+", "-"))


def _column_as_text(name: str, kind: pl.DataType) -> pl.Expr:
    if not isinstance(kind, pl.List | pl.Array):
        return _as_text(pl.col(name), kind)
    column = pl.col(name) if isinstance(kind, pl.List) else pl.col(name).arr.to_list()
    inner = cast(pl.DataType, kind.inner)
    if not (inner.is_numeric() or inner == pl.Boolean):
        column = column.list.eval(_as_text(pl.element(), inner))
    json = pl.struct(column.alias("")).struct.json_encode().str.slice(len('{"":')).str.head(-len("}"))
    return pl.when(pl.col(name).is_not_null()).then(json).alias(name)


def _as_text(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    match kind:
        case pl.Float32() | pl.Float64():
            is_whole = (value == value.round()) & (value.abs() < 2**53)
            whole = value.cast(pl.Int64, strict=False).cast(pl.String)
            return pl.when(is_whole).then(whole).otherwise(value.cast(pl.String))
        case pl.Datetime():
            return value.dt.strftime(f"%Y-%m-%dT%H:%M:%S{_FRACTION}" + ("%:z" if kind.time_zone else ""))
        case pl.Time():
            return value.dt.strftime(f"%H:%M:%S{_FRACTION}")
        case pl.Duration():
            return value.dt.to_string("iso")
        case _ if kind.is_nested() or isinstance(kind, pl.Binary | pl.Object):
            raise pl.exceptions.InvalidOperationError(f"{kind} has no form as text")
        case _:
            return value.cast(pl.String)
