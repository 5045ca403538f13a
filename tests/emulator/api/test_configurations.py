"""Conversation configurations: names, limits, channels, keys, and operations of their own."""

from pathlib import Path
from typing import Any

import pytest

from memory_import.emulator.engine.ids import FIRST_STORE_ID
from tests.support.asking import Answer, Asker

PLACE = "/v2/ControlPlane/Configurations"
KEY = "01890a5d-aa0f-7c80-b8e6-0242ac140004"
SMS = {"statusTimeouts": {"inactive": 10, "closed": 15}}


def _body(**changes: Any) -> dict[str, Any]:
    return {
        "displayName": "acme",
        "description": "All channels",
        "conversationGroupingType": "GROUP_BY_PARTICIPANT_ADDRESSES",
        "memoryStoreId": FIRST_STORE_ID,
        **changes,
    }


def _create(asker: Asker, *, key: str | None = None, **changes: Any) -> Answer:
    headers = {"idempotency-key": key} if key else {}
    return asker.ask("POST", PLACE, _body(**changes), headers=headers)


def _address(answer: Answer) -> str:
    return f"{PLACE}/{answer.body['related']['configurationId']}"


def test_a_configuration_is_there_once_its_operation_is_completed() -> None:
    with Asker(delay_seconds=(10, 10)) as asker:
        accepted = _create(asker)
        assert (accepted.status, accepted.headers["location"]) == (202, accepted.body["statusUrl"])
        seen = []
        for _ in range(2):
            operation = asker.ask("GET", accepted.body["statusUrl"]).body
            seen.append((operation["status"], asker.ask("GET", _address(accepted)).status))
            asker.now += 11
        assert seen == [("PENDING", 404), ("COMPLETED", 200)]
        found = asker.ask("GET", _address(accepted)).body
        assert (found["memoryExtractionEnabled"], found["version"]) == (False, 1)


def test_a_name_is_taken_once_and_the_other_is_named() -> None:
    with Asker(delay_seconds=(10, 10)) as asker:
        first = _create(asker)
        second = _create(asker)
        assert (second.status, second.body["code"]) == (409, 20409)
        assert second.headers["x-conflicting-resource-id"] == first.body["related"]["configurationId"]


def test_the_same_key_gets_the_first_answer_for_a_day_and_after_a_restart(tmp_path: Path) -> None:
    options = {"state_file": tmp_path / "state.jsonl"}
    with Asker(**options) as asker:
        first = _create(asker, key=KEY)
        assert _create(asker, key=KEY).body == first.body
    with Asker(**options) as asker:
        assert _create(asker, key=KEY, displayName="another").body == first.body
        assert len(asker.ask("GET", PLACE).body["configurations"]) == 1
        asker.now += 86_401
        assert _create(asker, key=KEY, displayName="another").body != first.body


def test_channels_are_merged_replaced_and_taken_away(asker: Asker) -> None:
    address = _address(_create(asker, channelSettings={"SMS": SMS, "VOICE": {}}))
    asker.ask("PATCH", address, {"channelSettings": {"VOICE": None, "CHAT": SMS}, "description": None})
    found = asker.ask("GET", address).body
    assert (found["channelSettings"], found["description"]) == ({"SMS": SMS, "CHAT": SMS}, "All channels")
    asker.ask("PUT", address, _body(channelSettings={"RCS": SMS}))
    assert asker.ask("GET", address).body["channelSettings"] == {"RCS": SMS}


def test_the_list_is_filtered_by_store_and_a_wrong_store_is_taken_in_silence(asker: Asker) -> None:
    other = "mem_store_00000000000000000000000009"
    assert _create(asker, memoryStoreId=other).status == 202
    _create(asker, displayName="second")
    names = [each["displayName"] for each in asker.ask("GET", PLACE).body["configurations"]]
    assert names == ["second", "acme"]
    found = asker.ask("GET", f"{PLACE}?memoryStoreId={other}").body["configurations"]
    assert [each["displayName"] for each in found] == ["acme"]
    assert asker.ask("GET", f"{PLACE}?memoryStoreId=mine").status == 400


def test_ten_are_the_limit_and_a_deleted_one_makes_room(asker: Asker) -> None:
    answers = [_create(asker, displayName=f"number {number}") for number in range(11)]
    assert [answer.status for answer in answers] == [202] * 10 + [400]
    assert asker.ask("DELETE", _address(answers[0])).status == 202
    assert _create(asker, displayName="eleventh").status == 202


def test_the_grouping_stays_as_it_is(asker: Asker) -> None:
    address = _address(_create(asker))
    change = {"conversationGroupingType": "GROUP_BY_PROFILE"}
    assert asker.ask("PATCH", address, change).status == 400
    assert asker.ask("PUT", address, _body(channelSettings={}, **change)).status == 400


def test_an_operation_can_fail_by_script() -> None:
    with Asker(faults=[{"do": {"fail_operation": {"detail": "as told"}}}]) as asker:
        accepted = _create(asker)
        operation = asker.ask("GET", accepted.body["statusUrl"]).body
        assert (operation["status"], operation["error"]["detail"]) == ("FAILED", "as told")
        assert asker.ask("GET", _address(accepted)).status == 404
        assert _create(asker).status == 202


REFUSED: dict[str, Any] = {
    "no name": _body(displayName=None),
    "33 characters": _body(displayName="x" * 33),
    "a dot in the name": _body(displayName="acme.com"),
    "513 characters": _body(description="x" * 513),
    "an unknown grouping": _body(conversationGroupingType="GROUP_BY_NAME"),
    "no store": _body(memoryStoreId=None),
    "an unknown channel": _body(channelSettings={"FAX": {}}),
    "no minutes": _body(channelSettings={"SMS": {"statusTimeouts": {"inactive": 0}}}),
    "a rule without an end": _body(channelSettings={"SMS": {"captureRules": [{"from": "*"}]}}),
    "three callbacks": _body(statusCallbacks=[{"url": "https://example.com"}] * 3),
    "six intelligences": _body(intelligenceConfigurationIds=["a"] * 6),
    "a list": [],
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_a_configuration_that_breaks_a_rule_is_refused(asker: Asker, body: Any) -> None:
    assert asker.ask("POST", PLACE, body).status == 400


def test_a_key_that_is_none_is_refused(asker: Asker) -> None:
    assert _create(asker, key="once").status == 400
