"""Why a delivery ended early, by what the caller has to do.

    DeliveryError
    ├── AuthenticationRefused   put the credentials right
    ├── StoreUnfit              put the store, or the spec, right
    │   ├── StoreNotReady       wait: the service has not made it yet, or is still at a change of it
    │   └── StoreChanged        look again: somebody else has changed it meanwhile
    ├── ServiceUnavailable      wait and resume
    │   ├── NotVisibleYet       the same: what was taken cannot be found yet
    │   └── ToldToWait          the same: for longer than a run waits
    ├── UnexpectedAnswer        report it: the API did something that is not documented
    └── StagingChanged          start a new run: the staged files are not what they were

`Stopped` is not an error: the run was told to stop and does.
"""

from collections.abc import Sequence


class DeliveryError(Exception):
    """The delivery cannot go on."""


class AuthenticationRefused(DeliveryError):
    """The API answered 401 or 403."""

    def __init__(self, status: int) -> None:
        self.status = status
        what = (
            "does not know these credentials" if status == 401 else "does not let these credentials do this"
        )
        super().__init__(
            f"The API {what} (HTTP {status}): check TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET."
        )


class StoreUnfit(DeliveryError):
    """The store is missing, not ready, or does not declare what the spec sends."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class StoreNotReady(StoreUnfit):
    """The service is still at work on the store: the same command again, later, may go on."""


class StoreChanged(StoreUnfit):
    """Somebody else changed the store between a read of it and a change that was made of what was read."""


class ServiceUnavailable(DeliveryError):
    """The API could not be reached, or failed again and again; `status` is that of its last answer.

    `host` is which of its hosts, where one alone was asked.
    """

    def __init__(self, tries: int, last: str, status: int | None = None, host: str = "") -> None:
        self.tries, self.last, self.status = tries, last, status
        where = f" at {host}" if host else ""
        super().__init__(f"The API{where} gave no usable answer in {tries} tries; the last one: {last}.")


class NotVisibleYet(ServiceUnavailable):
    """Profiles that the API took cannot be found yet."""

    def __init__(self, count: int) -> None:
        super().__init__(0, "lookups that lag")
        self.args = (
            f"{count:,} identifiers whose profiles the API took cannot be looked up yet. "
            "Nothing was rejected for it.",
        )


class ToldToWait(ServiceUnavailable):
    """The API asks for a longer pause than a run waits for."""

    def __init__(self, seconds: float) -> None:
        super().__init__(1, "a long Retry-After")
        self.args = (
            f"The API asks for no requests in the next {seconds / 3_600:,.1f} hours (Retry-After); "
            "none is sent before.",
        )


class UnexpectedAnswer(DeliveryError):
    """The API answered something that its documentation does not hold for this request."""

    def __init__(self, method: str, path: str, status: int, code: int | None, request_id: str | None) -> None:
        self.status, self.code, self.request_id = status, code, request_id
        super().__init__(
            f"{method} {path} was answered with HTTP {status} (code {code}, twilio-request-id {request_id}), "
            "which is not documented for it."
        )


class StagingChanged(DeliveryError):
    """The staged files are not what they were when they were written or first sent."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The staged files of this run were changed: {what}. Start a new run of the spec.")


class Stopped(Exception):
    """The run was told to stop; what was not sent stays planned."""
