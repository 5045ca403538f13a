"""What an answer, or the lack of one, means for the request: a decision, taken here and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from destination.limits import RETRY_AFTER_LONGEST_SECONDS, TRIES

STORE_NOT_ACTIVE = 520042


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
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No answer came. `left_host` is False only when the request certainly never reached the server."""

    left_host: bool
    reason: str


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


Decision = Success | Repeat | Refused | Forbidden | GiveUp


def decide(  # noqa: PLR0911 - one return per decision reads as the table it is
    outcome: Answer | NoAnswer, *, failures: int, now: datetime
) -> Decision:
    """Decide about a request that may be repeated without harm.

    `failures` is how often this request has failed before; waiting for a 429 to pass is not failing, for
    such a request was never processed. `now` turns a Retry-After date into seconds.
    """
    if isinstance(outcome, NoAnswer):
        was_processed = None if outcome.left_host else False
        if failures + 1 >= TRIES:
            return GiveUp(outcome.reason, was_processed)
        return Repeat(None, was_processed)
    wait = retry_after_seconds(outcome.headers.get("retry-after"), now)
    if outcome.status < 300:
        return Success(outcome)
    if outcome.status == 429:
        return Repeat(wait, was_processed=False)
    code = error_code(outcome)
    if outcome.status >= 500 or outcome.status == 408 or code == STORE_NOT_ACTIVE:
        if failures + 1 >= TRIES:
            return GiveUp(f"HTTP {outcome.status}, code {code}", was_processed=None)
        return Repeat(wait, was_processed=None)
    if outcome.status in {401, 403}:
        return Forbidden(outcome.status)
    message = str(outcome.document.get("message") or "")
    return Refused(outcome.status, code, message, outcome.request_id)


def error_code(answer: Answer) -> int | None:
    """The API's own code of an error answer."""
    return as_code(answer.document.get("code"))


def as_code(value: object) -> int | None:
    """A value as an error code of the API; None when it cannot be one."""
    return value if isinstance(value, int) and 100 <= value < 2**31 else None


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for; None when it is missing or says nothing usable.

    RFC 9110 allows a number of seconds or a date. What lies in the past is 0; what lies over an hour ahead
    is taken as an hour.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_LONGEST_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), RETRY_AFTER_LONGEST_SECONDS)
