"""An operation is followed to its end, at the server's pace, for as long as we are patient."""

import asyncio
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from memory_import.destination.api.operations import (
    TRANSIENT_CODES,
    Completed,
    Failed,
    Forgotten,
    StillOpen,
    Verdict,
    follow,
    operation_id_of,
    poll_seconds,
)
from memory_import.destination.errors import AuthenticationRefused, Stopped
from memory_import.destination.http.decisions import Answer
from memory_import.destination.http.throttle import StopSignal
from tests.support.servers import Clock, Script, make_client, make_pace, operation, refusal

pytestmark = pytest.mark.anyio
UNKNOWN = refusal(404, 520052)


async def follow_one(
    *answers: httpx.Response | Exception,
    operation_id: str = "op_1",
    clock: Clock | None = None,
    stop_signal: StopSignal | None = None,
    age_seconds: float = 0.0,
    first_wait_seconds: float | None = 1.0,
    patience_seconds: float = 600.0,
) -> tuple[Verdict, Script]:
    script = Script(*answers)
    async with make_client(script, throttle=make_pace(clock or Clock(), stop_signal)) as client:
        verdict = await follow(
            client,
            operation_id,
            age_seconds=age_seconds,
            first_wait_seconds=first_wait_seconds,
            patience_seconds=patience_seconds,
            slots=asyncio.Semaphore(),
        )
    return verdict, script


ERROR = {"type": "about", "title": "Upsert failed", "code": 520010, "detail": "Row 3 is wrong."}
LIVES: dict[str, tuple[list[httpx.Response], Verdict]] = {
    "at once": ([operation("COMPLETED")], Completed()),
    "the usual life": (
        [operation("PENDING"), operation("RUNNING"), operation("RUNNING"), operation("COMPLETED")],
        Completed(),
    ),
    "failed": (
        [operation("RUNNING"), operation("FAILED", error=ERROR)],
        Failed(520010, "Upsert failed: Row 3 is wrong."),
    ),
    "failed with a title alone": (
        [operation("FAILED", error={"title": "No", "detail": None})],
        Failed(None, "No"),
    ),
    "failed with a code in words": (
        [operation("FAILED", error={"code": "x", "detail": "No"})],
        Failed(None, "No"),
    ),
    "failed without a word": (
        [operation("FAILED")],
        Failed(None, "The operation ended FAILED without a reason."),
    ),
    "failed with an error that is a text": (
        [httpx.Response(200, json={"status": "FAILED", "error": "broken"}), operation("FAILED")],
        Failed(None, "The operation ended FAILED without a reason."),
    ),
    "completed with an error": (
        [operation("COMPLETED", error={"title": "Half", "code": 520034, "detail": "of it"})],
        Completed(520034, "Half: of it"),
    ),
    "a page of a proxy on the way": (
        [httpx.Response(404, content=b"<html>"), httpx.Response(200, json={}), operation("COMPLETED")],
        Completed(),
    ),
    "cancelled": (
        [operation("CANCELLED")],
        Failed(None, "The operation ended CANCELLED without a reason."),
    ),
    "not to be seen at first": ([UNKNOWN, UNKNOWN, operation("COMPLETED")], Completed()),
    "a state that is not documented": ([operation("ARCHIVING"), operation("COMPLETED")], Completed()),
    "an answer that is no object": (
        [httpx.Response(200, json=[1]), httpx.Response(200, content=b"<html>"), operation("COMPLETED")],
        Completed(),
    ),
    "throttled and in trouble on the way": (
        [refusal(429, 20429), refusal(503, 20503), operation("COMPLETED")],
        Completed(),
    ),
}


@pytest.mark.parametrize(("answers", "expected"), LIVES.values(), ids=LIVES)
async def test_each_life_of_an_operation_has_its_verdict(
    answers: list[httpx.Response], expected: Verdict
) -> None:
    verdict, script = await follow_one(*answers)
    assert verdict == expected
    assert len(script.requests) == len(answers)
    assert {request.url.path for request in script.requests} == {"/v1/ControlPlane/Operations/op_1"}


@pytest.mark.parametrize("status", [400, 404], ids=str)
async def test_an_operation_of_last_week_is_forgotten_when_that_is_said_twice(status: int) -> None:
    verdict, script = await follow_one(refusal(status, 520052), age_seconds=8 * 86_400.0)
    assert verdict == Forgotten()
    assert len(script.requests) == 2


@pytest.mark.parametrize("age_seconds", [0.0, 61.0, 3_600.0])
async def test_an_operation_is_forgotten_when_that_is_said_for_a_while(age_seconds: float) -> None:
    clock = Clock()
    verdict, _ = await follow_one(UNKNOWN, clock=clock, age_seconds=age_seconds)
    assert verdict == Forgotten()
    assert 60 <= clock.now - 1_000 < 70


@pytest.mark.parametrize("age_seconds", [0.0, 3_600.0, 8 * 86_400.0])
async def test_one_404_is_no_verdict(age_seconds: float) -> None:
    verdict, _ = await follow_one(UNKNOWN, operation("COMPLETED"), age_seconds=age_seconds)
    assert verdict == Completed()


@pytest.mark.parametrize("age_seconds", [-3_600.0, 0.0, 30.0])
async def test_patience_may_end_before_a_young_operation_shows(age_seconds: float) -> None:
    verdict, _ = await follow_one(UNKNOWN, age_seconds=age_seconds, patience_seconds=20)
    assert verdict == StillOpen()


@pytest.mark.parametrize("patience_seconds", [0.0, 0.5, 10.0, 100.0])
async def test_patience_ends_on_time_and_the_operation_was_asked_for_at_least_once(
    patience_seconds: float,
) -> None:
    clock = Clock()
    verdict, script = await follow_one(
        operation("RUNNING", wait="7"), clock=clock, patience_seconds=patience_seconds
    )
    assert verdict == StillOpen()
    assert clock.now - 1_000 == pytest.approx(patience_seconds)
    assert len(script.requests) >= 1


async def test_what_is_done_when_patience_ends_is_seen() -> None:
    verdict, _ = await follow_one(
        operation("RUNNING", wait="3600"), operation("COMPLETED"), patience_seconds=30
    )
    assert verdict == Completed()


POLLS = {
    "seconds": ("5", 5.0),
    "at once": ("0", 0.2),
    "nothing": (None, None),
    "words": ("soon", None),
    "a negative number": ("-3", None),
}


@pytest.mark.parametrize(("header", "expected"), POLLS.values(), ids=POLLS)
async def test_the_server_sets_the_pace_of_the_polls(header: str | None, expected: float | None) -> None:
    headers = {} if header is None else {"retry-after": header}
    assert poll_seconds(Answer(200, headers, b"{}")) == expected

    clock = Clock()
    running = httpx.Response(200, json={"status": "RUNNING"}, headers=headers)
    await follow_one(running, operation("COMPLETED"), clock=clock, first_wait_seconds=0)
    assert clock.now - 1_000 == pytest.approx(0.1 if expected is None else expected)


async def test_a_server_that_does_not_say_when_is_asked_soon_and_then_less_and_less() -> None:
    clock = Clock()
    arrivals: list[float] = []

    def respond(_: httpx.Request) -> httpx.Response:
        arrivals.append(clock())
        return httpx.Response(200, json={"status": "RUNNING"})

    async with make_client(respond, throttle=make_pace(clock)) as client:
        verdict = await follow(
            client,
            "op_1",
            age_seconds=0,
            first_wait_seconds=None,
            patience_seconds=60,
            slots=asyncio.Semaphore(),
        )
    waits = [later - earlier for earlier, later in pairwise([1_000.0, *arrivals])]
    assert verdict == StillOpen()
    assert waits[:7] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0])
    assert max(waits) == pytest.approx(5.0)


@pytest.mark.parametrize("operation_id", ["op\n1", "op?1", "op 1", "\u00f6p#1"])
async def test_an_operation_is_asked_for_by_its_id_whatever_stands_in_it(operation_id: str) -> None:
    _, script = await follow_one(operation("COMPLETED"), operation_id=operation_id)
    asked = [request.url.raw_path for request in script.requests]
    assert asked == [f"/v1/ControlPlane/Operations/{quote(operation_id, safe='')}".encode()]


async def test_few_are_asked_for_at_once() -> None:
    most, now = 0, 0
    both = asyncio.Barrier(2)

    async def respond(_: httpx.Request) -> httpx.Response:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await both.wait()
        now -= 1
        return operation("COMPLETED")

    slots = asyncio.Semaphore(2)
    async with make_client(respond) as client:
        await asyncio.gather(
            *(
                follow(
                    client,
                    f"op_{number}",
                    age_seconds=0,
                    first_wait_seconds=0,
                    patience_seconds=9,
                    slots=slots,
                )
                for number in range(8)
            )
        )
    assert most == 2


async def test_a_halt_ends_the_wait() -> None:
    stop_signal, clock = StopSignal(), Clock()

    def respond(_: httpx.Request) -> httpx.Response:
        stop_signal.call(RuntimeError("stop"))
        return operation("RUNNING", wait="3600")

    async with make_client(respond, throttle=make_pace(clock, stop_signal)) as client:
        with pytest.raises(Stopped):
            await follow(
                client,
                "op_1",
                age_seconds=0,
                first_wait_seconds=0,
                patience_seconds=9_999,
                slots=asyncio.Semaphore(),
            )
    assert clock.now == 1_000


async def test_credentials_that_are_refused_are_not_a_fate_of_the_operation() -> None:
    with pytest.raises(AuthenticationRefused):
        await follow_one(refusal(401, 20003))


@pytest.mark.parametrize("code", [20429, 20500, 20503, 520042, 520010, 20404, None], ids=str)
def test_some_failures_say_nothing_about_what_was_sent(code: int | None) -> None:
    assert Failed(code, "").is_transient is (code in TRANSIENT_CODES)
    assert sorted(TRANSIENT_CODES) == [20429, 20500, 20503, 520042]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"operationId": "op_1"}, "op_1"),
        ({"message": "accepted"}, None),
        ({"operationId": None}, None),
        ({"operationId": ""}, None),
        ({"operationId": 1}, None),
    ],
    ids=str,
)
def test_a_202_may_or_may_not_name_an_operation(document: dict[str, Any], expected: str | None) -> None:
    answer = httpx.Response(202, json=document)
    assert operation_id_of(Answer(202, answer.headers, answer.content)) == expected
