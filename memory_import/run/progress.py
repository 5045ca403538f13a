"""How far a run is: a bar on a terminal, a line now and then elsewhere, both on stderr."""

import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TextIO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

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


def stderr_progress() -> "RunProgress":
    """Progress on this process's stderr, as far as it can be written; nothing where it is closed."""
    return RunProgress(
        Console(file=cast(TextIO, _Forgiving(sys.stderr)), stderr=True) if sys.stderr else None
    )


class RunProgress:
    """Hears what happens and shows it. `console` None shows nothing; `clock` counts seconds."""

    def __init__(self, console: Console | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.figures = Figures()
        self._console = console
        self._clock = clock
        self._shown_at = clock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if console is not None and console.is_terminal:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rejects]:,} rejected · {task.fields[requests]:,} requests"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("starting", total=None, rejects=0, requests=0)
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
        if self._console is not None:
            self._console.print(printable_line(text), highlight=False, markup=False, soft_wrap=True)

    def _show(self, *, is_due: bool = False) -> None:
        figures = self.figures
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task,
                description=figures.stage,
                completed=figures.done,
                total=figures.total,
                rejects=figures.rejects,
                requests=figures.requests,
            )
        elif is_due or self._clock() - self._shown_at >= _LINE_SECONDS:
            self._shown_at = self._clock()
            self.say(figures.line)
