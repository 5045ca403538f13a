"""The connections to the API: every request leaves on one that is idle."""

import asyncio
import ipaddress
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import lru_cache
from itertools import zip_longest
from types import TracebackType
from typing import Self
from urllib.request import getproxies, proxy_bypass

import httpx

from memory_import.destination.http.transport import Transport
from memory_import.destination.limits import CONNECT_TIMEOUT_SECONDS, CONNECTIONS, TIMEOUT_SECONDS
from memory_import.errors import UsageProblem

_PROXY_SCHEMES = frozenset({"http", "https"})
_LAST_PORT = 65_535
_parse = lru_cache(maxsize=256)(httpx.URL)  # many requests go where one went before


class Connections:
    """A few connections to one server, each with its own transport.

    A pool would search all of its connections for each request. Use it as an asynchronous context manager.
    `auth` is the user and password of HTTP Basic; nothing but `api_url` is ever asked, and no redirect
    followed. `transport` is for servers that live in this process.
    """

    def __init__(
        self, api_url: str, auth: tuple[str, str], transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._api_url = api_url
        self._headers = {
            "accept": "*/*",
            "accept-encoding": "gzip",
            "authorization": f"Basic {b64encode(':'.join(auth).encode()).decode()}",
            "user-agent": "memory-import/0.1",
        }
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
        self._extensions = {"timeout": timeout.as_dict()}
        self._transports = [transport] * CONNECTIONS if transport else _make_transports(httpx.URL(api_url))
        self._idle: asyncio.LifoQueue[httpx.AsyncBaseTransport] = asyncio.LifoQueue()
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for transport in self._transports:
            self._idle.put_nowait(await self._exits.enter_async_context(transport))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exits.__aexit__(kind, error, trace)

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        content: bytes | None,
        leave: Callable[[], Awaitable[bool]],
    ) -> httpx.Response:
        """Send one request and read its answer to the end; raises what httpx raises.

        `leave` is awaited once a connection stands, right before the request is sent; it tells whether there
        was nothing to wait for. After a wait the connection may be gone, and both are asked again.
        """
        request = httpx.Request(
            method,
            _parse(self._api_url + path),
            params=params or None,
            headers={**self._headers, **headers},
            content=content,
            extensions=self._extensions,
        )
        transport = await self._idle.get()
        try:
            await _have_connection(transport, request)
            while not await leave():
                await _have_connection(transport, request)
            response = await transport.handle_async_request(request)
            try:
                await response.aread()
            finally:
                await response.aclose()
        finally:
            self._idle.put_nowait(transport)
        return response

    @property
    def host(self) -> str:
        """The API's host, with its port where that is not the usual one."""
        return httpx.URL(self._api_url).netloc.decode()

    def path_of_move(self, location: str, path: str, canonical_id: str) -> str | None:
        """Path and query of the same thing as at `path`, of the profile that the one there was merged into.

        None where `location` is anything else: it gets no request. Another host gets no credentials.
        """
        own = httpx.URL(self._api_url)
        try:
            target = own.join(location)
        except (httpx.InvalidURL, ValueError):
            return None
        if (target.scheme, target.host, target.port) != (own.scheme, own.host, own.port):
            return None
        found = target.raw_path.decode().removeprefix(own.path.rstrip("/"))
        steps = zip_longest(*(each.partition("?")[0].split("/") for each in (path, found)))
        changed = [new for old, new in steps if old != new]
        return found if changed == [canonical_id] else None


async def _have_connection(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> None:
    if isinstance(transport, Transport):
        await transport.connect(request)


def _make_transports(url: httpx.URL) -> list[httpx.AsyncBaseTransport]:
    """A proxy is for the outside: loopback is reached without one, whatever the environment says."""
    if url.scheme != "https":
        return [Transport(None) for _ in range(CONNECTIONS)]
    tls = ssl.create_default_context()
    tls.set_alpn_protocols(["http/1.1"])
    address = _find_proxy(url)
    proxy = None if address is None else _read_proxy(address)
    return [Transport(tls, proxy=proxy) for _ in range(CONNECTIONS)]


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _find_proxy(url: httpx.URL) -> str | None:
    """The proxy that the environment names for an address."""
    if _is_loopback(url.host) or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _read_proxy(address: str) -> httpx.Proxy:
    """The proxy at an address, which may hold a password and is never quoted."""
    with suppress(ValueError, httpx.InvalidURL):
        proxy = httpx.Proxy(address)
        if proxy.url.scheme in _PROXY_SCHEMES and proxy.url.host and (proxy.url.port or 0) <= _LAST_PORT:
            return proxy
    raise UsageProblem(
        "The proxy that the environment names (HTTPS_PROXY or ALL_PROXY) is no address of the form "
        "http://HOST:PORT or https://HOST:PORT; no other kind of proxy is spoken to. Correct it, or name the "
        "API's host in NO_PROXY."
    )
