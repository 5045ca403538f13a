"""What is to go wrong with one request. Decided by ``faults``, carried out by ``gate`` and the handlers."""

from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal, cast

import orjson

from memory_import.emulator.engine import errors
from memory_import.emulator.engine.checks import Json

HTML = b"<html><body>Something is wrong.</body></html>"
"""What a proxy on the way might answer instead of the API."""


@dataclass(slots=True)
class Answer:
    """An answer given instead of the API's own, and of applying unless ``is_applied``.

    ``body`` None is an empty one.
    """

    status: int
    body: bytes | None
    headers: dict[str, str] = field(default_factory=dict)
    is_applied: bool = False


@dataclass(slots=True)
class Plan:
    """Nothing, unless a rule says so.

    ``answer`` takes the place of the API's own, ``body`` that of its body alone. ``drop`` resets the
    connection before or after the request is applied. ``keep_bytes`` cuts the answer's body there, though its
    headers promise all of it. ``drip_seconds`` is the pause before each byte of the body. ``late_seconds``
    puts off what the request changes. ``error`` is what its operation ends with.
    """

    delay_seconds: float = 0.0
    answer: Answer | None = None
    drop: Literal["before", "after"] | None = None
    body: Literal["empty", "html"] | None = None
    keep_bytes: int | None = None
    drip_seconds: float = 0.0
    late_seconds: float = 0.0
    bulk_answer: Literal["operation", "message"] | None = None
    error: Json | None = None
    store_status: str | None = None


_AS_WRITTEN = (
    "delay_seconds",
    "drop",
    "keep_bytes",
    "drip_seconds",
    "late_seconds",
    "bulk_answer",
    "store_status",
)


def extend_plan(plan: Plan, do: Json, now: float) -> None:
    """Let ``plan`` also do what ``do`` says, where nothing before said otherwise."""
    wanted: Json = {name: do[name] for name in _AS_WRITTEN if name in do}
    if "status" in do:
        wanted["answer"] = _answer(do, now)
    elif do.get("body") in {"empty", "html"}:
        wanted["body"] = do["body"]
    if "fail_operation" in do:
        wanted["error"] = _operation_error(cast(Json, do["fail_operation"]))
    untouched = Plan()
    for name, value in wanted.items():
        if getattr(plan, name) == getattr(untouched, name):
            setattr(plan, name, value)


def _operation_error(failure: Json) -> Json:
    code = cast(int, failure.get("code", errors.TRAIT_UPSERT_FAILED))
    return {
        "type": f"https://www.twilio.com/docs/api/errors/{code}",
        "title": "The operation failed",
        "code": code,
        "detail": failure.get("detail", "The operation failed as its script said."),
    }


_DEFAULT_CODES = {
    401: errors.UNAUTHORISED,
    403: errors.UNAUTHORISED,
    404: errors.NOT_FOUND,
    409: errors.CONFLICT,
    412: errors.STALE,
    429: errors.TOO_MANY_REQUESTS,
    503: errors.UNAVAILABLE,
}


def _answer(do: Json, now: float) -> Answer:
    status, is_applied = cast(int, do["status"]), cast(bool, do.get("applied", False))
    code = cast(int, do.get("code", _DEFAULT_CODES.get(status, errors.INTERNAL)))
    headers = dict(cast(dict[str, str], do.get("headers", {})))
    if "retry_after" in do:
        headers["Retry-After"] = _retry_after(str(do["retry_after"]), now)
    match do.get("body", "error"):
        case "empty":
            return Answer(status, None, headers, is_applied)
        case "html":
            return Answer(status, HTML, {"Content-Type": "text/html", **headers}, is_applied)
        case _:
            error = errors.ApiError(status, code, cast(str, do.get("message", "Refused by script.")))
            headers = {"Content-Type": "application/json", **headers}
            return Answer(status, orjson.dumps(error.body()), headers, is_applied)


def _retry_after(written: str, now: float) -> str:
    if not written.startswith("date:"):
        return written
    return formatdate(now + float(written.removeprefix("date:")), usegmt=True)
