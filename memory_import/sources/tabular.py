"""Opening an input: one file or many, CSV or Parquet, as one stream of all-text frames."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from memory_import.columns import is_ours
from memory_import.sources.archives import is_archive, unpack
from memory_import.sources.csv.file import CsvFile, FindLines, no_lines, open_csv
from memory_import.sources.errors import RejectCode, SourceError
from memory_import.sources.files import InputFile, bring_here
from memory_import.sources.fingerprint import FileFingerprint, Fingerprint, file_name
from memory_import.sources.frames import Batch
from memory_import.sources.locations import NotRead, locate
from memory_import.sources.options import SourceOptions, check_options
from memory_import.sources.parquet.file import ParquetFile, open_parquet

__all__ = ["Batch", "NotRead", "RejectCode", "Source", "SourceError", "SourceOptions", "open_source"]

_PARQUET_SUFFIXES = (".parquet", ".parq", ".pq")
_PARQUET_MAGIC = b"PAR1"
_MOST_CELLS = 4_000_000

Table = CsvFile | ParquetFile


@dataclass(slots=True)
class Source:
    """An input whose headers have been read.

    `tables`: its files in reading order, by the names people know them by: the path as given for one,
    relative to the folder they share for several, ARCHIVE/FILE for those in an archive. `not_read`: what was
    found beside them. `rows`: how many rows were read of each so far.
    """

    tables: Mapping[str, Table]
    not_read: tuple[NotRead, ...]
    rows: dict[str, int]
    _stored: tuple[InputFile, ...]
    _digests: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(self.tables)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all files, by first appearance."""
        return tuple(dict.fromkeys(name for table in self.tables.values() for name in table.columns))

    @property
    def is_parquet(self) -> bool:
        """Whether its files are Parquet."""
        return any(isinstance(table, ParquetFile) for table in self.tables.values())

    @property
    def unusable(self) -> dict[str, str]:
        """The columns that no spec can use, and why."""
        found: dict[str, str] = {}
        for table in self.tables.values():
            for name in table.columns:
                if kind := table.unreadable(name):
                    found[name] = f"its type has no form as text: {kind}"
                elif positions := table.repeated(name):
                    found[name] = f"its name stands more than once, at {' and '.join(map(str, positions))}"
                elif is_ours(name):
                    found[name] = "its name is one of ours: rename it"
        return found

    def batches(
        self,
        rows_per_batch: int = 100_000,
        columns: Collection[str] | None = None,
        find_lines: FindLines = no_lines,
    ) -> Iterator[Batch]:
        """Every data row of every file, at most `rows_per_batch` rows of one file at a time, with `columns`,
        or all that a spec can use; those whose lines are known with what is known of them instead.

        Memory grows neither with the input nor with its width. Raises SourceError when a file breaks off or
        is damaged and InputChanged when one changes; what came before is then no complete account of it.
        """
        unusable = self.unusable if columns is None else {}
        wanted = [name for name in self.columns if name not in unusable] if columns is None else list(columns)
        most_rows = max(1, min(rows_per_batch, _MOST_CELLS // max(1, len(wanted))))
        for name, table in self.tables.items():
            self.rows[name] = 0
            batches = (
                table.batches(wanted, most_rows, find_lines)
                if isinstance(table, CsvFile)
                else table.batches(wanted, most_rows)
            )
            self._digests[name] = yield from self._read(name, batches)

    def _read(self, name: str, batches: Generator[Batch, None, str]) -> Generator[Batch, None, str]:
        while True:
            try:
                batch = next(batches)
            except StopIteration as end:
                sha256: str = end.value
                return sha256
            except pl.exceptions.PanicException as error:
                raise SourceError(
                    f"{name}: found something that the reader cannot read, expected CSV or Parquet; "
                    "leave out columns until it can, and report this"
                ) from error
            self.rows[name] += batch.height
            yield batch

    def fingerprint(self) -> Fingerprint:
        """What was read. A file that was not read to its end is now, to know it."""
        return Fingerprint(tuple(self._fingerprint(file) for file in self._stored))

    def _fingerprint(self, file: InputFile) -> FileFingerprint:
        digest = self._digests.get(file.name) or file.sha256
        if digest is None:
            with closing(file.open()) as stream:
                digest = stream.finish()
        name = file_name(file.name, is_alone=len(self._stored) == 1)
        return FileFingerprint(name, file.state.size, digest, None if file.is_copy else file.state.modified)


def open_source(options: SourceOptions, folder: Path) -> Source:
    """Finds the files and reads their headers. What is remote, or in an archive, is copied to `folder`.

    Raises SourceError when no file matches, CSV and Parquet are mixed, or a header cannot be read: an empty
    file, binary data, an unknown encoding, a Parquet or compressed file that breaks off.
    """
    check_options(options)
    found = locate(options.path)
    stored: list[InputFile] = []
    files: list[InputFile] = []
    not_read = list(found.not_read)
    digests: dict[str, str] = {}
    for location in found.locations:
        file = bring_here(location, folder)
        stored.append(file)
        with closing(file.open()) as stream:
            head = stream.read(len(_PARQUET_MAGIC))
        if is_archive(head):
            archive = unpack(file, folder)
            digests[file.name] = archive.sha256
            files += archive.members
            not_read += archive.not_read
        else:
            files.append(file)
    tables = _open_tables(files, options, folder)
    return Source(tables, tuple(not_read), dict.fromkeys(tables, 0), tuple(stored), digests)


def _open_tables(files: Sequence[InputFile], options: SourceOptions, folder: Path) -> dict[str, Table]:
    are_parquet = [_is_parquet(file) for file in files]
    tables = {
        file.name: open_parquet(file, folder) if is_parquet else open_csv(file, options)
        for file, is_parquet in zip(files, are_parquet, strict=True)
    }
    if len(set(are_parquet)) > 1:
        raise SourceError(
            f"{options.path}: found {are_parquet.count(True)} Parquet and {are_parquet.count(False)} CSV "
            "files, expected files of one kind; give a path that matches one kind"
        )
    return tables


def _is_parquet(file: InputFile) -> bool:
    """By its first bytes, and by its name or its last bytes."""
    with file.path.open("rb") as stream:
        if stream.read(len(_PARQUET_MAGIC)) != _PARQUET_MAGIC:
            return False
        if file.name.lower().endswith(_PARQUET_SUFFIXES):
            return True
        stream.seek(-len(_PARQUET_MAGIC), 2)
        return stream.read() == _PARQUET_MAGIC
