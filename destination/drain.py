"""How deliveries end: what is under way when a run is told to stop has a while to come to its own end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from destination.errors import DeliveryError, Halted
from destination.limits import DRAIN_SECONDS
from destination.pace import Halt


async def guarded(halt: Halt, work: Coroutine[Any, Any, None]) -> None:
    """Await work; what ends the delivery early halts it for everyone."""
    try:
        await work
    except Halted:
        return
    except DeliveryError as error:
        halt.call(error)


@asynccontextmanager
async def drained(halt: Halt) -> AsyncIterator[None]:
    """Cancel what is inside `DRAIN_SECONDS` after the halt; at the end, raise the halt's reason, if any.

    What is cancelled stays `sending` in the ledger: nobody knows, and a resume will see to it.
    """
    try:
        async with asyncio.timeout(None) as deadline:
            watcher = asyncio.create_task(_limit(halt, deadline))
            try:
                yield
            finally:
                watcher.cancel()
    except TimeoutError:
        pass
    if halt.reason is not None:
        raise halt.reason


async def _limit(halt: Halt, deadline: asyncio.Timeout) -> None:
    while halt.reason is None:  # noqa: ASYNC110 - a signal handler can set no asyncio.Event
        await asyncio.sleep(0.1)
    deadline.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)
