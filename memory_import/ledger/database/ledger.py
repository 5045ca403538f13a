"""The ledger's database: one for all runs of a state directory. It grows with batches, not with rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import (
    Integer,
    RowMapping,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from memory_import.ledger.database.edits import EditTable
from memory_import.ledger.database.records import (
    Batch,
    FoundProfile,
    LoadRecord,
    PlannedBatch,
    RequestCount,
    RunRecord,
    RunStatus,
    Sample,
)
from memory_import.ledger.database.schema import (
    batches,
    inputs,
    loads,
    lookups,
    requests,
    runs,
    samples,
    timings,
    waits,
)
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.database.transaction import BATCH_COLUMNS, Transaction, read_batch

_FOUND_LATER = ("planned_at", "changes", "lookups", "remarks")  # of a load that was staged without batches
_RUNS_OF_PACE = 5
_NEW_SECONDS = upsert(timings)
_ADD_SECONDS = _NEW_SECONDS.on_conflict_do_update(
    index_elements=timings.primary_key,
    set_={"seconds": timings.c.seconds + _NEW_SECONDS.excluded.seconds},
)
_TOOK = (BatchState.ACCEPTED, BatchState.COMPLETED, BatchState.VERIFIED, BatchState.UNKNOWN)


class Ledger(EditTable):
    """Every question to the database and every change of it, each change in its own transaction."""

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Several changes that are committed together, or not at all."""
        with self._engine.begin() as connection:
            yield Transaction(connection)

    # Inputs and loads

    def note_input(self, run_id: str, load: str, fingerprint: Mapping[str, Any]) -> None:
        """Keep what the input of a load was, in place of what was known before."""
        new = upsert(inputs).values(run_id=run_id, load=load, fingerprint=dict(fingerprint))
        with self._engine.begin() as connection:
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=inputs.primary_key, set_={"fingerprint": new.excluded.fingerprint}
                )
            )

    def input(self, run_id: str, load: str) -> Mapping[str, Any] | None:
        """What the input of a load was, or None when it was not read to its end yet."""
        query = select(inputs.c.fingerprint).where(inputs.c.run_id == run_id, inputs.c.load == load)
        with self._engine.connect() as connection:
            fingerprint: Mapping[str, Any] | None = connection.execute(query).scalar_one_or_none()
        return fingerprint

    def save_load(self, run_id: str, load: LoadRecord, planned: Iterable[PlannedBatch]) -> None:
        """Enter a staged load and all its batches: from this commit on the source is not needed."""
        with self.transaction() as transaction:
            transaction.connection.execute(insert(loads).values(run_id=run_id, **asdict(load)))
            transaction.plan(run_id, planned)

    def plan_load(self, run_id: str, load: LoadRecord, planned: Iterable[PlannedBatch]) -> None:
        """Enter all batches of a load that was staged without them, and what is known of it by now."""
        facts = {name: value for name, value in asdict(load).items() if name in _FOUND_LATER}
        with self.transaction() as transaction:
            transaction.connection.execute(
                update(loads).where(loads.c.run_id == run_id, loads.c.load == load.load).values(**facts)
            )
            transaction.plan(run_id, planned)

    def note_server_time(self, run_id: str, load: str, server_time: float) -> None:
        """Keep when a load began to write, by the server's clock; what was noted before stays."""
        of_load = (loads.c.run_id == run_id, loads.c.load == load, loads.c.server_time.is_(None))
        with self._engine.begin() as connection:
            connection.execute(update(loads).where(*of_load).values(server_time=server_time))

    def load(self, run_id: str, load: str) -> LoadRecord | None:
        """A staged load, or None when its rows are not all staged yet."""
        query = select(loads).where(loads.c.run_id == run_id, loads.c.load == load)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        facts = {name: row[name] for name in row if name != "run_id"}
        return LoadRecord(**{**facts, "columns": tuple(row["columns"]), "remarks": tuple(row["remarks"])})

    # Batches

    def batches(
        self, run_id: str, load: str, *, states: Sequence[BatchState], round: int | None = None
    ) -> list[Batch]:
        """The batches of a load that are in one of `states`, in the order in which they were planned."""
        query = (
            select(*BATCH_COLUMNS)
            .where(batches.c.run_id == run_id, batches.c.load == load, batches.c.state.in_(states))
            .order_by(batches.c.round, batches.c.id)
        )
        if round is not None:
            query = query.where(batches.c.round == round)
        with self._engine.connect() as connection:
            return [read_batch(row) for row in connection.execute(query)]

    def totals(self, run_id: str, load: str) -> dict[tuple[BatchState, bool], tuple[int, int, int]]:
        """Batches, entries sent in them, and rows with their outcome from them.

        By the state of the batch, and whether the server gave an operation to follow.
        """
        is_followed = batches.c.operation_id.is_not(None)
        query = (
            select(
                batches.c.state,
                is_followed,
                func.count(),
                func.sum(batches.c.stop - batches.c.start),
                func.sum(batches.c.rows),
            )
            .where(batches.c.run_id == run_id, batches.c.load == load)
            .group_by(batches.c.state, is_followed)
        )
        with self._engine.connect() as connection:
            return {
                (BatchState(state), bool(followed)): (count, entries, rows)
                for state, followed, count, entries, rows in connection.execute(query)
            }

    # Lookups

    def found_profiles(self, run_id: str) -> dict[str, FoundProfile]:
        """All that the run has looked up, by key."""
        query = select(lookups).where(lookups.c.run_id == run_id)
        with self._engine.connect() as connection:
            return {row["key"]: _found(row) for row in connection.execute(query).mappings()}

    def lookup_counts(self, run_id: str, load: str) -> tuple[int, int, int]:
        """The identifiers that a load looked up, the requests that took, and the profiles it created."""
        query = select(
            func.count(), func.sum(lookups.c.tries), func.sum(lookups.c.is_created.cast(Integer))
        ).where(lookups.c.run_id == run_id, lookups.c.load == load)
        with self._engine.connect() as connection:
            keys, tries, created = connection.execute(query).one()
        return keys, tries or 0, created or 0

    # Requests and time

    def entries_per_second(self, run: RunRecord) -> float | None:
        """How fast the last runs into the target of `run` delivered; None where there were none."""
        of_target = (runs.c.emulator == run.emulator, runs.c.emulator | (runs.c.api_url == run.api_url))
        ended = (
            select(runs.c.run_id)
            .where(*of_target, runs.c.status == RunStatus.FINISHED, runs.c.run_id != run.run_id)
            .order_by(runs.c.run_id.desc())
            .limit(_RUNS_OF_PACE)
        )
        entries = select(func.sum(batches.c.stop - batches.c.start)).where(
            batches.c.run_id.in_(ended), batches.c.state != BatchState.SPLIT
        )
        seconds = select(func.sum(timings.c.seconds)).where(
            timings.c.run_id.in_(ended), timings.c.stage.like("deliver%")
        )
        with self._engine.connect() as connection:
            sent, spent = connection.execute(entries).scalar(), connection.execute(seconds).scalar()
        return sent / spent if sent and spent else None

    def rows_taken(self, run_id: str, began: float, slot_seconds: float) -> dict[int, int]:
        """How many rows the server took in which slot of time: slot 0 began at `began`, in seconds since the
        epoch. Where a clock was set back meanwhile, there may be negative ones."""
        slot = ((batches.c.answered_at - began) / slot_seconds).cast(Integer)
        query = (
            select(slot, func.sum(batches.c.rows))
            .where(
                batches.c.run_id == run_id,
                batches.c.answered_at.is_not(None),
                batches.c.state.in_(_TOOK),
            )
            .group_by(slot)
        )
        with self._engine.connect() as connection:
            return dict(connection.execute(query).all())

    def last_taken(self, run_id: str) -> float | None:
        """When the server took the last rows, in seconds since the epoch; None where it took none."""
        query = select(func.max(batches.c.answered_at)).where(
            batches.c.run_id == run_id, batches.c.state.in_(_TOOK)
        )
        with self._engine.connect() as connection:
            at: float | None = connection.execute(query).scalar_one()
        return at

    def samples(self, run_id: str) -> list[Sample]:
        """How busy a run was, from its beginning to its end."""
        facts = [samples.c[fact.name] for fact in fields(Sample)]
        query = select(*facts).where(samples.c.run_id == run_id).order_by(samples.c.at)
        with self._engine.connect() as connection:
            return [Sample(*row) for row in connection.execute(query)]

    def wait_left(self, api_url: str, now: float) -> float:
        """For how many more seconds a server wants no request; 0 where it may be asked.

        `now` is in seconds since the epoch. A clock that was set meanwhile makes no wait longer than it was.
        """
        query = select(waits.c.told_at, waits.c.seconds).where(waits.c.api_url == api_url)
        with self._engine.connect() as connection:
            told = connection.execute(query).one_or_none()
        if told is None:
            return 0.0
        told_at, seconds = (float(value) for value in told)
        return min(max(told_at + seconds - now, 0.0), seconds)

    def completed_with_error(self, run_id: str, load: str) -> dict[int, tuple[int, int]]:
        """By code, the batches whose operation ended well and told an error all the same, and their rows."""
        query = (
            select(batches.c.code, func.count(), func.sum(batches.c.rows))
            .where(
                batches.c.run_id == run_id,
                batches.c.load == load,
                batches.c.state.in_([BatchState.COMPLETED, BatchState.VERIFIED]),
                batches.c.code.is_not(None),
            )
            .group_by(batches.c.code)
            .order_by(batches.c.code)
        )
        with self._engine.connect() as connection:
            return {code: (count, rows) for code, count, rows in connection.execute(query)}

    def request_counts(self, run_id: str) -> RequestCount:
        """All requests that a run made, over all its resumes."""
        query = select(requests).where(requests.c.run_id == run_id)
        counts = RequestCount()
        with self._engine.connect() as connection:
            for row in connection.execute(query).mappings():
                counts.by_status[row["status"]] = row["count"]
                counts.retries[row["status"]] = row["retries"]
        return counts

    def add_seconds(self, run_id: str, stage: str, seconds: float) -> None:
        """Add to the time that a stage of a run took."""
        with self._engine.begin() as connection:
            connection.execute(_ADD_SECONDS, {"run_id": run_id, "stage": stage, "seconds": seconds})

    def seconds_by_stage(self, run_id: str) -> dict[str, float]:
        """The time each stage took, over all resumes."""
        query = select(timings.c.stage, timings.c.seconds).where(timings.c.run_id == run_id)
        with self._engine.connect() as connection:
            return {row.stage: row.seconds for row in connection.execute(query)}


def _found(row: RowMapping) -> FoundProfile:
    return FoundProfile(**{name: row[name] for name in row if name not in {"run_id", "load"}})
