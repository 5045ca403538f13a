"""One gate for all senders: nobody leaves while it is closed, and nobody waits for a run that is over."""

import asyncio
import os
import signal
import threading
from random import Random

import pytest

from memory_import.destination.errors import Stopped
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.destination.limits import BACKOFF_FIRST_SECONDS, BACKOFF_LONGEST_SECONDS
from tests.support.servers import Clock, make_pace

pytestmark = pytest.mark.anyio


async def test_an_open_gate_costs_no_time() -> None:
    clock = Clock()
    await make_pace(clock).pass_gate()
    assert clock.now == 1_000.0


async def test_nobody_passes_before_the_time_is_over() -> None:
    clock = Clock()
    throttle = make_pace(clock)
    passed: list[float] = []

    async def pass_gate() -> None:
        await throttle.pass_gate()
        passed.append(clock())

    throttle.close_gate(5.0)
    await asyncio.gather(*(pass_gate() for _ in range(20)))
    assert len(passed) == 20
    assert min(passed) >= 1_005.0


@pytest.mark.parametrize(
    ("first", "second", "opens_at"),
    [(5.0, 1.0, 1_005.0), (1.0, 5.0, 1_005.0), (2.0, 0.0, 1_002.0)],
    ids=["a shorter wait changes nothing", "a longer wait counts", "no wait changes nothing"],
)
async def test_the_longest_wait_counts(first: float, second: float, opens_at: float) -> None:
    clock = Clock()
    throttle = make_pace(clock)
    throttle.close_gate(first)
    throttle.close_gate(second)
    await throttle.pass_gate()
    assert clock.now == pytest.approx(opens_at)


async def test_the_time_in_which_nothing_could_leave_adds_up() -> None:
    clock = Clock()
    throttle = make_pace(clock)
    throttle.close_gate(2.0)
    clock.now += 1.0
    assert throttle.held_seconds() == pytest.approx(1.0)
    throttle.close_gate(4.0)
    clock.now += 10.0
    assert throttle.held_seconds() == pytest.approx(5.0)
    throttle.close_gate(1.0)
    await throttle.pass_gate()
    assert throttle.held_seconds() == pytest.approx(6.0)


async def test_who_waits_already_waits_for_what_comes_after() -> None:
    clock = Clock()
    throttle = make_pace(clock)
    throttle.close_gate(1.0)
    waiting = asyncio.create_task(throttle.pass_gate())
    await asyncio.sleep(0)
    throttle.close_gate(9.0)
    await waiting
    assert clock.now >= 1_009.0


@pytest.mark.parametrize("seconds", [0.0, -1.0, 30.0, 3_600.0])
async def test_a_halted_run_waits_for_nothing(seconds: float) -> None:
    clock, stop_signal = Clock(), StopSignal()
    throttle = make_pace(clock, stop_signal)
    stop_signal.call(KeyboardInterrupt("stop"))  # type: ignore[arg-type]
    with pytest.raises(Stopped):
        await throttle.rest(seconds)
    assert clock.now == 1_000.0


async def never(_seconds: float) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("where", ["the loop", "another thread", "a signal handler"])
async def test_a_halt_ends_every_wait_at_once_wherever_it_comes_from(where: str) -> None:
    stop_signal = StopSignal()
    throttle = Throttle(stop_signal, clock=Clock(), sleep=never)
    throttle.close_gate(3_600.0)
    waiting = [asyncio.create_task(throttle.pass_gate()) for _ in range(3)]
    await asyncio.sleep(0)

    def halt(*_: object) -> None:
        stop_signal.call(RuntimeError("stop"))

    if where == "the loop":
        halt()
    elif where == "another thread":
        await asyncio.to_thread(halt)
    else:
        before = signal.signal(signal.SIGUSR1, halt)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    async with asyncio.timeout(60):
        results = await asyncio.gather(*waiting, return_exceptions=True)
    if where == "a signal handler":
        signal.signal(signal.SIGUSR1, before)
    assert all(isinstance(result, Stopped) for result in results)


async def test_a_halted_run_does_not_pass_an_open_gate() -> None:
    stop_signal = StopSignal()
    stop_signal.call(RuntimeError("stop"))
    with pytest.raises(Stopped):
        await make_pace(Clock(), stop_signal).pass_gate()


def test_the_first_reason_to_halt_stays() -> None:
    stop_signal, first = StopSignal(), RuntimeError("first")
    stop_signal.call(first)
    stop_signal.call(RuntimeError("second"))
    assert stop_signal.reason is first


@pytest.mark.parametrize("failures", [0, 1, 2, 3, 5, 6, 7, 50, 2_000])
def test_the_backoff_doubles_up_to_its_longest_and_is_spread(failures: int) -> None:
    throttle = Throttle(StopSignal(), random=Random(failures))
    doubled = BACKOFF_FIRST_SECONDS * 2 ** min(failures, 10)
    longest = min(doubled, BACKOFF_LONGEST_SECONDS)
    waits = [throttle.backoff_seconds(failures) for _ in range(200)]
    assert longest / 2 <= min(waits) < max(waits) <= longest
    assert max(waits) - min(waits) > longest / 4


async def test_the_usual_clock_waits_in_real_time() -> None:
    throttle = Throttle(StopSignal())
    start = throttle.clock()
    await throttle.rest(0.02)
    assert throttle.clock() - start >= 0.02
