"""The answer on its way out: put together, changed by faults, sent, or broken off."""

import asyncio
import math
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import cast

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memory_import.emulator.engine.errors import ApiError
from memory_import.emulator.faults.bodies import Body, json_body
from memory_import.emulator.faults.plan import Plan

Sleep = Callable[[float], Awaitable[None]]

_RESET = struct.pack("ii", 1, 0)
_WITHOUT_BODY = {204, 304}
_ENDLESS_IN_PROCESS_BYTES = 1 << 24
"""What an in-process transport, which cannot hang up, is sent of a body that never ends."""


class ConnectionDropped(ConnectionResetError):
    """Raised in place of a reset where there is no connection: under an in-process ASGI transport."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers by lowercase name, and a body."""

    status: int
    headers: dict[str, str]
    body: Body


def error_answer(error: ApiError) -> Answer:
    """The API's error body."""
    body = json_body(error.body())
    return Answer(error.status, {**body.headers, **error.headers}, body)


async def collect(app: ASGIApp, scope: Scope) -> Answer:
    """The whole answer of ``app`` to a request whose body was read already."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, replay(b""), keep)
    start, *parts = messages
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], headers, Body(b"".join(part.get("body", b"") for part in parts)))


def replay(body: bytes) -> Receive:
    """The receiving end of a request that has this body."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def finish(answer: Answer, plan: Plan, now: float, request_id: str) -> Answer:
    """``answer`` with its last headers, and with another body, members and headers where the plan says so."""
    if plan.answer is not None:
        answer = Answer(plan.answer.status, plan.answer.body.headers, plan.answer.body)
    elif plan.body is not None:
        answer = Answer(answer.status, plan.body.headers, plan.body)
    elif plan.set_members or plan.omit_members:
        answer = Answer(answer.status, answer.headers, _with_members(answer.body, plan))
    return Answer(answer.status, _final_headers(answer, plan, now, request_id), answer.body)


def _with_members(body: Body, plan: Plan) -> Body:
    """The API's JSON with members set and left out; a name with dots leads into objects and arrays."""
    try:
        value = orjson.loads(body.content)
    except orjson.JSONDecodeError:
        return body
    for path, member in plan.set_members.items():
        *steps, last = path.split(".")
        holder = _walk(value, steps)
        if isinstance(holder, dict):
            holder[last] = member
        elif isinstance(holder, list) and last.isdigit() and int(last) < len(holder):
            holder[int(last)] = member
    for path in plan.omit_members:
        *steps, last = path.split(".")
        holder = _walk(value, steps)
        if isinstance(holder, dict):
            holder.pop(last, None)
    return json_body(value)


def _walk(value: object, steps: list[str]) -> object:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _final_headers(answer: Answer, plan: Plan, now: float, request_id: str) -> dict[str, str]:
    wanted: dict[str, str | None] = {**answer.headers, "twilio-request-id": request_id}
    wanted["date"] = None if plan.no_date else formatdate(now + plan.date_offset_seconds, usegmt=True)
    length = answer.body.length()
    has_length = answer.status not in _WITHOUT_BODY and length != math.inf
    wanted["content-length"] = str(int(length)) if has_length else None
    wanted.update(plan.headers)
    return {name: value for name, value in wanted.items() if value is not None}


async def send_answer(answer: Answer, plan: Plan, scope: Scope, send: Send, sleep: Sleep) -> None:
    """Send at the plan's pace and as much as the plan says, for as long as the client stays."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    is_cut = plan.keep_bytes is not None and plan.keep_bytes < answer.body.length()
    parts = [] if answer.status in _WITHOUT_BODY else _cut(answer.body, plan.keep_bytes)
    sent_bytes = 0
    for part in parts:
        for piece in _pieces(part, plan.drip_seconds):
            if plan.drip_seconds:
                await sleep(plan.drip_seconds)
            await send(_message(piece, more=True))
        sent_bytes += len(part)
        if answer.body.size_bytes is not None:
            await asyncio.sleep(0)  # others have their turn in between
        if _is_gone(scope, sent_bytes):
            return
    await send(_message(b"", more=is_cut))
    if is_cut:
        await drop(scope, is_polite=True)


def _cut(body: Body, keep_bytes: int | None) -> Iterator[bytes]:
    left = math.inf if keep_bytes is None else keep_bytes
    for part in body.parts():
        if left <= 0:
            return
        yield part if len(part) <= left else part[: int(left)]
        left -= len(part)


def _pieces(part: bytes, drip_seconds: float) -> Iterator[bytes]:
    step = 1 if drip_seconds else max(len(part), 1)
    return (part[start : start + step] for start in range(0, len(part), step))


def _is_gone(scope: Scope, sent_bytes: int) -> bool:
    """Whether nobody reads any longer; raises ``ConnectionDropped`` where nobody could ever hang up."""
    transport = _transport(scope)
    if transport is not None:
        return transport.is_closing()
    if sent_bytes > _ENDLESS_IN_PROCESS_BYTES:
        raise ConnectionDropped("The body by script is too large for a transport in process.")
    return False


def _message(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _transport(scope: Scope) -> asyncio.Transport | None:
    return cast(asyncio.Transport | None, scope.get("state", {}).get("transport"))


async def drop(scope: Scope, *, is_polite: bool = False) -> None:
    """Reset the connection, or with ``is_polite`` close it once what was written is out."""
    transport = _transport(scope)
    if transport is None:
        raise ConnectionDropped("The emulator's faults drop this connection.")
    if is_polite:
        transport.close()
    elif not transport.is_closing():  # as it is where the client was killed
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    await asyncio.sleep(0)  # the server notes the loss before it looks for the rest of the answer
