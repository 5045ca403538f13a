"""One httpcore connection behind the interface of httpx, with a limit to what an exchange may take.

httpcore speaks HTTP; what stands here is what an importer needs around it: a connection that can be had
before a request is to leave, an answer that counts although the request is not out yet, and an end to every
answer in time and in bytes, packed and unpacked.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from memory_import.destination.http.unpacking import Unpacking
from memory_import.destination.http.wire import Wire, Wires
from memory_import.destination.limits import IDLE_SECONDS

_LONGEST = 10  # times as long as nothing may move: an exchange in which something always does


class Transport(httpx.AsyncBaseTransport):
    """Connects when a request is to leave, and anew when the server may have hung up; one request at a time.

    `tls` is None for plain HTTP; `proxy` is asked for a tunnel; `clock` counts seconds. Of a request's
    timeouts it keeps to `connect`, and to `read` whenever nothing moves in either direction; an answer takes
    twice as long at most from its first byte to its last, and an exchange, whose request may be long, ten
    times. Raises `httpx.ConnectError` or `httpx.ConnectTimeout` where nothing of the request can have left,
    and another `httpx.RequestError` where something may have.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        clock: Callable[[], float] = time.monotonic,
        proxy: httpx.Proxy | None = None,
    ) -> None:
        self._tls = tls
        self._clock = clock
        self._idle_since = 0.0
        self._wires = Wires()
        self._usual_port = 443 if tls else 80
        self._wire: Wire | None = None
        self._connection: httpcore.AsyncHTTP11Connection | None = None
        self._tunnel = None if proxy is None else _make_tunnel(proxy, tls, self._wires)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, which has its body at hand, and read the answer to its end."""
        await self.connect(request)
        with _as_httpx():
            try:
                async with asyncio.timeout(_LONGEST * request.extensions["timeout"]["read"]):
                    response = await self._exchange(request)
            except TimeoutError:
                raise httpx.ReadTimeout("the exchange took too long") from None
        self._idle_since = self._clock()
        return response

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        answer = await self._send(_as_httpcore(request))
        try:
            if answer.status == 101:
                raise httpx.RemoteProtocolError("the server wants to speak another protocol")
            headers = httpx.Headers(answer.headers)
            unpacking = Unpacking(headers.pop("content-encoding", "identity"))
            content = b"".join([unpacking.take(piece) async for piece in answer.aiter_stream()])
            unpacking.end()
        finally:
            await answer.aclose()
        if self._connection is not None and not _is_clean(self._connection):
            await self.aclose()
        return httpx.Response(answer.status, headers=headers, content=content)

    async def _send(self, request: httpcore.Request) -> httpcore.Response:
        if self._tunnel is None:
            assert self._connection is not None  # noqa: S101 - `connect` was awaited
            return await self._connection.handle_async_request(request)
        try:
            return await self._tunnel.handle_async_request(request)
        except BaseException:
            await self._tunnel.aclose()  # it would wait for a tunnel that was only half made
            raise

    async def connect(self, request: httpx.Request) -> None:
        """Have a connection for a request, which then leaves at once.

        One through a proxy is made when the request leaves.
        """
        if self._tunnel is not None:
            return
        is_stale = self._clock() - self._idle_since >= IDLE_SECONDS
        if is_stale or self._is_of_no_use():
            await self.aclose()
            url = request.url
            with _as_httpx():
                self._wire = await self._open(url, request.extensions["timeout"]["connect"])
            origin = httpcore.Origin(url.raw_scheme, url.raw_host, url.port or self._usual_port)
            self._connection = httpcore.AsyncHTTP11Connection(origin=origin, stream=self._wire)
            self._idle_since = self._clock()

    def _is_of_no_use(self) -> bool:
        """Whether there is none, or the server hung up on it or said what nobody asked for."""
        if self._connection is None or self._wire is None or self._connection.is_closed():
            return True
        return bool(self._wire.get_extra_info("is_readable"))

    async def _open(self, url: httpx.URL, timeout_seconds: float) -> Wire:
        host = url.raw_host.decode()
        try:
            async with asyncio.timeout(timeout_seconds):
                wire = await self._wires.connect_tcp(host, url.port or self._usual_port)
                return wire if self._tls is None else await wire.start_tls(self._tls, host)
        except TimeoutError:
            raise httpcore.ConnectTimeout("connecting took too long") from None

    async def aclose(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()
        if self._tunnel is not None:
            await self._tunnel.aclose()


def _make_tunnel(proxy: httpx.Proxy, tls: ssl.SSLContext | None, wires: Wires) -> httpcore.AsyncHTTPProxy:
    return httpcore.AsyncHTTPProxy(
        proxy_url=httpcore.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        ),
        proxy_auth=proxy.raw_auth,
        ssl_context=tls,
        max_connections=1,
        keepalive_expiry=IDLE_SECONDS,
        network_backend=wires,
    )


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=request.content,
        extensions={
            "timeout": {**request.extensions["timeout"], "write": request.extensions["timeout"]["read"]}
        },
    )


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise what httpcore raises under the same name of httpx."""
    try:
        yield
    except (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        httpcore.ProxyError,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


def _is_clean(connection: httpcore.AsyncHTTP11Connection) -> bool:
    """Whether the answer was all that came: what came with it must not become the next answer."""
    return not connection._h11_state.trailing_data[0]  # nothing public tells
