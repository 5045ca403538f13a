"""Sends a batch and settles what its answer means, whatever the load is.

What the loads differ in is their `Kind`: the request, what follows success and what follows doubt. A refused
batch is halved down to the guilty entry; one that the server fails at, while it takes others, too.
"""

import json
import math
from dataclasses import dataclass
from typing import Protocol

from memory_import.columns import PAYLOAD
from memory_import.destination.api.store import fetch_schema, require_store
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.flight import Flight, facts_of
from memory_import.destination.errors import (
    DeliveryError,
    ServiceUnavailable,
    Stopped,
    StoreUnfit,
    UnexpectedAnswer,
)
from memory_import.destination.http.client import Request
from memory_import.destination.http.decisions import InDoubt, Refused, Success
from memory_import.destination.limits import REFUSALS_UNTIL_CHECK, TRIES
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import OPEN

_DIVISIBLE = frozenset({400, 413, 422})


class Kind(Protocol):
    """What is particular to the load that a batch is of."""

    is_repeatable: bool
    """Whether its request has the same effect twice as once."""

    def make_request(self, flight: Flight, body: bytes) -> Request:
        """The request that carries a batch."""

    async def follow_success(self, flight: Flight, success: Success) -> list[Batch]:
        """The server took it; what has to be carried in its place after all."""

    async def clear_doubt(self, flight: Flight, reason: str) -> list[Batch]:
        """Nobody knows whether the server took it; what has to be carried in its place."""

    async def is_gone(self) -> bool:
        """Whether what it goes to, the store aside, is not there any more: looked at, after a 404."""


@dataclass(frozen=True, slots=True)
class TooLarge:
    """It was not sent: the server has called less too large."""


@dataclass(frozen=True, slots=True)
class Failing:
    """The server failed at it again and again, with a 500."""

    error: ServiceUnavailable
    taken_before: int


Result = Success | Refused | InDoubt | TooLarge | Failing


class Sender:
    """Sends the batches of one load. `failures`: of batches that were set aside while others went on."""

    def __init__(self, work: Delivery) -> None:
        self.failures: list[ServiceUnavailable] = []
        self._work = work
        self._too_large_bytes = math.inf
        self._taken_bytes = 0
        self._taken = 0
        self._missed = 0
        self._refusals: list[int | None] = []

    async def send(self, flight: Flight, kind: Kind) -> Result:
        """Send a batch until there is an answer to go by."""
        if not self._fits(flight):
            return TooLarge()
        taken_before = self._taken
        request = kind.make_request(flight, await flight.load_body())
        if not kind.is_repeatable:
            return await self._work.client.call_once(request)
        try:
            return await self._work.client.call(request)
        except ServiceUnavailable as error:
            if error.status != 500:
                raise
            return Failing(error, taken_before)

    def _fits(self, flight: Flight) -> bool:
        """Whether a batch is smaller than what the server called too large.

        A single entry is always tried, and a size that the server took before is not too large.
        """
        body_bytes = flight.batch.body_bytes
        return body_bytes < self._too_large_bytes or body_bytes <= self._taken_bytes or flight.size == 1

    async def settle(self, flight: Flight, kind: Kind, result: Result) -> list[Batch]:
        """Write down what became of a batch; what has to be carried in its place."""
        match result:
            case Success():
                self._taken += 1
                self._taken_bytes = max(self._taken_bytes, flight.batch.body_bytes)
                return await kind.follow_success(flight, result)
            case InDoubt(reason):
                return await kind.clear_doubt(flight, reason)
            case TooLarge():
                return await flight.halved()
            case Failing():
                return await self._set_aside(flight, result)
            case Refused():
                return await self._refuse(flight, kind, result)

    async def _refuse(self, flight: Flight, kind: Kind, refused: Refused) -> list[Batch]:
        """The server refused the whole request: find the guilty, or stop when it is not about the rows."""
        if refused.status == 404:
            return await self._miss(flight, kind, refused)
        if refused.status not in _DIVISIBLE:
            await flight.planned()
            route = kind.make_request(flight, b"").route
            raise UnexpectedAnswer(
                route.method, flight.batch.load, refused.status, refused.code, refused.request_id
            )
        if refused.status == 413:
            self._too_large_bytes = min(self._too_large_bytes, flight.batch.body_bytes)
        return await self.divide(flight, refused.code, refused.message, **facts_of(refused))

    async def _miss(self, flight: Flight, kind: Kind, refused: Refused) -> list[Batch]:
        """The one answer to a 404: a look at the store, and at what the batch goes to.

        Where both are there the answer was wrong, and the batch is sent again after a while.
        """
        try:
            await require_store(self._work.client, self._work.store_id)
            if await kind.is_gone():
                await flight.rejected(refused.code, refused.message, **facts_of(refused))
                return []
        except (DeliveryError, Stopped):
            await flight.planned()
            raise
        await flight.planned()
        self._missed += 1
        if self._missed >= TRIES:
            raise ServiceUnavailable(self._missed, "HTTP 404 for what is there")
        await self._work.throttle.rest(self._work.throttle.backoff_seconds(self._missed))
        return [flight.batch]

    async def divide(self, flight: Flight, code: int | None, message: str, **facts: object) -> list[Batch]:
        """The halves of a batch that was refused; a single entry is rejected for good."""
        if facts.get("http_status") != 413:
            await self._check_store(flight, code)
        if flight.size > 1:
            return await flight.halved(code=code, **facts)
        await flight.rejected(code, message, **facts)
        return []

    def note_end(self) -> None:
        """A batch has come to a good end: what was refused before says nothing about the store."""
        self._missed = 0
        self._refusals.clear()

    async def _check_store(self, flight: Flight, code: int | None) -> None:
        """`StoreUnfit` where all is refused for one reason because a trait is not declared any more."""
        self._refusals.append(code)
        if len(self._refusals) != REFUSALS_UNTIL_CHECK or flight.batch.load != "profiles":
            return
        if len(set(self._refusals)) > 1:
            self._refusals.clear()
            return
        schema = await fetch_schema(self._work.client, self._work.store_id)
        used = {
            f"{group}.{name}"
            for payload in (await flight.entries())[PAYLOAD]
            for group, traits in json.loads(payload)["traits"].items()
            for name in traits
        }
        if missing := sorted(used - schema.data_types.keys()):
            raise StoreUnfit(
                [
                    f"The store does not declare {', '.join(missing)} any more: everything is refused "
                    f"(code {code}). Declare it again and resume; what was not refused so far is pending."
                ]
            )

    async def _set_aside(self, flight: Flight, failing: Failing) -> list[Batch]:
        """The server keeps failing at a batch: in two runs and while it takes others, for the batch's sake.

        Then it is halved; a single entry is unknown, for nobody knows what the server did with it. An outage
        shows in that nothing else is taken either, and ends the run.
        """
        is_reason = self._taken > failing.taken_before
        failed_before = flight.batch.failed_runs > 0
        is_alone = failed_before and self._is_last_open()
        await flight.failed_again()
        if failed_before and flight.size > 1 and (is_reason or is_alone):
            return await flight.halved(http_status=500)
        if failed_before and is_reason:
            await flight.unknown()
            return []
        if not self._taken:
            raise failing.error
        self.failures.append(failing.error)
        return []

    def _is_last_open(self) -> bool:
        totals = self._work.ledger.totals(self._work.run_id, self._work.load.load)
        return sum(count for (state, _), (count, _, _) in totals.items() if state in OPEN) == 1
