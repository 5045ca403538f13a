"""What is particular to profiles: a Bulk that may be repeated, an operation that is followed to its end."""

import asyncio
import time

from memory_import.destination.api.operations import (
    Completed,
    Failed,
    Forgotten,
    StillOpen,
    follow,
    operation_id_of,
    poll_seconds,
)
from memory_import.destination.delivery.batches import again
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.flight import Flight
from memory_import.destination.delivery.sender import Sender
from memory_import.destination.errors import ServiceUnavailable
from memory_import.destination.http.client import Request
from memory_import.destination.http.decisions import Answer, Success
from memory_import.destination.http.routes import BULK
from memory_import.destination.limits import FAILING_TRIES, FOLLOWERS, TRIES
from memory_import.ledger.database.records import Batch
from memory_import.ledger.database.states import UNSENT, BatchState

_REISSUES = 5  # of a batch whose operation failed for a reason that is not the batch's


class ProfileKind:
    """Profiles on their way.

    `wait_seconds` is how long to wait for the server to finish a job; what is not finished by then stays
    accepted, and a later run follows it again.
    """

    is_repeatable = True

    def __init__(self, work: Delivery, sender: Sender, wait_seconds: float) -> None:
        self._work = work
        self._sender = sender
        self._wait_seconds = wait_seconds
        self._follow_slots = asyncio.Semaphore(FOLLOWERS)
        self._reissues: dict[int, int] = {}
        taken = [state for state in BatchState if state not in UNSENT]
        answered = work.ledger.batches(work.run_id, work.load.load, states=taken)
        self._answers = {(batch.request_id, batch.operation_id) for batch in answered}

    def make_request(self, flight: Flight, body: bytes) -> Request:
        """The whole batch in one Bulk."""
        return Request(
            route=BULK,
            path=BULK.at(store_id=self._work.store_id),
            content=body,
            before=flight.sending,
            unprocessed=flight.planned,
            is_own=self._is_own,
            tries=FAILING_TRIES if flight.batch.failed_runs else TRIES,
        )

    def _is_own(self, answer: Answer) -> bool:
        """Whether an answer, by its request id and operation, was not that of another batch: a proxy that
        gives it once more would have us believe that a batch is in the store which never came there."""
        said = answer.request_id, operation_id_of(answer)
        is_new = None in said or said not in self._answers
        self._answers.add(said)
        return is_new

    async def follow_success(self, flight: Flight, success: Success) -> list[Batch]:
        """Follow the operation, if the server named one."""
        answer = success.answer
        await flight.accepted(answer, operation_id_of(answer))
        return await self._follow(flight, age_seconds=0.0, first_wait_seconds=poll_seconds(answer))

    async def follow_again(self, flight: Flight) -> list[Batch]:
        """Go on with a batch that was accepted before."""
        age_seconds = time.time() - (flight.batch.answered_at or 0.0)
        return await self._follow(flight, age_seconds=age_seconds, first_wait_seconds=0.0)

    async def clear_doubt(self, flight: Flight, reason: str) -> list[Batch]:
        """There is no doubt about what may be repeated."""
        raise NotImplementedError(reason)

    async def is_gone(self) -> bool:
        """A Bulk goes to the store alone."""
        return False

    async def _follow(
        self, flight: Flight, *, age_seconds: float, first_wait_seconds: float | None
    ) -> list[Batch]:
        operation_id = flight.batch.operation_id
        if operation_id is None:
            self._sender.note_end()
            flight.landed()
            return []
        verdict = await follow(
            self._work.client,
            operation_id,
            age_seconds=age_seconds,
            first_wait_seconds=first_wait_seconds,
            patience_seconds=self._wait_seconds,
            slots=self._follow_slots,
        )
        match verdict:
            case Completed(code, message):
                self._sender.note_end()
                await flight.completed(code, message)
            case Forgotten():
                await flight.unknown()
            case Failed() if verdict.is_transient:
                return await self._reissue(flight, verdict)
            case Failed(code, message):
                return await self._sender.divide(flight, code, message, http_status=None)
            case StillOpen():
                pass
        return []

    async def _reissue(self, flight: Flight, failed: Failed) -> list[Batch]:
        generation = self._reissues.get(flight.batch.id, 0) + 1
        if generation > _REISSUES:
            raise ServiceUnavailable(generation, f"operation failed, code {failed.code}")
        await self._work.throttle.rest(self._work.throttle.backoff_seconds(generation))
        pieces = await flight.replaced([again(flight.batch)], code=failed.code)
        self._reissues[pieces[0].id] = generation
        return pieces
