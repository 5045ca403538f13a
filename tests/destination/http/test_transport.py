"""A connection of ours: every form of answer, every way to fail, and never an answer to another request."""

import asyncio
import gzip
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from memory_import.destination.http.failures import AnswerTooLong
from memory_import.destination.http.transport import Transport
from memory_import.destination.limits import ANSWER_BYTES, HEAD_BYTES, IDLE_SECONDS
from tests.support.servers import Clock, SkippingLoop, take_turns

pytestmark = pytest.mark.anyio
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\nx: " + b"y" * (HEAD_BYTES // 2) + b"\r\n\r\n"
LARGE = b"x" * 8_000_000
PATIENCE = 60.0  # seconds


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


class Server:
    """A server that talks as the test says; counts its connections."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.url = ""
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk on one connection, then hang up."""
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server on a free port."""
    server = Server(talk)
    narrow = socket.create_server(("127.0.0.1", 0))
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    listening = await asyncio.start_server(server.serve, sock=narrow, ssl=tls)
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{narrow.getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """The next request, whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length: ")
    return head + await reader.readexactly(int(length.split(b"\r\n", 1)[0]) if length else 0)


def answering(*answers: bytes) -> Talk:
    """One answer after another; then the connection is closed."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await read_request(reader)
            writer.write(answer)
            await writer.drain()

    return talk


async def ask(
    transport: Transport,
    server: Server,
    *,
    method: str = "PUT",
    content: bytes | None = None,
    connect_seconds: float = PATIENCE,
    read_seconds: float = PATIENCE,
) -> httpx.Response:
    """Send one request."""
    timeout = httpx.Timeout(PATIENCE, connect=connect_seconds, read=read_seconds).as_dict()
    request = httpx.Request(method, f"{server.url}/a?b=c", content=content, extensions={"timeout": timeout})
    return await transport.handle_async_request(request)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 5\r\n\r\nwords",
        b"HTTP/1.1 200 OK\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n2\r\nwo\r\n3\r\nrds\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: y\r\n\r\nwords",
        b"HTTP/1.0 200 OK\r\nx: y\r\n\r\nwords",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 5\r\n\r\nwords",
        b"HTTP/1.1 200 OK\r\nx: y\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"words"),
    ],
    ids=["its length said", "in chunks", "until the end", "HTTP/1.0", "after an interim one", "compressed"],
)
async def test_an_answer_is_read_to_its_end_whatever_its_form(answer: bytes) -> None:
    async with serving(answering(answer)) as server, Transport(None) as transport:
        response = await ask(transport, server)
    assert (response.status_code, response.headers["x"], response.content) == (200, "y", b"words")


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"),
        ("PUT", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
    ],
    ids=["HEAD", "HEAD of what is compressed", "204", "304"],
)
async def test_an_answer_that_has_no_body_ends_with_its_head(method: str, head: bytes) -> None:
    async with serving(answering(head, OK)) as server, Transport(None) as transport:
        assert (await ask(transport, server, method=method)).content == b""
        assert (await ask(transport, server)).content == b"ok"
    assert server.connections == 1


async def test_what_arrives_is_the_request() -> None:
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            requests.append(await read_request(reader))
            writer.write(OK)

    async with serving(talk) as server, Transport(None) as transport:
        await ask(transport, server, content=LARGE)
        await ask(transport, server, method="GET")
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"PUT /a?b=c HTTP/1.1"
    assert f"Host: {server.url.removeprefix('http://')}".encode() in head.split(b"\r\n")
    assert body == LARGE
    assert requests[1].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert server.connections == 1


async def test_requests_share_a_connection() -> None:
    async with serving(answering(OK, OK, OK)) as server, Transport(None) as transport:
        answers = [(await ask(transport, server)).content for _ in range(3)]
    assert (answers, server.connections) == ([b"ok"] * 3, 1)


@pytest.mark.parametrize(
    "says",
    [
        [b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", OK],
        [OK],
        [OK + b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", OK],
    ],
    ids=["the server says so", "the server hung up", "more came than was asked for"],
)
async def test_a_connection_that_is_of_no_more_use_is_replaced(says: list[bytes]) -> None:
    async with serving(answering(*says)) as server, Transport(None) as transport:
        answers = []
        for _ in range(2):
            answers.append((await ask(transport, server)).content)
            await take_turns()
    assert (answers, server.connections) == ([b"ok", b"ok"], 2)


async def test_what_a_server_says_between_two_requests_answers_none() -> None:
    has_spoken = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)
        await take_turns()
        writer.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        await take_turns()
        has_spoken.set()
        await reader.read()

    async with serving(talk) as server, Transport(None) as transport:
        await ask(transport, server)
        await has_spoken.wait()
        assert (await ask(transport, server)).status_code == 200
    assert server.connections == 2


async def test_a_connection_that_was_quiet_for_long_is_not_trusted() -> None:
    clock = Clock()
    async with serving(answering(OK, OK, OK)) as server, Transport(None, clock) as transport:
        for quiet_seconds in (IDLE_SECONDS - 1, IDLE_SECONDS, 0):
            await ask(transport, server)
            clock.now += quiet_seconds
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nwor",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nwo\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"220 mail.example.com ESMTP\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    ],
    ids=[
        "no answer",
        "half an answer",
        "half of the chunks",
        "two lengths",
        "another protocol",
        "a change of protocol",
    ],
)
async def test_an_answer_that_is_none_is_an_error_and_the_connection_is_given_up(answer: bytes) -> None:
    async with serving(answering(answer)) as server, Transport(None) as transport:
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                await ask(transport, server)
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 2 * HEAD_BYTES,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * (ANSWER_BYTES + 1),
        INTERIM * (ANSWER_BYTES // len(INTERIM) + 1),
    ],
    ids=["a head", "a body", "interim answers"],
)
async def test_what_has_no_end_is_no_answer(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await reader.read()

    async with serving(talk) as server, Transport(None) as transport:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(transport, server)


@pytest.mark.parametrize(
    ("packing", "body"),
    [
        (b"gzip", b"words"),
        (b"gzip", gzip.compress(b"words")[:-9]),
        (b"br", b"words"),
    ],
    ids=["not packed", "broken off", "packed in a way nobody asked for"],
)
async def test_an_answer_that_cannot_be_unpacked_is_none(packing: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (packing, len(body))
    answer = head + body
    async with serving(answering(answer)) as server, Transport(None) as transport:
        with pytest.raises(httpx.DecodingError):
            await ask(transport, server)


async def test_an_answer_that_unfolds_without_end_is_noticed_while_it_comes() -> None:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    begun = b"".join(packer.compress(bytes(2**20)) for _ in range(20)) + packer.flush(zlib.Z_SYNC_FLUSH)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 999999\r\n\r\n" + begun)
        await reader.read()

    async with serving(talk) as server, Transport(None) as transport:
        with pytest.raises(AnswerTooLong):
            await ask(transport, server)


async def test_an_answer_that_unfolds_without_end_is_none_and_takes_no_memory() -> None:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(300)) + packer.flush()
    answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb) + bomb
    async with serving(answering(answer)) as server, Transport(None) as transport:
        tracemalloc.start()
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(transport, server)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 4 * ANSWER_BYTES


@pytest.mark.parametrize("requests_before", [0, 1])
async def test_a_connection_that_is_reset_is_an_error(requests_before: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(requests_before):
            await read_request(reader)
            writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with serving(talk) as server, Transport(None) as transport:
        for _ in range(requests_before):
            await ask(transport, server)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await ask(transport, server, content=LARGE)
    assert server.connections == 1


@pytest.mark.parametrize("resets", [False, True], ids=["closes", "resets"])
async def test_a_connection_that_the_server_gave_up_a_moment_ago_is_replaced(
    resets: bool, caplog: pytest.LogCaptureFixture
) -> None:
    loop, server = asyncio.get_running_loop(), Server(answering())

    async def answer(listening: socket.socket) -> socket.socket:
        accepted, _ = await loop.sock_accept(listening)
        await loop.sock_recv(accepted, 65_536)
        await loop.sock_sendall(accepted, OK)
        return accepted

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with Transport(None) as transport:
            _, accepted = await asyncio.gather(ask(transport, server), answer(listening))
            if resets:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            accepted.close()
            response, accepted = await asyncio.gather(ask(transport, server), answer(listening))
            accepted.close()
    assert response.content == b"ok"
    assert caplog.records == []


async def test_a_server_that_hangs_up_at_once_is_noticed_at_once() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving(talk) as server, Transport(None) as transport:
        for _ in range(20):
            with pytest.raises((httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)):
                await ask(transport, server)


async def test_a_server_that_is_not_there_was_never_reached() -> None:
    async with serving(answering()) as server:
        pass
    async with Transport(None) as transport:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, server)


async def test_a_host_that_cannot_be_one_was_never_reached() -> None:
    server = Server(answering())
    server.url = "http://a..b"
    async with Transport(None) as transport:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, server)


async def test_a_host_is_reached_at_whichever_address_answers() -> None:
    async with serving(answering(OK)) as server, Transport(None) as transport:
        server.url = server.url.replace("127.0.0.1", "localhost")
        assert (await ask(transport, server)).content == b"ok"


async def test_a_server_that_does_not_take_the_connection_was_never_reached() -> None:
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        server = Server(answering())
        server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with Transport(None) as transport:
            with pytest.raises(httpx.ConnectTimeout):
                await ask(transport, server, connect_seconds=0.1)


@pytest.fixture
def skipping() -> Iterator[asyncio.Runner]:
    """A loop whose time can be skipped; of the two only asyncio's can."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        yield runner


def test_patience_begins_anew_with_whatever_comes(skipping: asyncio.Runner) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for piece in (OK[:10], OK[10:20], OK[20:]):
            await SkippingLoop.skip(PATIENCE / 2)
            writer.write(piece)
        await read_request(reader)
        writer.write(OK[:-1])
        await SkippingLoop.skip(PATIENCE)
        await reader.read()

    async def ask_twice() -> None:
        async with serving(talk) as server, Transport(None) as transport:
            assert (await ask(transport, server)).content == b"ok"
            with pytest.raises(httpx.ReadTimeout):
                await ask(transport, server)

    skipping.run(ask_twice())


def test_patience_begins_anew_with_whatever_leaves(skipping: asyncio.Runner) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(40):
            await SkippingLoop.skip(PATIENCE / 30)
            await reader.readexactly(len(LARGE) // 40)
        writer.write(OK)

    async def ask_once() -> None:
        async with serving(talk) as server, Transport(None) as transport:
            assert (await ask(transport, server, content=LARGE)).content == b"ok"

    skipping.run(ask_once())


async def test_patience_with_what_is_not_taken_ends() -> None:
    is_given_up = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await is_given_up.wait()

    async with serving(talk) as server, Transport(None) as transport:
        with pytest.raises(httpx.WriteTimeout):
            await ask(transport, server, content=LARGE, read_seconds=0.1)
        is_given_up.set()


async def test_an_answer_that_comes_drop_by_drop_is_not_waited_for_for_ever() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await asyncio.sleep(0.01)

    async with serving(talk) as server, Transport(None) as transport:
        with pytest.raises(httpx.ReadTimeout):
            await ask(transport, server, read_seconds=0.05)


def test_an_answer_is_whole_in_twice_the_time_in_which_nothing_may_come(skipping: asyncio.Runner) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(30):
            await SkippingLoop.skip(PATIENCE / 10)
            writer.write(b".")

    async def ask_once() -> None:
        async with serving(talk) as server, Transport(None) as transport:
            began = asyncio.get_running_loop().time()
            with pytest.raises(httpx.ReadTimeout):
                await ask(transport, server)
            assert asyncio.get_running_loop().time() - began < 2.5 * PATIENCE

    skipping.run(ask_once())


def test_the_time_of_an_answer_begins_anew_with_each(skipping: asyncio.Runner) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            await read_request(reader)
            writer.write(OK[:10])
            await SkippingLoop.skip(PATIENCE * 0.9)
            writer.write(OK[10:])

    async def ask_thrice() -> None:
        async with serving(talk) as server, Transport(None, clock=lambda: 0.0) as transport:
            for _ in range(3):
                assert (await ask(transport, server)).content == b"ok"
            assert server.connections == 1

    skipping.run(ask_thrice())


@pytest.mark.parametrize("hangs_up", [False, True], ids=["and the server waits", "and the server hangs up"])
async def test_an_answer_that_comes_before_the_request_is_out_counts(hangs_up: bool) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(TOO_LARGE)
        await asyncio.sleep(0 if hangs_up else 0.1)

    async with serving(talk) as server, Transport(None) as transport:
        for _ in range(2):
            assert (await ask(transport, server, content=LARGE)).status_code == 413
    assert server.connections == 2


async def test_a_request_that_was_given_up_leaves_its_answer_to_nobody() -> None:
    numbers = iter(range(2))
    has_arrived, is_given_up = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(numbers)
        await read_request(reader)
        has_arrived.set()
        await is_given_up.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % number)

    async with serving(talk) as server, Transport(None) as transport:
        asking = asyncio.create_task(ask(transport, server))
        await has_arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        is_given_up.set()
        assert (await ask(transport, server)).content == b"1"


async def test_a_request_that_is_none_is_not_sent() -> None:
    async with serving(answering(OK, OK)) as server, Transport(None) as transport:
        await ask(transport, server)
        with pytest.raises(httpx.LocalProtocolError):
            await ask(transport, server, method="P U T")
        assert (await ask(transport, server)).content == b"ok"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("host", "is_known", "is_taken"),
    [("localhost", True, True), ("127.0.0.1", True, False), ("localhost", False, False)],
    ids=["its own", "of another host", "of nobody we know"],
)
async def test_a_certificate_is_checked(certificate: Path, host: str, is_known: bool, is_taken: bool) -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    tls = ssl.create_default_context(cafile=str(certificate) if is_known else None)
    async with serving(answering(OK, OK), own) as server, Transport(tls) as transport:
        server.url = server.url.replace("127.0.0.1", host)
        if is_taken:
            assert [(await ask(transport, server, content=LARGE)).content for _ in range(2)] == [b"ok"] * 2
            assert server.connections == 1
        else:
            with pytest.raises(httpx.ConnectError):
                await ask(transport, server)


@pytest.mark.parametrize(
    ("says", "error", "connect_seconds"),
    [(OK, httpx.ConnectError, PATIENCE), (b"", httpx.ConnectTimeout, 0.2)],
    ids=["no TLS", "nothing"],
)
async def test_a_server_that_does_not_greet_as_it_should_was_never_reached(
    says: bytes, error: type[Exception], connect_seconds: float
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await reader.read()

    async with serving(talk) as server, Transport(ssl.create_default_context()) as transport:
        server.url = server.url.replace("http", "https")
        with pytest.raises(error):
            await ask(transport, server, connect_seconds=connect_seconds)
