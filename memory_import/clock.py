"""The time, read in one place."""

from datetime import UTC, datetime


def seconds_now() -> float:
    """The time, in seconds since the epoch."""
    return datetime.now(UTC).timestamp()


def now() -> str:
    """The time, RFC 3339 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
