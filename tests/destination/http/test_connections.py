"""Requests leave on connections of their own, with the credentials, past or through a proxy."""

import asyncio
import base64
import contextlib

import httpx
import pytest

from memory_import.destination.http.connections import Connections
from memory_import.destination.limits import CONNECTIONS
from memory_import.errors import UsageProblem
from tests.support.servers import AUTH, URL, take_turns

pytestmark = pytest.mark.anyio
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Proxy:
    """A proxy that gives every tunnel this answer, hangs up, and keeps what it was asked for."""

    def __init__(self, answer: bytes = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n") -> None:
        self.asked: list[bytes] = []
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer."""
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._answer)
        writer.close()


async def at_once() -> bool:
    """Nothing to wait for."""
    return True


async def test_no_more_requests_are_under_way_than_there_are_connections() -> None:
    most = now = 0
    as_many = asyncio.Barrier(CONNECTIONS)
    under_way_before: list[int] = []

    async def respond(_: httpx.Request) -> httpx.Response:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await as_many.wait()
        now -= 1
        return httpx.Response(200)

    async def leave() -> bool:
        under_way_before.append(now)
        return True

    async with Connections(URL, AUTH, httpx.MockTransport(respond)) as connections:
        asked = (
            connections.exchange("GET", "/", params={}, headers={}, content=None, leave=leave)
            for _ in range(3 * CONNECTIONS)
        )
        answers = await asyncio.gather(*asked)
    assert (len(answers), most) == (3 * CONNECTIONS, CONNECTIONS)
    assert len(under_way_before) == 3 * CONNECTIONS
    assert max(under_way_before) < CONNECTIONS


async def test_a_request_leaves_on_a_connection_that_stood_before_the_gate_was_asked() -> None:
    standing: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        standing.put_nowait(writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async def leave() -> bool:
        """The first time there is a wait, in which the server hangs up."""
        nonlocal asked
        asked += 1
        connection = await standing.get()
        if asked == 1:
            connection.close()
            await take_turns()
        return asked > 1

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with Connections(f"http://127.0.0.1:{port}", AUTH) as connections:
        response = await connections.exchange("GET", "/", params={}, headers={}, content=None, leave=leave)
    listening.close()
    assert (response.status_code, asked) == (204, 2)


@pytest.mark.parametrize("variable", ["https_proxy", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
async def test_the_proxy_of_the_environment_is_asked_for_a_tunnel_and_sees_no_credentials(
    monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    proxy = Proxy()
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    set_environment(monkeypatch, **{variable: f"{scheme}127.0.0.1:{port}"})
    async with Connections("https://memory.example.com", AUTH) as connections:
        with pytest.raises(httpx.ProxyError):
            await connections.exchange("GET", "/", params={}, headers={}, content=None, leave=at_once)
    listening.close()
    assert proxy.asked[0].startswith(b"CONNECT memory.example.com:443 ")
    assert base64.b64encode(":".join(AUTH).encode()) not in proxy.asked[0]


async def test_a_tunnel_that_broke_half_made_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>")
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    set_environment(monkeypatch, https_proxy=f"127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    async with Connections("https://memory.example.com", AUTH) as connections:
        for _ in range(2):
            with pytest.raises(httpx.ConnectError):
                await connections.exchange("GET", "/", params={}, headers={}, content=None, leave=at_once)
    listening.close()
    assert len(proxy.asked) == 2


@pytest.mark.parametrize(
    "address",
    ["socks5://u:secret@h:1", "ftp://h", "http://[::1", "http://u:secret@h:99999", "http://", "://"],
)
def test_a_proxy_that_cannot_be_one_is_said_without_its_address(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    set_environment(monkeypatch, https_proxy=address)
    with pytest.raises(UsageProblem, match="HTTPS_PROXY") as raised:
        Connections("https://memory.example.com", AUTH)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "environment"),
    [
        ("http://localhost:1", {"http_proxy": "{}"}),
        ("https://localhost:1", {"https_proxy": "{}"}),
        ("https://127.0.0.1:1", {"all_proxy": "{}"}),
        ("https://[::1]:1", {"https_proxy": "{}"}),
        ("https://memory.invalid:1", {"https_proxy": "{}", "no_proxy": "memory.invalid"}),
    ],
    ids=["plain HTTP", "localhost", "loopback", "loopback of IPv6", "a host that is excepted"],
)
async def test_some_hosts_are_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch, address: str, environment: dict[str, str]
) -> None:
    proxy = Proxy()
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    named = {name: value.format(f"http://127.0.0.1:{port}") for name, value in environment.items()}
    set_environment(monkeypatch, **named)
    async with Connections(address, AUTH) as connections:
        with pytest.raises(httpx.ConnectError):
            await connections.exchange("GET", "/", params={}, headers={}, content=None, leave=at_once)
    listening.close()
    assert proxy.asked == []


def set_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Name these proxies and no others."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


OLD, NEW = "/v1/Stores/s/Profiles/old/Traits", "/v1/Stores/s/Profiles/new/Traits"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (NEW, NEW),
        (f"{URL}{NEW}?pageToken=b", f"{NEW}?pageToken=b"),
        ("../new/Traits", None),
        (f"https://elsewhere.example.com{NEW}", None),
        (OLD, None),
        ("/v1/Stores/s/Profiles/other/Traits", None),
        ("/v1/Stores/other/Profiles/new/Traits", None),
        (f"{NEW}/new", None),
        ("/v1/Stores/s/Profiles/new", None),
        ("/login", None),
        ("http://[", None),
        ("http://127.0.0.1:99999999/", None),
        ("\x00\x01", None),
        ("", None),
    ],
)
def test_a_move_leads_to_the_same_thing_of_the_other_profile_on_the_same_host_and_nowhere_else(
    location: str, expected: str | None
) -> None:
    assert Connections(URL, AUTH).path_of_move(location, f"{OLD}?pageToken=a", "new") == expected


def test_a_move_is_told_with_or_without_the_path_of_a_gateway() -> None:
    connections = Connections(f"{URL}/gateway", AUTH)
    assert connections.path_of_move(f"/gateway{NEW}", OLD, "new") == NEW
    assert connections.path_of_move(NEW, OLD, "new") == NEW
