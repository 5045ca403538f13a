"""What is to go wrong with one request. Decided by the rules, carried out by middleware and handlers."""

from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal, cast

from memory_import.emulator.engine import errors
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.state import Ending, Timing
from memory_import.emulator.faults.bodies import Body, read_body


@dataclass(slots=True)
class Answer:
    """An answer given instead of the API's own, and of applying unless ``is_applied``."""

    status: int
    body: Body
    is_applied: bool = False


@dataclass(slots=True)
class Plan:
    """Nothing, unless a rule says so; what each field does is said of the action that sets it, in README.md.

    ``answer`` takes the place of the API's own, ``body`` that of its body alone. ``headers`` are set on
    whatever is answered, None takes one away. ``ending`` is how the request's operation ends.
    """

    delay_seconds: float = 0.0
    answer: Answer | None = None
    drop: Literal["before", "after"] | None = None
    body: Body | None = None
    set_members: Json = field(default_factory=dict)
    omit_members: list[str] = field(default_factory=list)
    headers: dict[str, str | None] = field(default_factory=dict)
    keep_bytes: int | None = None
    drip_seconds: float = 0.0
    date_offset_seconds: float = 0.0
    no_date: bool = False
    late_seconds: float = 0.0
    stale_seconds: float = 0.0
    created_offset_seconds: float = 0.0
    repeat_page: bool = False
    hide_operation_seconds: float = 0.0
    ending: Ending | None = None
    bulk_answer: Literal["operation", "message"] | None = None
    row_failures: Literal["refuse", "skip", "fail"] | None = None
    skip_rows: list[int] = field(default_factory=list)
    store_status: str | None = None

    @property
    def timing(self) -> Timing:
        """When what the request changes happens, and can be followed."""
        return Timing(self.late_seconds, self.hide_operation_seconds)


_AS_WRITTEN = Plan.__dataclass_fields__.keys() - {"answer", "body", "headers", "ending"}


def extend_plan(plan: Plan, do: Json, now: float) -> None:
    """Let ``plan`` also do what ``do`` says, where nothing before said otherwise."""
    wanted: Json = {name: do[name] for name in do if name in _AS_WRITTEN}
    if "status" in do:
        wanted["answer"] = _answer(do)
    elif "body" in do:
        wanted["body"] = read_body(do["body"], _error(200, do))
    if headers := _headers(do, now):
        wanted["headers"] = headers
    if "fail_operation" in do:
        wanted["ending"] = _ending(cast(Json, do["fail_operation"]))
    untouched = Plan()
    for name, value in wanted.items():
        if getattr(plan, name) == getattr(untouched, name):
            setattr(plan, name, value)


def _ending(failure: Json) -> Ending:
    code = cast(int, failure.get("code", errors.TRAIT_UPSERT_FAILED))
    detail = cast(str, failure.get("detail", "The operation failed as its script said."))
    error = errors.problem(code, "The operation failed", detail)
    status = cast(str, failure.get("status", "FAILED"))
    return Ending(status, error, cast(bool, failure.get("applied", False)))


_DEFAULT_CODES = {
    401: errors.UNAUTHORISED,
    403: errors.UNAUTHORISED,
    404: errors.NOT_FOUND,
    409: errors.CONFLICT,
    412: errors.STALE,
    429: errors.TOO_MANY_REQUESTS,
    503: errors.UNAVAILABLE,
}


def _answer(do: Json) -> Answer:
    status = cast(int, do["status"])
    body = read_body(do.get("body", "error"), _error(status, do))
    return Answer(status, body, cast(bool, do.get("applied", False)))


def _error(status: int, do: Json) -> Json:
    code = cast(int, do.get("code", _DEFAULT_CODES.get(status, errors.INTERNAL)))
    return errors.ApiError(status, code, cast(str, do.get("message", "Refused by script."))).body()


def _headers(do: Json, now: float) -> dict[str, str | None]:
    headers = {name.lower(): value for name, value in cast(dict[str, str], do.get("headers", {})).items()}
    if "retry_after" in do:
        headers["retry-after"] = _retry_after(str(do["retry_after"]), now)
    return cast(dict[str, str | None], headers)


def _retry_after(written: str, now: float) -> str:
    if not written.startswith("date:"):
        return written
    return formatdate(now + float(written.removeprefix("date:")), usegmt=True)
