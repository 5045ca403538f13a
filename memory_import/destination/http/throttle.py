"""When the next request may leave: one gate for all senders, and the only place that waits."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from random import Random

from memory_import.destination.errors import Stopped
from memory_import.destination.limits import BACKOFF_FIRST_SECONDS, BACKOFF_LONGEST_SECONDS

_DOUBLINGS = 30  # beyond any longest wait; a 429 may come a thousand times, and a float overflows


def growing_waits(first_seconds: float, longest_seconds: float) -> Iterator[float]:
    """Seconds until the next question, without end: each time twice as long, up to `longest_seconds`."""
    seconds = first_seconds
    while True:
        yield seconds
        seconds = min(2 * seconds, longest_seconds)


class StopSignal:
    """Tells everyone at work on a run that it ends early, and why. The first reason stays.

    It may be called from anywhere: the event loop, another thread, a signal handler.
    """

    def __init__(self) -> None:
        self.reason: Exception | None = None
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def call(self, reason: Exception) -> None:
        """End the run early."""
        if self.reason is None:
            self.reason = reason
            for loop, event in tuple(self._waiting):
                loop.call_soon_threadsafe(event.set)

    async def wait(self) -> None:
        """Return as soon as the run is told to stop."""
        waiting = asyncio.get_running_loop(), asyncio.Event()
        self._waiting.append(waiting)
        try:
            if self.reason is None:  # asked only now: a call in between is not missed
                await waiting[1].wait()
        finally:
            self._waiting.remove(waiting)


class Throttle:
    """Holds back every sender while the server asks for it.

    Once the run is told to stop, every wait ends with `Stopped`. `clock` counts seconds from any point;
    `sleep` waits; `random` spreads the repeats.
    """

    def __init__(
        self,
        stop_signal: StopSignal,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Coroutine[None, None, object]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        self.clock = clock
        self.stop_signal = stop_signal
        self._sleep = sleep
        self._random = random or Random()  # noqa: S311 - jitter, not a secret
        self._closed_until = float("-inf")
        self._closed_seconds = 0.0  # in all, up to then

    def close_gate(self, seconds: float) -> None:
        """Let nothing leave for `seconds` from now. A longer wait that is under way stays."""
        now = self.clock()
        until = max(self._closed_until, now + seconds)
        self._closed_seconds += until - max(self._closed_until, now)
        self._closed_until = until

    def held_seconds(self) -> float:
        """For how many seconds nothing could leave so far."""
        return self._closed_seconds - max(self._closed_until - self.clock(), 0.0)

    async def pass_gate(self) -> bool:
        """Return when requests may leave, whether at once or not; `Stopped` once the run is told to stop."""
        self.check()
        was_open = True
        while (left := self._closed_until - self.clock()) > 0:
            was_open = False
            await self.rest(left)
        return was_open

    async def rest(self, seconds: float) -> None:
        """Wait; `Stopped` as soon as the run is told to stop."""
        end = self.clock() + seconds
        self.check()
        while (left := end - self.clock()) > 0:
            await self._sleep_unless_stopped(left)
            self.check()

    async def _sleep_unless_stopped(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        stopped = asyncio.ensure_future(self.stop_signal.wait())
        try:
            await asyncio.wait((sleeping, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            stopped.cancel()

    def check(self) -> None:
        """Raise `Stopped` when the run was told to stop."""
        if self.stop_signal.reason is not None:
            raise Stopped

    def backoff_seconds(self, failures: int) -> float:
        """How long to wait after so many failures in a row: doubled each time, spread over its upper half."""
        doublings = min(failures, _DOUBLINGS)
        longest = min(BACKOFF_FIRST_SECONDS * 2.0**doublings, BACKOFF_LONGEST_SECONDS)
        return longest * self._random.uniform(0.5, 1.0)
