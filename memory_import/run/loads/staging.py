"""From the source to prepared parts on disk: one is read while a few are prepared and written."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from memory_import.columns import ERROR_CODE, ERROR_MESSAGE, ROW
from memory_import.ledger.staging.staged import Staging, count_rejected
from memory_import.run.context import RunContext
from memory_import.sources.fingerprint import fingerprint
from memory_import.sources.frames import Batch, no_rejects
from memory_import.sources.tabular import Source, open_source
from memory_import.spec.model import SourceSpec, source_options
from memory_import.transforms.prepare import Prepared

_ROWS_PER_PART = 75_000
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
        return len(self.batch.rows) + len(self.batch.rejects)


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
) -> PreparedParts:
    """Read the source of a load to its end, and note in the ledger what it was.

    Every row is staged in the order of the input, as it was read, with what was made of it or the reasons why
    nothing was. `prepare` gets rows as they were read, and its frame begins with them.
    """
    options = source_options(source, run.spec_folder)
    changes: Counter[str] = Counter()
    rows = 0
    with ThreadPoolExecutor(2) as aside, ThreadPoolExecutor(_WORKERS) as workers:
        digest = aside.submit(
            lambda: run.ledger.note_input(run.run_id, load, fingerprint(options, run.check_stop).to_json())
        )
        opened = open_source(options)
        under_way: deque[Future[_Drafted]] = deque()
        settling: list[Future[None]] = []

        def take_oldest() -> None:
            drafted = under_way.popleft().result()
            settling.append(aside.submit(staging.settle_part, drafted.number))
            changes.update(drafted.changes)
            run.progress.advance(drafted.rows, rejects=drafted.rejected)

        for part in _parts(opened, run.record.row_limit):
            run.check_stop()
            if len(under_way) == _WORKERS:
                take_oldest()
            under_way.append(workers.submit(_draft, part, prepare, staging))
            rows += part.rows
        while under_way:
            take_oldest()
        for waiting in (*settling, digest):
            waiting.result()
    return PreparedParts(opened.columns, rows, changes)


def _parts(source: Source, row_limit: int | None) -> Iterator[_Part]:
    """The source in parts, up to `row_limit` rows; one without rows when there are none."""
    position = number = 0
    for batch in source.batches(_ROWS_PER_PART):
        room = None if row_limit is None else row_limit - position
        part = _Part(number, position, _first_rows(batch, room))
        yield part
        number, position = number + 1, position + part.rows
        if position == row_limit:
            return
    if number == 0:
        nothing = no_rejects(source.columns)
        yield _Part(0, 0, Batch(nothing.drop(ERROR_CODE, ERROR_MESSAGE), nothing))


def _first_rows(batch: Batch, room: int | None) -> Batch:
    """At most `room` rows of a batch."""
    if room is None or len(batch.rows) + len(batch.rejects) <= room:
        return batch
    numbers = pl.concat([batch.rows[ROW], batch.rejects[ROW]]).sort()
    within = pl.col(ROW) < numbers[room]
    return Batch(batch.rows.filter(within), batch.rejects.filter(within))


def _draft(part: _Part, prepare: Callable[[pl.DataFrame], Prepared], staging: Staging) -> _Drafted:
    """Prepare one part and write it."""
    prepared = prepare(part.batch.rows)
    frame = prepared.frame
    if not part.batch.rejects.is_empty():
        frame = pl.concat([frame, part.batch.rejects], how="diagonal").sort(ROW)
    positions = pl.int_range(part.position, part.position + len(frame), dtype=pl.Int64, eager=True)
    staging.draft_part(part.number, frame.with_columns(_pos=positions))
    return _Drafted(part.number, part.rows, count_rejected(frame), prepared.changes)
