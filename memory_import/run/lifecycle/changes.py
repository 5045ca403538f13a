"""What is not as it was when a run began."""

from collections.abc import Mapping, Sequence
from typing import Any

from memory_import.errors import InputChanged


def refuse_differences(what: str, differences: Sequence[str]) -> None:
    """Raises `InputChanged` when there are any; they are sentences about `what`."""
    if differences:
        raise InputChanged(
            [
                f"{what} is not what it was when the run began:",
                *(f"  {difference}" for difference in differences),
                "Put it back and resume, or start a new run with `memory-import run`.",
            ]
        )


def list_differences(then: Any, now: Any, place: str = "") -> list[str]:
    """Where two JSON values differ, a line each."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = [*then, *(key for key in now if key not in then)]
        return [
            line
            for key in keys
            for line in list_differences(then.get(key), now.get(key), f"{place}.{key}" if place else str(key))
        ]
    return [] if then == now else [f"{place} was {then!r} and is {now!r}"]
