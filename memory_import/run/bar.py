"""How far a run is, as a bar on a terminal."""

from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class TerminalBar:
    """A bar that is gone at the end. `width` of the terminal, in characters; None finds out."""

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        self._console = Console(file=stream, force_terminal=True, width=width)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rejects]:,} rejected · {task.fields[requests]:,} requests"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=None, start=False, rejects=0, requests=0)

    def start(self) -> None:
        """Appear."""
        self._progress.start()
        self._progress.start_task(self._task)

    def stop(self) -> None:
        """Disappear."""
        self._progress.stop()

    def show(self, stage: str, done: int, total: int | None, rejects: int, requests: int) -> None:
        """Where the run stands."""
        self._progress.update(
            self._task,
            description=stage,
            completed=done,
            total=total,
            rejects=rejects,
            requests=requests,
        )

    def say(self, line: str) -> None:
        """A line above it, which stays."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
