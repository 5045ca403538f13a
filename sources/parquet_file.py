"""A Parquet file as frames of text."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from sources.errors import SourceError, one_line
from sources.frames import REPORT_COLUMNS, Batch, no_rejects, null_out, select_columns
from sources.locations import Location
from sources.options import SourceOptions

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
                numbers = pl.int_range(first_row, first_row + table.num_rows, eager=True).alias("_row")
                frame = null_out(frame, self.options.null_values).with_columns(numbers)
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
    unreadable = [f"{field.name} ({field.type})" for field in schema if not _has_text_form(field.type)]
    if unreadable:
        raise SourceError(
            f"{name}: found {', '.join(unreadable)}, expected columns of text, numbers, booleans, dates, times "
            "or lists of these; leave the column out or write it as text"
        )


def _has_text_form(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _has_text_form(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _has_text_form(kind.value_type) and not pa.types.is_nested(kind.value_type)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    is_plain = pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)
    return bool(is_text or is_plain)


def _to_text(table: pa.RecordBatch) -> pl.DataFrame:
    """Every column as text that loses nothing.

    Integers and decimals as digits; floats in the shortest form that reads back the same, whole ones below
    2^53 without ".0" (tools write an integer column with gaps as floats); dates and times as ISO 8601, with
    the offset if there is a time zone; booleans as true and false; lists as JSON.
    """
    frame = pl.DataFrame(table)
    return frame.select(_column_as_text(name, kind) for name, kind in frame.schema.items())


def _column_as_text(name: str, kind: pl.DataType) -> pl.Expr:
    if not isinstance(kind, pl.List | pl.Array):
        return _as_text(pl.col(name), kind)
    column = pl.col(name) if isinstance(kind, pl.List) else pl.col(name).arr.to_list()
    inner = kind.inner
    if isinstance(inner, pl.DataType) and not (inner.is_numeric() or inner == pl.Boolean):
        column = column.list.eval(_as_text(pl.element(), inner))
    json = pl.struct(column.alias("")).struct.json_encode().str.slice(4).str.head(-1)
    return pl.when(pl.col(name).is_not_null()).then(json).alias(name)


def _as_text(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if kind.is_float():
        is_whole = (value == value.round()) & (value.abs() < 2**53)
        return (
            pl.when(is_whole)
            .then(value.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(value.cast(pl.String))
        )
    if isinstance(kind, pl.Datetime):
        return value.dt.strftime(f"%Y-%m-%dT%H:%M:%S{_FRACTION}" + ("%:z" if kind.time_zone else ""))
    if isinstance(kind, pl.Duration):
        return value.dt.to_string("iso")
    return value.cast(pl.String)
