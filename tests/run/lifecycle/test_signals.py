"""Ctrl-C and SIGTERM: asked once, the run stops cleanly; asked twice, at once."""

import os
import signal
import threading

import pytest

from memory_import.destination.http.throttle import StopSignal
from memory_import.errors import ExitCode, StoppedBySignal
from memory_import.run.lifecycle.signals import stop_on_signals

SIGNALS = [
    pytest.param(signal.SIGINT, ExitCode.INTERRUPTED, id="Ctrl-C"),
    pytest.param(signal.SIGTERM, ExitCode.TERMINATED, id="SIGTERM"),
]


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
def test_the_first_signal_asks_the_run_to_stop(number: signal.Signals, exit_code: ExitCode) -> None:
    stop_signal = StopSignal()
    with stop_on_signals(stop_signal):
        os.kill(os.getpid(), number)
        assert isinstance(stop_signal.reason, StoppedBySignal)
        assert stop_signal.reason.exit_code is exit_code


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
def test_the_second_signal_ends_the_process_at_once(number: signal.Signals, exit_code: ExitCode) -> None:
    def receive_twice() -> None:
        with stop_on_signals(StopSignal()):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), number)

    with pytest.raises(SystemExit) as result:
        receive_twice()
    assert result.value.code == exit_code


def test_the_first_reason_to_stop_stays() -> None:
    stop_signal, reason = StopSignal(), ValueError()
    stop_signal.call(reason)
    stop_signal.call(StoppedBySignal(signal.SIGINT))
    assert stop_signal.reason is reason


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_on_signals(StopSignal()):
        assert signal.getsignal(signal.SIGINT) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_outside_the_main_thread_nothing_is_touched() -> None:
    seen: list[object] = []

    def watch() -> None:
        with stop_on_signals(StopSignal()):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
