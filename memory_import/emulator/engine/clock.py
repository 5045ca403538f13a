"""The emulator's own time, which tests may set, and the text form of a moment."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?P<fraction>\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Clock:
    """Seconds since 1970, in whole milliseconds: ``source`` plus whatever it has been set forward or back."""

    def __init__(self, source: Callable[[], float]) -> None:
        self._source = source
        self.offset_seconds = 0.0

    def now(self) -> float:
        return round(self._source() + self.offset_seconds, 3)

    def offset_to(self, moment: float) -> float:
        """The offset at which the clock would read ``moment`` now."""
        return moment - self._source()


def write_moment(seconds: float) -> str:
    """An RFC 3339 timestamp in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(text: str) -> float | None:
    """Seconds since 1970 of an RFC 3339 timestamp; None when ``text`` is not one."""
    if not _RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None
