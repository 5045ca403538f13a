"""Checks of a request body, combined like the schema they stand for.

A check takes a JSON value and the place where it stands, and raises the API's 400 when the value does not
fit.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import cast

from memory_import.emulator.engine.clock import read_moment
from memory_import.emulator.engine.errors import invalid

Json = dict[str, object]
Check = Callable[[object, str], None]


def text(*, low: int = 0, high: int | None = None, pattern: str | None = None) -> Check:
    """A string of ``low`` to ``high`` characters that matches ``pattern`` as a whole."""
    compiled = re.compile(pattern, re.ASCII) if pattern else None

    def check(value: object, place: str) -> None:
        if not isinstance(value, str):
            raise invalid(f"{place} must be a string.")
        if len(value) < low or (high is not None and len(value) > high):
            raise invalid(f"{place} must have {low} to {high} characters, not {len(value)}.")
        if compiled and not compiled.fullmatch(value):
            raise invalid(f"{place} must match {compiled.pattern}.")

    return check


def integer(*, low: int, high: int | None = None) -> Check:
    """A whole number from ``low`` to ``high``; 2.0 is one, true is not."""

    def check(value: object, place: str) -> None:
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not is_whole:
            raise invalid(f"{place} must be an integer.")
        if cast(float, value) < low or (high is not None and cast(float, value) > high):
            raise invalid(f"{place} must be from {low} to {high}.")

    return check


def number(*, low: float | None = None, high: float | None = None) -> Check:
    """A number from ``low`` to ``high``; None leaves that side open."""

    def check(value: object, place: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(f"{place} must be a number.")
        if (low is not None and value < low) or (high is not None and value > high):
            raise invalid(f"{place} must be from {low} to {high}.")

    return check


def boolean(value: object, place: str) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise invalid(f"{place} must be true or false.")


def moment(value: object, place: str) -> None:
    """An RFC 3339 timestamp with an offset."""
    if not isinstance(value, str) or read_moment(value) is None:
        raise invalid(f"{place} must be an RFC 3339 timestamp with an offset.")


def one_of(*choices: str) -> Check:
    """One of a few words."""

    def check(value: object, place: str) -> None:
        if value not in choices:
            raise invalid(f"{place} must be one of {', '.join(map(repr, choices))}.")

    return check


def array(item: Check, *, low: int = 0, high: int | None = None) -> Check:
    """An array of ``low`` to ``high`` items that all pass ``item``."""

    def check(value: object, place: str) -> None:
        if not isinstance(value, list):
            raise invalid(f"{place} must be an array.")
        if len(value) < low or (high is not None and len(value) > high):
            raise invalid(f"{place} must have {low} to {high} items, not {len(value)}.")
        for position, entry in enumerate(value):
            item(entry, f"{place}[{position}]")

    return check


def mapping(entry: Check, *, high: int) -> Check:
    """An object with free keys, at most ``high`` of them, whose values all pass ``entry``."""

    def check(value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise invalid(f"{place} must be an object.")
        if len(value) > high:
            raise invalid(f"{place} must have at most {high} entries, not {len(value)}.")
        for key, each in value.items():
            entry(each, f"{place}.{key}")

    return check


def record(fields: Mapping[str, Check], *, required: Collection[str] = (), is_open: bool = False) -> Check:
    """An object with known fields; ``is_open`` lets others pass unread, as the document does in places."""

    def check(value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise invalid(f"{place} must be an object.")
        for name in required:
            if name not in value:
                raise invalid(f"{place}.{name} is required.")
        for name, each in value.items():
            if name in fields:
                fields[name](each, f"{place}.{name}")
            elif not is_open:
                raise invalid(f"{place}.{name} is not a known field.")

    return check


def checked(value: object, check: Check) -> Json:
    """``value`` as it stands once it has passed ``check``, which must be one of an object."""
    check(value, "body")
    return cast(Json, value)


def checked_settings(value: object, check: Check) -> Json:
    """Like ``checked``, where a field that is null counts as left out.

    Twilio's own Python library sends null for every optional field that was not given.
    """
    return checked(without_nulls(value), check)


def without_nulls(value: object) -> object:
    """``value`` without the members that are null, at every depth."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
