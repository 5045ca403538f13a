"""From the source to prepared parts on disk: one is read while a few are prepared and written."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

import polars as pl

from memory_import.columns import FILE, LINE_HASH, POS, ROW, schema
from memory_import.errors import UsageProblem
from memory_import.ledger.staging.layout import OTHERS_SCHEMA, is_of_every_row
from memory_import.ledger.staging.staged import Staging, count_rejected
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.lifecycle.changes import refuse_differences
from memory_import.sources.csv.file import FindLines, no_lines
from memory_import.sources.csv.lines import KnownLines, split_whole_lines
from memory_import.sources.fingerprint import Fingerprint
from memory_import.sources.frames import Batch, make_rejects
from memory_import.sources.originals import describe_originals
from memory_import.sources.tabular import Source
from memory_import.spec.columns import used_columns
from memory_import.spec.model import SourceSpec
from memory_import.spec.plans import source_options
from memory_import.transforms.prepare import Prepared

_ROWS_PER_PART = 50_000
_WORKERS = 2  # Polars lets go of the interpreter; a third one fills more memory than time


@dataclass(frozen=True, slots=True)
class PreparedParts:
    """What was staged: the input's columns, how many rows, and the changes made to kept rows, by code."""

    columns: tuple[str, ...]
    rows: int
    changes: Counter[str]


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of the input; `position` is that of its first row in the whole load."""

    number: int
    position: int
    batch: Batch

    @property
    def rows(self) -> int:
        return self.batch.height


class Lines(Protocol):
    """What is known of rows by their lines in a CSV file."""

    def find_lines(self, kind: str, file: str) -> KnownLines | None:
        """What is known of the lines of a file of a kind, by their hashes."""
        ...

    def recall(self, known: pl.DataFrame) -> Prepared:
        """Rows whose lines are known, prepared as far as that is known."""
        ...

    def prepare_few(self, rows: pl.DataFrame) -> Prepared:
        """The rows between them that were read; they may be prepared later, all together."""
        ...

    def hash_lines(self, kind: str, file: str, lines: pl.Series) -> pl.Series | None:
        """The hashes of lines; None where they are of no use."""
        ...


@dataclass(frozen=True, slots=True)
class _Drafted:
    """A part that was written and waits for the disk, with the changes made to its rows, by code."""

    number: int
    rows: int
    rejected: int
    changes: Mapping[str, int]


def prepare_parts(
    run: RunContext,
    load: str,
    source: SourceSpec,
    prepare: Callable[[pl.DataFrame], Prepared],
    staging: Staging,
    lines: Lines | None = None,
) -> PreparedParts:
    """Read the source of a load to its end, and note in the ledger what it was.

    Every row is staged in the order of the input, as it was read, with what was made of it or the reasons why
    nothing was. `prepare` gets rows as they were read, and its frame begins with them. What is known of
    `lines` is not read.
    """
    opened = run.sources.open(load, source_options(source, run.spec_folder))
    used = tuple(used_columns(run.spec)[load])
    changes: Counter[str] = Counter()
    rows = 0
    with ThreadPoolExecutor(1) as aside, ThreadPoolExecutor(_WORKERS) as workers:
        under_way: deque[Future[_Drafted]] = deque()
        settling: list[Future[None]] = []

        def take_oldest() -> None:
            drafted = _result(under_way.popleft())
            settling.append(aside.submit(staging.settle_part, drafted.number))
            changes.update(drafted.changes)
            run.progress.advance(drafted.rows, rejects=drafted.rejected)

        find_lines = no_lines if lines is None or run.record.row_limit is not None else lines.find_lines
        for part in _parts(opened, used, run.record.row_limit, find_lines):
            run.check_stop()
            if len(under_way) == _WORKERS:
                take_oldest()
            under_way.append(workers.submit(_draft, part, prepare, lines, staging))
            rows += part.rows
        while under_way:
            take_oldest()
        for waiting in settling:
            waiting.result()
    _note_input(run, load, opened)
    _check_count(load, source, rows, run.record.row_limit)
    staging.write_input(describe_originals(opened))
    return PreparedParts(opened.columns, rows, changes)


def _result(drafting: Future[_Drafted]) -> _Drafted:
    try:
        return drafting.result()
    except pl.exceptions.PanicException as panic:  # no Exception: nobody would end the run for it
        raise RuntimeError("Polars met with something that it cannot do") from panic


def _note_input(run: RunContext, load: str, opened: Source) -> None:
    """Keep what was read. Raises `InputChanged` when an earlier attempt of the run read something else."""
    fingerprint = opened.fingerprint()
    known = run.ledger.input(run.run_id, load)
    if known is not None:
        refuse_differences("The input", Fingerprint.from_json(known).differences(fingerprint))
    read = [
        {"name": name, "rows": opened.rows[name], "bytes": table.file.state.size, **_missing(opened, name)}
        for name, table in opened.tables.items()
    ]
    not_read = [{"name": file.name, "reason": file.reason} for file in opened.not_read]
    run.ledger.note_input(run.run_id, load, {**fingerprint.to_json(), "read": read, "not_read": not_read})


def _missing(opened: Source, file: str) -> dict[str, list[str]]:
    """The columns that other files of the input have, if any."""
    missing = [column for column in opened.columns if column not in opened.tables[file].columns]
    return {"missing_columns": missing} if missing else {}


def _check_count(load: str, source: SourceSpec, rows: int, row_limit: int | None) -> None:
    """Refuse an input with too few rows, such as a header alone."""
    fewest = source.min_rows if source.min_rows is not None else int(load == PROFILES)
    if rows < fewest and (row_limit is None or rows < row_limit):
        raise UsageProblem(
            f"{load}.source: found {rows} rows, expected at least {fewest}; export the file again, "
            "or set the source's min_rows."
        )


def _parts(
    source: Source, used: Sequence[str], row_limit: int | None, find_lines: FindLines
) -> Iterator[_Part]:
    """The source in parts, up to `row_limit` rows; one without rows when there are none."""
    position = number = 0
    for batch in source.batches(_ROWS_PER_PART, used, find_lines):
        room = None if row_limit is None else row_limit - position
        part = _Part(number, position, _first_rows(batch, room))
        yield part
        number, position = number + 1, position + part.rows
        if position == row_limit:
            return
    if number == 0:
        rows = pl.DataFrame(schema={**schema(FILE, ROW), **dict.fromkeys(used, pl.String)})
        yield _Part(0, 0, Batch(rows, make_rejects("", [])))


def _first_rows(batch: Batch, room: int | None) -> Batch:
    """At most `room` rows of a batch."""
    if room is None or batch.height <= room:
        return batch
    numbers = pl.concat([batch.rows[ROW], batch.rejects[ROW]]).sort()
    within = pl.col(ROW) < numbers[room]
    return replace(batch, rows=batch.rows.filter(within), rejects=batch.rejects.filter(within), kind=None)


def _draft(
    part: _Part, prepare: Callable[[pl.DataFrame], Prepared], lines: Lines | None, staging: Staging
) -> _Drafted:
    """Prepare one part and write it."""
    batch = part.batch
    known = None if batch.known.is_empty() else lines
    prepared = prepare(batch.rows) if known is None else known.prepare_few(batch.rows)
    frame, others, changes = prepared.frame, [prepared.others], Counter(prepared.changes)
    if not batch.rejects.is_empty():
        frame = pl.concat([frame, batch.rejects], how="diagonal").sort(ROW)
    cells = None
    if known is not None:
        recalled = known.recall(batch.known)
        cells = frame.select(ROW, *(name for name in frame.columns if not is_of_every_row(name)))
        kept = frame.select(name for name in frame.columns if is_of_every_row(name))
        between = not kept.is_empty()
        frame = pl.concat([kept, recalled.frame], how="diagonal_relaxed")
        frame = frame.sort(ROW) if between else frame  # which takes long, be they in order or not
        others.append(recalled.others)
        changes.update(recalled.changes)
    positions = pl.int_range(part.position, part.position + len(frame), dtype=pl.Int64, eager=True)
    frame = frame.with_columns(_pos=positions)
    if lines is not None:
        frame = frame.with_columns(_hash_lines(batch, frame, lines).alias(LINE_HASH))
    if cells is not None:
        places = positions.gather(frame[ROW].search_sorted(cells[ROW]))
        cells = cells.drop(ROW).insert_column(0, places.alias(POS))
    staging.draft_part(part.number, frame, batch.original, cells)
    beside = pl.concat(others).sort(ROW, maintain_order=True)
    at = frame[ROW].search_sorted(beside[ROW])  # rows of one file, in order
    beside = beside.with_columns(positions.gather(at).alias(POS))
    staging.write_others(part.number, beside.select(list(OTHERS_SCHEMA)))
    return _Drafted(part.number, part.rows, count_rejected(frame), changes)


def _hash_lines(batch: Batch, frame: pl.DataFrame, lines: Lines) -> pl.Series:
    """The hash (UInt64) of the line of each row of a part; null where nobody can say which it is."""
    nothing = pl.repeat(None, frame.height, dtype=pl.UInt64, eager=True)
    if batch.kind is None or frame.is_empty():
        return nothing
    if batch.known.height == frame.height:
        return frame[LINE_HASH]
    file, found = frame[FILE][0], []
    for is_regular, runs in groupby(batch.original, lambda run: run[0] > 1):
        listed = list(runs)
        count = sum(rows for rows, _ in listed)
        texts = split_whole_lines(b"".join(text for _, text in listed), count) if is_regular else None
        hashes = None if texts is None else lines.hash_lines(batch.kind, file, texts)
        found.append(nothing[:count] if hashes is None else hashes)
    return pl.concat(found)
