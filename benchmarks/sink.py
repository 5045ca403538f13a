"""A server that takes everything at once and keeps nothing: the client is what is measured.

It answers the control plane from a given schema, every Bulk with 202 and an operation, and every operation
with COMPLETED. Run it with `python -m benchmarks.sink SCHEMA.json`; it prints its port.
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import Any, cast

import uvloop

_STORE = b"/v1/ControlPlane/Stores/"
_COMPLETED = b'{"operationId":"%b","status":"COMPLETED","createdAt":"2026-01-01T00:00:00Z"}'
_numbers = itertools.count()


class Sink(asyncio.Protocol):
    """One connection. Reads requests by their Content-Length and drops the bodies."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._answers = {name: json.dumps(body).encode() for name, body in schema.items()}
        self._head = b""
        self._path = b""
        self._body_bytes_left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take what came; answer when a request is whole."""
        if self._body_bytes_left:
            self._body_bytes_left -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head, rest = self._head[:end].lower(), self._head[end + 4 :]
            self._path = self._head.split(b" ", 2)[1]
            self._head = b""
            _, found, value = head.partition(b"content-length: ")
            self._body_bytes_left = (int(value.split(b"\r\n", 1)[0]) if found else 0) - len(rest)
        if self._body_bytes_left == 0:
            self._answer()

    def _answer(self) -> None:
        status, body = self._choose()
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self._transport.write(head % (status, len(body)) + body)

    def _choose(self) -> tuple[bytes, bytes]:
        path = self._path.partition(b"?")[0]
        if path.endswith(b"/Bulk"):
            return b"202 Accepted", b'{"message":"accepted","operationId":"op%d"}' % next(_numbers)
        _, is_operation, operation = path.partition(b"/Operations/")
        if is_operation:
            return b"200 OK", _COMPLETED % operation
        name = path.removeprefix(_STORE).partition(b"/")[2].decode() or "Store"
        return b"200 OK", self._answers[name]


async def serve(schema: dict[str, Any]) -> None:
    """Serve on a free port of 127.0.0.1 until killed."""
    server = await asyncio.get_running_loop().create_server(lambda: Sink(schema), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(json.loads(Path(sys.argv[1]).read_text())))
