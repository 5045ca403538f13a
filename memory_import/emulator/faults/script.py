"""Faults by script and by seed: which requests go wrong, and how.

A faults file is JSON: ``{"seed": 7, "rules": [{"when": {...}, "do": {...}}, ...]}``, or the list of rules
alone. Every rule that fits a request adds to what happens to it; of two that set the same thing the first
wins. The same seed and the same requests give the same faults.

``when`` (all that is named must hold; {} fits every request under /v1):

- ``method``: "PUT"; ``path``: a pattern with ``*``, as in ``"*/Profiles/Bulk"``
- ``trait`` and ``value``: a Bulk, create or patch request that carries this value in this trait,
  "Contact.email"
- ``nth``: 3 or [3, 5]; ``every``: 5; ``from`` and ``to``, inclusive: counted over the requests that fit all
  of the above, from 1
- ``during_seconds``: [10, 20], from the start of the emulator or of these rules
- ``above_concurrent``: 4, when more than that many requests are being answered at once
- ``above_per_second``: 50, when that many were let through within the last second
- ``probability``: 0.1, drawn from the seed

``do``:

- ``status``: answer so instead of applying; with ``code`` and ``message`` of the error body, ``retry_after``
  (sent as it stands, however odd, except that "date:+2" becomes the HTTP date in two seconds), ``headers``,
  and ``body``: "error" (default), "empty" or "html"; with ``applied``: true, answer so after applying
- ``body`` without ``status``: "empty" or "html": apply, and lose the answer's body on the way
- ``delay_seconds``: wait before anything else
- ``drop``: "before" or "after": reset the connection before or after applying
- ``keep_bytes``: 10, cut the answer's body there; ``drip_seconds``: 0.05, pause before every byte of it
- ``late_seconds``: 5, apply that much later than otherwise
- ``fail_operation``: {"code": 520010, "detail": "..."}: the operation ends FAILED and changes nothing
- ``bulk_answer``: "operation" or "message": a Bulk's 202 with or without something to follow
- ``store_status``: "PROVISIONING": the store in the path has this status from now on; "" gives it back to the
  clock
"""

import math
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import cast

import orjson

from memory_import.emulator.engine import checks
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.errors import ApiError, UsageError
from memory_import.emulator.faults.plan import Plan, extend_plan

_COUNT = checks.integer(low=1)
_SECONDS = checks.number(low=0)
_DATE = re.compile(r"date:[+-]?\d{1,6}", re.ASCII)


def _check_nth(value: object, place: str) -> None:
    (checks.array(_COUNT, low=1) if isinstance(value, list) else _COUNT)(value, place)


def _check_flag(value: object, place: str) -> None:
    if not isinstance(value, bool):
        raise ApiError(400, 400, f"{place} must be true or false.")


def _check_scalar(value: object, place: str) -> None:
    if not isinstance(value, str | int | float | bool):
        raise ApiError(400, 400, f"{place} must be a string, a number or a boolean.")


def _check_retry_after(value: object, place: str) -> None:
    _check_scalar(value, place)
    if str(value).startswith("date:") and not _DATE.fullmatch(str(value)):
        raise ApiError(400, 400, f"{place} must give its date in seconds from now, as in date:+2.")


_WHEN: dict[str, checks.Check] = {
    "method": checks.one_of("GET", "POST", "PUT", "PATCH", "DELETE"),
    "path": checks.text(low=1),
    "trait": checks.text(pattern=r"[^.]+\..+"),
    "value": _check_scalar,
    "nth": _check_nth,
    "every": _COUNT,
    "from": _COUNT,
    "to": _COUNT,
    "during_seconds": checks.array(_SECONDS, low=2, high=2),
    "above_concurrent": checks.integer(low=0),
    "above_per_second": checks.integer(low=0),
    "probability": checks.number(low=0, high=1),
}
_DO: dict[str, checks.Check] = {
    "status": checks.integer(low=200, high=599),
    "applied": _check_flag,
    "code": checks.integer(low=100, high=999999),
    "message": checks.text(),
    "retry_after": _check_retry_after,
    "headers": checks.mapping(checks.text(), high=50),
    "body": checks.one_of("error", "empty", "html"),
    "delay_seconds": _SECONDS,
    "drop": checks.one_of("before", "after"),
    "keep_bytes": checks.integer(low=0),
    "drip_seconds": _SECONDS,
    "late_seconds": _SECONDS,
    "fail_operation": checks.record({"code": checks.integer(low=100, high=999999), "detail": checks.text()}),
    "bulk_answer": checks.one_of("operation", "message"),
    "store_status": checks.one_of("", "QUEUED", "PROVISIONING", "ACTIVE", "FAILED"),
}
_SCRIPT = checks.record(
    {
        "seed": checks.integer(low=0),
        "rules": checks.array(
            checks.record({"when": checks.record(_WHEN), "do": checks.record(_DO)}, required=["do"])
        ),
    },
    required=["rules"],
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request under /v1 as it came in; ``at`` is in seconds since the emulator started."""

    number: int
    method: str
    path: str
    body: bytes
    at: float


@dataclass(slots=True, eq=False)
class _Rule:
    when: Json
    do: Json
    count: int = 0
    passed: deque[float] = field(default_factory=deque)
    in_flight: set[int] = field(default_factory=set)


class Faults:
    """The rules of one script, with their counters. ``since`` is when they came into force."""

    def __init__(self, script: object, *, now: Callable[[], float], since: float = 0.0) -> None:
        body = _read_script(script)
        self._rules = [
            _Rule(cast(Json, rule.get("when", {})), cast(Json, rule["do"]))
            for rule in cast(list[Json], body["rules"])
        ]
        self._random = Random(cast(int, body.get("seed", 0)))  # noqa: S311 -- faults, not secrets
        self._now = now
        self._since = since

    def decide(self, arrival: Arrival) -> Plan:
        """What is to happen to this request."""
        plan = Plan()
        for rule in self._rules:
            if self._fits(rule, arrival):
                extend_plan(plan, rule.do, self._now())
        return plan

    def finish(self, arrival: Arrival) -> None:
        """The request has been answered; it no longer counts as concurrent."""
        for rule in self._rules:
            rule.in_flight.discard(arrival.number)

    def _fits(self, rule: _Rule, arrival: Arrival) -> bool:
        if not _names(rule.when, arrival):
            return False
        rule.count += 1
        if not _is_counted(rule.when, rule.count) or not self._is_time(rule.when, arrival.at):
            return False
        if not _is_above_limits(rule, arrival):
            return False
        probability = cast(float | None, rule.when.get("probability"))
        return probability is None or self._random.random() < probability

    def _is_time(self, when: Json, at: float) -> bool:
        low, high = cast(list[float], when.get("during_seconds", [0, math.inf]))
        return low <= at - self._since < high


def read_faults_file(path: Path) -> object:
    """The script in ``path``, not yet checked."""
    try:
        return cast(object, orjson.loads(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"Faults file {path} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"Faults file {path} is not JSON: {error.msg}, line {error.lineno}.") from error


def _read_script(script: object) -> Json:
    body = {"rules": script} if isinstance(script, list) else script
    try:
        return checks.checked(body, _SCRIPT)
    except ApiError as error:
        raise UsageError(f"Faults: {error.message}") from error


def _names(when: Json, arrival: Arrival) -> bool:
    if when.get("method", arrival.method) != arrival.method:
        return False
    if not fnmatchcase(arrival.path, cast(str, when.get("path", "*"))):
        return False
    return "trait" not in when or _carries(arrival.body, cast(str, when["trait"]), when.get("value"))


def _carries(body: bytes, trait: str, value: object) -> bool:
    """Whether a body of profiles holds ``value`` in ``trait``; one that is no JSON holds nothing."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    group, _, name = trait.partition(".")
    profiles: Iterable[object] = parsed.get("profiles", [parsed]) if isinstance(parsed, dict) else []
    return any(_look_in(profile, group, name) == value for profile in profiles)


def _look_in(profile: object, group: str, name: str) -> object:
    for key in ("traits", group, name):
        if not isinstance(profile, dict):
            return None
        profile = profile.get(key)
    return profile


def _is_counted(when: Json, count: int) -> bool:
    nth = when.get("nth")
    if nth is not None and count not in (nth if isinstance(nth, list) else [nth]):
        return False
    if count % cast(int, when.get("every", 1)):
        return False
    return cast(int, when.get("from", 1)) <= count <= cast(float, when.get("to", math.inf))


def _is_above_limits(rule: _Rule, arrival: Arrival) -> bool:
    """Whether the request is more than the rule's limits allow; without limits, always."""
    concurrent = cast(int | None, rule.when.get("above_concurrent"))
    per_second = cast(int | None, rule.when.get("above_per_second"))
    if concurrent is None and per_second is None:
        return True
    while rule.passed and rule.passed[0] <= arrival.at - 1:
        rule.passed.popleft()
    if concurrent is not None and len(rule.in_flight) >= concurrent:
        return True
    if per_second is not None and len(rule.passed) >= per_second:
        return True
    rule.in_flight.add(arrival.number)
    rule.passed.append(arrival.at)
    return False
