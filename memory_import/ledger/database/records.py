"""What the ledger hands out and takes in: plain values, one class per table row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from memory_import.ledger.database.states import BatchState
from memory_import.loads import LOADS


class RunStatus(StrEnum):
    """Where a run stands. Only `running`, `pending` and `stopped` can be resumed."""

    RUNNING = "running"  # under way, or its process died
    PENDING = "pending"  # ended with rows whose outcome the server still owes, or that were not sent
    STOPPED = "stopped"  # ended by a signal, a refused key or a store that is not fit
    FINISHED = "finished"
    PLANNED = "planned"  # a plan: nothing of it was sent yet
    SUPERSEDED = "superseded"  # ended unfinished by a later run of the same spec and target
    FAILED = "failed"  # going on would end the same way: the input, the spec or the error budget


RESUMABLE = (RunStatus.RUNNING, RunStatus.PENDING, RunStatus.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One execution of a spec. Times are RFC 3339 in UTC; `budgets` are as a person wrote them, by option.

    `is_full`: everything is sent, whatever is known. `is_plan`: to be sent only when it is applied; False
    from then on. `declared` is what the store declared when the run was staged, None until then. Deliveries
    are counted in the ledger, resumed ones again: `planned_after` is how many there were when the run was
    entered, `delivery_number` is the run's last one, None while nothing of it was sent.
    """

    run_id: str
    spec_path: str
    spec: Mapping[str, Any]
    api_url: str
    store_id: str
    emulator: bool
    budgets: Mapping[str, str | None]
    row_limit: int | None
    is_full: bool
    is_plan: bool
    declared: Mapping[str, Any] | None
    planned_after: int
    delivery_number: int | None
    status: RunStatus
    exit_code: int | None
    started_at: str
    finished_at: str | None

    @property
    def loads(self) -> tuple[str, ...]:
        """The names of the loads of the spec."""
        return tuple(load for load in LOADS if self.spec.get(load) is not None)

    @property
    def is_resumable(self) -> bool:
        """Whether `resume` may go on with it: a plan is applied."""
        return self.status in RESUMABLE and not self.is_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRecord:
    """One load of a run, once its rows are staged.

    `planned_at`
    (seconds since the epoch) is when its batches were entered; None while nobody has found the profiles that
    its rows belong to. `lookups` says what finding them took; None where nothing was to be found.
    `server_time` (seconds since the epoch, by the server's clock) is when the load began to write; None where
    it has not, or the server does not tell its time. `remarks` are sentences about what earlier runs left
    behind.
    """

    load: str
    identifiers: Mapping[str, str]  # trait -> identifier type
    columns: tuple[str, ...]
    rows_read: int
    rounds: int
    changes: Mapping[str, int]
    planned_at: float | None
    lookups: Mapping[str, int] | None = None
    server_time: float | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProfile:
    """What a lookup found: how many profiles have the identifier, and the id where it is one alone.

    `key` stands for the identifier: a keyed hash, see `memory_import.ledger.database.identifier_hashes`.
    `tries` is how many requests it took. `is_created`: there was none, and one was created.
    """

    key: str
    matches: int
    profile_id: str | None
    tries: int
    is_created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBatch:
    """A slice `[start, stop)` of one staged file. `rows`: how many input rows have their outcome from it.

    A piece of a batch that was divided may be known from the start to have landed: `state` says so.
    """

    load: str
    round: int
    part: str
    start: int
    stop: int
    rows: int
    body_bytes: int
    parent_id: int | None = None
    state: BatchState = BatchState.PLANNED
    failed_runs: int = 0  # in which the server failed at it, however often it was tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(PlannedBatch):
    """A batch as the ledger knows it."""

    id: int
    tries: int
    body_hash: str | None
    http_status: int | None
    request_id: str | None
    operation_id: str | None
    code: int | None
    answered_at: float | None  # seconds since the epoch


@dataclass(slots=True)
class RequestCount:
    """Requests made and not yet in the ledger: how many by HTTP status (or failure), how many were again,
    and how many at most were under way at once."""

    by_status: dict[str, int] = field(default_factory=dict)
    retries: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    most_in_flight: int = 0

    def leave(self) -> None:
        """A request leaves: it is under way until `end`."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def end(self) -> None:
        """A request that left is answered, or given up."""
        self.in_flight -= 1

    def add(self, status: str, *, is_retry: bool) -> None:
        """Count one request."""
        self.by_status[status] = self.by_status.get(status, 0) + 1
        if is_retry:
            self.retries[status] = self.retries.get(status, 0) + 1

    def take(self) -> "RequestCount":
        """Hand over what was counted so far, and start at zero."""
        taken = RequestCount(self.by_status, self.retries, self.in_flight, self.most_in_flight)
        self.by_status, self.retries, self.most_in_flight = {}, {}, self.in_flight
        return taken


@dataclass(frozen=True, slots=True)
class Sample:
    """The requests of the `seconds` that ended `at`, in seconds since the epoch.

    `throttled` were answered 429, `in_flight` is the most that were under way at once; for `held_seconds`
    none could leave because the service wanted none.
    """

    at: float
    seconds: float
    requests: int
    throttled: int
    in_flight: int
    held_seconds: float
