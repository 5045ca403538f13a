"""Follows the server's asynchronous job behind a 202 to its end, at the server's pace."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Answer, Refused, Success, as_code, retry_after_seconds
from memory_import.destination.http.routes import READ_OPERATION, Route
from memory_import.destination.http.throttle import growing_waits
from memory_import.destination.limits import (
    OPERATION_APPEARS_SECONDS,
    OPERATION_KEPT_SECONDS,
    OPERATION_POLL_FIRST_SECONDS,
    OPERATION_POLL_FLOOR_SECONDS,
    OPERATION_POLL_LONGEST_SECONDS,
)

TRANSIENT_CODES = frozenset({20429, 20500, 20503, 520042})


@dataclass(frozen=True, slots=True)
class Completed:
    """The service says that the job is done; `code`, `message`: of an error that it told all the same."""

    code: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The service says that the job failed, or was cancelled."""

    code: int | None
    message: str

    @property
    def is_transient(self) -> bool:
        """Whether the failure says nothing about what was sent."""
        return self.code in TRANSIENT_CODES


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The server does not know the operation any more: operations can be read for 7 days."""


@dataclass(frozen=True, slots=True)
class StillOpen:
    """Patience ended before the job did."""


Verdict = Completed | Failed | Forgotten | StillOpen


async def follow(
    client: Client,
    operation_id: str,
    *,
    age_seconds: float,
    first_wait_seconds: float | None,
    patience_seconds: float,
    slots: asyncio.Semaphore,
    route: Route = READ_OPERATION,
) -> Verdict:
    """Poll an operation until it ends or `patience_seconds` are over.

    `age_seconds` is how long ago it was accepted. One that cannot be read is asked for again: it may not be
    readable yet, and it is forgotten only when that was said for a while, or after a week twice. `slots`
    bounds how many are asked for at once. Where the server does not say when to ask, first at
    `first_wait_seconds` and then in what it answers, we ask soon and then less and less often.
    `route` is where operations of this kind are read.
    """
    throttle = client.throttle
    start = throttle.clock()
    own_waits = growing_waits(OPERATION_POLL_FIRST_SECONDS, OPERATION_POLL_LONGEST_SECONDS)
    request = Request(route=route, path=route.at(operation_id=operation_id))
    wait_seconds = next(own_waits) if first_wait_seconds is None else first_wait_seconds
    missing_since: float | None = None
    await throttle.rest(min(wait_seconds, patience_seconds))
    while True:
        async with slots:
            decision = await client.call(request)
        elapsed = throttle.clock() - start
        verdict = _read(decision)
        if verdict is not None:
            return verdict
        if isinstance(decision, Success):
            missing_since = None
        elif missing_since is None:
            missing_since = elapsed
        elif _is_forgotten(age_seconds + elapsed, elapsed - missing_since):
            return Forgotten()
        if elapsed >= patience_seconds:
            return StillOpen()
        said_seconds = poll_seconds(decision.answer) if isinstance(decision, Success) else None
        wait_seconds = next(own_waits) if said_seconds is None else said_seconds
        await throttle.rest(min(wait_seconds, patience_seconds - elapsed))


def _is_forgotten(age_seconds: float, missing_seconds: float) -> bool:
    return age_seconds >= OPERATION_KEPT_SECONDS or missing_seconds >= OPERATION_APPEARS_SECONDS


def _read(decision: Success | Refused) -> Verdict | None:
    if isinstance(decision, Refused):
        return None
    document = decision.answer.document
    match document.get("status"):
        case "COMPLETED" if document.get("error"):
            told = _failure(document["error"], "COMPLETED")
            return Completed(told.code, told.message)
        case "COMPLETED":
            return Completed()
        case "FAILED" | "CANCELLED" as status:
            return _failure(document.get("error"), status)
        case _:
            return None


def _failure(error: object, status: str) -> Failed:
    facts = error if isinstance(error, dict) else {}
    words = [str(facts[key]) for key in ("title", "detail") if facts.get(key)]
    return Failed(
        as_code(facts.get("code")),
        ": ".join(words) or f"The operation ended {status} without a reason.",
    )


def operation_id_of(answer: Answer) -> str | None:
    """The operation behind a 202, or None when the server gave nothing to follow."""
    operation_id = answer.document.get("operationId")
    return operation_id if isinstance(operation_id, str) and operation_id else None


def poll_seconds(answer: Answer) -> float | None:
    """How long the server wants us to wait before the operation is asked for; None when it does not say."""
    wait_seconds = retry_after_seconds(answer.headers.get("retry-after"), datetime.now(UTC))
    return None if wait_seconds is None else max(wait_seconds, OPERATION_POLL_FLOOR_SECONDS)
