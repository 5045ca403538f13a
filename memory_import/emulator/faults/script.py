"""The faults script: its form, and how it is read. README.md beside this package says what each word does.

A script is JSON: ``{"seed": 7, "rules": [{"when": {...}, "do": {...}}, ...]}``, or the list of rules alone.
"""

import re
from pathlib import Path
from typing import cast

import orjson

from memory_import.emulator.engine import checks
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.errors import ApiError, UsageError, invalid
from memory_import.emulator.faults.bodies import check_body

_COUNT = checks.integer(low=1)
_SECONDS = checks.number(low=0)
_CODE = checks.integer(low=100, high=999999)
_DATE = re.compile(r"date:[+-]?\d{1,6}", re.ASCII)


def _check_nth(value: object, place: str) -> None:
    (checks.array(_COUNT, low=1) if isinstance(value, list) else _COUNT)(value, place)


def _check_any(_value: object, _place: str) -> None:
    """Whatever JSON can say."""


def _check_scalar(value: object, place: str) -> None:
    if not isinstance(value, str | int | float | bool):
        raise invalid(f"{place} must be a string, a number or a boolean.")


def _check_header(value: object, place: str) -> None:
    if value is not None and not (isinstance(value, str) and value.isprintable() and value.isascii()):
        raise invalid(f"{place} must be a line of ASCII text, or null.")


def _check_retry_after(value: object, place: str) -> None:
    _check_scalar(value, place)
    if str(value).startswith("date:") and not _DATE.fullmatch(str(value)):
        raise invalid(f"{place} must give its date in seconds from now, as in date:+2.")


WHEN: dict[str, checks.Check] = {
    "method": checks.one_of("GET", "POST", "PUT", "PATCH", "DELETE"),
    "path": checks.text(low=1),
    "trait": checks.text(pattern=r"[^.]+\..+"),
    "value": _check_scalar,
    "per": checks.one_of("path"),
    "nth": _check_nth,
    "every": _COUNT,
    "from": _COUNT,
    "to": _COUNT,
    "during_seconds": checks.array(_SECONDS, low=2, high=2),
    "above_concurrent": checks.integer(low=0),
    "above_per_second": checks.integer(low=0),
    "probability": checks.number(low=0, high=1),
}
DO: dict[str, checks.Check] = {
    "status": checks.integer(low=200, high=599),
    "applied": checks.boolean,
    "code": _CODE,
    "message": checks.text(),
    "retry_after": _check_retry_after,
    "headers": checks.mapping(_check_header, high=50),
    "body": check_body,
    "set_members": checks.mapping(_check_any, high=50),
    "omit_members": checks.array(checks.text(low=1), high=50),
    "keep_bytes": checks.integer(low=0),
    "drip_seconds": _SECONDS,
    "delay_seconds": _SECONDS,
    "drop": checks.one_of("before", "after"),
    "date_offset_seconds": checks.number(),
    "no_date": checks.boolean,
    "late_seconds": _SECONDS,
    "stale_seconds": _SECONDS,
    "created_offset_seconds": checks.number(),
    "repeat_page": checks.boolean,
    "hide_operation_seconds": _SECONDS,
    "fail_operation": checks.record(
        {
            "code": _CODE,
            "detail": checks.text(),
            "status": checks.one_of("FAILED", "CANCELLED", "COMPLETED"),
            "applied": checks.boolean,
        }
    ),
    "bulk_answer": checks.one_of("operation", "message"),
    "row_failures": checks.one_of("refuse", "skip", "fail"),
    "skip_rows": checks.array(checks.integer(low=0)),
    "store_status": checks.one_of("", "QUEUED", "PROVISIONING", "ACTIVE", "FAILED"),
}
_SCRIPT = checks.record(
    {
        "seed": checks.integer(low=0),
        "rules": checks.array(
            checks.record({"when": checks.record(WHEN), "do": checks.record(DO)}, required=["do"])
        ),
    },
    required=["rules"],
)


def read_script(script: object) -> Json:
    """The script with its list of rules under ``rules``. Raises ``UsageError`` where it is not one."""
    body = {"rules": script} if isinstance(script, list) else script
    try:
        return checks.checked(body, _SCRIPT)
    except ApiError as error:
        raise UsageError(f"Faults: {error.message}") from error


def read_faults_file(path: Path) -> object:
    """The script in ``path``, not yet checked."""
    try:
        return cast(object, orjson.loads(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"Faults file {path} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"Faults file {path} is not JSON: {error.msg}, line {error.lineno}.") from error
