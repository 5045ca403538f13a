"""How deliveries end: what is under way when a run is told to stop has a while to come to its own end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from memory_import.destination.errors import DeliveryError, Stopped
from memory_import.destination.http.throttle import StopSignal
from memory_import.destination.limits import DRAIN_SECONDS


async def guarded(stop_signal: StopSignal, work: Coroutine[Any, Any, None]) -> None:
    """Await work; what ends the delivery early halts it for everyone."""
    try:
        await work
    except Stopped:
        return
    except DeliveryError as error:
        stop_signal.call(error)


@asynccontextmanager
async def drained(stop_signal: StopSignal) -> AsyncIterator[None]:
    """Cancel what is inside `DRAIN_SECONDS` after the halt; at the end, raise the halt's reason, if any.

    What is cancelled stays `sending` in the ledger: nobody knows, and a resume will see to it.
    """
    try:
        async with asyncio.timeout(None) as deadline:
            watcher = asyncio.create_task(_limit(stop_signal, deadline))
            try:
                yield
            finally:
                watcher.cancel()
    except TimeoutError:
        pass
    if stop_signal.reason is not None:
        raise stop_signal.reason


async def _limit(stop_signal: StopSignal, deadline: asyncio.Timeout) -> None:
    await stop_signal.wait()
    deadline.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)
