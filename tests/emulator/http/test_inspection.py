from pathlib import Path
from typing import Any

import pytest

from tests.support.asking import CONTROL, Asker

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


@pytest.mark.parametrize(("method", "door", "body"), WRONG.values(), ids=WRONG.keys())
def test_a_door_refuses_what_it_cannot_use(asker: Asker, method: str, door: str, body: Any) -> None:
    assert asker.ask(method, f"/emulator/{door}", body).status == 400


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


def test_doors_ask_for_no_key(asker: Asker) -> None:
    assert asker.ask("GET", "/emulator/profiles", key=None).status == 200
