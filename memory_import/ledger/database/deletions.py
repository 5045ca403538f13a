"""The profiles that a run deletes, one by one: where each stands, from before its request leaves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import RowMapping, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from memory_import.ledger.database.runs import RunTable
from memory_import.ledger.database.schema import deletions


class DeletionState(StrEnum):
    """What is known of the profile of a person who is gone."""

    PLANNED = "planned"  # nothing was asked for yet
    SENDING = "sending"  # the request is about to leave, or has left
    ACCEPTED = "accepted"  # the service took it; the profile can be read still
    DELETED = "deleted"  # read back as not there
    ABSENT = "absent"  # no identifier of the person led to a profile
    KEPT = "kept"  # left alone; `code` says why
    REJECTED = "rejected"  # the service refused; `code` is its own
    UNKNOWN = "unknown"  # the service took it, and the profile is there long after


_ALL = tuple(DeletionState)
UNDER_WAY = (DeletionState.SENDING, DeletionState.ACCEPTED)
"""Nobody knows yet what becomes of the profile."""
OPEN = (DeletionState.PLANNED, *UNDER_WAY)
"""Not at their end."""
REMOVED = (DeletionState.DELETED, DeletionState.ABSENT)
"""The store has nothing of the person any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One person who is gone: its number among known people, and where its deletion stands. `sent_at` is in
    seconds since the epoch."""

    person: int
    state: DeletionState = DeletionState.PLANNED
    profile_id: str | None = None
    code: str | None = None
    request_id: str | None = None
    sent_at: float | None = None


class DeletionTable(RunTable):
    """Every question about deletions, and how they are entered."""

    def plan_deletions(self, run_id: str, persons: Iterable[int]) -> None:
        """Enter who is to be deleted; who is entered already stays where it stands."""
        rows = [{"run_id": run_id, **asdict(Deletion(person=person))} for person in persons]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(upsert(deletions).on_conflict_do_nothing(), rows)

    def deletions(
        self, run_id: str, states: Sequence[DeletionState] = tuple(DeletionState)
    ) -> list[Deletion]:
        """The deletions of a run that are in one of `states`, by person."""
        query = (
            select(deletions)
            .where(deletions.c.run_id == run_id, deletions.c.state.in_(states))
            .order_by(deletions.c.person)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_read(row) for row in rows]

    def deletion_counts(self, run_id: str) -> Counter[DeletionState]:
        """How many deletions of a run are in which state."""
        query = select(deletions.c.state, func.count()).where(deletions.c.run_id == run_id)
        with self._engine.connect() as connection:
            found = connection.execute(query.group_by(deletions.c.state)).all()
        return Counter({DeletionState(state): count for state, count in found})


def _read(row: RowMapping) -> Deletion:
    facts = {name: row[name] for name in row if name != "run_id"}
    return Deletion(**{**facts, "state": DeletionState(row["state"])})
