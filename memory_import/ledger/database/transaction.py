"""Changes to the ledger's batches that are committed together."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, insert, or_, update
from sqlalchemy.dialects.sqlite import insert as upsert

from memory_import.ledger.database.edits import Edit
from memory_import.ledger.database.records import Batch, FoundProfile, PlannedBatch, RequestCount, Sample
from memory_import.ledger.database.schema import batches, edits, lookups, requests, samples, waits
from memory_import.ledger.database.states import BatchState, IllegalMove, origins

_PLANNED_FACTS = tuple(fact.name for fact in fields(PlannedBatch))
_BATCH_FACTS = tuple(fact.name for fact in fields(Batch))
BATCH_COLUMNS = tuple(batches.c[name] for name in _BATCH_FACTS)
"""What `read_batch` needs of a row."""


class Transaction:
    """Changes to batches and request counts inside one commit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def plan(self, run_id: str, planned: Iterable[PlannedBatch]) -> None:
        """Enter new batches."""
        if rows := _rows(run_id, planned):
            self.connection.execute(insert(batches), rows)

    def plan_pieces(self, run_id: str, pieces: Iterable[PlannedBatch]) -> list[Batch]:
        """Enter a few new batches, and give them with their ids."""
        statement = insert(batches).returning(*BATCH_COLUMNS, sort_by_parameter_order=True)
        return [read_batch(row) for row in self.connection.execute(statement, _rows(run_id, pieces))]

    def move(self, batch_id: int, target: BatchState, facts: Mapping[str, Any]) -> None:
        """Move a batch to `target` and note facts about it; `IllegalMove` when it is not where it must be."""
        statement = _move(target, tuple(facts))
        moved = self.connection.execute(statement, {"batch_id": batch_id, **facts})
        if moved.rowcount != 1:
            raise IllegalMove(f"Batch {batch_id} cannot move to {target} from where it is.")

    def remember(self, run_id: str, load: str, found: FoundProfile) -> None:
        """Keep what a lookup found, in place of what was known before."""
        facts = {"load": load, **asdict(found)}
        self.connection.execute(
            upsert(lookups)
            .values(run_id=run_id, **facts)
            .on_conflict_do_update(index_elements=lookups.primary_key, set_=facts)
        )

    def note_edit(self, run_id: str, edit: Edit) -> None:
        """Say where the change of a profile stands, in place of where it stood."""
        facts = asdict(edit)
        of_edit = (edits.c.kind == edit.kind, edits.c.number == edit.number)
        self.connection.execute(update(edits).where(edits.c.run_id == run_id, *of_edit).values(**facts))

    def replace_profile(self, run_id: str, profile_id: str, canonical_id: str) -> None:
        """Remember that a profile was merged into another one."""
        self.connection.execute(
            update(lookups)
            .where(lookups.c.run_id == run_id, lookups.c.profile_id == profile_id)
            .values(profile_id=canonical_id)
        )

    def note_wait(self, api_url: str, told_at: float, seconds: float) -> None:
        """Keep for how long a server wants no request; a wait that ends later stays."""
        new = upsert(waits).values(api_url=api_url, told_at=told_at, seconds=seconds)
        self.connection.execute(
            new.on_conflict_do_update(
                index_elements=waits.primary_key,
                set_={"told_at": new.excluded.told_at, "seconds": new.excluded.seconds},
                where=waits.c.told_at + waits.c.seconds < new.excluded.told_at + new.excluded.seconds,
            )
        )

    def count_requests(self, run_id: str, counts: RequestCount) -> None:
        """Add requests to the run's counts."""
        for status, count in counts.by_status.items():
            new = upsert(requests).values(
                run_id=run_id, status=status, count=count, retries=counts.retries.get(status, 0)
            )
            self.connection.execute(
                new.on_conflict_do_update(
                    index_elements=requests.primary_key,
                    set_={
                        "count": requests.c.count + new.excluded.count,
                        "retries": requests.c.retries + new.excluded.retries,
                    },
                )
            )

    def add_sample(self, run_id: str, sample: Sample) -> None:
        """Keep how busy the run was."""
        self.connection.execute(insert(samples).values(run_id=run_id, **asdict(sample)))


@cache
def _move(target: BatchState, facts: tuple[str, ...]) -> Update:
    """The statement of a move. Made once, and without IN: both take longer than to carry it out."""
    is_allowed = or_(*(batches.c.state == state for state in origins(target)))
    return (
        update(batches)
        .where(batches.c.id == bindparam("batch_id"), is_allowed)
        .values(state=target, **{name: bindparam(name) for name in facts})
    )


def _rows(run_id: str, planned: Iterable[PlannedBatch]) -> list[dict[str, Any]]:
    new = {"run_id": run_id, "tries": 0}
    return [{**new, **{name: getattr(batch, name) for name in _PLANNED_FACTS}} for batch in planned]


def read_batch(row: Row[Any]) -> Batch:
    """The batch that a row of `BATCH_COLUMNS` holds."""
    facts = dict(zip(_BATCH_FACTS, row, strict=True))
    return Batch(**{**facts, "state": BatchState(facts["state"])})
