"""How far a run is, on a terminal and in a log."""

import io

import pytest

from memory_import.run.bar import TerminalBar
from memory_import.run.progress import Figures, RunProgress


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [
        pytest.param(5, None, 0.0, id="unknown total"),
        pytest.param(0, 0, 0.0, id="nothing to do"),
        pytest.param(5, 10, 50.0, id="half"),
        pytest.param(11, 10, 100.0, id="never more than all"),
    ],
)
def test_percent_is_of_the_present_stage(done: int, total: int | None, percent: float) -> None:
    assert Figures(done=done, total=total).percent == percent


def test_a_log_line_holds_numbers_only() -> None:
    figures = Figures(stage="sending", done=1_234, total=5_678, rejects=9, requests=10)
    assert figures.line == "sending: 1,234 of 5,678 rows, 9 rejected, 10 requests"


def test_a_log_has_a_line_for_each_stage_and_then_one_every_five_seconds() -> None:
    clock = Clock()
    stream = io.StringIO()
    with RunProgress(stream, clock) as progress:
        progress.begin("reading")
        progress.advance(10, rejects=1)
        clock.seconds = 4.9
        progress.advance(10)
        clock.seconds = 5.0
        progress.advance(10)
        progress.begin("sending", 30)
        progress.requested(2)
        clock.seconds = 10.0
        progress.advance(30)
    assert stream.getvalue().splitlines() == [
        "reading: 0 rows, 0 rejected, 0 requests",
        "reading: 30 rows, 1 rejected, 0 requests",
        "sending: 0 of 30 rows, 1 rejected, 0 requests",
        "sending: 30 of 30 rows, 1 rejected, 2 requests",
    ]


def test_a_terminal_has_a_bar_that_is_gone_at_the_end() -> None:
    stream = io.StringIO()
    with RunProgress(bar=TerminalBar(stream, width=100)) as progress:
        progress.say("[bold] said above it")
        progress.begin("sending", 10)
        progress.advance(4, rejects=1)
        progress.requested(3)
        assert progress.figures.percent == 40.0
    shown = stream.getvalue()
    assert "[bold] said above it" in shown
    assert "sending" in shown
    assert "1 rejected · 3 requests" in shown
    assert shown.endswith("\x1b[2K")  # the line of the bar is erased


def test_what_is_said_is_neither_wrapped_nor_read_as_markup() -> None:
    stream = io.StringIO()
    RunProgress(stream).say("[bold]" + "x" * 200)
    assert stream.getvalue() == "[bold]" + "x" * 200 + "\n"


def test_without_a_stream_nothing_is_shown_and_everything_counted() -> None:
    with RunProgress() as progress:
        progress.begin("reading", 2)
        progress.advance(2, rejects=1)
        progress.say("x")
    assert (progress.figures.done, progress.figures.rejects) == (2, 1)
