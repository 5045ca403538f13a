"""What the API refuses, as values that become its documented error body.

Codes are Twilio's own (https://www.twilio.com/docs/api/errors). Messages name places, never values: what a
test sends may look like personal data.
"""

UNAUTHORISED = 20003
FORBIDDEN = 20403
NOT_FOUND = 20404
METHOD_NOT_ALLOWED = 20004
CONFLICT = 20409
STALE = 20412
TOO_LARGE = 20413
TOO_MANY_REQUESTS = 20429
INTERNAL = 20500
UNAVAILABLE = 20503
TRAIT_UPSERT_FAILED = 520010
IDENTIFIERS_SKIPPED = 520034
STORE_NOT_ACTIVE = 520042
STALE_ETAG = 520043
STORE_LIMIT = 520044
INVALID_SCHEMA = 520046
TRAIT_GROUP_MISSING = 520047
STORE_ID_INVALID = 520049
OPERATION_ID_INVALID = 520051
OPERATION_NOT_FOUND = 520052
TRAIT_GROUP_LIMIT = 520053
TRAIT_LIMIT = 520054

_MAX_MESSAGE_CHARACTERS = 1024


class ApiError(Exception):
    """A request that the API answers with an error body; ``headers`` go out with it."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message[:_MAX_MESSAGE_CHARACTERS]
        self.headers = headers or {}

    def body(self) -> dict[str, object]:
        """The documented TwilioError object."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/api/errors/{self.code}",
            "status": self.status,
        }


class UsageError(Exception):
    """The emulator was started with something that it cannot use: a file, a port, an option."""


def invalid(message: str, code: int = INVALID_SCHEMA) -> ApiError:
    return ApiError(400, code, message)


def not_found(what: str) -> ApiError:
    return ApiError(404, NOT_FOUND, f"{what} was not found.")


def too_large(limit_bytes: int) -> ApiError:
    return ApiError(413, TOO_LARGE, f"The body has more than {limit_bytes} bytes.")


def conflict(message: str) -> ApiError:
    return ApiError(409, CONFLICT, message)


def stale() -> ApiError:
    return ApiError(
        412, STALE_ETAG, "If-Match does not name the current ETag. Fetch the resource and try again."
    )


def problem(code: int, title: str, detail: str) -> dict[str, object]:
    """The error object of an operation that failed, as RFC 9457 has it."""
    return {
        "type": f"https://www.twilio.com/docs/api/errors/{code}",
        "title": title,
        "code": code,
        "detail": detail,
    }
