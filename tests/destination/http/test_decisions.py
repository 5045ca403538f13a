"""One pure decision for every answer, and for the lack of one."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_import.destination.http.decisions import (
    Answer,
    Decision,
    DecisionOnce,
    Forbidden,
    GiveUp,
    InDoubt,
    Moved,
    NoAnswer,
    Refused,
    Repeat,
    Success,
    decide,
    decide_once,
    retry_after_seconds,
)
from memory_import.destination.limits import THROTTLED_LONGEST_SECONDS, TRIES

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def answer(
    status: int, code: object = None, message: object = "What is wrong.", *, retry_after: str | None = None
) -> Answer:
    body: dict[str, Any] = {} if code is None else {"code": code, "message": message, "status": status}
    headers = {"twilio-request-id": "RQ1"} | ({} if retry_after is None else {"retry-after": retry_after})
    return Answer(status, headers, json.dumps(body).encode())


TAKEN = answer(202)
REFUSED_TEXT = "What is wrong."
SOON, UNPROCESSED = Repeat(None, was_processed=None), Repeat(None, was_processed=False)

FIRST_TIME: dict[str, tuple[Answer | NoAnswer, Decision]] = {
    "200": (answer(200), Success(answer(200))),
    "202": (TAKEN, Success(TAKEN)),
    "202 without a body": (Answer(202, {}, b""), Success(Answer(202, {}, b""))),
    "no answer": (NoAnswer(True, "ReadTimeout"), SOON),
    "never left": (NoAnswer(False, "ConnectError"), UNPROCESSED),
    "429": (answer(429, 20429), UNPROCESSED),
    "429 with seconds": (answer(429, 20429, retry_after="7"), Repeat(7.0, was_processed=False)),
    "429 with words": (answer(429, 20429, retry_after="soon"), UNPROCESSED),
    "429 without a body": (Answer(429, {}, b""), UNPROCESSED),
    "408": (answer(408), SOON),
    "500": (answer(500, 20500), SOON),
    "500 with a page": (Answer(500, {}, b"<html>"), SOON),
    "502": (answer(502), SOON),
    "503": (answer(503, 20503), SOON),
    "503 with seconds": (answer(503, 20503, retry_after="3"), Repeat(3.0, was_processed=None)),
    "504": (answer(504), SOON),
    "599": (answer(599), SOON),
    "400, the store is not active yet": (answer(400, 520042), SOON),
    "409, the store is not active yet": (
        answer(409, 520042, retry_after="2"),
        Repeat(2.0, was_processed=None),
    ),
    "401": (answer(401, 20003), Forbidden(401)),
    "403": (answer(403, 20003), Forbidden(403)),
    "400": (answer(400, 520010), Refused(400, 520010, REFUSED_TEXT, "RQ1")),
    "404": (answer(404, 20404), Refused(404, 20404, REFUSED_TEXT, "RQ1")),
    "409": (answer(409, 20409), Refused(409, 20409, REFUSED_TEXT, "RQ1")),
    "413": (answer(413, 413), Refused(413, 413, REFUSED_TEXT, "RQ1")),
    "413 with a page": (Answer(413, {}, b"<html>too large</html>"), Refused(413, None, "", None)),
    "422": (answer(422, 520046), Refused(422, 520046, REFUSED_TEXT, "RQ1")),
    "301": (answer(301), Refused(301, None, "", "RQ1")),
    "308": (answer(308), Refused(308, None, "", "RQ1")),
    "418": (answer(418), Refused(418, None, "", "RQ1")),
    "400 with a code in words": (answer(400, "no"), Refused(400, None, REFUSED_TEXT, "RQ1")),
    "400 with a code that is none": (answer(400, True), Refused(400, None, REFUSED_TEXT, "RQ1")),
    "400 with a code beyond all codes": (answer(400, 10**30), Refused(400, None, REFUSED_TEXT, "RQ1")),
    "400 with no message": (answer(400, 520010, None), Refused(400, 520010, "", "RQ1")),
    "400 with a list": (Answer(400, {}, b"[1]"), Refused(400, None, "", None)),
    "400 in no encoding": (Answer(400, {}, b"\xff\xfe\x00"), Refused(400, None, "", None)),
}
LAST_TIME: dict[str, tuple[Answer | NoAnswer, Decision]] = {
    "no answer": (NoAnswer(True, "ReadTimeout"), GiveUp("ReadTimeout", was_processed=None)),
    "never left": (NoAnswer(False, "ConnectError"), GiveUp("ConnectError", was_processed=False)),
    "500": (answer(500, 20500), GiveUp("HTTP 500, code 20500", None, 500)),
    "503 with seconds": (
        answer(503, retry_after="3"),
        GiveUp("HTTP 503, code None", None, 503),
    ),
    "the store is not active": (answer(400, 520042), GiveUp("HTTP 400, code 520042", None, 400)),
    "429 is no failure": (answer(429), UNPROCESSED),
    "202": (TAKEN, Success(TAKEN)),
    "400": (answer(400, 520010), Refused(400, 520010, REFUSED_TEXT, "RQ1")),
    "401": (answer(401), Forbidden(401)),
}


@pytest.mark.parametrize(("outcome", "expected"), FIRST_TIME.values(), ids=FIRST_TIME)
@pytest.mark.parametrize("failures", [0, TRIES - 2], ids=["first", "last but one"])
def test_while_there_are_tries_left(outcome: Answer | NoAnswer, expected: Decision, failures: int) -> None:
    assert decide(outcome, failures=failures, now=NOW) == expected


@pytest.mark.parametrize(("outcome", "expected"), LAST_TIME.values(), ids=LAST_TIME)
@pytest.mark.parametrize("failures", [TRIES - 1, TRIES + 5], ids=["last", "beyond"])
def test_with_no_tries_left(outcome: Answer | NoAnswer, expected: Decision, failures: int) -> None:
    assert decide(outcome, failures=failures, now=NOW) == expected


@given(
    status=st.integers(200, 599),
    body=st.binary(max_size=40),
    wait=st.none() | st.text(max_size=20),
    failures=st.integers(0, 20),
)
def test_every_answer_leads_to_a_decision(status: int, body: bytes, wait: str | None, failures: int) -> None:
    headers = {} if wait is None else {"retry-after": wait}
    decision = decide(Answer(status, headers, body), failures=failures, now=NOW)
    assert isinstance(decision, Success) is (status < 300)


def in_an_hour(**difference: float) -> str:
    return format_datetime(NOW + timedelta(**difference), usegmt=True)


WAITS = {
    "missing": (None, None),
    "seconds": ("5", 5.0),
    "zero": ("0", 0.0),
    "leading zeros": ("007", 7.0),
    "white space around": (" 5 ", 5.0),
    "an hour": ("3600", 3600.0),
    "more than an hour": ("86400", 86_400.0),
    "more than a float holds": ("9" * 400, 365 * 86_400.0),
    "negative": ("-5", None),
    "a fraction": ("1.5", 1.5),
    "a sign": ("+5", None),
    "an exponent": ("1e3", None),
    "empty": ("", None),
    "blank": ("  ", None),
    "words": ("soon", None),
    "not a number": ("nan", None),
    "infinity": ("Infinity", None),
    "other digits": ("٥", None),
    "two headers in one": ("5, 10", 10.0),
    "a unit": ("5s", None),
    "a date ahead": (in_an_hour(seconds=90), 90.0),
    "a date that has passed": (in_an_hour(seconds=-90), 0.0),
    "a date far ahead": (in_an_hour(days=3), 3 * 86_400.0),
    "a date of RFC 850": ("Saturday, 21-Nov-26 09:01:00 GMT", 60.0),
    "a date of asctime": ("Sat Nov 21 09:01:00 2026", 60.0),
    "a date in another zone": ("Sat, 21 Nov 2026 10:01:00 +0100", 60.0),
    "a date in no zone": ("Sat, 21 Nov 2026 09:01:00 -0000", 60.0),
    "a year that no clock has": ("21 Nov 99999999999999999999 09:01:00 GMT", None),
    "a date that never was": ("Sat, 31 Feb 2026 09:01:00 GMT", None),
    "an offset that cannot be": ("Sat, 21 Nov 2026 09:01:00 +99999999", None),
    "an ISO date": ("2026-11-21T09:01:00Z", None),
}


@pytest.mark.parametrize(("value", "expected"), WAITS.values(), ids=WAITS)
def test_retry_after_in_all_its_forms(value: str | None, expected: float | None) -> None:
    assert retry_after_seconds(value, NOW) == expected


@given(st.text(max_size=40) | st.text(alphabet="0123456789 ,:+-GMTSatNov", max_size=40))
def test_no_retry_after_is_too_odd(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or 0 <= seconds <= 365 * 86_400


ONCE: dict[str, tuple[Answer | NoAnswer, DecisionOnce]] = {
    "202": (TAKEN, Success(TAKEN)),
    "no answer": (NoAnswer(True, "ReadTimeout"), InDoubt("ReadTimeout")),
    "never left": (NoAnswer(False, "ConnectError"), UNPROCESSED),
    "429": (answer(429, 20429), UNPROCESSED),
    "408": (answer(408), InDoubt("HTTP 408")),
    "500": (answer(500, 20500), InDoubt("HTTP 500")),
    "503 with seconds": (answer(503, 20503, retry_after="3"), InDoubt("HTTP 503")),
    "the store is not active": (answer(409, 520042), SOON),
    "400": (answer(400, 20001), Refused(400, 20001, REFUSED_TEXT, "RQ1")),
    "401": (answer(401, 20003), Forbidden(401)),
}


@pytest.mark.parametrize(("outcome", "decision"), ONCE.values(), ids=ONCE.keys())
def test_what_must_not_be_done_twice_is_repeated_only_where_it_certainly_was_not_done(
    outcome: Answer | NoAnswer, decision: DecisionOnce
) -> None:
    assert decide_once(outcome, failures=0, now=NOW) == decision


@pytest.mark.parametrize(
    ("outcome", "decision"),
    [
        (NoAnswer(True, "ReadTimeout"), InDoubt("ReadTimeout")),
        (answer(500), InDoubt("HTTP 500")),
        (NoAnswer(False, "ConnectError"), GiveUp("ConnectError", was_processed=False)),
    ],
    ids=["no answer", "500", "never left"],
)
def test_the_last_try_leaves_no_less_doubt_than_the_first(
    outcome: Answer | NoAnswer, decision: DecisionOnce
) -> None:
    assert decide_once(outcome, failures=TRIES - 1, now=NOW) == decision


MOVES = {
    "301": (301, {"location": "/v1/x", "canonical-profile-id": "p"}, True),
    "308": (308, {"location": "/v1/x", "canonical-profile-id": "p"}, True),
    "308 to nowhere": (308, {"canonical-profile-id": "p"}, False),
    "308 that is not about a profile": (308, {"location": "/v1/x"}, False),
    "302": (302, {"location": "/v1/x", "canonical-profile-id": "p"}, False),
}


@pytest.mark.parametrize(("status", "headers", "is_moved"), MOVES.values(), ids=MOVES.keys())
def test_a_profile_has_moved_when_the_server_says_where_and_which(
    status: int, headers: dict[str, str], is_moved: bool
) -> None:
    decision = decide(Answer(status, headers, b""), failures=0, now=NOW)
    assert isinstance(decision, Moved) is is_moved


@pytest.mark.parametrize(
    ("throttled_seconds", "expected"),
    [
        (THROTTLED_LONGEST_SECONDS - 1, Repeat(1.0, was_processed=False)),
        (THROTTLED_LONGEST_SECONDS, GiveUp("HTTP 429 again and again", was_processed=False)),
    ],
    ids=["for a while", "for too long"],
)
def test_a_server_that_only_ever_throttles_is_given_up(
    throttled_seconds: float, expected: Repeat | GiveUp
) -> None:
    outcome = Answer(429, {"retry-after": "1"}, b"")
    assert decide(outcome, failures=0, now=NOW, throttled_seconds=throttled_seconds) == expected
