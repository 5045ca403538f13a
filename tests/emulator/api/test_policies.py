"""Where Twilio's texts disagree or say nothing, an option chooses."""

from pathlib import Path
from typing import Any

import pytest

from memory_import.emulator.engine.clock import read_moment
from tests.support.asking import CONTROL, DATA, START, Asker

STORES = "/v1/ControlPlane/Stores"
NOTE = {"content": "Likes tea", "source": "crm/notes", "occurredAt": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(("is_allowed", "status"), [(False, 400), (True, 202)], ids=["document", "SDKs"])
def test_a_source_may_hold_a_slash_or_not(is_allowed: bool, status: int) -> None:
    with Asker(source_with_slash=is_allowed) as asker:
        place = f"{DATA}/{asker.add_contact(phone='+12025550101')}/Observations"
        assert asker.ask("POST", place, {"observations": [NOTE]}).status == status
        listed = asker.ask("GET", f"{place}?source=crm/notes")
        assert listed.status == (200 if is_allowed else 400)


def _share(asker: Asker) -> list[Any]:
    """Two people by phone and by email, and then a row that holds both."""
    asker.bulk({"Contact": {"email": "ann@example.com"}}, {"Contact": {"phone": "+12025550101"}})
    asker.bulk({"Contact": {"phone": "+12025550101", "email": "ann@example.com", "firstName": "Ann"}})
    return [(each["identifiers"], each["traits"]["Contact"].get("firstName")) for each in asker.profiles()]


def test_several_matches_merge() -> None:
    with Asker() as asker:
        assert _share(asker) == [({"email": ["ann@example.com"], "phone": ["+12025550101"]}, "Ann")]


def test_several_matches_are_decided_by_the_first_rule_alone_also_after_a_restart(tmp_path: Path) -> None:
    options: Any = {"several_matches": "first_rule", "state_file": tmp_path / "state.jsonl"}
    with Asker(**options) as asker:
        found = _share(asker)
        before = asker.profiles()
    with Asker(**options) as asker:
        assert asker.profiles() == before
    assert found == [
        ({"email": ["ann@example.com"], "phone": ["+12025550101"]}, "Ann"),
        ({"phone": ["+12025550101"]}, None),
    ]


@pytest.mark.parametrize(("reserved", "status"), [("take", 202), ("refuse", 400)])
def test_a_new_trait_may_bear_a_reserved_name_or_not(reserved: str, status: int) -> None:
    body = {"displayName": "Account", "traits": {"email": {"dataType": "STRING"}}}
    change = {"traits": {"whatsapp": {"dataType": "STRING"}}}
    with Asker(reserved_names=reserved) as asker:
        assert asker.ask("POST", f"{CONTROL}/TraitGroups", body).status == status
        assert asker.ask("PATCH", f"{CONTROL}/TraitGroups/Contact", change).status == status
        kept = {"traits": {"phone": {"dataType": "STRING", "idTypePromotion": "phone"}}}
        assert asker.ask("PATCH", f"{CONTROL}/TraitGroups/Contact", kept).status == 202


def test_an_empty_emulator_has_no_store_until_one_is_made() -> None:
    with Asker(empty=True) as asker:
        assert asker.ask("GET", STORES).body["stores"] == []
        assert asker.ask("POST", STORES, {"displayName": "first"}).status == 202
        assert len(asker.ask("GET", STORES).body["stores"]) == 1


def test_a_store_says_up_to_when_everything_is_processed() -> None:
    with Asker(delay_seconds=(10, 10)) as asker:

        def as_of() -> float:
            moment = read_moment(asker.ask("GET", CONTROL).body["dataAsOf"])
            assert moment is not None
            return moment

        assert as_of() == START
        asker.now += 60
        asker.bulk({"Contact": {"phone": "+12025550101"}})
        assert as_of() == START
        asker.now += 11
        assert as_of() == START + 60


def test_a_profile_keeps_the_newest_hundred_values_of_a_type(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101", email="a0@example.com")
    for number in range(1, 101):
        asker.bulk({"Contact": {"phone": "+12025550101", "email": f"a{number}@example.com"}})
    (held,) = asker.profiles()
    assert (len(held["identifiers"]["email"]), held["identifiers"]["email"][0]) == (100, "a1@example.com")
    assert asker.find("email", "a0@example.com") == []
    assert asker.find("email", "a100@example.com") == [profile]


def test_limits_have_the_codes_of_the_error_directory(asker: Asker) -> None:
    traits = {f"trait{number}": {"dataType": "STRING"} for number in range(92)}
    stores = [asker.ask("POST", STORES, {"displayName": f"s{number}"}) for number in range(15)]
    groups = [
        asker.ask("POST", f"{CONTROL}/TraitGroups", {"displayName": f"G{number}"}) for number in range(50)
    ]
    refused = [
        stores[-1],
        groups[-1],
        asker.ask("PATCH", f"{CONTROL}/TraitGroups/Contact", {"traits": traits}),
        asker.ask("GET", f"{STORES}/mine"),
    ]
    assert [answer.body["code"] for answer in refused] == [520044, 520053, 520054, 520049]
