"""What a run changes of single profiles, beside what it sends in batches: where each change stands, from
before its request leaves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import RowMapping, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from memory_import.ledger.database.runs import RunTable
from memory_import.ledger.database.schema import edits


class EditKind(StrEnum):
    """What is changed of a profile; in the order in which it is done."""

    REPLACE = "replace"  # a former identifier value gives way to its successor
    CLEAR = "clear"  # traits are removed that the person's rows leave blank
    DELETE = "delete"  # it is deleted: the person is gone


class EditState(StrEnum):
    """Where the change of a profile stands."""

    PLANNED = "planned"  # nothing was asked for yet
    SENDING = "sending"  # the request is about to leave, or has left
    ACCEPTED = "accepted"  # the service took it; what was there can be read still
    DONE = "done"  # read back as not there
    ABSENT = "absent"  # no identifier of the person led to a profile
    KEPT = "kept"  # left alone; `code` says why
    REJECTED = "rejected"  # the service refused; `code` is its own
    UNKNOWN = "unknown"  # the service took it, and what was there is there long after


UNDER_WAY = (EditState.SENDING, EditState.ACCEPTED)
"""Nobody knows yet what becomes of it."""
OPEN = (EditState.PLANNED, *UNDER_WAY)
"""Not at their end."""
REMOVED = (EditState.DONE, EditState.ABSENT)
"""The store does not have any more what was to go."""
IN_DOUBT = (*UNDER_WAY, EditState.UNKNOWN)
"""The store may have it, or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of one profile. `number` is that of the known person, of a replacement its place among those
    of the run. `sent_at` is in seconds since the epoch."""

    kind: EditKind
    number: int
    state: EditState = EditState.PLANNED
    profile_id: str | None = None
    code: str | None = None
    request_id: str | None = None
    sent_at: float | None = None


class EditTable(RunTable):
    """Every question about changes of single profiles, and how they are entered."""

    def plan_edits(self, run_id: str, kind: EditKind, numbers: Iterable[int]) -> None:
        """Enter what is to be done; what is entered already stays where it stands."""
        rows = [{"run_id": run_id, **asdict(Edit(kind=kind, number=number))} for number in numbers]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(upsert(edits).on_conflict_do_nothing(), rows)

    def edits(
        self, run_id: str, kind: EditKind, states: Sequence[EditState] = tuple(EditState)
    ) -> list[Edit]:
        """The changes of a run that are in one of `states`, by number."""
        query = (
            select(edits)
            .where(edits.c.run_id == run_id, edits.c.kind == kind, edits.c.state.in_(states))
            .order_by(edits.c.number)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_read(row) for row in rows]

    def edit_counts(self, run_id: str) -> dict[EditKind, Counter[EditState]]:
        """How many changes of a run are in which state, by kind."""
        query = select(edits.c.kind, edits.c.state, func.count()).where(edits.c.run_id == run_id)
        with self._engine.connect() as connection:
            found = connection.execute(query.group_by(edits.c.kind, edits.c.state)).all()
        counts: dict[EditKind, Counter[EditState]] = {kind: Counter() for kind in EditKind}
        for kind, state, count in found:
            counts[EditKind(kind)][EditState(state)] = count
        return counts


def _read(row: RowMapping) -> Edit:
    facts = {name: row[name] for name in row if name != "run_id"}
    return Edit(**{**facts, "kind": EditKind(row["kind"]), "state": EditState(row["state"])})
