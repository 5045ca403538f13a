"""Why there was no answer, in words for the person who can do something about it."""

import socket
import ssl
from collections.abc import Iterator

import httpx

from memory_import.destination.limits import ANSWER_BYTES, CONNECT_TIMEOUT_SECONDS

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class AnswerTooLong(httpx.RemoteProtocolError):
    """The answer, packed or unpacked, is longer than any of the API's."""

    def __init__(self) -> None:
        super().__init__(_TOO_LONG)


_TOO_LONG = f"the answer is longer than {ANSWER_BYTES:,} bytes"
_WORDS = (
    (AnswerTooLong, _TOO_LONG),
    (httpx.ConnectTimeout, f"no connection came about in {CONNECT_TIMEOUT_SECONDS:.0f} seconds"),
    (httpx.ConnectError, "no connection could be made"),
    (httpx.ProxyError, "the proxy that the environment names let nothing through"),
    (httpx.TimeoutException, "it took too long to answer"),
    (httpx.NetworkError, "the connection broke"),
    (httpx.DecodingError, "the answer cannot be unpacked"),
    (httpx.RemoteProtocolError, "what came is not a whole HTTP answer"),
)


def has_left(error: httpx.RequestError) -> bool:
    """Whether something of the request may have reached the server."""
    return not isinstance(error, _NEVER_LEFT)


def describe(error: httpx.RequestError) -> tuple[str, bool]:
    """What happened, and whether waiting is of no use: a name that nobody knows, a certificate that is not
    trusted. Names no address, which may hold a secret, and quotes nothing that was sent."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its TLS certificate is not trusted: {cause.verify_message}", True
            case ssl.SSLError():
                return "no TLS connection could be agreed on", False
            case socket.gaierror():
                is_lasting = cause.errno in {socket.EAI_NONAME, socket.EAI_NODATA}
                return "the name of its host cannot be resolved (DNS)", is_lasting
            case ConnectionRefusedError():
                return "its host refused the connection", False
    return next((words for kind, words in _WORDS if isinstance(error, kind)), type(error).__name__), False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it, innermost last."""
    found: BaseException | None = error
    while found is not None:
        yield found
        if isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        else:
            found = found.__cause__ or found.__context__
