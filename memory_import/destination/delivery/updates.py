"""Changes memories that the store holds: each is found by what it says today, and gets what it is to say.

A PATCH names the memory, so it may be repeated. One that is not found is not added: nobody knows then what
became of it, unless the profile holds the new wording already.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from memory_import.columns import FORMER, PAYLOAD, PROFILE_ID
from memory_import.destination.api.memories import fetch_memories
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.flight import Flight, facts_of
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.errors import ServiceUnavailable, UnexpectedAnswer
from memory_import.destination.http.client import Request
from memory_import.destination.http.decisions import Refused, Success
from memory_import.destination.http.routes import CHANGE_MEMORY
from memory_import.destination.limits import MEMORY_SENDERS, TRIES
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import UNSENT

Identify = Callable[[Sequence[Mapping[str, Any]]], Sequence[int | None]]
"""A hash of what each of these memories says: `content`, `occurredAt`, `conversationId`."""

_Held = dict[int | None, list[str]]
_NOT_TAKEN = frozenset({400, 413, 422})
_FIXED = {"observations": (), "summaries": ("conversationId",)}  # what a PATCH may not name


async def deliver_updates(work: Delivery, source: str | None, identify: Identify) -> None:
    """Change what is known with other content and is not changed yet; raises the reason when halted.

    `source` is what all memories of the load have as such.
    """
    updates = _Updates(work, source, identify)
    profiles = iter(updates.by_profile())
    async with drained(work.stop_signal), asyncio.TaskGroup() as group:
        for _ in range(MEMORY_SENDERS):
            group.create_task(guarded(work.stop_signal, updates.change_all(profiles)))


@dataclass(frozen=True, slots=True)
class _Change:
    """What one memory is to say (`payload`, JSON), and the hash of what it says today."""

    batch: Batch
    payload: str
    former: int


_OfProfile = tuple[str, list[_Change]]


class _Updates:
    def __init__(self, work: Delivery, source: str | None, identify: Identify) -> None:
        self._work = work
        self._source = source
        self._identify = identify

    def by_profile(self) -> Iterator[_OfProfile]:
        """Profile by profile, what is to be changed."""
        work = self._work
        batches = work.ledger.batches(work.run_id, work.load.load, states=UNSENT)
        for part in work.staging.update_parts:
            entries = work.staging.entries(part, PAYLOAD, PROFILE_ID, FORMER)
            of_part = {batch.start: batch for batch in batches if batch.part == part}
            chosen = entries[sorted(of_part)].select(PROFILE_ID, PAYLOAD, FORMER).iter_rows()
            planned = zip((of_part[start] for start in sorted(of_part)), chosen, strict=True)
            for profile, changes in groupby(planned, key=lambda change: change[1][0]):
                yield profile, [_Change(batch, *texts) for batch, (_, *texts) in changes]

    async def change_all(self, profiles: Iterator[_OfProfile]) -> None:
        """Work through profiles that others take from as well."""
        for profile_id, changes in profiles:
            held = await self._read(profile_id)
            for change in changes:
                await self._change(profile_id, held, change)

    async def _read(self, profile_id: str) -> _Held:
        """The ids of the memories that a profile holds, by the hash of what they say."""
        work = self._work
        listed = await fetch_memories(
            work.client, work.store_id, profile_id, work.load.load, source=self._source
        )
        held: _Held = {}
        for memory, said in zip(listed or [], self._identify(listed or []), strict=True):
            held.setdefault(said, []).append(str(memory["id"]))
        return held

    async def _change(self, profile_id: str, held: _Held, change: _Change) -> None:
        """Change one memory. That it is not there is believed once the profile does not list it either."""
        flight = Flight(self._work, change.batch)
        throttle = self._work.throttle
        wanted = json.loads(change.payload)
        (said,) = self._identify([wanted])
        for failures in range(TRIES):
            if not held.get(change.former):
                await flight.sending()
                await (flight.verified() if held.get(said) else flight.unknown())
                return
            memory_id = held[change.former].pop(0)
            decision = await self._work.client.call(self._request(flight, profile_id, memory_id, wanted))
            if isinstance(decision, Success):
                held.setdefault(said, []).append(memory_id)
                await flight.accepted(decision.answer)
                flight.landed()
                return
            if decision.status != 404:
                await self._refuse(flight, decision)
                return
            await flight.planned()
            await throttle.rest(throttle.backoff_seconds(failures))
            held.clear()
            held.update(await self._read(profile_id))
        raise ServiceUnavailable(TRIES, f"HTTP 404 for {self._work.load.load} that are there")

    def _request(self, flight: Flight, profile_id: str, memory_id: str, wanted: Mapping[str, Any]) -> Request:
        load = self._work.load.load
        route = CHANGE_MEMORY[load]
        body = {name: value for name, value in wanted.items() if name not in _FIXED[load]}
        return Request(
            route=route,
            path=route.at(store_id=self._work.store_id, profile_id=profile_id, memory_id=memory_id),
            content=json.dumps(body).encode(),
            before=flight.sending,
            unprocessed=flight.planned,
        )

    async def _refuse(self, flight: Flight, refused: Refused) -> None:
        if refused.status in _NOT_TAKEN:
            await flight.rejected(refused.code, refused.message, **facts_of(refused))
        else:
            await flight.planned()
            load = self._work.load.load
            raise UnexpectedAnswer("PATCH", load, refused.status, refused.code, refused.request_id)
