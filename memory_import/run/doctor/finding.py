"""What an examination found: one line, and what to do about it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and the remedy (empty where nothing has to be done)."""

    level: Level
    what: str
    found: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """For a terminal."""
        then = f" → {self.remedy}" if self.remedy else ""
        return f"{self.level.value:<8} {self.what}: {self.found}{then}"

    @property
    def document(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)


def ok(what: str, found: str) -> Finding:
    """Nothing has to be done."""
    return Finding(Level.OK, what, found)


def warning(what: str, found: str, remedy: str) -> Finding:
    """An import would run, but somebody should know."""
    return Finding(Level.WARNING, what, found, remedy)


def failure(what: str, found: str, remedy: str) -> Finding:
    """An import would not run, or not do what is meant."""
    return Finding(Level.FAILURE, what, found, remedy)
