"""The account: everything that can change, changed in one way only.

A request is checked against the state and becomes a piece of **work**, which is written to the journal before
the answer leaves. Work is **applied** when it is due, in the order of its due time. Appliers are
deterministic and never fail, so replaying the journal gives the same state and the same ids.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, cast

from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.clock import Clock
from memory_import.emulator.engine.ids import Ids
from memory_import.emulator.engine.journal import Journal
from memory_import.emulator.engine.limits import OPERATION_RETENTION_SECONDS
from memory_import.emulator.engine.state import Configuration, Ending, Operation, Store, Timing

COMPLETED = Ending()
PROMPT = Timing()


@dataclass(slots=True, eq=False)
class Work:
    """One accepted change. ``payload`` is JSON and holds all that the applier needs besides the state."""

    number: int
    kind: str
    store_id: str
    payload: Json
    accepted_at: float
    due: float
    request_id: str
    operation: Operation | None = None


@dataclass(slots=True, frozen=True)
class Pace:
    """How long asynchronous work takes: from ``low`` to ``high`` seconds, drawn from the seed.

    Half of it an operation is PENDING, then RUNNING. What it changes can be read ``read_lag_seconds`` later.
    """

    low: float
    high: float
    read_lag_seconds: float


@dataclass(slots=True, frozen=True)
class Effect:
    """One applied piece of work, for the log that tests read."""

    work: int
    kind: str
    store_id: str
    request_id: str
    operation_id: str | None
    at: float
    effects: Json


class Account:
    """Stores, operations, conversation configurations and the work that is not applied yet.

    ``keyed``: work by the ``Idempotency-Key`` that it came with. ``merges``: what several matches do in new
    stores; see ``Store``.
    """

    def __init__(
        self, *, clock: Clock, pace: Pace, seed: int, journal: Journal, appliers: Mapping[str, "Applier"]
    ) -> None:
        self.clock = clock
        self.ids = Ids()
        self.stores: dict[str, Store] = {}
        self.operations: dict[str, Operation] = {}
        self.configurations: dict[str, Configuration] = {}
        self.keyed: dict[str, Work] = {}
        self.merges = True
        self.log: list[Effect] = []
        self._pace = pace
        self._random = Random(seed)  # noqa: S311 -- delays, not secrets
        self._journal = journal
        self._appliers = appliers
        self._queue: list[tuple[float, int, Work]] = []
        self._count = 0

    def submit(
        self,
        kind: str,
        store_id: str,
        payload: Json,
        *,
        request_id: str,
        timing: Timing = PROMPT,
    ) -> None:
        """Accept asynchronous work that nobody can follow."""
        now = self.clock.now()
        ends_at = self._end_of_work(now, timing)
        self._enqueue(self._accept(kind, store_id, payload, now, ends_at, request_id))

    def operate(
        self,
        kind: str,
        store_id: str,
        payload: Json,
        *,
        request_id: str,
        timing: Timing = PROMPT,
        result_id: str | None = None,
        ending: Ending = COMPLETED,
    ) -> Operation:
        """Accept asynchronous work that can be followed; ``result_id`` is what it is about."""
        now = self.clock.now()
        ends_at = self._end_of_work(now, timing)
        operation = Operation(
            id=self.ids.mint(_id_kind(store_id)),
            created_at=now,
            starts_at=now + (ends_at - now) / 2,
            ends_at=ends_at,
            shown_at=now + timing.hidden_seconds,
            result_id=result_id,
            ending=ending,
        )
        self.operations[operation.id] = operation
        self._enqueue(self._accept(kind, store_id, payload, now, ends_at, request_id, operation))
        return operation

    def change(self, kind: str, store_id: str, payload: Json, *, request_id: str) -> Json:
        """Accept and apply at once; what it did."""
        now = self.clock.now()
        return self._apply(self._accept(kind, store_id, payload, now, now, request_id), now)

    def _end_of_work(self, now: float, timing: Timing) -> float:
        return now + self._random.uniform(self._pace.low, self._pace.high) + timing.late_seconds

    def _enqueue(self, work: Work) -> None:
        heapq.heappush(self._queue, (work.due + self._pace.read_lag_seconds, work.number, work))

    def _accept(
        self,
        kind: str,
        store_id: str,
        payload: Json,
        now: float,
        due: float,
        request_id: str,
        operation: Operation | None = None,
    ) -> Work:
        self._count += 1
        work = Work(self._count, kind, store_id, payload, now, due, request_id, operation)
        self._journal.append(_write_work(work))
        self._note_key(work)
        return work

    def _note_key(self, work: Work) -> None:
        key = work.payload.get("idempotency_key")
        if isinstance(key, str):
            self.keyed[key] = work

    def settle(self) -> None:
        """Apply everything that is due by now."""
        now = self.clock.now()
        while self._queue and self._queue[0][0] <= now:
            due, _, work = heapq.heappop(self._queue)
            self._apply(work, round(due, 3))

    def _apply(self, work: Work, at: float) -> Json:
        effects = self._run(work, at)
        self._journal.append({"applied": work.number, "at": at, "effects": effects})
        return effects

    def _run(self, work: Work, at: float) -> Json:
        operation = work.operation
        if operation is not None and not operation.ending.is_applied:
            effects: Json = {"failed": (operation.ending.error or {}).get("code")}
        else:
            effects = self._appliers[work.kind](self, work, at)
        if store := self.stores.get(work.store_id):
            store.processed_at = max(store.processed_at, work.accepted_at)
        operation_id = operation.id if operation else None
        self.log.append(
            Effect(work.number, work.kind, work.store_id, work.request_id, operation_id, at, effects)
        )
        return effects

    def commit(self) -> None:
        """Bring all that was accepted or applied to the disk."""
        self._journal.sync()

    def close(self) -> None:
        self._journal.close()

    def find_operation(self, operation_id: str) -> Operation | None:
        """The operation, unless it is unknown, hidden as yet, or ended more than seven days ago."""
        operation = self.operations.get(operation_id)
        if operation is None:
            return None
        last_shown_at = operation.ends_at + OPERATION_RETENTION_SECONDS
        return operation if operation.shown_at <= self.clock.now() <= last_shown_at else None

    def pending_count(self) -> int:
        """How much accepted work is not applied yet."""
        return len(self._queue)

    def let_matches(self, *, merge: bool) -> None:
        """From now on several matches merge or do not, in every store."""
        self.merges = merge
        for store in self.stores.values():
            store.merges = merge

    def data_as_of(self, store: Store) -> float:
        """Everything that the store was sent up to this moment is processed."""
        waiting = [work.accepted_at for _, _, work in self._queue if work.store_id == store.id]
        return min(store.processed_at, min(waiting) - 0.001) if waiting else store.processed_at

    def replay(self, entry: Json, waiting: dict[int, Work]) -> None:
        """Do again what a journal entry says; ``waiting`` carries accepted work from entry to entry."""
        if "accepted" in entry:
            work = _read_work(entry)
            self._count = max(self._count, work.number)
            waiting[work.number] = work
            self._note_key(work)
            if work.operation:
                self.operations[work.operation.id] = work.operation
                self.ids.claim(_id_kind(work.store_id), work.operation.id)
        elif "applied" in entry:
            self._run(waiting.pop(cast(int, entry["applied"])), cast(float, entry["at"]))

    def queue(self, works: list[Work]) -> None:
        """Take up again work that an earlier process accepted and did not apply."""
        for work in works:
            self._enqueue(work)


Applier = Callable[[Account, Work, float], Json]


def _id_kind(store_id: str) -> str:
    """Of an operation: what is not about a store is about a conversation configuration."""
    return "operation" if store_id else "job"


def _write_work(work: Work) -> Json:
    return {
        "accepted": work.number,
        "kind": work.kind,
        "store": work.store_id,
        "at": work.accepted_at,
        "due": work.due,
        "request": work.request_id,
        "operation": work.operation,
        "payload": work.payload,
    }


def _read_work(entry: Json) -> Work:
    return Work(
        number=cast(int, entry["accepted"]),
        kind=cast(str, entry["kind"]),
        store_id=cast(str, entry["store"]),
        payload=cast(Json, entry["payload"]),
        accepted_at=cast(float, entry["at"]),
        due=cast(float, entry["due"]),
        request_id=cast(str, entry["request"]),
        operation=_read_operation(cast(Json | None, entry["operation"])),
    )


def _read_operation(written: Json | None) -> Operation | None:
    if written is None:
        return None
    ending = Ending(**cast(dict[str, Any], written["ending"]))
    return Operation(**cast(dict[str, Any], {**written, "ending": ending}))
