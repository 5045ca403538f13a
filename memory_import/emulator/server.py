"""The emulator as a server on 127.0.0.1: in a thread for tests and demos, or as a process of its own."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Unpack

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from memory_import.emulator.app import create_app
from memory_import.emulator.engine.errors import UsageError
from memory_import.emulator.faults.script import read_faults_file
from memory_import.emulator.http.middleware import Middleware
from memory_import.emulator.options import Options

_HOST = "127.0.0.1"
_START_SECONDS = 10
_STOP_SECONDS = 10
PATIENT_COLLECTION = (100_000, 50, 1000)
"""Millions of profiles that all stay: looking for garbage among them as often as usual halves the speed."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at ``url``; ``app`` is its application, for tests in the same process."""

    url: str
    app: Middleware


class _Protocol(H11Protocol):
    """Lets the application reach the connection, which faults reset."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _InThread(uvicorn.Server):
    """A server that stops as soon as it is told to: uvicorn looks ten times a second whether it was, and then
    waits as long for connections that nobody uses."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_told = asyncio.Event()

    def stop(self) -> None:
        """To be called from any thread; it does not wait."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has stopped already
                self._loop.call_soon_threadsafe(self._is_told.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await self.on_tick(0)  # which makes the headers of every answer
        await self._is_told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # in which idle ones close
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


@contextlib.contextmanager
def running(*, port: int = 0, **options: Unpack[Options]) -> Iterator[Running]:
    """Serve in a thread for as long as the context lasts; port 0 takes a free one.

    Raises ``UsageError`` when the port, a script or a file cannot be used.
    """
    app = create_app(**options)
    with contextlib.closing(app), contextlib.closing(_bind(port)) as listener:
        server = _InThread(_configure(app))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="emulator")
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield Running(_address(listener), app)
        finally:
            server.stop()
            thread.join(_STOP_SECONDS)


def serve(*, port: int = 8010, faults_file: Path | None = None, **options: Unpack[Options]) -> int:
    """Serve until SIGTERM or Ctrl-C. The exit code: 0, or 2 after one line about what cannot be used.

    Prints one line with the address once it listens.
    """
    gc.set_threshold(*PATIENT_COLLECTION)
    try:
        if faults_file:
            options["faults"] = read_faults_file(faults_file)
        app = create_app(**options)
        listener = _bind(port)
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- the command's one line of explanation
        return 2
    with contextlib.closing(app), contextlib.closing(listener):
        print(f"Memory API emulator on {_address(listener)}", flush=True)  # noqa: T201 -- the promised line
        server = uvicorn.Server(_configure(app))
        _stop_on_signals(server)
        server.run([listener])
    return 0


def _stop_on_signals(server: uvicorn.Server) -> None:
    """End with exit code 0, though uvicorn raises the signal once more after its own end."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


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


def _configure(app: Middleware) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        loop="asyncio",  # whose sockets it can reset
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # the answers carry the emulator's own time
        timeout_graceful_shutdown=2,
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = threading.Event()
    for _ in range(_START_SECONDS * 200):
        if server.started:
            return
        if not thread.is_alive():
            break
        deadline.wait(0.005)
    raise UsageError("The emulator did not start to listen.")
