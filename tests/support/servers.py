"""Small servers that live in the test, a clock that does not wait, and a client that speaks to them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import httpx

from memory_import.destination.http.client import Client
from memory_import.destination.http.routes import Route
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.ledger.database.records import RequestCount
from tests.support.openapi import PATH as DOCUMENT
from tests.support.openapi import request_validator

URL = "http://127.0.0.1:8010"
STORE = "mem_store_00000000000000000000000001"
AUTH = ("SK0", "secret")


class Clock:
    """Time that passes only while somebody sleeps: to whichever moment somebody waits for next."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._moments: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let others run, and the time pass."""
        moment = self.now + seconds
        self._moments.append(moment)
        try:
            while self.now < moment:
                await asyncio.sleep(0)
                if moment == min(self._moments):
                    self.now = max(self.now, moment)
        finally:
            self._moments.remove(moment)


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose time passes as usual and, besides, whenever a test says so."""

    _skipped_seconds = 0.0

    def time(self) -> float:
        """Seconds, with those that were skipped."""
        return super().time() + self._skipped_seconds

    @staticmethod
    async def skip(seconds: float) -> None:
        """Let everybody take what has come to them, and then so much time be over."""
        await take_turns()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        loop._skipped_seconds += seconds
        await take_turns()


async def take_turns() -> None:
    """Let everything on this loop go as far as it can: what one end of a connection wrote or closed, the
    other end has seen."""
    for _ in range(100):
        await asyncio.sleep(0)


def make_pace(clock: Clock, stop_signal: StopSignal | None = None) -> Throttle:
    """A pace in the time of `clock`."""
    return Throttle(stop_signal or StopSignal(), clock=clock, sleep=clock.sleep, random=Random(1))


Respond = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


def hold_against_document(respond: Respond) -> Respond:
    """The same server; a request of the API that breaks its official document fails the test.

    Where the document does not lie beside the checkout, nothing is looked at.
    """
    if not DOCUMENT.exists():
        return respond
    find_violations = request_validator()

    def checked(request: httpx.Request) -> httpx.Response | Awaitable[httpx.Response]:
        if request.url.path.startswith("/v1/"):
            query = request.url.query.decode()
            headers = dict(request.headers)
            found = find_violations(request.method, request.url.path, query, headers, request.content)
            assert not found, found
        return respond(request)

    return checked


def make_client(
    respond: Respond, *, throttle: Throttle | None = None, counts: RequestCount | None = None
) -> Client:
    """A client of a server that is a function. What it raises, the connection raises."""
    return Client(
        api_url=URL,
        auth=AUTH,
        throttle=throttle or make_pace(Clock()),
        counts=counts or RequestCount(),
        transport=httpx.MockTransport(hold_against_document(respond)),  # type: ignore[arg-type]
    )


def refusal(status: int, code: int, message: str = "Refused by the test.") -> httpx.Response:
    """An error as the API words it."""
    body = {"code": code, "message": message, "more_info": "https://example.com", "status": status}
    return httpx.Response(status, json=body, headers={"twilio-request-id": "RQ-refused"})


def operation(status: str, *, error: dict[str, Any] | None = None, wait: str = "1") -> httpx.Response:
    """The state of an operation."""
    body = {"operationId": "op", "status": status, "createdAt": "2026-11-21T09:00:00Z"}
    body |= {"error": error} if error else {}
    return httpx.Response(200, json=body, headers={"retry-after": wait})


READ = Route("GET", "/trial", 200, lambda *_: True, frozenset({400, 404, 409, 422}))
WRITE = Route("PUT", "/trial", 202, lambda *_: True, frozenset({400, 404, 409, 415, 422}), is_moved=True)
"""Routes of no API, for what holds of any."""


class Script:
    """A server that gives the prepared answers in turn, and keeps what it was asked.

    An exception among the answers is raised by the connection. The last answer is given again and again.
    """

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def bodies(self) -> list[Any]:
        """The JSON bodies that came."""
        return [json.loads(request.content) for request in self.requests if request.content]
