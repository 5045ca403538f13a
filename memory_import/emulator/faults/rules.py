"""Which rules of a script fit a request. The same seed and the same requests give the same faults."""

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import cast

import orjson

from memory_import.emulator.engine.checks import Json
from memory_import.emulator.faults.plan import Plan, extend_plan
from memory_import.emulator.faults.script import read_script


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request to the API as it came in; ``at`` is in seconds since the emulator started."""

    number: int
    method: str
    path: str
    body: bytes
    at: float


@dataclass(slots=True, eq=False)
class _Rule:
    when: Json
    do: Json
    counts: Counter[str] = field(default_factory=Counter)
    passed: deque[float] = field(default_factory=deque)
    in_flight: set[int] = field(default_factory=set)


class Faults:
    """The rules of one script, with their counters. ``since`` is when they came into force.

    Every rule that fits a request adds to what happens to it; of two that set the same thing the first wins.
    """

    def __init__(self, script: object, *, now: Callable[[], float], since: float = 0.0) -> None:
        body = read_script(script)
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
        counted_over = arrival.path if "per" in rule.when else ""
        rule.counts[counted_over] += 1
        count = rule.counts[counted_over]
        if not _is_counted(rule.when, count) or not self._is_time(rule.when, arrival.at):
            return False
        if not _is_above_limits(rule, arrival):
            return False
        probability = cast(float | None, rule.when.get("probability"))
        return probability is None or self._random.random() < probability

    def _is_time(self, when: Json, at: float) -> bool:
        low, high = cast(list[float], when.get("during_seconds", [0, math.inf]))
        return low <= at - self._since < high


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
