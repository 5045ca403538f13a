"""The runs that the ledger knows: what was asked for, where each stands, which of them meet in a store."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    func,
    insert,
    or_,
    select,
    update,
)

from memory_import.ledger.database.records import (
    RESUMABLE,
    RunRecord,
    RunStatus,
)
from memory_import.ledger.database.schema import (
    runs,
)


class RunTable:
    """Every question about runs and every change of one, each change in its own transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create_run(self, run: RunRecord) -> None:
        """Enter a new run."""
        with self._engine.begin() as connection:
            connection.execute(insert(runs).values(**asdict(run)))

    def set_status(
        self, run_id: str, status: RunStatus, *, exit_code: int | None, finished_at: str | None
    ) -> None:
        """Say where a run stands."""
        with self._engine.begin() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.run_id == run_id)
                .values(status=status, exit_code=exit_code, finished_at=finished_at)
            )

    def set_budgets(self, run_id: str, budgets: Mapping[str, str | None]) -> None:
        """Say what a run puts up with from now on."""
        with self._engine.begin() as connection:
            connection.execute(update(runs).where(runs.c.run_id == run_id).values(budgets=dict(budgets)))

    def run(self, run_id: str) -> RunRecord | None:
        """One run, or None when the ledger does not know it."""
        return next(iter(self._runs(runs.c.run_id == run_id)), None)

    def runs(self) -> list[RunRecord]:
        """All runs, the newest first."""
        return self._runs()

    def resumable_runs(self) -> list[RunRecord]:
        """The runs that `resume` may go on with, the newest first; none that a later run has superseded."""
        open_runs = self._runs(runs.c.status.in_(RESUMABLE), runs.c.is_plan.is_(False))
        return [run for run in open_runs if self.superseding(run) is None]

    def unfinished_before(self, run: RunRecord) -> list[RunRecord]:
        """The earlier runs of the same spec into the same store that are not finished, the oldest first.

        Each run into the emulator has a store of its own.
        """
        if run.emulator:
            return []
        earlier = self._runs(
            runs.c.run_id < run.run_id,
            _is_of_spec(run),
            runs.c.store_id == run.store_id,
            runs.c.emulator.is_(False),
            runs.c.is_plan.is_(False),
            runs.c.status.in_(RESUMABLE),
        )
        return earlier[::-1]

    def unfinished_elsewhere(self, run: RunRecord) -> list[RunRecord]:
        """The runs of other specs into the same store that are not finished, the newest first."""
        if run.emulator:
            return []
        return self._runs(
            ~_is_of_spec(run),
            runs.c.store_id == run.store_id,
            runs.c.emulator.is_(False),
            runs.c.is_plan.is_(False),
            runs.c.status.in_(RESUMABLE),
        )

    def over_before(self, run: RunRecord) -> list[RunRecord]:
        """The earlier runs of the same spec into the same store that are over, the newest first.

        Each run into the emulator has a store of its own.
        """
        if run.emulator:
            return []
        return self._runs(
            runs.c.run_id < run.run_id,
            _is_of_spec(run),
            runs.c.api_url == run.api_url,
            runs.c.store_id == run.store_id,
            runs.c.emulator.is_(False),
            runs.c.is_plan.is_(False),
            runs.c.status.in_((RunStatus.FINISHED, RunStatus.SUPERSEDED)),
        )

    def superseding(self, run: RunRecord) -> RunRecord | None:
        """A later run of the same spec that has sent into the store: `run` would bring older data back."""
        if run.emulator:
            return None
        later = self._runs(
            runs.c.run_id > run.run_id,
            _is_of_spec(run),
            runs.c.store_id == run.store_id,
            runs.c.emulator.is_(False),
            runs.c.delivery_number.is_not(None),
        )
        return next(iter(later), None)

    def last_delivery(self) -> int:
        """How many deliveries were begun so far."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(runs.c.delivery_number))).scalar() or 0

    def begin_delivery(self, run_id: str) -> None:
        """Count a delivery of a run, before anything of it is sent: from now on it is no plan."""
        number = select(func.coalesce(func.max(runs.c.delivery_number), 0) + 1).scalar_subquery()
        with self._engine.begin() as connection:
            connection.execute(
                update(runs).where(runs.c.run_id == run_id).values(delivery_number=number, is_plan=False)
            )

    def deliveries_since(self, run: RunRecord) -> list[RunRecord]:
        """The runs of any spec that have sent into the store of `run` since that was entered."""
        return self._runs(
            runs.c.run_id != run.run_id,
            runs.c.api_url == run.api_url,
            runs.c.store_id == run.store_id,
            runs.c.delivery_number > run.planned_after,
        )

    def note_declared(self, run_id: str, declared: Mapping[str, Any]) -> None:
        """Keep what the store declared when a run was staged."""
        with self._engine.begin() as connection:
            connection.execute(update(runs).where(runs.c.run_id == run_id).values(declared=dict(declared)))

    def _runs(self, *conditions: Any) -> list[RunRecord]:
        query = select(runs).where(*conditions).order_by(runs.c.run_id.desc())
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [RunRecord(**{**row, "status": RunStatus(row["status"])}) for row in rows]


def _is_of_spec(run: RunRecord) -> ColumnElement[bool]:
    """Whether runs are of the same spec: of one file, or of the name that what is known is kept under."""
    is_of_file = runs.c.spec_path == run.spec_path
    name = run.spec.get("name")
    return or_(is_of_file, func.coalesce(runs.c.spec["name"].as_string(), "") == name) if name else is_of_file
