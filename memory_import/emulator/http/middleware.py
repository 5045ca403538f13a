"""What happens to a request on its way to its handler and back: the log of arrivals, faults, and the key.

An ASGI application around the one with the routes. It reads the body once, so that faults can look into it.
"""

import base64
import binascii
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from memory_import.emulator.engine import limits
from memory_import.emulator.engine.account import Account
from memory_import.emulator.engine.errors import UNAUTHORISED, ApiError, too_large
from memory_import.emulator.faults.plan import Plan
from memory_import.emulator.faults.rules import Arrival, Faults
from memory_import.emulator.http.answers import (
    Answer,
    Sleep,
    collect,
    drop,
    error_answer,
    finish,
    replay,
    send_answer,
)

Validator = Callable[[str, str, str, dict[str, str], bytes], Sequence[str]]
"""(method, path, query string, lowercase headers, body) -> what is wrong with the request, [] for nothing."""

_API = ("/v1/", "/v2/")
_MAX_LOGGED_REQUESTS = 1_000_000


@dataclass(slots=True)
class Request:
    """One line of the request log. Times are seconds since the emulator started; status 0 is a drop."""

    number: int
    method: str
    path: str
    query: str
    arrived: float
    request_id: str
    status: int | None = None
    finished: float | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the middleware hands to the routes, under ``scope["emulator"]``."""

    request_id: str
    plan: Plan
    body: bytes


class Middleware:
    """Stands before the routes. ``faults`` may be exchanged while it runs."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        account: Account,
        faults: Faults,
        api_key: tuple[str, str] | None,
        starts: int,
        sleep: Sleep,
        validator: Validator | None,
    ) -> None:
        self.faults = faults
        self.requests: deque[Request] = deque(maxlen=_MAX_LOGGED_REQUESTS)
        self.violations: list[str] = []
        self._app = app
        self._account = account
        self._api_key = api_key
        self._starts = starts
        self._sleep = sleep
        self._validator = validator
        self._count = 0
        self._started = time.monotonic()

    def close(self) -> None:
        """Let go of the state file, with all in it on the disk."""
        self._account.close()

    def elapsed(self) -> float:
        """Seconds since the emulator started."""
        return time.monotonic() - self._started

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = self.elapsed()
        body = await _read_body(receive, _limit_bytes(scope["path"]))
        if body is None:
            return
        if scope["path"].startswith(_API):
            await self._serve(scope, body, arrived, send)
        elif isinstance(body, ApiError):
            await send_answer(error_answer(body), Plan(), scope, send, self._sleep)
        else:
            await self._app(scope, replay(body), send)

    async def _serve(self, scope: Scope, body: bytes | ApiError, arrived: float, send: Send) -> None:
        self._count += 1
        query = scope["query_string"].decode("latin-1")
        request_id = f"RQ{self._starts:08x}{self._count:024x}"
        entry = Request(self._count, scope["method"], scope["path"], query, arrived, request_id)
        self.requests.append(entry)
        content = b"" if isinstance(body, ApiError) else body
        if self._validator:
            found = self._validator(entry.method, entry.path, query, _headers(scope), content)
            self.violations.extend(f"{entry.method} {entry.path}: {problem}" for problem in found)
        arrival = Arrival(entry.number, entry.method, entry.path, content, arrived)
        plan = self.faults.decide(arrival)
        try:
            await self._carry_out(scope, body, entry, plan, send)
        finally:
            self.faults.finish(arrival)
            entry.finished = self.elapsed()

    async def _carry_out(
        self, scope: Scope, body: bytes | ApiError, entry: Request, plan: Plan, send: Send
    ) -> None:
        if plan.delay_seconds:
            await self._sleep(plan.delay_seconds)
        if plan.drop == "before":
            entry.status = 0
            await drop(scope)
            return
        if plan.store_status is not None:
            self._change_store(scope["path"], plan.store_status, entry.request_id)
        answer = await self._answer(scope, body, entry.request_id, plan)
        self._account.commit()
        if plan.drop == "after":
            entry.status = 0
            await drop(scope)
            return
        answer = finish(answer, plan, self._account.clock.now(), entry.request_id)
        entry.status = answer.status
        await send_answer(answer, plan, scope, send, self._sleep)

    def _change_store(self, path: str, status: str, request_id: str) -> None:
        store_id = next((part for part in path.split("/") if part in self._account.stores), None)
        if store_id:
            self._account.change("store_status", store_id, {"status": status or None}, request_id=request_id)

    async def _answer(self, scope: Scope, body: bytes | ApiError, request_id: str, plan: Plan) -> Answer:
        """The API's own answer; nothing is applied where the plan answers without applying."""
        if plan.answer is not None and not plan.answer.is_applied:
            return Answer(plan.answer.status, {}, plan.answer.body)
        if not self._is_authorised(_headers(scope).get("authorization", "")):
            message = "Authentication failed. Use HTTP Basic with a valid API key."
            return error_answer(ApiError(401, UNAUTHORISED, message))
        if isinstance(body, ApiError):
            return error_answer(body)
        return await collect(self._app, dict(scope, emulator=Exchange(request_id, plan, body)))

    def _is_authorised(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        try:
            user, colon, secret = base64.b64decode(token.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if scheme.lower() != "basic" or not colon:
            return False
        return bool(user and secret) if self._api_key is None else (user, secret) == self._api_key


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _limit_bytes(path: str) -> int:
    return limits.MAX_IMPORT_BYTES if path.startswith("/emulator/uploads/") else limits.MAX_REQUEST_BYTES


async def _read_body(receive: Receive, limit_bytes: int) -> bytes | ApiError | None:
    """The whole body; the 413 for one that is too large, None when the client went away before its end."""
    parts: list[bytes] = []
    size_bytes = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size_bytes += len(part)
        if size_bytes <= limit_bytes:
            parts.append(part)
        else:
            parts.clear()
        if not message.get("more_body", False):
            return b"".join(parts) if size_bytes <= limit_bytes else too_large(limit_bytes)
