"""The emulator as a server on 127.0.0.1: in a thread for tests and demos, or as a process of its own."""

import asyncio
import contextlib
import gc
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Unpack

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from memory_import.emulator.app import Options, create_app
from memory_import.emulator.engine.errors import UsageError
from memory_import.emulator.faults.script import read_faults_file
from memory_import.emulator.http.middleware import Gate

_HOST = "127.0.0.1"
_START_SECONDS = 10
_STOP_SECONDS = 10
_READ_BYTES = 256 * 1024
_TCP_INFO = struct.Struct("52xI")  # tcpi_last_data_recv, milliseconds
_TICKS_SECONDS = 0.01
PATIENT_COLLECTION = (100_000, 50, 1000)
"""Millions of profiles that all stay: looking for garbage among them as often as usual halves the speed."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at ``url``; ``gate`` is its application, for tests in the same process."""

    url: str
    gate: Gate


class _Protocol(H11Protocol, asyncio.BufferedProtocol):
    """Lets the application reach the connection, which faults reset, and know when a request came.

    The kernel is asked before anything is read: reading makes room, and the next piece comes at once.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
        self._buffer = memoryview(bytearray(_READ_BYTES))

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        self.app_state["came"] = time.monotonic() - _unseen_seconds(self.app_state["transport"])
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._buffer[:nbytes]))


def _unseen_seconds(transport: asyncio.Transport) -> float:
    """How long data has lain there while the emulator was busy with others, less a few ticks of the kernel.

    The kernel knows when the connection last received something; where it cannot be asked, nothing is known.
    """
    if sys.platform != "linux":
        return 0.0
    facts = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    milliseconds: int = _TCP_INFO.unpack(facts)[0]
    return max(0.0, milliseconds / 1_000 - _TICKS_SECONDS)


@contextlib.contextmanager
def running(
    *,
    port: int = 0,
    state_file: Path | None = None,
    faults_file: Path | None = None,
    api_key: tuple[str, str] | None = None,
    **options: Unpack[Options],
) -> Iterator[Running]:
    """Serve in a thread for as long as the context lasts; port 0 takes a free one.

    Raises ``UsageError`` when the port or a file cannot be used.
    """
    gate = _build(state_file, faults_file, api_key, options)
    with contextlib.closing(gate), contextlib.closing(_bind(port)) as listener:
        server = _server(gate)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="emulator")
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield Running(_address(listener), gate)
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)


def serve(
    *,
    port: int = 8010,
    faults_file: Path | None = None,
    state_file: Path | None = None,
    api_key: tuple[str, str] | None = None,
    **options: Unpack[Options],
) -> int:
    """Serve until SIGTERM or Ctrl-C. The exit code: 0, or 2 after one line about what cannot be used.

    Prints one line with the address once it listens.
    """
    gc.set_threshold(*PATIENT_COLLECTION)
    try:
        gate = _build(state_file, faults_file, api_key, options)
        listener = _bind(port)
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- the command's one line of explanation
        return 2
    with contextlib.closing(gate), contextlib.closing(listener):
        print(f"Memory API emulator on {_address(listener)}", flush=True)  # noqa: T201 -- the promised line
        server = _server(gate)
        _stop_on_signals(server)
        server.run([listener])
    return 0


def _stop_on_signals(server: uvicorn.Server) -> None:
    """End with exit code 0, though uvicorn raises the signal once more after its own end."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _build(
    state_file: Path | None, faults_file: Path | None, api_key: tuple[str, str] | None, options: Options
) -> Gate:
    faults = read_faults_file(faults_file) if faults_file else []
    return create_app(api_key=api_key, faults=faults, state_file=state_file, **options)


def _bind(port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle's algorithm on, at 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"Port {port} cannot be used: {reason}. Choose another with --port.") from error
    return listener


def _address(listener: socket.socket) -> str:
    return f"http://{_HOST}:{listener.getsockname()[1]}"


def _server(gate: Gate) -> uvicorn.Server:
    config = uvicorn.Config(
        gate,
        http=_Protocol,
        loop="asyncio",  # whose sockets it can reset
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = threading.Event()
    for _ in range(_START_SECONDS * 200):
        if server.started:
            return
        if not thread.is_alive():
            break
        deadline.wait(0.005)
    raise UsageError("The emulator did not start to listen.")
