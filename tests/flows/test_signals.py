"""Ctrl-C and SIGTERM: asked once, the run stops cleanly; asked twice, at once."""

import os
import signal
import threading

import pytest

from destination.pace import Halt
from flows.errors import StoppedBySignal
from flows.exit_codes import ExitCode
from flows.signals import stop_on_signals

SIGNALS = [
    pytest.param(signal.SIGINT, ExitCode.INTERRUPTED, id="Ctrl-C"),
    pytest.param(signal.SIGTERM, ExitCode.TERMINATED, id="SIGTERM"),
]


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
def test_the_first_signal_asks_the_run_to_stop(number: signal.Signals, exit_code: ExitCode) -> None:
    halt = Halt()
    with stop_on_signals(halt):
        os.kill(os.getpid(), number)
        assert isinstance(halt.reason, StoppedBySignal)
        assert halt.reason.exit_code is exit_code


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
def test_the_second_signal_ends_the_process_at_once(number: signal.Signals, exit_code: ExitCode) -> None:
    def receive_twice() -> None:
        with stop_on_signals(Halt()):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), number)

    with pytest.raises(SystemExit) as ending:
        receive_twice()
    assert ending.value.code == exit_code


def test_the_first_reason_to_stop_stays() -> None:
    halt, reason = Halt(), ValueError()
    halt.call(reason)
    halt.call(StoppedBySignal(signal.SIGINT))
    assert halt.reason is reason


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_on_signals(Halt()):
        assert signal.getsignal(signal.SIGINT) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_outside_the_main_thread_nothing_is_touched() -> None:
    seen: list[object] = []

    def watch() -> None:
        with stop_on_signals(Halt()):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
