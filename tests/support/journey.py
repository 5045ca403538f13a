"""A load on its way: a service that takes profiles as a test tells it to, and the delivery that feeds it."""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from memory_import.destination.delivery.batches import plan_batches
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.entries import Entries
from memory_import.destination.delivery.rounds import deliver_in_rounds
from memory_import.destination.http.throttle import StopSignal
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch, LoadRecord, PlannedBatch
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.outcomes import row_outcomes
from memory_import.ledger.staging.layout import is_merged
from memory_import.ledger.staging.staged import Staging
from tests.support.ledger_examples import RUN_ID, enter, make_load, stage, staged_rows
from tests.support.servers import STORE, Clock, make_client, make_pace, operation, refusal

PATIENT = 1e9
ALL_STATES = tuple(BatchState)
Reply = httpx.Response | None


async def takes_all(_: list[int]) -> Reply:
    """The usual answer to a Bulk: it is accepted."""
    return None


@dataclass
class Service:
    """The parts of the API that a delivery meets, in memory. Rows are known by the number in their email.

    `declared` are the traits of its one group. `bulk` and `poll` may give another answer than the usual one,
    or raise what the connection raises. `bulk` is told the rows of the request, `poll` those of the operation
    and how often it was asked for before.
    """

    bulk: Callable[[list[int]], Awaitable[Reply]] = takes_all
    poll: Callable[[list[int], int], Reply] = lambda _rows, _before: None
    found: Callable[[str], bool] = lambda _value: True
    declared: tuple[str, ...] = ("email",)
    is_there: bool = True
    gives_operations: bool = True
    events: list[tuple[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    _operations: dict[str, list[int]] = field(default_factory=dict)
    _polls: Counter[str] = field(default_factory=Counter)

    @property
    def sendings(self) -> list[list[int]]:
        """The rows of each Bulk request, in the order of arrival."""
        return [rows for kind, rows in self.events if kind == "bulk"]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == f"/v1/Stores/{STORE}/Profiles/Bulk" and request.method == "PUT":
            return await self._take(request.content)
        if path == f"/v1/Stores/{STORE}/Profiles/Lookup" and request.method == "POST":
            value = json.loads(request.content)["value"]
            self.events.append(("lookup", value))
            return httpx.Response(
                200, json={"profiles": ["mem_profile_0" + "a" * 25] if self.found(value) else []}
            )
        if path.startswith(f"/v1/ControlPlane/Stores/{STORE}"):
            return self._describe(path.rpartition("/")[2])
        assert path.startswith("/v1/ControlPlane/Operations/"), path
        return self._tell(path.rpartition("/")[2])

    def _describe(self, what: str) -> httpx.Response:
        """The store, its one trait group, and its identifier types."""
        if not self.is_there:
            return refusal(404, 20404)
        traits = {name: {"dataType": "STRING", "idTypePromotion": name} for name in self.declared}
        document = {
            "TraitGroups": {"traitGroups": [{"displayName": "Contact", "traits": traits}]},
            "IdentityResolutionSettings": {"identifierConfigs": [{"idType": "email"}], "matchingRules": []},
        }
        return httpx.Response(200, json=document.get(what, {"id": STORE, "status": "ACTIVE"}))

    async def _take(self, body: bytes) -> httpx.Response:
        rows = [int(number) for number in re.findall(rb"p(\d+)@example", body)]
        self.bodies.append(body)
        self.events.append(("bulk", rows))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            reply = await self.bulk(rows)
        finally:
            self._at_once -= 1
        return reply or self._accept(rows)

    def _accept(self, rows: list[int]) -> httpx.Response:
        answer = {"message": "accepted"}
        if self.gives_operations:
            operation_id = f"op{len(self._operations)}"
            self._operations[operation_id] = rows
            answer["operationId"] = operation_id
        return httpx.Response(202, json=answer, headers={"twilio-request-id": f"RQ{len(self.events)}"})

    def _tell(self, operation_id: str) -> httpx.Response:
        rows = self._operations.get(operation_id, [])
        reply = self.poll(rows, self._polls[operation_id]) or operation("COMPLETED")
        self._polls[operation_id] += 1
        self.events.append(("poll", (rows, json.loads(reply.content).get("status"))))
        return reply


@dataclass
class Watcher:
    """Adds up what an observer hears."""

    rows: Counter[str] = field(default_factory=Counter)

    def sent(self, rows: int) -> None:
        self.rows["sent"] += rows

    def landed(self, rows: int) -> None:
        self.rows["landed"] += rows

    def refused(self, rows: int) -> None:
        self.rows["refused"] += rows


@dataclass
class Journey:
    """A staged load with its ledger, and what became of it."""

    ledger: Ledger
    staging: Staging
    load: LoadRecord
    stop_signal: StopSignal = field(default_factory=StopSignal)
    watcher: Watcher = field(default_factory=Watcher)

    async def deliver(self, service: Callable[..., Any], *, wait_seconds: float = PATIENT) -> None:
        """Deliver as a run or a resume does."""
        commits = GroupCommit(self.ledger, RUN_ID)
        client = make_client(service, throttle=make_pace(Clock(), self.stop_signal), counts=commits.requests)
        try:
            async with client:
                work = Delivery(
                    client=client,
                    commits=commits,
                    ledger=self.ledger,
                    staging=self.staging,
                    entries=Entries(lambda part: self.staging.entries(part, "_payload"), self.staging.parts),
                    run_id=RUN_ID,
                    store_id=STORE,
                    load=self.load,
                    observer=self.watcher,
                )
                await deliver_in_rounds(work, wait_seconds=wait_seconds)
        finally:
            await commits.close()

    @property
    def batches(self) -> list[Batch]:
        """All batches as the ledger has them."""
        return self.ledger.batches(RUN_ID, "profiles", states=ALL_STATES)

    @property
    def states(self) -> dict[str, int]:
        """How many batches are in which state."""
        return dict(Counter(batch.state.value for batch in self.batches))

    @property
    def rows(self) -> pl.DataFrame:
        """Every row with its outcome."""
        return pl.concat(row_outcomes(self.ledger, self.staging, RUN_ID, "profiles"))

    @property
    def outcomes(self) -> dict[str | None, int]:
        """How many rows have which outcome."""
        return dict(Counter(self.rows["outcome"].to_list()))


def begin(ledger: Ledger, folder: Path, rows: int, *, per_batch: int = 1_000) -> Journey:
    """A load of so many single rows, cut into batches of so many."""
    staging = stage(folder / "profiles", staged_rows(0, rows))
    return _enter(ledger, staging, per_batch, rows, rounds=1)


def begin_merged(ledger: Ledger, folder: Path, rows: int, rounds: Sequence[Sequence[int]]) -> Journey:
    """A load in which rows 1 and on of each group were merged into row 0, and some rows are alone.

    `rounds`: the rows whose values are sent in each round; the last round holds the final entries. A row of a
    group that is in no round only lost.
    """
    finals = set(rounds[-1])
    [representative] = finals
    grouped = sorted({row for number in rounds for row in number})
    merged = [
        {"_pos": row, "_round": number, "_is_final": number == len(rounds) - 1}
        for number, entries in enumerate(rounds)
        for row in entries
    ]
    groups = {representative: [row for row in grouped if row != representative]}
    staging = stage(folder / "profiles", staged_rows(0, rows), groups=groups, merged=merged)
    return _enter(ledger, staging, 1_000, rows, rounds=len(rounds))


def _enter(ledger: Ledger, staging: Staging, per_batch: int, rows: int, *, rounds: int) -> Journey:
    planned: list[PlannedBatch] = []
    for part in (*staging.merged_parts, *staging.parts):
        columns = ("_payload", "_round") if is_merged(part) else ("_payload",)
        entries = staging.entries(part, *columns).with_row_index("at")
        if not is_merged(part):
            entries = entries.with_columns(_round=0)
        for (number,), of_round in entries.group_by("_round", maintain_order=True):
            planned += _cut(of_round, per_batch, part, int(str(number)))
    load = make_load(rows, rounds=rounds)
    enter(ledger, load, planned)
    return Journey(ledger, staging, load)


def _cut(entries: pl.DataFrame, per_batch: int, part: str, number: int) -> list[PlannedBatch]:
    return [
        batch
        for some in entries.iter_slices(per_batch)
        for batch in plan_batches(
            some["_payload"].str.len_bytes(),
            some["_is_final"],
            load="profiles",
            round=number,
            part=part,
            offset=some["at"][0],
        )
    ]
