"""What an answer, or the lack of one, means for the request: a decision, taken here and nowhere else."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from memory_import.destination.limits import (
    LASTING_TRIES,
    THROTTLED_LONGEST_SECONDS,
    TRIES,
)

STORE_NOT_ACTIVE = 520042
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_YEAR_SECONDS = 365 * 86_400.0
_MOVED = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        """What support asks for."""
        return self.headers.get("twilio-request-id")

    @property
    def document(self) -> Mapping[str, Any]:
        """The JSON object of the body; empty when the body holds none."""
        return read_object(self.body) or {}


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is; None when it is none.

    What readers of JSON do not agree about is none either: NaN, a member that is there twice, half of a
    surrogate pair, which is no text that could be written down.
    """
    try:
        document = _JSON.decode(body.decode("utf-8-sig"))
        if b"\\u" in body:
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _make_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(members)
    if len(document) < len(members):
        raise ValueError("a member is there twice")
    return document


_JSON = json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=_refuse_constant)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No answer came. `left_host` is False only when the request certainly never reached the server.

    `is_lasting`: it will be no other when it is tried again soon.
    """

    left_host: bool
    reason: str
    is_lasting: bool = False


@dataclass(frozen=True, slots=True)
class Success:
    """The server took it."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send it again: after `after_seconds`, or after a backoff when that is None."""

    after_seconds: float | None
    was_processed: bool | None  # False: certainly not. None: nobody knows


@dataclass(frozen=True, slots=True)
class Refused:
    """The server read it and does not want it."""

    status: int
    code: int | None
    message: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The credentials do not do."""

    status: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It failed too often."""

    last: str
    was_processed: bool | None  # of the last sending, as in `Repeat`
    status: int | None = None  # of the last answer, if there was one


@dataclass(frozen=True, slots=True)
class Moved:
    """The profile was merged into another one; the request was not processed and belongs to `location`."""

    location: str
    canonical_id: str
    status: int

    @property
    def as_no_answer(self) -> NoAnswer:
        """What it is for a request that cannot follow."""
        return NoAnswer(left_host=True, reason=f"HTTP {self.status} that leads nowhere it may go")


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have been processed, or not, and sending it again may do it twice."""

    reason: str


Decision = Success | Repeat | Refused | Forbidden | GiveUp | Moved
DecisionOnce = Decision | InDoubt


def decide(  # noqa: PLR0911 - one return per decision reads as the table it is
    outcome: Answer | NoAnswer,
    *,
    failures: int,
    now: datetime,
    throttled_seconds: float = 0.0,
    tries: int = TRIES,
) -> Decision:
    """Decide about a request that may be repeated without harm.

    `failures` is how often this request has failed before, of at most `tries`; waiting for a 429 to pass is
    not failing, for such a request was never processed. `throttled_seconds` is how long it has been answered
    so. `now` turns a Retry-After date into seconds.
    """
    if isinstance(outcome, NoAnswer):
        was_processed = None if outcome.left_host else False
        if failures + 1 >= (LASTING_TRIES if outcome.is_lasting else tries):
            return GiveUp(outcome.reason, was_processed)
        return Repeat(None, was_processed)
    wait = retry_after_seconds(outcome.headers.get("retry-after"), now)
    if outcome.status < 300:
        return Success(outcome)
    if outcome.status == 429:
        if throttled_seconds >= THROTTLED_LONGEST_SECONDS:
            return GiveUp("HTTP 429 again and again", was_processed=False)
        return Repeat(wait, was_processed=False)
    code = error_code(outcome)
    if outcome.status >= 500 or outcome.status == 408 or code == STORE_NOT_ACTIVE:
        if failures + 1 >= tries:
            return GiveUp(f"HTTP {outcome.status}, code {code}", None, outcome.status)
        return Repeat(wait, was_processed=None)
    if outcome.status in {401, 403}:
        return Forbidden(outcome.status)
    location, canonical_id = (outcome.headers.get(name) for name in ("location", "canonical-profile-id"))
    if outcome.status in _MOVED and location and canonical_id:
        return Moved(location, canonical_id, outcome.status)
    message = str(outcome.document.get("message") or "")
    return Refused(outcome.status, code, message, outcome.request_id)


def decide_once(
    outcome: Answer | NoAnswer,
    *,
    failures: int,
    now: datetime,
    throttled_seconds: float = 0.0,
    tries: int = TRIES,
) -> DecisionOnce:
    """Decide about a request that must not be processed twice; the arguments are those of `decide`.

    What certainly was not processed is repeated as any other: a 429, a store that is not active, a request
    that never left the host. Where `decide` would repeat and nobody knows, it is in doubt at once.
    """
    decision = decide(outcome, failures=failures, now=now, throttled_seconds=throttled_seconds, tries=tries)
    if isinstance(decision, Repeat | GiveUp) and decision.was_processed is None:
        if isinstance(outcome, NoAnswer):
            return InDoubt(outcome.reason)
        if error_code(outcome) != STORE_NOT_ACTIVE:
            return InDoubt(f"HTTP {outcome.status}")
    return decision


def error_code(answer: Answer) -> int | None:
    """The API's own code of an error answer."""
    return as_code(answer.document.get("code"))


def as_code(value: object) -> int | None:
    """A value as an error code of the API; None when it cannot be one."""
    return value if isinstance(value, int) and 100 <= value < 2**31 else None


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for; None when it is missing or says nothing usable.

    RFC 9110 allows a number of seconds or a date. Of several numbers, as of a header that is there twice,
    the longest counts. What lies in the past is 0; what lies over a year ahead is taken as a year.
    """
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    if all(map(_SECONDS.fullmatch, parts)):
        return min(max(map(float, parts)), _YEAR_SECONDS)
    moment = read_http_date(value)
    return None if moment is None else min(max((moment - now).total_seconds(), 0.0), _YEAR_SECONDS)


def read_http_date(value: str) -> datetime | None:
    """The moment that a header names, in UTC where it names no zone; None when it is none."""
    try:
        moment = parsedate_to_datetime(value.strip())
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
