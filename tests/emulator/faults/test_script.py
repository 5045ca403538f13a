from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from memory_import.emulator.engine.errors import UsageError
from memory_import.emulator.faults.rules import Arrival, Faults
from memory_import.emulator.http.answers import ConnectionDropped
from memory_import.emulator.server import Running, running
from tests.support.asking import CONTROL, DATA, START, Asker

ANN = {"Contact": {"phone": "+12025550101"}}


def _hits(when: Any, arrivals: list[Arrival], seed: int = 0) -> list[int]:
    script = {"seed": seed, "rules": [{"when": when, "do": {"status": 503}}]}
    faults = Faults(script, now=lambda: START)
    return [arrival.number for arrival in arrivals if faults.decide(arrival).answer]


def _arrivals(count: int, *, seconds_apart: float = 1.0) -> list[Arrival]:
    return [
        Arrival(number, "PUT" if number % 2 else "GET", f"/v1/{number}", b"", number * seconds_apart)
        for number in range(1, count + 1)
    ]


SELECTIONS = {
    "everything": ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    "a method": ({"method": "GET"}, [2, 4, 6, 8, 10]),
    "a path": ({"path": "/v1/1*"}, [1, 10]),
    "the third": ({"nth": 3}, [3]),
    "some": ({"nth": [1, 4]}, [1, 4]),
    "every fourth": ({"every": 4}, [4, 8]),
    "from": ({"from": 9}, [9, 10]),
    "from and to": ({"from": 2, "to": 4}, [2, 3, 4]),
    "counted over its own method": ({"method": "GET", "nth": 2}, [4]),
    "a while": ({"during_seconds": [3, 5]}, [3, 4]),
    "never": ({"probability": 0}, []),
    "always": ({"probability": 1}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
}


@pytest.mark.parametrize(("when", "expected"), SELECTIONS.values(), ids=SELECTIONS.keys())
def test_a_rule_hits_the_requests_it_names(when: Any, expected: list[int]) -> None:
    assert _hits(when, _arrivals(10)) == expected


def test_the_same_seed_gives_the_same_faults_and_another_seed_others() -> None:
    arrivals = _arrivals(200)
    first = _hits({"probability": 0.3}, arrivals, seed=1)
    assert 30 < len(first) < 90
    assert (
        first
        == _hits({"probability": 0.3}, arrivals, seed=1)
        != _hits({"probability": 0.3}, arrivals, seed=2)
    )


def test_a_rate_limit_refuses_what_exceeds_it_within_a_second() -> None:
    assert _hits({"above_per_second": 2}, _arrivals(8, seconds_apart=0.25)) == [3, 4, 7, 8]


def test_a_concurrency_limit_refuses_while_that_many_are_being_answered() -> None:
    faults = Faults([{"when": {"above_concurrent": 2}, "do": {"status": 429}}], now=lambda: START)
    one, two, three, four = _arrivals(4)
    refused = [bool(faults.decide(arrival).answer) for arrival in (one, two, three)]
    faults.finish(one)
    assert [*refused, bool(faults.decide(four).answer)] == [False, False, True, False]


def test_of_two_rules_for_the_same_thing_the_first_wins_and_others_add_up() -> None:
    rules = [{"do": {"status": 503}}, {"do": {"status": 429, "delay_seconds": 2}}]
    plan = Faults(rules, now=lambda: START).decide(_arrivals(1)[0])
    assert plan.answer is not None
    assert (plan.answer.status, plan.delay_seconds) == (503, 2)


WRONG = {
    "no list": {"rules": {}},
    "no do": [{"when": {}}],
    "unknown condition": [{"when": {"often": 1}, "do": {}}],
    "unknown action": [{"do": {"explode": True}}],
    "status out of range": [{"do": {"status": 99}}],
    "zero": [{"when": {"nth": 0}, "do": {}}],
    "a string": "rules",
    "a date that is none": [{"do": {"status": 429, "retry_after": "date:soon"}}],
}


@pytest.mark.parametrize("script", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_script_is_refused(script: object) -> None:
    with pytest.raises(UsageError, match="Faults: body"):
        Faults(script, now=lambda: START)


def _asker(**do: Any) -> Asker:
    return Asker(faults=[{"do": do}])


@pytest.mark.parametrize("written", ["2", "0", "-1", "2.5", "soon", "", "99999999999"])
def test_retry_after_goes_out_as_written(written: str) -> None:
    with _asker(status=429, retry_after=written) as asker:
        answer = asker.bulk(ANN)
        assert (answer.status, answer.headers["retry-after"], answer.body["code"]) == (429, written, 20429)


def test_retry_after_can_be_a_date() -> None:
    with _asker(status=503, retry_after="date:+90") as asker:
        sent = parsedate_to_datetime(asker.bulk(ANN).headers["retry-after"])
        assert sent.timestamp() == START + 90


def test_an_answer_by_script_applies_nothing() -> None:
    with _asker(status=503) as asker:
        assert asker.bulk(ANN).body["code"] == 20503
        assert asker.profiles() == []


@pytest.mark.parametrize(("body", "content"), [("empty", b""), ("html", b"<html>")])
def test_an_applied_request_can_lose_its_answer_on_the_way(body: str, content: bytes) -> None:
    with _asker(body=body) as asker:
        answer = asker.bulk(ANN)
        assert (answer.status, answer.content[:6]) == (202, content)
        assert len(asker.profiles()) == 1


def test_a_profile_can_be_poisoned_wherever_it_stands() -> None:
    rule = {
        "when": {"trait": "Contact.email", "value": "poison@example.com"},
        "do": {"status": 400, "code": 520010},
    }
    poison = {"Contact": {"email": "poison@example.com"}}
    with Asker(faults=[rule]) as asker:
        refusals = [asker.bulk(ANN, poison).status, asker.bulk(poison).status]
        assert (refusals, asker.bulk(ANN).status) == ([400, 400], 202)


def test_an_operation_can_fail_and_then_changes_nothing() -> None:
    with _asker(fail_operation={"code": 520010, "detail": "as told"}) as asker:
        operation = asker.ask("GET", asker.bulk(ANN).body["statusUrl"]).body
        assert (operation["status"], operation["error"]["detail"]) == ("FAILED", "as told")
        assert asker.profiles() == []


def test_a_bulk_can_be_answered_either_way_by_script() -> None:
    with Asker(faults=[{"when": {"every": 2}, "do": {"bulk_answer": "message"}}]) as asker:
        assert ["operationId" in asker.bulk(ANN).body for _ in range(4)] == [True, False, True, False]


def test_a_request_can_be_applied_late() -> None:
    with _asker(late_seconds=60) as asker:
        asker.bulk(ANN)
        assert asker.profiles() == []
        asker.now += 61
        assert len(asker.profiles()) == 1


def test_a_delay_is_slept_before_the_answer() -> None:
    with _asker(delay_seconds=1.5) as asker:
        asker.bulk(ANN)
        assert asker.slept == [1.5]


def test_a_body_can_drip() -> None:
    with _asker(drip_seconds=0.1) as asker:
        answer = asker.ask("GET", CONTROL)
        assert len(asker.slept) == len(answer.content) > 50


def test_a_store_can_leave_active_and_come_back() -> None:
    rules = [
        {"when": {"nth": 2}, "do": {"store_status": "PROVISIONING"}},
        {"when": {"nth": 4}, "do": {"store_status": ""}},
    ]
    with Asker(faults=rules) as asker:
        answers = [asker.bulk(ANN) for _ in range(4)]
        assert [answer.status for answer in answers] == [202, 400, 400, 202]
        assert answers[1].body["code"] == 520042


def test_a_key_can_be_revoked_in_the_middle_of_a_run() -> None:
    with Asker(faults=[{"when": {"from": 3}, "do": {"status": 401}}]) as asker:
        assert [asker.bulk(ANN).status for _ in range(4)] == [202, 202, 401, 401]


def test_without_a_connection_a_drop_is_an_exception() -> None:
    with _asker(drop="before") as asker, pytest.raises(ConnectionDropped):
        asker.bulk(ANN)


def test_new_rules_replace_the_old_through_their_door(asker: Asker) -> None:
    assert asker.ask("POST", "/emulator/faults", [{"when": {"nth": 1}, "do": {"status": 500}}]).status == 200
    assert [asker.bulk(ANN).status for _ in range(2)] == [500, 202]
    assert asker.ask("POST", "/emulator/faults", [{"do": {"explode": 1}}]).status == 400


@pytest.fixture
def server() -> Iterator[Running]:
    with running(delay_seconds=(0, 0)) as emulator:
        yield emulator


def _client(server: Running) -> httpx.Client:
    return httpx.Client(base_url=server.url, auth=("user", "secret"), timeout=60)


def _script(server: Running, **do: Any) -> None:
    httpx.post(f"{server.url}/emulator/faults", json=[{"when": {"nth": 1}, "do": do}], timeout=60)


@pytest.mark.parametrize(("moment", "applied"), [("before", 0), ("after", 1)])
def test_a_connection_is_reset_before_or_after_applying(server: Running, moment: str, applied: int) -> None:
    _script(server, drop=moment)
    with _client(server) as client:
        with pytest.raises(httpx.TransportError):
            client.put(f"{DATA}/Bulk", json={"profiles": [{"traits": ANN}]})
        assert len(client.get(DATA).json()["profiles"]) == applied
        assert server.app.requests[0].status == 0


def test_an_answer_breaks_off_in_the_middle_of_its_body(server: Running) -> None:
    _script(server, keep_bytes=10)
    with _client(server) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(CONTROL)


def test_the_request_log_tells_when_each_request_came(server: Running) -> None:
    _script(server, status=429, retry_after=1)
    with _client(server) as client:
        statuses = [client.get(CONTROL).status_code for _ in range(2)]
        logged = client.get("/emulator/requests?after=0").json()["requests"]
    assert statuses == [each["status"] for each in logged] == [429, 200]
    assert 0 <= logged[0]["arrived"] <= logged[0]["finished"] <= logged[1]["arrived"]
