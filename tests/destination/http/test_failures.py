"""What went wrong on the way to the server is said in words that tell what to do, and nothing secret."""

import socket
import ssl

import httpx
import pytest

from memory_import.destination.errors import ServiceUnavailable
from memory_import.destination.http.client import Request
from memory_import.destination.http.failures import AnswerTooLong, describe
from tests.support.servers import READ, Clock, make_client, make_pace

pytestmark = pytest.mark.anyio


def caused_by(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("cannot reach https://user:secret@host")
    error.__cause__ = ExceptionGroup("all attempts", [OSError("first"), OSError("second")])
    error.__cause__.exceptions[0].__cause__ = cause
    return error


UNTRUSTED = ssl.SSLCertVerificationError(1, "secret")
UNTRUSTED.verify_message = "self-signed certificate"
CAUSES = {
    "a certificate": (UNTRUSTED, "its TLS certificate is not trusted: self-signed certificate", True),
    "TLS": (ssl.SSLError(1, "secret"), "no TLS connection could be agreed on", False),
    "an unknown name": (
        socket.gaierror(socket.EAI_NONAME, "secret"),
        "the name of its host cannot be resolved (DNS)",
        True,
    ),
    "no name server": (
        socket.gaierror(socket.EAI_AGAIN, "secret"),
        "the name of its host cannot be resolved (DNS)",
        False,
    ),
    "nobody listens": (ConnectionRefusedError(111, "secret"), "its host refused the connection", False),
    "anything else": (OSError(5, "secret"), "no connection could be made", False),
}


@pytest.mark.parametrize(("cause", "words", "is_lasting"), CAUSES.values(), ids=CAUSES)
async def test_each_cause_has_its_words(cause: BaseException, words: str, is_lasting: bool) -> None:
    assert describe(caused_by(cause)) == (words, is_lasting)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectTimeout("secret"), "no connection came about in 10 seconds"),
        (httpx.ReadTimeout("secret"), "it took too long to answer"),
        (httpx.ReadError("secret"), "the connection broke"),
        (httpx.DecodingError("secret"), "the answer cannot be unpacked"),
        (httpx.RemoteProtocolError("secret"), "what came is not a whole HTTP answer"),
        (AnswerTooLong(), "the answer is longer than 16,777,216 bytes"),
        (httpx.ProxyError("secret"), "the proxy that the environment names let nothing through"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_way_to_fail_has_its_words(error: httpx.RequestError, words: str) -> None:
    assert describe(error) == (words, False)


async def test_a_host_that_nobody_knows_is_given_up_soon_and_in_words() -> None:
    clock = Clock()

    def fail(_: httpx.Request) -> httpx.Response:
        raise caused_by(socket.gaierror(socket.EAI_NONAME, "secret"))

    async with make_client(fail, throttle=make_pace(clock)) as client:
        with pytest.raises(ServiceUnavailable, match="cannot be resolved"):
            await client.call(Request(route=READ, path="/"))
    assert clock.now < 1_005
