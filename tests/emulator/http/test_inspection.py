import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.support.asking import CONTROL, DATA, Asker

ANN = {"Contact": {"phone": "+12025550101"}}


def test_the_clock_moves_on_and_what_is_due_is_done() -> None:
    with Asker(delay_seconds=(60, 60)) as asker:
        asker.bulk(ANN)
        assert asker.ask("GET", "/emulator/health").body == {"pending": 1}
        answer = asker.ask("POST", "/emulator/clock", {"advance_seconds": 61})
        assert answer.body == {"now": "2027-01-15T08:01:01.000Z"}
        assert asker.ask("GET", "/emulator/health").body == {"pending": 0}
        assert len(asker.profiles()) == 1


def test_the_clock_can_be_set_and_stays_so_after_a_restart(tmp_path: Path) -> None:
    options = {"state_file": tmp_path / "state.jsonl"}
    with Asker(**options) as asker:
        asker.ask("POST", "/emulator/clock", {"set": "2030-01-01T00:00:00Z"})
        assert asker.bulk(ANN).body["createdAt"] == "2030-01-01T00:00:00.000Z"
    with Asker(**options) as asker:
        asker.now += 1
        assert asker.bulk(ANN).body["createdAt"] == "2030-01-01T00:00:01.000Z"


WRONG: dict[str, tuple[str, str, Any]] = {
    "a time that is none": ("POST", "clock", {"set": "tomorrow"}),
    "an unknown field": ("POST", "clock", {"back": 1}),
    "no JSON": ("POST", "faults", b"{"),
    "a place that is none": ("GET", "log?after=x", None),
}


@pytest.mark.parametrize(("method", "endpoint", "body"), WRONG.values(), ids=WRONG.keys())
def test_an_endpoint_refuses_what_it_cannot_use(asker: Asker, method: str, endpoint: str, body: Any) -> None:
    assert asker.ask(method, f"/emulator/{endpoint}", body).status == 400


def test_the_logs_can_be_read_from_where_one_left_off(asker: Asker) -> None:
    asker.bulk(ANN)
    seen = len(asker.log())
    asker.bulk(ANN)
    asker.ask("GET", CONTROL)
    assert len(asker.ask("GET", f"/emulator/log?after={seen}").body["log"]) == 1
    requests = asker.ask("GET", "/emulator/requests?after=1").body["requests"]
    assert [(each["number"], each["method"], each["status"]) for each in requests] == [
        (2, "PUT", 202),
        (3, "GET", 200),
    ]


def test_inspection_asks_for_no_key(asker: Asker) -> None:
    assert asker.ask("GET", "/emulator/profiles", key=None).status == 200


ADDRESSES = {
    "this machine": ({"host": "127.0.0.1:8010"}, 200),
    "its name": ({"host": "localhost:8010"}, 200),
    "its other address": ({"host": "[::1]:8010"}, 200),
    "without a port": ({"host": "127.0.0.1"}, 200),
    "its own page": ({"origin": "http://127.0.0.1:8010"}, 200),
    "a name bent to this machine": ({"host": "attacker.example:8010"}, 403),
    "a name that ends alike": ({"host": "127.0.0.1.attacker.example:8010"}, 403),
    "no name": ({"host": ""}, 403),
    "a page of another site": ({"origin": "https://attacker.example"}, 403),
    "a page of another port": ({"origin": "http://127.0.0.1:3000"}, 403),
    "a page of nowhere": ({"origin": "null"}, 403),
}


@pytest.mark.parametrize(("headers", "status"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_inspection_answers_this_machine_alone(asker: Asker, headers: dict[str, str], status: int) -> None:
    asked = [
        asker.ask("GET", "/emulator/profiles", headers=headers),
        asker.ask("POST", "/emulator/faults", [{"do": {"status": 503}}], headers=headers),
    ]
    assert [answer.status for answer in asked] == [status, status]
    assert asker.ask("GET", CONTROL).status == (503 if status == 200 else 200)


def test_a_body_has_a_limit(asker: Asker) -> None:
    huge = b" " * (32 * 1024 * 1024 + 1)
    assert asker.ask("PUT", f"{DATA}/Bulk", huge).body["code"] == 20413
    assert asker.ask("POST", "/emulator/faults", huge).status == 413


def test_a_packed_body_has_the_same_limit_once_unpacked(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101")
    bomb = gzip.compress(b" " * (64 * 1024 * 1024), 1)
    packed = {"content-encoding": "gzip"}
    assert asker.ask("POST", f"{DATA}/{profile}/Observations", bomb, headers=packed).status == 413
    assert asker.ask("POST", f"{DATA}/{profile}/Observations", bomb[:-20], headers=packed).status == 413
    whole = gzip.compress(b'{"observations": []}')
    assert asker.ask("POST", f"{DATA}/{profile}/Observations", whole[:-9], headers=packed).status == 400
