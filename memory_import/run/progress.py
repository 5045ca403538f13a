"""How far a run is: a bar on a terminal, a line now and then elsewhere, both on stderr."""

import io
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Protocol, Self, TextIO, cast

from memory_import.printable import counted, discard, printable_line

_LINE_SECONDS = 5.0


@dataclass(slots=True)
class Figures:
    """Where the run stands. `total` is the rows that the present stage goes through, None while unknown."""

    stage: str = "starting"
    done: int = 0
    total: int | None = None
    rejects: int = 0
    requests: int = 0

    @property
    def percent(self) -> float:
        """Of the present stage; 0 while its total is unknown."""
        return min(100.0, 100.0 * self.done / self.total) if self.total else 0.0

    @property
    def line(self) -> str:
        """For a log: numbers only."""
        of_total = f" of {self.total:,}" if self.total is not None else ""
        rows = f"{self.done:,}{of_total} rows"
        return f"{self.stage}: {rows}, {self.rejects:,} rejected, {counted(self.requests, 'request')}"


class _Forgiving(io.TextIOBase):
    """A stream that nobody may read any more: what cannot be written is not missed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the stream itself has it."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Its number."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write as far as that can be."""
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush as far as that can be."""
        self._attempt(self._stream.flush)

    def _attempt(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError:
            discard(self._stream)
        except ValueError:  # it is closed
            pass


class Bar(Protocol):
    """What shows a run on a terminal, from its start to its stop."""

    def start(self) -> None:
        """Appear."""
        ...

    def stop(self) -> None:
        """Disappear."""
        ...

    def show(self, stage: str, done: int, total: int | None, rejects: int, requests: int) -> None:
        """Where the run stands."""
        ...

    def say(self, line: str) -> None:
        """A line above it, which stays."""
        ...


def stderr_progress() -> "RunProgress":
    """Progress on this process's stderr, as far as it can be written; nothing where it is closed."""
    if not sys.stderr:
        return RunProgress()
    stream = cast(TextIO, _Forgiving(sys.stderr))
    if not stream.isatty():
        return RunProgress(stream)
    from memory_import.run.bar import TerminalBar  # with rich, which nothing else needs

    return RunProgress(bar=TerminalBar(stream))


class RunProgress:
    """Hears what happens and shows it: as a bar, or in lines on a stream; without both it shows nothing.
    `clock` counts seconds."""

    def __init__(
        self,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        bar: Bar | None = None,
    ) -> None:
        self.figures = Figures()
        self._stream = stream
        self._clock = clock
        self._shown_at = clock()
        self._bar = bar

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins; it will go through `total` rows."""
        self.figures.stage, self.figures.total, self.figures.done = stage, total, 0
        self._show(is_due=True)

    def advance(self, rows: int, rejects: int = 0) -> None:
        """So many more rows are through this stage, so many of them rejected."""
        self.figures.done += rows
        self.figures.rejects += rejects
        self._show()

    def requested(self, requests: int) -> None:
        """So many requests were made so far."""
        self.figures.requests = requests
        self._show()

    def say(self, text: str) -> None:
        """A line for the person who watches."""
        line = printable_line(text)
        if self._bar is not None:
            self._bar.say(line)
        elif self._stream is not None:
            print(line, file=self._stream, flush=True)

    def _show(self, *, is_due: bool = False) -> None:
        if self._bar is not None:
            self._bar.show(**asdict(self.figures))
        elif is_due or self._clock() - self._shown_at >= _LINE_SECONDS:
            self._shown_at = self._clock()
            self.say(self.figures.line)
