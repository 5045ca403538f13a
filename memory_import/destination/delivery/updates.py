"""Changes memories that the store holds: each is found by what it says today, and gets what it is to say.

A PATCH names the memory, so it may be repeated. One that is not found is not added: nobody knows then what
became of it, unless the profile holds the new wording already.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from memory_import.columns import FORMER, PAYLOAD, PROFILE_ID
from memory_import.destination.delivery.reconcile import RESOURCES, fetch_memories
from memory_import.destination.delivery.sender import Observer
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.limits import MEMORY_SENDERS
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.staging.staged import Staging

Identify = Callable[[Sequence[Mapping[str, Any]]], list[int]]
"""A hash of what each of these memories says: `content`, `occurredAt`, `conversationId`."""

_UNSENT = (BatchState.PLANNED, BatchState.SENDING)
_NOT_TAKEN = frozenset({400, 413, 422})
_FIXED = {"observations": (), "summaries": ("conversationId",)}  # what a PATCH may not name


class UpdateDelivery:
    """The memories of one load that are known with other content; `source` is what all of them have as
    such."""

    def __init__(
        self,
        *,
        client: Client,
        commits: GroupCommit,
        ledger: Ledger,
        staging: Staging,
        run_id: str,
        store_id: str,
        load: str,
        source: str | None,
        identify: Identify,
        observer: Observer,
    ) -> None:
        self._client = client
        self._stop_signal = client.throttle.stop_signal
        self._commits = commits
        self._ledger = ledger
        self._staging = staging
        self._run_id = run_id
        self._store_id = store_id
        self._load = load
        self._source = source
        self._identify = identify
        self._observer = observer

    async def run(self) -> None:
        """Change what is not changed yet; raises the reason when the run was halted."""
        profiles = iter(self._by_profile())
        async with drained(self._stop_signal), asyncio.TaskGroup() as group:
            for _ in range(MEMORY_SENDERS):
                group.create_task(guarded(self._stop_signal, self._work(profiles)))

    def _by_profile(self) -> Iterator[tuple[str, list[tuple[Batch, str, int]]]]:
        """Profile by profile, what is to be changed: batch, payload, and the hash of what it says today."""
        batches = self._ledger.batches(self._run_id, self._load, states=_UNSENT)
        for part in self._staging.update_parts:
            entries = self._staging.entries(part, PAYLOAD, PROFILE_ID, FORMER)
            of_part = {batch.start: batch for batch in batches if batch.part == part}
            chosen = entries[sorted(of_part)].select(PROFILE_ID, PAYLOAD, FORMER).iter_rows()
            planned = zip((of_part[start] for start in sorted(of_part)), chosen, strict=True)
            for profile, changes in groupby(planned, key=lambda change: change[1][0]):
                yield profile, [(batch, payload, former) for batch, (_, payload, former) in changes]

    async def _work(self, profiles: Iterator[tuple[str, list[tuple[Batch, str, int]]]]) -> None:
        for profile, changes in profiles:
            path = f"/v1/Stores/{self._store_id}/Profiles/{profile}/{RESOURCES[self._load]}"
            held = await self._read(path)
            for batch, payload, former in changes:
                await self._change(path, held, batch, payload, former)

    async def _read(self, path: str) -> dict[int, list[str]]:
        """The ids of the memories that a profile holds, by the hash of what they say."""
        listed = await fetch_memories(self._client, path, self._load, source=self._source) or []
        held: dict[int, list[str]] = {}
        for memory, said in zip(listed, self._identify(listed), strict=True):
            held.setdefault(said, []).append(str(memory["id"]))
        return held

    async def _change(
        self, path: str, held: dict[int, list[str]], batch: Batch, payload: str, former: int
    ) -> None:
        await self._commits.move(batch, BatchState.SENDING, tries=batch.tries + 1)
        wanted = json.loads(payload)
        (said,) = self._identify([wanted])
        if not held.get(former):
            found = held.get(said)
            await self._commits.move(batch, BatchState.VERIFIED if found else BatchState.UNKNOWN)
            self._observer.landed(batch.rows)
            return
        memory_id = held[former].pop(0)
        body = {name: value for name, value in wanted.items() if name not in _FIXED[self._load]}
        decision = await self._client.call(
            Request(method="PATCH", path=f"{path}/{memory_id}", content=json.dumps(body).encode())
        )
        if not isinstance(decision, Refused):
            held.setdefault(said, []).append(memory_id)
            facts = {"http_status": decision.answer.status, "request_id": decision.answer.request_id}
            await self._commits.move(batch, BatchState.ACCEPTED, **facts)
            self._observer.landed(batch.rows)
        else:
            await self._refuse(batch, decision)

    async def _refuse(self, batch: Batch, refused: Refused) -> None:
        facts = {"http_status": refused.status, "request_id": refused.request_id, "code": refused.code}
        if refused.status in _NOT_TAKEN:
            self._staging.note_refusal(batch.id, refused.code, refused.message)
            await self._commits.move(batch, BatchState.REJECTED, **facts)
            self._observer.refused(batch.rows)
        elif refused.status == 404:
            await self._commits.move(batch, BatchState.UNKNOWN, **facts)
        else:
            await self._commits.move(batch, BatchState.PLANNED)
            raise UnexpectedAnswer("PATCH", self._load, refused.status, refused.code, refused.request_id)
