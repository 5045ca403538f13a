"""One TCP connection as httpcore wants it, straight on the event loop.

httpcore's own serves any event loop, and takes three times as long for it.
"""

import asyncio
import select
import socket
import ssl
from asyncio.staggered import staggered_race
from collections.abc import Iterable
from functools import partial
from typing import Any, cast

import httpcore

from memory_import.destination.http.failures import AnswerTooLong
from memory_import.destination.limits import ANSWER_BYTES

_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305: when to try the next address of a host beside the first
_PIECE_BYTES = 128 * 1024  # of a request: what leaves of it piece by piece is progress
_ANSWER_LONGEST = 2  # times as long as nothing may come: an answer, from its first byte to its last


class Wires(httpcore.AsyncNetworkBackend):
    """Makes connections, each of them a `Wire`."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore has it
        local_address: str | None = None,  # noqa: ARG002 - any will do
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - as the system has them
    ) -> "Wire":
        """Connect to a host; `httpcore.ConnectError` or `httpcore.ConnectTimeout` where that cannot be."""
        try:
            async with asyncio.timeout(timeout):
                connected = await _reach(host, port)
                _, wire = await asyncio.get_running_loop().create_connection(Wire, sock=connected)
        except TimeoutError:
            raise httpcore.ConnectTimeout("connecting took too long") from None
        except (OSError, UnicodeError) as error:  # the latter of a host that cannot be a name
            raise httpcore.ConnectError(str(error)) from error
        return wire


class Wire(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A connection that reads while it writes: an answer that comes early ends the writing, and counts.

    The first thing written after an answer begins a new exchange, which receives `ANSWER_BYTES` at most, in
    twice the time in which nothing may come.
    What the server says before is no answer to anything: then nothing of the request leaves.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._bytes_left = ANSWER_BYTES
        self._answer_began: float | None = None
        self._is_idle = True
        self._is_full = False
        self._is_over = False
        self._error: Exception | None = None
        self._changed: asyncio.Future[None] | None = None

    # What httpcore calls

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Write all of it; `timeout`: for how long nothing of it may leave."""
        if not buffer:
            return
        if self._is_idle and self._has_heard:
            raise httpcore.ConnectError("the server spoke or hung up before it was asked")
        if self._is_idle:
            self._is_idle, self._bytes_left, self._answer_began = False, ANSWER_BYTES, None
        whole = memoryview(buffer)
        for start in range(0, len(whole), _PIECE_BYTES):
            self._check_early()
            self._transport.write(whole[start : start + _PIECE_BYTES])
            while self._is_full:
                await self._wait(timeout, httpcore.WriteTimeout("nothing of the request was taken"))
                self._check_early()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Some of what has come; nothing where no more will come."""
        seconds = timeout if timeout is None else min(timeout, self._seconds_left(timeout))
        while not self._has_heard:
            await self._wait(seconds, httpcore.ReadTimeout("nothing of the answer came"))
        self._is_idle = True
        if self._bytes_left < 0:
            raise AnswerTooLong
        if self._error is not None and not self._received:
            raise httpcore.ReadError(str(self._error)) from self._error
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        return data

    async def aclose(self) -> None:
        """Hang up."""
        self._transport.abort()
        await asyncio.sleep(0)  # in which the loop does so

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> "Wire":
        """Go on with TLS; hangs up where that cannot be."""
        loop = asyncio.get_running_loop()
        try:
            if self._has_heard:
                raise httpcore.ConnectError("the server spoke or hung up before TLS could begin")
            async with asyncio.timeout(timeout):
                secured = await loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except BaseException as error:
            await self.aclose()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout("TLS took too long") from None
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        if secured is None:
            raise httpcore.ConnectError("the server hung up before TLS could begin")
        self._hold(secured)
        return self

    def get_extra_info(self, info: str) -> Any:
        """Whether there `is_readable` anything, or the end; else what asyncio's transports know."""
        if info == "is_readable":
            return self._has_heard or _is_readable(self._transport.get_extra_info("socket"))
        return self._transport.get_extra_info(info)

    def _seconds_left(self, patience: float) -> float:
        """For how long more of an answer may come; `httpcore.ReadTimeout` where that is over."""
        if self._answer_began is None:
            return patience
        left = self._answer_began + _ANSWER_LONGEST * patience - asyncio.get_running_loop().time()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long to come")
        return left

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._hold(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        if self._answer_began is None:
            self._answer_began = asyncio.get_running_loop().time()
        self._received += data
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            self._transport.abort()
        self._notify()

    def eof_received(self) -> None:
        self._is_over = True
        self._notify()

    def connection_lost(self, error: Exception | None) -> None:
        self._is_over, self._error = True, error
        self._notify()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._notify()

    @property
    def _has_heard(self) -> bool:
        """Whether there is something to read, or the end."""
        return bool(self._received) or self._is_over

    def _hold(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(1)  # what was written has left when writing goes on

    def _check_early(self) -> None:
        if self._has_heard:
            raise httpcore.WriteError("the answer came before the request was out")

    async def _wait(self, seconds: float | None, too_long: Exception) -> None:
        """Return when anything has changed; raises `too_long` where nothing does."""
        self._changed = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._changed
        except TimeoutError:
            raise too_long from None
        finally:
            self._changed = None

    def _notify(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)


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


def _is_readable(asked: socket.socket) -> bool:
    """Whether something has come that the event loop has not taken yet."""
    poll = select.poll()
    poll.register(asked.fileno(), select.POLLIN)
    return bool(poll.poll(0))
