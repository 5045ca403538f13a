"""Ctrl-C and SIGTERM: the first asks the run to stop cleanly, the second stops it at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from memory_import.destination.http.throttle import StopSignal
from memory_import.errors import StoppedBySignal

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals(stop_signal: StopSignal) -> Iterator[None]:
    """While this is entered, signals call `halt`; outside the main thread the process keeps its own ways."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _: FrameType | None) -> None:
        if stop_signal.reason is not None:
            raise SystemExit(128 + number)  # the ledger holds, whatever was under way
        stop_signal.call(StoppedBySignal(number))

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
