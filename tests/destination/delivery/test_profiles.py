"""A load reaches the store whole: what is refused is found and named, what is interrupted goes on."""

import asyncio
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from memory_import.destination.errors import (
    AuthenticationRefused,
    DeliveryError,
    ServiceUnavailable,
    StagingChanged,
    StoreUnfit,
)
from memory_import.destination.http.throttle import StopSignal
from memory_import.destination.limits import SENDERS
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.states import BatchState
from tests.support.journey import Journey, Reply, Service, begin, takes_all
from tests.support.ledger_examples import RUN_ID, drive, payload
from tests.support.servers import operation, refusal

pytestmark = pytest.mark.anyio
FAILURE = {"title": "Bulk trait upsert failed", "code": 520010, "detail": "a wrong type"}
BUSY = {"title": "Try again", "code": 20503, "detail": "later"}


def refuses(*bad: int, status: int = 400, code: int = 520010) -> Service:
    """A service that refuses every request with one of these rows in it."""

    async def bulk(rows: list[int]) -> Reply:
        return refusal(status, code, "a wrong type") if set(bad) & set(rows) else None

    return Service(bulk=bulk)


def fails(*bad: int) -> Service:
    """A service that accepts everything, and fails the operations with one of these rows in them."""
    return Service(poll=lambda rows, _: operation("FAILED", error=FAILURE) if set(bad) & set(rows) else None)


async def test_every_row_is_sent_once_and_completed(ledger: Ledger, tmp_path: Path) -> None:
    journey, service = begin(ledger, tmp_path, 25, per_batch=10), Service()
    await journey.deliver(service)
    assert sorted(row for rows in service.sendings for row in rows) == list(range(25))
    assert journey.outcomes == {"completed": 25}
    assert journey.watcher.rows == {"sent": 25, "landed": 25}
    for batch in journey.batches:
        assert (batch.tries, batch.http_status, batch.state) == (1, 202, BatchState.COMPLETED)
        assert None not in (batch.request_id, batch.operation_id, batch.body_hash, batch.answered_at)


async def test_the_body_is_the_staged_profiles_and_nothing_else(ledger: Ledger, tmp_path: Path) -> None:
    service = Service()
    await begin(ledger, tmp_path, 3).deliver(service)
    [body] = service.bodies
    assert json.loads(body) == {"profiles": [json.loads(payload(row)) for row in range(3)]}


async def test_the_intent_is_on_disk_before_the_request_leaves(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path, 40, per_batch=5)
    seen: list[BatchState] = []

    async def bulk(rows: list[int]) -> Reply:
        seen.extend(batch.state for batch in journey.batches if batch.start == rows[0])
        return None

    await journey.deliver(Service(bulk=bulk))
    assert seen == [BatchState.SENDING] * 8


async def test_senders_are_many_and_bounded(ledger: Ledger, tmp_path: Path) -> None:
    everyone = asyncio.Barrier(SENDERS)

    async def bulk(_: list[int]) -> Reply:
        async with asyncio.timeout(60):
            await everyone.wait()
        return None

    service = Service(bulk=bulk)
    await begin(ledger, tmp_path, 5 * SENDERS, per_batch=1).deliver(service)
    assert service.most_at_once == SENDERS


# What is refused


@pytest.mark.parametrize("bad", [0, 1, 499, 500, 777, 999])
@pytest.mark.parametrize("make", [refuses, fails], ids=["the request is refused", "the operation fails"])
async def test_one_bad_profile_among_a_thousand_is_found_and_costs_nobody_else(
    ledger: Ledger, tmp_path: Path, make: Callable[..., Service], bad: int
) -> None:
    journey, service = begin(ledger, tmp_path, 1_000), make(bad)
    await journey.deliver(service)
    extra_requests = len(service.sendings) - 1
    assert extra_requests <= 2 * math.log2(1_000) + 2
    assert journey.outcomes == {"completed": 999, "rejected": 1}
    row = journey.rows.row(bad, named=True)
    assert (row["outcome"], row["_error_code"]) == ("rejected", "520010")
    assert row["_error_message"].endswith("a wrong type")
    assert journey.watcher.rows["refused"] == 1
    assert journey.watcher.rows["landed"] == 999


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_each_refusal_of_a_whole_batch_is_traced_to_its_rows(
    ledger: Ledger, tmp_path: Path, status: int
) -> None:
    journey = begin(ledger, tmp_path, 50, per_batch=25)
    await journey.deliver(refuses(7, 8, 31, status=status, code=520046))
    rejected = journey.rows.filter(outcome="rejected")
    assert rejected["_pos"].to_list() == [7, 8, 31]
    assert journey.outcomes == {"completed": 47, "rejected": 3}


@pytest.mark.parametrize("make", [refuses, fails], ids=["the request is refused", "the operation fails"])
async def test_a_load_that_is_all_bad_is_all_rejected(
    ledger: Ledger, tmp_path: Path, make: Callable[..., Service]
) -> None:
    journey, service = begin(ledger, tmp_path, 8), make(*range(8))
    await journey.deliver(service)
    assert journey.outcomes == {"rejected": 8}
    assert len(service.sendings) == 15
    assert journey.states == {"split": 7, "rejected": 8}


async def test_a_cancelled_operation_is_a_failed_one(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path, 4)
    await journey.deliver(Service(poll=lambda rows, _: operation("CANCELLED") if 2 in rows else None))
    assert journey.outcomes == {"completed": 3, "rejected": 1}
    assert journey.rows["_error_message"][2] == "The operation ended CANCELLED without a reason."


def read_database(folder: Path) -> bytes:
    """All bytes of the ledger, its write-ahead log included."""
    return b"".join(path.read_bytes() for path in folder.glob("ledger.sqlite3*"))


async def test_what_the_server_says_about_rows_stays_out_of_the_database(
    ledger: Ledger, tmp_path: Path
) -> None:
    async def bulk(rows: list[int]) -> Reply:
        return refusal(400, 520010, "p3@example.com is taken") if 3 in rows else None

    journey = begin(ledger, tmp_path, 8)
    await journey.deliver(Service(bulk=bulk))
    assert journey.rows["_error_message"][3] == "p3@example.com is taken"
    assert b"example.com" not in read_database(tmp_path)


async def test_a_trait_that_is_not_declared_any_more_stops_the_run_and_is_named(
    ledger: Ledger, tmp_path: Path
) -> None:
    async def bulk(rows: list[int]) -> Reply:
        return refusal(400, 520010, "no such trait") if rows[0] >= 60 else None

    service, journey = Service(bulk=bulk, declared=("phone",)), begin(ledger, tmp_path, 300, per_batch=20)
    with pytest.raises(StoreUnfit, match=r"does not declare Contact\.email any more.*code 520010"):
        await journey.deliver(service)
    assert "rejected" not in journey.outcomes
    service.bulk, journey.stop_signal = takes_all, StopSignal()
    await journey.deliver(service)
    assert journey.outcomes == {"completed": 300}


async def test_one_reason_for_many_rows_is_no_change_of_the_store(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path, 64)
    await journey.deliver(refuses(*range(0, 64, 2)))
    assert journey.outcomes == {"completed": 32, "rejected": 32}


# A row that the server always fails at


def stumbles(*bad: int) -> Service:
    """A service that answers every request with one of these rows in it with a 500."""

    async def bulk(rows: list[int]) -> Reply:
        return refusal(500, 20500) if set(bad) & set(rows) else None

    return Service(bulk=bulk)


async def test_a_row_that_always_gets_a_500_holds_nobody_up_and_is_unknown_in_the_second_run(
    ledger: Ledger, tmp_path: Path
) -> None:
    journey, service = begin(ledger, tmp_path, 300, per_batch=100), stumbles(137)
    with pytest.raises(ServiceUnavailable):
        await journey.deliver(service)
    assert journey.outcomes == {"completed": 200, "pending": 100}
    journey.stop_signal = StopSignal()
    await journey.deliver(service)
    assert journey.outcomes == {"completed": 299, "unknown": 1}
    assert journey.rows.row(137, named=True)["outcome"] == "unknown"


async def test_an_outage_makes_nothing_unknown_however_often_it_is_met(
    ledger: Ledger, tmp_path: Path
) -> None:
    journey, service = begin(ledger, tmp_path, 300, per_batch=100), stumbles(*range(300))
    for _ in range(3):
        journey.stop_signal = StopSignal()
        with pytest.raises(ServiceUnavailable):
            await journey.deliver(service)
        assert journey.outcomes == {"pending": 300}
    assert journey.states == {"sending": 3}
    journey.stop_signal = StopSignal()
    await journey.deliver(Service())
    assert journey.outcomes == {"completed": 300}


async def test_an_operation_that_fails_gives_its_code_and_no_status_of_its_acceptance(
    ledger: Ledger, tmp_path: Path
) -> None:
    service = Service(poll=lambda rows, _: operation("FAILED", error={"title": "No"}) if 2 in rows else None)
    journey = begin(ledger, tmp_path, 4)
    await journey.deliver(service)
    assert journey.rows.row(2, named=True)["_error_code"] == "operation_failed"


async def test_an_error_of_a_completed_operation_is_kept(ledger: Ledger, tmp_path: Path) -> None:
    told = operation("COMPLETED", error={"title": "Half", "code": 520034, "detail": "of it"})
    journey = begin(ledger, tmp_path, 4)
    await journey.deliver(Service(poll=lambda _rows, _before: told))
    assert journey.outcomes == {"completed": 4}
    assert [batch.code for batch in journey.batches] == [520034]
    assert ledger.completed_with_error(RUN_ID, "profiles") == {520034: (1, 4)}
    assert journey.staging.refusals()["message"].to_list() == ["Half: of it"]


@pytest.mark.parametrize("error", [{"title": "Half"}, {"code": "?"}])
async def test_an_error_without_a_code_is_kept(ledger: Ledger, tmp_path: Path, error: dict[str, str]) -> None:
    told = operation("COMPLETED", error=error)
    journey = begin(ledger, tmp_path, 4)
    await journey.deliver(Service(poll=lambda _rows, _before: told))
    assert ledger.completed_with_error(RUN_ID, "profiles") == {0: (1, 4)}


# A server with a smaller limit


async def test_a_413_teaches_a_size_that_later_batches_keep(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path, 60 * 40, per_batch=40)
    limit_bytes = max(batch.body_bytes for batch in journey.batches) * 2 // 3
    refused: list[int] = []

    async def bulk(rows: list[int]) -> Reply:
        size = len(service.bodies[-1])
        if size > limit_bytes:
            refused.append(size)
            return refusal(413, 413)
        return None

    service = Service(bulk=bulk)
    await journey.deliver(service)
    assert journey.outcomes == {"completed": 60 * 40}
    assert 1 <= len(refused) <= SENDERS
    assert len(service.sendings) == 60 * 2 + len(refused)


async def test_one_row_that_is_answered_413_does_not_make_all_others_travel_alone(
    ledger: Ledger, tmp_path: Path
) -> None:
    journey, service = begin(ledger, tmp_path, 64 * 40, per_batch=64), refuses(5, status=413, code=413)
    await journey.deliver(service)
    assert journey.outcomes == {"completed": 64 * 40 - 1, "rejected": 1}
    assert len(service.sendings) <= 2 * 40 + 2 * math.log2(64) + SENDERS


# A server in trouble


async def test_an_operation_that_failed_for_no_fault_of_the_rows_is_issued_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    service = Service()
    service.poll = lambda _rows, _before: (
        operation("FAILED", error=BUSY) if len(service.sendings) < 3 else None
    )
    journey = begin(ledger, tmp_path, 10)
    await journey.deliver(service)
    assert journey.outcomes == {"completed": 10}
    assert journey.states == {"split": 2, "completed": 1}
    assert service.sendings == [list(range(10))] * 3
    assert len(set(service.bodies)) == 1


async def test_operations_that_keep_failing_stop_the_run_and_reject_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    service = Service(poll=lambda _rows, _before: operation("FAILED", error=BUSY))
    journey = begin(ledger, tmp_path, 10)
    with pytest.raises(ServiceUnavailable):
        await journey.deliver(service)
    assert journey.outcomes == {"pending": 10}
    assert len(service.sendings) == 6
    journey.stop_signal.reason = None
    await journey.deliver(Service())
    assert journey.outcomes == {"completed": 10}


async def test_a_lost_answer_is_followed_by_the_same_body(ledger: Ledger, tmp_path: Path) -> None:
    async def bulk(_: list[int]) -> Reply:
        if len(service.sendings) == 1:
            raise httpx.ReadTimeout("too slow")
        return None

    service, journey = Service(bulk=bulk), begin(ledger, tmp_path, 10)
    await journey.deliver(service)
    assert service.bodies[0] == service.bodies[1]
    assert journey.outcomes == {"completed": 10}
    assert [batch.tries for batch in journey.batches] == [2]
    counts = ledger.request_counts(RUN_ID)
    assert (counts.by_status, counts.retries["202"]) == ({"no_answer": 1, "202": 1, "200": 1}, 1)


def given_again(operation_id: str, request_id: str) -> httpx.Response:
    """An answer to an earlier Bulk, from whatever stands between."""
    body = {"message": "accepted", "operationId": operation_id}
    return httpx.Response(202, json=body, headers={"twilio-request-id": request_id})


async def test_an_answer_that_is_given_once_more_says_nothing_of_another_batch(
    ledger: Ledger, tmp_path: Path
) -> None:
    async def bulk(_: list[int]) -> Reply:
        return given_again("op0", "RQ1") if len(service.sendings) in {2, 3} else None

    service, journey = Service(bulk=bulk), begin(ledger, tmp_path, 20, per_batch=10)
    await journey.deliver(service)
    assert len(service.sendings) == 4
    assert {batch.operation_id for batch in journey.batches} == {"op0", "op1"}
    assert journey.outcomes == {"completed": 20}


async def test_nor_does_one_that_was_given_to_an_earlier_process(ledger: Ledger, tmp_path: Path) -> None:
    async def first_alone(_: list[int]) -> Reply:
        return refusal(401, 20003) if len(earlier.sendings) > 1 else None

    earlier, journey = Service(bulk=first_alone), begin(ledger, tmp_path, 20, per_batch=10)
    with pytest.raises(AuthenticationRefused):
        await journey.deliver(earlier)
    (answered,) = [batch for batch in journey.batches if batch.operation_id]

    async def bulk(_: list[int]) -> Reply:
        return given_again("op0", str(answered.request_id))

    service, journey.stop_signal = Service(bulk=bulk), StopSignal()
    with pytest.raises(ServiceUnavailable, match="the answer to another request"):
        await journey.deliver(service)
    assert journey.outcomes == {"completed": 10, "pending": 10}


@pytest.mark.parametrize("operation_id", [None, ""], ids=["null", "blank"])
async def test_a_202_with_nothing_to_follow_stays_accepted(
    ledger: Ledger, tmp_path: Path, operation_id: object
) -> None:
    async def bulk(_: list[int]) -> Reply:
        return httpx.Response(202, json={"message": "accepted", "operationId": operation_id})

    service, journey = Service(bulk=bulk), begin(ledger, tmp_path, 10)
    await journey.deliver(service)
    assert [kind for kind, _ in service.events] == ["bulk"]
    assert journey.outcomes == {"accepted": 10}
    await journey.deliver(Service())
    assert journey.outcomes == {"accepted": 10}


OTHER_202S = {
    "a page": httpx.Response(202, content=b"<html>Checking your browser</html>"),
    "nothing": httpx.Response(202),
    "a list": httpx.Response(202, json=[]),
    "an object without a message": httpx.Response(202, json={}),
    "half of it": httpx.Response(202, content=b'{"message": "acc'),
    "an operation that is a number": httpx.Response(202, json={"message": "m", "operationId": 17}),
    "an operation that is an object": httpx.Response(202, json={"message": "m", "operationId": {}}),
    "a 200": httpx.Response(200, json={"message": "accepted"}),
    "a 204": httpx.Response(204),
    "a 207": httpx.Response(207, json={"message": "accepted"}),
    "a 405": refusal(405, 20405),
    "a 409": refusal(409, 20409),
    "a 415": refusal(415, 20415),
    "a redirect": httpx.Response(308, headers={"location": "/elsewhere"}),
    "a page with a 400": httpx.Response(400, content=b"<html>"),
    "a page with a 404": httpx.Response(404, content=b"<html>"),
}


@pytest.mark.parametrize("answer", OTHER_202S.values(), ids=OTHER_202S)
async def test_what_the_api_does_not_answer_is_no_answer(
    ledger: Ledger, tmp_path: Path, answer: httpx.Response
) -> None:
    async def bulk(_: list[int]) -> Reply:
        again = httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return again if is_for_ever or len(service.sendings) < 3 else None

    service, journey, is_for_ever = Service(bulk=bulk), begin(ledger, tmp_path, 10), True
    with pytest.raises(ServiceUnavailable, match="HTTP"):
        await journey.deliver(service)
    assert journey.outcomes == {"pending": 10}

    is_for_ever, journey.stop_signal = False, StopSignal()
    service.events.clear()
    await journey.deliver(service)
    assert service.sendings == [list(range(10))] * 3
    assert journey.outcomes == {"completed": 10}


async def test_an_operation_that_outlasts_our_patience_stays_pending_and_is_followed_later(
    ledger: Ledger, tmp_path: Path
) -> None:
    service, journey = Service(poll=lambda _rows, _before: operation("RUNNING")), begin(ledger, tmp_path, 10)
    await journey.deliver(service, wait_seconds=5)
    assert journey.outcomes == {"pending": 10}
    assert journey.states == {"accepted": 1}
    service.poll = lambda _rows, _before: None
    await journey.deliver(service)
    assert journey.outcomes == {"completed": 10}
    assert len(service.sendings) == 1


# What stops a run

STOPS = {
    "401": (refusal(401, 20003), AuthenticationRefused),
    "403": (refusal(403, 20003), AuthenticationRefused),
    "404, the store is gone": (refusal(404, 20404), StoreUnfit),
}


@pytest.mark.parametrize(("answer", "error"), STOPS.values(), ids=STOPS)
async def test_an_answer_that_is_not_about_rows_stops_the_run_and_rejects_nothing(
    ledger: Ledger, tmp_path: Path, answer: httpx.Response, error: type[DeliveryError]
) -> None:
    async def bulk(rows: list[int]) -> Reply:
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    service, journey = Service(bulk=bulk, is_there=False), begin(ledger, tmp_path, 100, per_batch=2)
    with pytest.raises(error) as stopped:
        await journey.deliver(service)
    assert len(service.sendings) <= 3 * SENDERS  # others go on while somebody looks at the store
    assert journey.states == {"planned": 50}
    assert journey.outcomes == {"pending": 100}
    assert "example.com" not in str(stopped.value).replace("https://example.com", "")

    journey.stop_signal.reason = None
    await journey.deliver(Service())
    assert journey.outcomes == {"completed": 100}


async def test_a_halt_lets_what_is_under_way_finish_and_leaves_the_rest_planned(
    ledger: Ledger, tmp_path: Path
) -> None:
    batches = 5 * SENDERS
    journey = begin(ledger, tmp_path, 2 * batches, per_batch=2)
    stop = RuntimeError("stopped by the user")

    async def bulk(_: list[int]) -> Reply:
        if len(service.sendings) == 2 * SENDERS:
            journey.stop_signal.call(stop)
        await asyncio.sleep(0.01)
        return None

    service = Service(bulk=bulk)
    with pytest.raises(RuntimeError, match="stopped by the user"):
        await journey.deliver(service)
    assert "sending" not in journey.states
    assert journey.states["planned"] >= batches - 3 * SENDERS
    assert len(service.sendings) == batches - journey.states["planned"] <= 3 * SENDERS
    completed = 2 * journey.states.get("completed", 0)
    expected = {"completed": completed, "pending": 2 * batches - completed}
    assert journey.outcomes == {outcome: rows for outcome, rows in expected.items() if rows}


async def test_a_halted_run_sends_no_halves(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path, 64)

    async def bulk(_: list[int]) -> Reply:
        journey.stop_signal.call(RuntimeError("stop"))
        return refusal(400, 520010)

    service = Service(bulk=bulk)
    with pytest.raises(RuntimeError, match="stop"):
        await journey.deliver(service)
    assert len(service.sendings) == 1
    assert journey.states == {"split": 1, "planned": 2}
    journey.stop_signal.reason = None
    await journey.deliver(refuses(9))
    assert journey.outcomes == {"completed": 63, "rejected": 1}


async def test_the_observer_may_halt_the_run(ledger: Ledger, tmp_path: Path) -> None:
    """An error budget is an observer that has heard enough."""
    journey = begin(ledger, tmp_path, 400, per_batch=2)

    class Budget(type(journey.watcher)):  # type: ignore[misc]
        def refused(self, rows: int) -> None:
            super().refused(rows)
            if self.rows["refused"] == 3:
                journey.stop_signal.call(RuntimeError("too many"))

    journey.watcher = Budget()
    service = refuses(*range(0, 400, 2))
    with pytest.raises(RuntimeError, match="too many"):
        await journey.deliver(service)
    assert journey.outcomes["rejected"] < 3 + SENDERS
    assert journey.outcomes["pending"] > 300


# What is resumed


async def test_a_batch_found_sending_is_sent_again_with_the_same_body(ledger: Ledger, tmp_path: Path) -> None:
    journey, first = begin(ledger, tmp_path, 10), Service()

    async def never(_: list[int]) -> Reply:
        await asyncio.Event().wait()
        return None

    first.bulk = never
    running = asyncio.create_task(journey.deliver(first))
    while not first.sendings:  # noqa: ASYNC110 - the service has no event of its own
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert journey.states == {"sending": 1}
    assert journey.outcomes == {"pending": 10}

    second = Service()
    await journey.deliver(second)
    assert second.bodies == first.bodies
    assert journey.outcomes == {"completed": 10}
    assert [batch.tries for batch in journey.batches] == [2]


async def test_staged_rows_that_changed_are_not_sent(ledger: Ledger, tmp_path: Path) -> None:
    journey, service = begin(ledger, tmp_path, 10), Service()
    drive(ledger, journey.batches[0], BatchState.SENDING, body_hash="of another body")
    with pytest.raises(StagingChanged, match="is not what was sent before"):
        await journey.deliver(service)
    assert service.events == []


async def test_an_accepted_batch_is_followed_and_not_sent_again(ledger: Ledger, tmp_path: Path) -> None:
    journey, service = begin(ledger, tmp_path, 10), Service()
    drive(
        ledger, journey.batches[0], BatchState.ACCEPTED, operation_id="op7", answered_at=time.time() - 3_600
    )
    await journey.deliver(service)
    assert [kind for kind, _ in service.events] == ["poll"]
    assert journey.outcomes == {"completed": 10}


@pytest.mark.parametrize(
    ("age_seconds", "expected"),
    [(8 * 86_400, "unknown"), (120, "completed"), (1, "completed")],
    ids=["forgotten after a week", "not to be seen for a moment", "too young to be seen"],
)
async def test_an_operation_that_the_server_does_not_know(
    ledger: Ledger, tmp_path: Path, age_seconds: float, expected: str
) -> None:
    journey = begin(ledger, tmp_path, 10)
    service = Service(poll=lambda _rows, before: refusal(404, 520052) if before < 2 else None)
    drive(
        ledger,
        journey.batches[0],
        BatchState.ACCEPTED,
        operation_id="op7",
        answered_at=time.time() - age_seconds,
    )
    await journey.deliver(service)
    assert journey.outcomes == {expected: 10}
    assert service.sendings == []


async def test_a_failed_operation_of_an_earlier_run_is_divided_too(ledger: Ledger, tmp_path: Path) -> None:
    journey = begin(ledger, tmp_path, 4)
    drive(ledger, journey.batches[0], BatchState.ACCEPTED, operation_id="old", answered_at=time.time())

    def poll(rows: list[int], _before: int) -> Reply:
        is_bad = not rows or 2 in rows  # the old operation is not of this service's making
        return operation("FAILED", error=FAILURE) if is_bad else None

    await journey.deliver(Service(poll=poll))
    assert journey.outcomes == {"completed": 3, "rejected": 1}


@pytest.mark.parametrize("moment", [1, 2, 3, 5, 8, 13, 21, 34])
async def test_a_run_that_dies_at_any_request_is_finished_by_the_next(
    ledger: Ledger, tmp_path: Path, moment: int
) -> None:
    journey = begin(ledger, tmp_path, 60, per_batch=6)
    has_come = asyncio.Event()

    class Dying(Service):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if len(self.events) + 1 >= moment:
                has_come.set()
                await asyncio.Event().wait()
            return await super().__call__(request)

    running = asyncio.create_task(journey.deliver(Dying(bulk=refuses(17).bulk)))
    await asyncio.wait([running, asyncio.create_task(has_come.wait())], return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sum(journey.outcomes.values()) == 60
    assert None not in journey.outcomes

    await journey.deliver(Service(bulk=refuses(17).bulk))
    assert journey.outcomes == {"completed": 59, "rejected": 1}


async def test_a_finished_load_asks_nothing_more(ledger: Ledger, tmp_path: Path) -> None:
    journey: Journey = begin(ledger, tmp_path, 10)
    await journey.deliver(refuses(3))
    service = Service()
    await journey.deliver(service)
    assert service.events == []


async def test_a_load_without_rows_asks_nothing(ledger: Ledger, tmp_path: Path) -> None:
    service = Service()
    await begin(ledger, tmp_path, 0).deliver(service)
    assert service.events == []
