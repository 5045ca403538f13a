"""The part of a plan's report that says what applying it would do, in words."""

import json
from collections.abc import Mapping
from typing import Any

from memory_import.printable import printable_line


def describe_forecast(plan: Mapping[str, Any]) -> list[str]:
    """Sentences about what would be sent, how long that takes, and what the store lacks."""
    forecast, store = plan["forecast"], plan["store"]
    lines = [
        f"requests that write: {_range(forecast['requests'])} with {_size(forecast['bytes'])}, "
        "without repeats",
        f"billed: {forecast['profile_operations']:,} profile operations{_created(forecast['created'])}, "
        f"{_range(forecast['lookups'])} lookups",
        _duration(forecast["seconds"]),
    ]
    if not store["asked"]:
        lines.append("no store was asked: which traits identify a person is taken from the spec")
    return lines + [f"the store lacks: {problem}" for problem in store["lacks"]]


def list_persons(plan: Mapping[str, Any]) -> list[str]:
    """A few persons as they would be sent, a line each."""
    return [
        f"{printable_line(person['file'])} row {person['row']}: "
        + ", ".join(
            f"{trait} {json.dumps(value, ensure_ascii=False)}" for trait, value in person["traits"].items()
        )
        for person in plan["persons"]
    ]


def _created(bounds: Mapping[str, int]) -> str:
    return f" and {_range(bounds)} more to create the profiles of memories" if bounds["most"] else ""


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB" if count >= 1_000_000 else f"{count / 1_000:,.1f} KB"


def _range(bounds: Mapping[str, int]) -> str:
    least, most = bounds["least"], bounds["most"]
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "how long it takes is not known: there is no earlier run to go by"
    minutes = f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:,.1f} seconds"
    return f"about {minutes}, at the pace of earlier runs"
