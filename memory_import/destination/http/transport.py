"""One connection to a server, as an httpx transport: HTTP/1.1 by h11, straight on the event loop.

httpx's own serves any event loop, any proxy and a pool of connections, at more than twice the CPU time.
"""

import asyncio
import socket
import ssl
import time
from asyncio.staggered import staggered_race
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import h11
import httpx

from memory_import.destination.limits import ANSWER_BYTES, HEAD_BYTES, IDLE_SECONDS

_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305: when to try the next address of a host beside the first
_PIECE_BYTES = 128 * 1024  # of a request: what leaves of it piece by piece is progress
_LONGEST = 10  # times as long as nothing may move: an exchange in which something always does


class Transport(httpx.AsyncBaseTransport):
    """Connects when a request is to leave, and anew when the server may have hung up; one request at a time.

    `tls` is None for plain HTTP; `clock` counts seconds. Of a request's timeouts it keeps to `connect`, and
    to `read` whenever nothing moves in either direction; an exchange takes ten times as long at most. Raises
    `httpx.ConnectError` or `httpx.ConnectTimeout` where nothing of the request can have left, and another
    `httpx.RequestError` where something may have.
    """

    def __init__(self, tls: ssl.SSLContext | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._tls = tls
        self._clock = clock
        self._idle_since = 0.0
        self._connection: _Connection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, which has its body at hand, and read the answer to its end."""
        connection = await self.connect(request)
        response = await connection.exchange(request, request.extensions["timeout"]["read"])
        self._idle_since = self._clock()
        return response

    async def connect(self, request: httpx.Request) -> "_Connection":
        """Have a connection for a request, which then leaves at once."""
        is_stale = self._clock() - self._idle_since >= IDLE_SECONDS
        if is_stale or self._connection is None or self._connection.wire.is_closing():
            await self.aclose()
            self._connection = await self._connect(request.url, request.extensions["timeout"]["connect"])
            self._idle_since = self._clock()
        return self._connection

    async def aclose(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.wire.abort()
            self._connection = None

    async def _connect(self, url: httpx.URL, timeout_seconds: float) -> "_Connection":
        host, port = url.raw_host.decode(), url.port or (443 if self._tls else 80)
        try:
            async with asyncio.timeout(timeout_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    _Connection,
                    sock=await _reach(host, port),
                    ssl=self._tls,
                    server_hostname=host if self._tls else None,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("connecting took too long") from error
        except (OSError, UnicodeError) as error:  # the latter of a host that cannot be a name
            raise httpx.ConnectError(str(error)) from error
        if connection.wire.is_closing():
            raise httpx.ConnectError("the server hung up at once")
        return connection


async def _reach(host: str, port: int) -> socket.socket:
    """Connect to whichever address of a host answers first; each has a head start on the next."""
    loop = asyncio.get_running_loop()

    async def reach(family: int, address: Any) -> socket.socket:
        reaching = socket.socket(family, socket.SOCK_STREAM)
        try:
            reaching.setblocking(False)
            await loop.sock_connect(reaching, address)
        except BaseException:
            reaching.close()
            raise
        return reaching

    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    tries = [partial(reach, family, address) for family, _, _, _, address in found]
    reached: socket.socket | None
    reached, _, errors = await staggered_race(tries, _NEXT_ADDRESS_SECONDS)
    if reached is None:
        raise next(error for error in errors if error is not None)
    return reached


class _Exchange:
    """A request, as far as it has yet to leave, and its answer, as far as it has come."""

    def __init__(self, request: httpx.Request, patience_seconds: float) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self.unsent = list(_encode(request, self._http))
        self._head: h11.Response | None = None
        self._body: list[bytes] = []
        self._bytes_left = ANSWER_BYTES
        self._error: httpx.TransportError | None = None
        self._loop = asyncio.get_running_loop()
        self.is_over: asyncio.Future[None] = self._loop.create_future()
        self._patience_seconds = patience_seconds
        self._ends_at = self._loop.time() + _LONGEST * patience_seconds
        self._timer = self._set_timer()

    @property
    def is_clean(self) -> bool:
        """Whether both sides have said all that belongs to it, nothing more, and may go on with another."""
        states = self._http.our_state, self._http.their_state
        return states == (h11.DONE, h11.DONE) and not self.unsent and not self._http.trailing_data[0]

    @property
    def response(self) -> httpx.Response:
        """The answer; raises the error that came instead."""
        if self._error is not None:
            raise self._error
        assert self._head is not None  # noqa: S101 - it is over
        headers, body = list(self._head.headers), b"".join(self._body)
        return httpx.Response(self._head.status_code, headers=headers, content=body)

    def receive(self, data: bytes) -> None:
        """Take a piece of the answer; an empty one says that no more will come."""
        self._bytes_left -= len(data)
        try:
            self._http.receive_data(data)
            self._read()
        except h11.RemoteProtocolError as error:
            self.end(httpx.RemoteProtocolError(str(error)))
        if self._bytes_left < 0:
            self.end(httpx.RemoteProtocolError(f"the answer is longer than {ANSWER_BYTES:,} bytes"))
        self.note_progress()

    def _read(self) -> None:
        while isinstance(event := self._http.next_event(), h11.Event):
            match event:
                case h11.Response():
                    self._head = event
                case h11.Data():
                    self._body.append(event.data)
                case h11.EndOfMessage():
                    self.end()
                    return

    def note_progress(self) -> None:
        """Be patient anew."""
        if not self.is_over.done():
            self._timer.cancel()
            self._timer = self._set_timer()

    def _set_timer(self) -> asyncio.TimerHandle:
        ends_at = min(self._loop.time() + self._patience_seconds, self._ends_at)
        return self._loop.call_at(ends_at, self.end, httpx.ReadTimeout("the exchange took too long"))

    def end(self, error: httpx.TransportError | None = None) -> None:
        """It is over; how it ended first counts."""
        self._timer.cancel()
        if not self.is_over.done():
            self._error = error
            self.is_over.set_result(None)


def _encode(request: httpx.Request, http: h11.Connection) -> Iterator[bytes | memoryview]:
    target, body = request.url.raw_path, request.content
    try:
        yield http.send(h11.Request(method=request.method, target=target, headers=request.headers.raw))
        events = [h11.Data(data=body), h11.EndOfMessage()] if body else [h11.EndOfMessage()]
        framed = [data for event in events for data in http.send_with_data_passthrough(event) or ()]
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
    for data in framed:
        for start in range(0, len(data), _PIECE_BYTES):
            yield memoryview(data)[start : start + _PIECE_BYTES]


class _Connection(asyncio.Protocol):
    """One exchange after another. What the server says in between is no answer to anything."""

    wire: asyncio.Transport

    def __init__(self) -> None:
        self._under_way: _Exchange | None = None
        self._is_full = False

    async def exchange(self, request: httpx.Request, patience_seconds: float) -> httpx.Response:
        """Send a request and read its answer; waits so long whenever nothing moves."""
        self._under_way = exchange = _Exchange(request, patience_seconds)
        try:
            self._write(exchange)
            await exchange.is_over
        finally:
            self._under_way = None
            exchange.end()
            if not exchange.is_clean or self.wire.get_write_buffer_size():
                self.wire.abort()
        return exchange.response

    def _write(self, exchange: _Exchange) -> None:
        """Write while there is room; the head together with the beginning of the body."""
        while exchange.unsent and not self._is_full and not self.wire.is_closing():
            self.wire.writelines(exchange.unsent[:2])
            del exchange.unsent[:2]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = cast(asyncio.Transport, transport)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._under_way is not None:
            self._under_way.note_progress()
            self._write(self._under_way)

    def data_received(self, data: bytes) -> None:
        if self._under_way is None or self._under_way.is_over.done():
            self.wire.abort()
        else:
            self._under_way.receive(data)

    def eof_received(self) -> None:
        self.data_received(b"")

    def connection_lost(self, error: Exception | None) -> None:
        if self._under_way is not None:
            self._under_way.end(httpx.ReadError(f"the connection was lost: {error}"))
