"""A sample of the files that a spec is to be written for: everything of small ones, stretches of large
ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from memory_import.errors import UsageProblem
from memory_import.sources.errors import SourceError
from memory_import.sources.options import SourceOptions
from memory_import.sources.tabular import Source, open_source
from memory_import.spec.inference.evidence import Evidence
from memory_import.spec.inference.vocabulary import NOTHING

_WHOLE_ROWS = 20_000
_STRETCH_ROWS = 2_000
_HEAD_BYTES = 1_000_000
_MOST_LINES_BEFORE_HEADER = 10
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Sample:
    """What was read of files of one layout. `options`: keys of the spec's `source` that differ from their
    defaults, the path among them. `unusable`: columns that no spec can use, and why."""

    options: dict[str, object]
    columns: tuple[Evidence, ...]
    unusable: dict[str, str]
    rows: int
    files: tuple[str, ...]


def read_sample(files: Sequence[Path], folder: Path) -> Sample:
    """Read files of one layout. `folder` is where the spec will be; `UsageProblem` when they cannot be
    read."""
    path = _one_path(files)
    with TemporaryDirectory() as copies:
        options, source = _open(path, files[0], Path(copies))
        frame, rejects = _read(source)
    usable = [name for name in source.columns if name not in source.unusable]
    blanks = _nothing_in(frame, usable)
    spec: dict[str, object] = {"path": _relative(path, folder)}
    if options.delimiter not in {None, ","}:
        spec["delimiter"] = options.delimiter
    if options.encoding != "utf-8":
        spec["encoding"] = options.encoding
    if options.skip_rows:
        spec["skip_rows"] = options.skip_rows
    if rejects:
        spec["footer"] = "ignore"
    if blanks:
        spec["null_values"] = ["", *blanks]
    typed = {
        name
        for table in source.tables.values()
        for name in table.columns
        if name in usable and table.example(name)
    }
    columns = [Evidence(name, _cells(frame[name], blanks), is_typed=name in typed) for name in usable]
    return Sample(spec, tuple(columns), source.unusable, len(frame), source.files)


def _one_path(files: Sequence[Path]) -> str:
    """The path that stands for all files: the file, or the narrowest glob that matches them and no other."""
    if len(files) == 1:
        return str(files[0])
    folders = {file.parent for file in files}
    names = [file.name for file in files]
    start = _common(names)
    end = _common([name[::-1] for name in names])[::-1]
    pattern = f"{start}*{end}"
    if len(folders) != 1 or {file.name for file in files[0].parent.glob(pattern)} != set(names):
        raise UsageProblem(
            "The files are of one layout, but no pattern matches them and no other: put them into a folder "
            "of their own, or name one of them."
        )
    return str(files[0].parent / pattern)


def _common(names: Sequence[str]) -> str:
    shortest = min(names, key=len)
    length = next(
        (at for at, letter in enumerate(shortest) if any(n[at] != letter for n in names)), len(shortest)
    )
    return shortest[:length]


def _open(path: str, first: Path, copies: Path) -> tuple[SourceOptions, Source]:
    """The file opened with options that fit it; what is in an archive is copied to `copies`."""
    options = SourceOptions(path=path)
    if first.is_file():
        with first.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        options = replace(options, encoding=_encoding_of(head))
        if head[:4] != b"PAR1" and not _is_packed(first):
            text = head.decode(options.encoding, errors="replace").lstrip("\ufeff")
            delimiter, skipped = _layout(text.splitlines())
            options = replace(options, delimiter=delimiter, skip_rows=skipped)
    try:
        return options, open_source(options, copies)
    except SourceError as error:
        raise UsageProblem(str(error)) from None


def _is_packed(file: Path) -> bool:
    return file.suffix.lower() in {".gz", ".zst", ".bz2", ".zip", ".parquet", ".pq"}


def _encoding_of(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"PAR1", b"\x1f\x8b", b"PK", b"BZ", b"\x28\xb5\x2f\xfd")):
        return "utf-8"
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _layout(lines: Sequence[str]) -> tuple[str | None, int]:
    """The delimiter, where it is clear, and how many lines stand before the header."""
    counted = [line for line in lines[:200] if line.strip()]
    if not counted:
        return None, 0
    delimiter = max(_DELIMITERS, key=lambda sign: sum(min(line.count(sign), 50) for line in counted))
    widths = [line.count(delimiter) for line in lines[: _MOST_LINES_BEFORE_HEADER + 20]]
    if not any(widths):
        return None, 0
    usual = sorted(width for width in widths if width)[len([w for w in widths if w]) // 2]
    first = next((at for at, width in enumerate(widths) if width >= max(1, usual // 2)), 0)
    return delimiter, first if first <= _MOST_LINES_BEFORE_HEADER and not _is_sep_line(lines[0]) else 0


def _is_sep_line(line: str) -> bool:
    return line.strip().lower().startswith("sep=")


def _read(source: Source) -> tuple[pl.DataFrame, int]:
    """The sampled rows, and how many of the rows that were seen have too few or too many cells."""
    kept: list[pl.DataFrame] = []
    rejects = held = 0
    last: pl.DataFrame | None = None
    try:
        for batch in source.batches():
            rejects += len(batch.rejects)
            if held < _WHOLE_ROWS:
                kept.append(batch.rows.head(_WHOLE_ROWS - held))
                held += len(kept[-1])
                last = batch.rows.tail(_STRETCH_ROWS) if len(batch.rows) > len(kept[-1]) else None
            else:
                kept.append(batch.rows.head(_STRETCH_ROWS))
                last = batch.rows.tail(_STRETCH_ROWS)
    except SourceError as error:
        raise UsageProblem(str(error)) from None
    frames = [*kept, *([last] if last is not None else [])]
    if not frames:
        raise UsageProblem(f"{', '.join(source.files)}: there are no rows to learn from.")
    return pl.concat(frames, how="diagonal"), rejects


def _nothing_in(frame: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """Texts that stand for an empty cell in some column that holds other things, too."""
    return [
        text
        for text in NOTHING
        if any((frame[column] == text).any() and frame[column].n_unique() > 2 for column in columns)
    ]


def _cells(cells: pl.Series, blanks: Sequence[str]) -> pl.Series:
    trimmed = cells.cast(pl.String).str.strip_chars()
    return trimmed.set(trimmed.is_in(["", *blanks]).fill_null(value=False), None)


def _relative(path: str, folder: Path) -> str:
    try:
        return str(Path(path).resolve().relative_to(folder.resolve()))
    except ValueError:
        return str(Path(path).resolve())


def split_layouts(files: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """The files by their columns: those with the same header belong together, in the order given."""
    by_header: dict[tuple[str, ...], list[Path]] = {}
    for file in files:
        if not file.exists():
            raise UsageProblem(f"There is no file {file}.")
        with TemporaryDirectory() as copies:
            _, source = _open(str(file), file, Path(copies))
        by_header.setdefault(source.columns, []).append(file)
    yield from (tuple(group) for group in by_header.values())
