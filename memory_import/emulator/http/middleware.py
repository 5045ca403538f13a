"""What happens to a request on its way to its handler and back: the log of arrivals, faults, and the key.

An ASGI application around the one with the routes. It reads the body once, so that faults can look into it.
"""

import asyncio
import base64
import binascii
import socket
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memory_import.emulator.engine.account import Account
from memory_import.emulator.engine.errors import UNAUTHORISED, ApiError
from memory_import.emulator.faults.plan import HTML, Answer, Plan
from memory_import.emulator.faults.script import Arrival, Faults

Sleep = Callable[[float], Awaitable[None]]
Validator = Callable[[str, str, str, dict[str, str], bytes], Sequence[str]]
"""(method, path, query string, lowercase headers, body) -> what is wrong with the request, [] for nothing."""

_RESET = struct.pack("ii", 1, 0)
_MAX_LOGGED_REQUESTS = 1_000_000


class ConnectionDropped(ConnectionResetError):
    """Raised in place of a reset where there is no connection: under an in-process ASGI transport."""


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
    """What the gate hands to the routes, under ``scope["emulator"]``."""

    request_id: str
    plan: Plan
    body: bytes


class Gate:
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
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        arrived = self.elapsed()
        came = scope.get("state", {}).get("came", time.monotonic()) - self._started
        body = await _read_body(receive)
        if body is None:
            return
        await self._serve(scope, body, arrived, came, send)

    async def _serve(self, scope: Scope, body: bytes, arrived: float, came: float, send: Send) -> None:
        self._count += 1
        query = scope["query_string"].decode("latin-1")
        request_id = f"RQ{self._starts:08x}{self._count:024x}"
        entry = Request(self._count, scope["method"], scope["path"], query, came, request_id)
        self.requests.append(entry)
        if self._validator:
            found = self._validator(entry.method, entry.path, query, _headers(scope), body)
            self.violations.extend(f"{entry.method} {entry.path}: {problem}" for problem in found)
        arrival = Arrival(entry.number, entry.method, entry.path, body, arrived)
        plan = self.faults.decide(arrival)
        try:
            await self._carry_out(scope, body, entry, plan, send)
        finally:
            self.faults.finish(arrival)
            entry.finished = self.elapsed()

    async def _carry_out(self, scope: Scope, body: bytes, entry: Request, plan: Plan, send: Send) -> None:
        if plan.delay_seconds:
            await self._sleep(plan.delay_seconds)
        if plan.drop == "before":
            entry.status = 0
            await _drop(scope)
            return
        if plan.store_status is not None:
            self._change_store(scope["path"], plan.store_status, entry.request_id)
        status, headers, content = await self._answer(scope, body, entry.request_id, plan)
        if plan.body is not None:
            status, headers, content = _render(_without_the_body(status, plan.body))
        self._account.commit()
        if plan.drop == "after":
            entry.status = 0
            await _drop(scope)
            return
        entry.status = status
        headers = [*headers, (b"twilio-request-id", entry.request_id.encode())]
        await self._send(scope, status, headers, content, plan, send)

    def _change_store(self, path: str, status: str, request_id: str) -> None:
        store_id = next((part for part in path.split("/") if part in self._account.stores), None)
        if store_id:
            self._account.change("store_status", store_id, {"status": status or None}, request_id=request_id)

    async def _answer(
        self, scope: Scope, body: bytes, request_id: str, plan: Plan
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if plan.answer is not None and not plan.answer.is_applied:
            return _render(plan.answer)
        if not self._is_authorised(_headers(scope).get("authorization", "")):
            error = ApiError(401, UNAUTHORISED, "Authentication failed. Use HTTP Basic with a valid API key.")
            return _render(Answer(401, orjson.dumps(error.body()), {"Content-Type": "application/json"}))
        inner = dict(scope, emulator=Exchange(request_id, plan, body))
        applied = await _collect(self._app, inner)
        return applied if plan.answer is None else _render(plan.answer)

    def _is_authorised(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        try:
            user, colon, secret = base64.b64decode(token.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if scheme.lower() != "basic" or not colon:
            return False
        return bool(user and secret) if self._api_key is None else (user, secret) == self._api_key

    async def _send(
        self,
        scope: Scope,
        status: int,
        headers: list[tuple[bytes, bytes]],
        content: bytes,
        plan: Plan,
        send: Send,
    ) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        sent = content if plan.keep_bytes is None else content[: plan.keep_bytes]
        is_cut = len(sent) < len(content)
        if plan.drip_seconds:
            for position in range(len(sent)):
                await self._sleep(plan.drip_seconds)
                await send(_part(sent[position : position + 1], more=True))
            sent = b""
        await send(_part(sent, more=is_cut))
        if is_cut:
            await _drop(scope, is_polite=True)


def _part(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _render(answer: Answer) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    content = answer.body or b""
    headers = {**answer.headers, "Content-Length": str(len(content))}
    return (
        answer.status,
        [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        content,
    )


def _without_the_body(status: int, body: str) -> Answer:
    """An answer whose own body was lost on the way."""
    return Answer(status, None) if body == "empty" else Answer(status, HTML, {"Content-Type": "text/html"})


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None when the client went away before it was complete."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _collect(app: ASGIApp, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The whole answer of ``app``, whose body the gate has read already."""
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    start, *parts = messages
    return start["status"], list(start["headers"]), b"".join(part.get("body", b"") for part in parts)


async def _drop(scope: Scope, *, is_polite: bool = False) -> None:
    """Reset the connection, or with ``is_polite`` close it once what was written is out."""
    transport: asyncio.Transport | None = scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionDropped("The emulator's faults drop this connection.")
    if is_polite:
        transport.close()
    elif not transport.is_closing():  # as it is where the client was killed
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    await asyncio.sleep(0)  # the server notes the loss before it looks for the rest of the answer
