"""A few persons of a plan as they would be sent, their values masked unless somebody asks for them."""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from memory_import.columns import FILE, IS_FINAL, PAYLOAD, POS, ROW
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.stored_values import read_entries
from memory_import.spec.plans import profile_plan

_SHOWN = 5
_MERGED_SHOWN = 2  # of persons whose rows were merged: there is more to look at
_LETTER, _CAPITAL, _DIGIT = re.compile(r"[^\W\d_A-Z]"), re.compile(r"[A-Z]"), re.compile(r"\d")


def pick_persons(run: RunContext, *, show_values: bool) -> list[dict[str, Any]]:
    """At most five: `{file, row, traits: {Group.trait: value}}`, those of several rows first."""
    spec = run.spec.profiles
    if spec is None or run.ledger.load(run.run_id, PROFILES) is None:
        return []
    staging = run.staging(PROFILES)
    read = partial(read_entries, staging, profile_plan(spec, identifiers=()))
    picked = list(_pick(staging, read, staging.merged_parts, _MERGED_SHOWN))
    picked += _pick(staging, read, staging.parts, _SHOWN - len(picked))
    return [_describe(staging, position, payload, show_values=show_values) for position, payload in picked]


def mask(value: Any) -> Any:
    """The form of a value without the value: letters are x or X, digits are 9; all else stands as it is."""
    match value:
        case bool() | None:
            return None if value is None else "true or false"
        case int() | float():
            return _DIGIT.sub("9", str(value))
        case list():
            return [mask(item) for item in value]
        case _:
            return _DIGIT.sub("9", _CAPITAL.sub("X", _LETTER.sub("x", str(value))))


def _pick(staging: Staging, read: Any, parts: tuple[str, ...], count: int) -> Iterator[tuple[int, str]]:
    """`_pos` and payload of the first entries that are sent from these files and decide about their row."""
    for part in parts:
        if count <= 0:
            return
        entries = staging.entries(part).select(POS).hstack(read(part).select(IS_FINAL, PAYLOAD))
        for position, payload in entries.filter(IS_FINAL).head(count).select(POS, PAYLOAD).rows():
            count -= 1
            yield position, payload


def _describe(staging: Staging, position: int, payload: str, *, show_values: bool) -> dict[str, Any]:
    part = next(part for part, inside in staging.positions.items() if position in inside)
    at = position - staging.positions[part].start
    file, row = staging.read(part, FILE, ROW).row(at)
    traits = {
        f"{group}.{name}": value if show_values else mask(value)
        for group, traits in json.loads(payload)["traits"].items()
        for name, value in traits.items()
    }
    return {"file": file, "row": row, "traits": traits}
