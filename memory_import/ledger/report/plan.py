"""The part of a plan's report that says what applying it would do, in words."""

import json
from collections.abc import Mapping
from typing import Any

from memory_import.printable import counted, printable_line


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
    lines += [_memories(load, memories) for load, memories in plan["memories"].items()]
    if not store["asked"]:
        lines.append("no store was asked: which traits identify a person is taken from the spec")
    return lines + [f"the store lacks: {problem}" for problem in store["lacks"]]


def list_persons(plan: Mapping[str, Any]) -> list[str]:
    """A few persons as they would be sent, a line each."""
    return [
        f"{printable_line(person['file'])} {name_person(person)}: "
        + ", ".join(
            f"{trait} {json.dumps(value, ensure_ascii=False)}{_coded(person['codes'].get(trait))}"
            for trait, value in person["traits"].items()
        )
        + "".join(f", without {trait}{_coded(code)}" for trait, code in find_left_out(person))
        for person in plan["persons"]
    ]


def name_person(person: Mapping[str, Any]) -> str:
    """The row that stands for a person, and what else there is to it."""
    more = person["rows"] - 1
    rows = f" and {counted(more, 'more row')} of the same person" if more else ""
    return f"row {person['row']:,}{rows}{', known already' * person['is_known']}"


def find_left_out(person: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The traits of which a person's row has a value that is not sent, with why."""
    return [(trait, code) for trait, code in person["codes"].items() if trait not in person["traits"]]


def show_example(plan: Mapping[str, Any] | None, trait: str) -> str:
    """A value of a trait that a plan would send; blank where there is none."""
    example = (plan or {}).get("examples", {}).get(trait)
    return "" if example is None else printable_line(json.dumps(example, ensure_ascii=False))


def _coded(code: str | None) -> str:
    return f" ({code})" if code else ""


def _memories(load: str, memories: Mapping[str, Any]) -> str:
    unknown = memories["not_looked_up"]
    others = (
        f"; {counted(unknown['rows'], 'row')} of {counted(unknown['identifiers'], 'identifier')} that nobody "
        "in this input holds or is known to: not looked up"
        if unknown["rows"]
        else ""
    )
    return (
        f"{load}: {counted(memories['people'], 'person')}, requests: {_range(memories['requests'])}{others}"
    )


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
