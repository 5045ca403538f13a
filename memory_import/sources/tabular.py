"""Opening an input: one file or many, CSV or Parquet, as one stream of all-text frames."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from memory_import.sources.csv.file import CsvFile, open_csv
from memory_import.sources.errors import RejectCode, SourceError
from memory_import.sources.frames import Batch
from memory_import.sources.locations import Location, locate
from memory_import.sources.options import SourceOptions, check_options
from memory_import.sources.parquet.file import ParquetFile, open_parquet

__all__ = ["Batch", "RejectCode", "Source", "SourceError", "SourceOptions", "open_source"]

_PARQUET_SUFFIXES = (".parquet", ".pq")
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class Source:
    """An input whose headers have been read.

    `files`: the names people know the files by, in reading order: the path as given for one, relative to the
    folder they share for several. `columns_of`: each file's columns, trimmed. `columns`: all of them, by
    first appearance.
    """

    files: tuple[str, ...]
    columns: tuple[str, ...]
    columns_of: Mapping[str, tuple[str, ...]]
    _tables: tuple[CsvFile | ParquetFile, ...]

    def batches(self, rows_per_batch: int = 100_000) -> Iterator[Batch]:
        """Every data row of every file, at most `rows_per_batch` rows of one file at a time.

        Memory does not grow with the input. Raises SourceError when a file breaks off or is damaged; what
        came before is then no complete account of it.
        """
        for table in self._tables:
            yield from table.batches(self.columns, rows_per_batch)


def open_source(options: SourceOptions) -> Source:
    """Finds the files and reads their headers, nothing more.

    Raises SourceError when no file matches, CSV and Parquet are mixed, or a header cannot be read: an empty
    file, binary data, an unknown encoding, names that are blank or stand twice, a Parquet or compressed file
    that breaks off.
    """
    check_options(options)
    locations = locate(options.path)
    are_parquet = [_is_parquet(location) for location in locations]
    if len(set(are_parquet)) > 1:
        raise SourceError(
            f"{options.path}: found {are_parquet.count(True)} Parquet and {are_parquet.count(False)} CSV "
            "files, expected files of one kind; give a path that matches one kind"
        )
    opened = [
        open_parquet(file, options) if are_parquet[0] else open_csv(file, options) for file in locations
    ]
    columns_of = {table.location.name: table.columns for table in opened}
    columns = tuple(dict.fromkeys(name for names in columns_of.values() for name in names))
    return Source(tuple(columns_of), columns, columns_of, tuple(opened))


def _is_parquet(location: Location) -> bool:
    """By its name, else by its first and last bytes."""
    if location.address.partition("?")[0].lower().endswith(_PARQUET_SUFFIXES):
        return True
    with closing(location.open()) as stream:
        return stream.read(len(_PARQUET_MAGIC) + 1)[:4] == _PARQUET_MAGIC and _ends_as_parquet(location)


def _ends_as_parquet(location: Location) -> bool:
    with closing(location.open_seekable()) as file:
        file.seek(-len(_PARQUET_MAGIC), 2)
        return file.read() == _PARQUET_MAGIC
