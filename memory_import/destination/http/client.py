"""The HTTP client: sends a request until the server has taken or refused it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self

import httpx

from memory_import.destination.errors import (
    AuthenticationRefused,
    ServiceUnavailable,
    Stopped,
    ToldToWait,
)
from memory_import.destination.http.connections import Connections
from memory_import.destination.http.decisions import (
    Answer,
    DecisionOnce,
    Forbidden,
    GiveUp,
    InDoubt,
    Moved,
    NoAnswer,
    Refused,
    Repeat,
    Success,
    decide,
    decide_once,
    read_http_date,
    retry_after_seconds,
)
from memory_import.destination.http.failures import describe, has_left
from memory_import.destination.http.routes import Route, hold
from memory_import.destination.http.throttle import Throttle
from memory_import.destination.limits import RETRY_AFTER_LONGEST_SECONDS, TRIES
from memory_import.ledger.database.records import RequestCount


async def _nothing() -> None:
    return None


def _believe(_answer: Answer) -> bool:
    return True


async def _ignore(_canonical_id: str) -> None:
    return None


async def _do_not_note(_seconds: float) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to a route, at a path.

    `before` is awaited before each sending, `unprocessed` when none had any effect so far. `is_own` says of a
    success that the route may give whether it can be the answer to this request and no other.

    Where the server says that the profile was merged, the request is repeated there once; before that `moved`
    is told the profile's canonical id.
    `is_gzipped` says that `content` is; `headers` are those beside the ones that say so.
    """

    route: Route
    path: str
    content: bytes | None = None
    is_gzipped: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], Awaitable[None]] = _nothing
    unprocessed: Callable[[], Awaitable[None]] = _nothing
    is_own: Callable[[Answer], bool] = _believe
    moved: Callable[[str], Awaitable[None]] = _ignore
    tries: int = TRIES


class Client:
    """A few connections that share one gate. Use it as an asynchronous context manager.

    `auth` is the user and password of HTTP Basic. Every request is counted in `counts`; `note_wait` is told
    for how many seconds the server wants nothing, before anybody waits. `transport` is for servers that live
    in this process.
    """

    def __init__(
        self,
        *,
        api_url: str,
        auth: tuple[str, str],
        throttle: Throttle,
        counts: RequestCount,
        note_wait: Callable[[float], Awaitable[None]] = _do_not_note,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.throttle = throttle
        self.requests = 0  # made so far
        self.server_time: float | None = None  # as of the last answer, in seconds since the epoch
        self._counts = counts
        self._note_wait = note_wait
        self._connections = Connections(api_url, auth, transport)

    async def __aenter__(self) -> Self:
        await self._connections.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._connections.__aexit__(kind, error, trace)

    async def call(self, request: Request) -> Success | Refused:
        """Send a request that may be repeated without harm, until there is an answer to go by.

        Raises `AuthenticationRefused`, `ServiceUnavailable` after too many failures, and `Stopped`.
        """
        decision = await self._send(request, decide)
        assert not isinstance(decision, InDoubt)  # noqa: S101 - `decide` knows no doubt
        return decision

    async def call_once(self, request: Request) -> Success | Refused | InDoubt:
        """Send a request that must not be processed twice; raises what `call` raises.

        It is repeated only where it certainly was not processed. After an answer that was lost, or that says
        nothing about it, it is in doubt.
        """
        return await self._send(request, decide_once)

    async def _send(
        self, request: Request, judge: Callable[..., DecisionOnce]
    ) -> Success | Refused | InDoubt:
        failures = tries = 0
        unthrottled_at = self.throttle.clock()
        is_in_doubt = was_moved = False
        while True:
            await self.throttle.pass_gate()
            await request.before()
            try:
                outcome = await self._attempt(request, is_retry=tries > 0)
            except Stopped:  # before it left
                if not is_in_doubt:
                    await request.unprocessed()
                raise
            if not _is_throttled(outcome):
                unthrottled_at = self.throttle.clock()
            judged = partial(
                judge,
                failures=failures,
                now=datetime.now(UTC),
                throttled_seconds=self.throttle.clock() - unthrottled_at,
                tries=request.tries,
            )
            decision = judged(outcome)
            if isinstance(decision, Moved):
                path = None if was_moved else self._path_of_move(request, decision)
                if path is not None:
                    await request.moved(decision.canonical_id)
                    request = replace(request, path=path, params={} if "?" in path else request.params)
                    was_moved = True
                    continue
                decision = judged(decision.as_no_answer)
            if isinstance(decision, InDoubt) and isinstance(outcome, Answer):
                await self._heed(retry_after_seconds(outcome.headers.get("retry-after"), datetime.now(UTC)))
            if isinstance(decision, Success | Refused | InDoubt):
                return decision
            assert not isinstance(decision, Moved)  # noqa: S101 - it was taken care of
            is_in_doubt = is_in_doubt or not _had_no_effect(decision)
            if not is_in_doubt:
                await request.unprocessed()
            match decision:
                case Forbidden(status):
                    raise AuthenticationRefused(status)
                case GiveUp(last, _, status):
                    raise ServiceUnavailable(tries + 1, last, status, self._connections.host)
                case Repeat(after_seconds):
                    await self._wait(outcome, after_seconds, tries)
            tries += 1
            failures += not _is_throttled(outcome)

    def _path_of_move(self, request: Request, moved: Moved) -> str | None:
        return self._connections.path_of_move(moved.location, request.path, moved.canonical_id)

    async def _attempt(self, request: Request, *, is_retry: bool) -> Answer | NoAnswer:
        headers = dict(request.headers)
        if request.content is not None:
            headers["content-type"] = "application/json"
        if request.is_gzipped:
            headers["content-encoding"] = "gzip"
        has_left_us = False

        async def leave() -> bool:
            nonlocal has_left_us
            has_left_us = await self._leave()
            return has_left_us

        try:
            response = await self._connections.exchange(
                request.route.method,
                request.path,
                params=request.params,
                headers=headers,
                content=request.content,
                leave=leave,
            )
        except httpx.RequestError as error:
            left_host = has_left(error)
            self._counts.add("no_answer" if left_host else "not_sent", is_retry=is_retry)
            return NoAnswer(left_host, *describe(error))
        finally:
            if has_left_us:
                self._counts.end()
        self._counts.add(str(response.status_code), is_retry=is_retry)
        self._note_server_time(response.headers.get("date"))
        answer = Answer(response.status_code, response.headers, response.content)
        held = hold(answer, request.route)
        if isinstance(held, Answer) and held.status == request.route.success and not request.is_own(held):
            return NoAnswer(left_host=True, reason="the answer to another request")
        return held

    async def _leave(self) -> bool:
        """Return when a request that has all it needs may leave; whether the gate was open at once."""
        was_open = await self.throttle.pass_gate()
        if was_open:
            self.requests += 1
            self._counts.leave()
        return was_open

    def _note_server_time(self, date: str | None) -> None:
        """Remember what the server's clock said, to the second."""
        moment = read_http_date(date or "")
        self.server_time = None if moment is None else moment.timestamp()

    async def _wait(self, outcome: Answer | NoAnswer, after_seconds: float | None, tries: int) -> None:
        """Hold everyone back for as long as the server asks; a server that fails is given more time by us.

        A 429 that names no time, or none at all, is a reason to hold everyone back too.
        """
        backoff_seconds = self.throttle.backoff_seconds(tries)
        await self._heed(after_seconds)
        if _is_throttled(outcome):
            if not after_seconds:
                self.throttle.close_gate(backoff_seconds)
            return
        await self.throttle.rest(backoff_seconds)

    async def _heed(self, after_seconds: float | None) -> None:
        """Let nothing leave for as long as the server asks; `ToldToWait` where that is too long."""
        if not after_seconds:
            return
        self.throttle.close_gate(after_seconds)
        await self._note_wait(after_seconds)
        if after_seconds > RETRY_AFTER_LONGEST_SECONDS:
            raise ToldToWait(after_seconds)


def _had_no_effect(decision: Repeat | GiveUp | Forbidden) -> bool:
    """Whether the server certainly did nothing about the last sending."""
    return isinstance(decision, Forbidden) or decision.was_processed is False


def _is_throttled(outcome: Answer | NoAnswer) -> bool:
    return isinstance(outcome, Answer) and outcome.status == 429
