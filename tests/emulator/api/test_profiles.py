from typing import Any

import pytest

from memory_import.emulator.engine.identity import NORMALISERS
from tests.support.asking import CONTROL, DATA, Asker

NORMALISED = {
    "E.164 stays": ("phone", "+442079460018", "+442079460018"),
    "punctuation goes": ("phone", "+44 (20) 7946-0018", "+442079460018"),
    "ten digits are American": ("phone", "(202) 555-0101", "+12025550101"),
    "eleven with a one are too": ("phone", "1 202 555 0101", "+12025550101"),
    "a country code needs no plus": ("phone", "442079460018", "+442079460018"),
    "a national number is misread": ("phone", "020 7946 0018", "+102079460018"),
    "no digits": ("phone", "call me", None),
    "sixteen digits": ("phone", "+1234567890123456", None),
    "an address is lowered": ("email", "Ann@Example.COM", "ann@example.com"),
    "an address loses spaces": ("email", " ann @ example.com ", "ann@example.com"),
    "an empty address": ("email", " ", None),
    "ends are trimmed": ("trim", " A b ", "A b"),
    "nothing is done": ("none", " A b ", " A b "),
    "255 characters": ("none", "x" * 255, "x" * 255),
    "256 characters": ("none", "x" * 256, None),
}


@pytest.mark.parametrize(("rule", "raw", "expected"), NORMALISED.values(), ids=NORMALISED.keys())
def test_identifiers_are_normalised_by_their_rule(rule: str, raw: str, expected: str | None) -> None:
    assert NORMALISERS[rule](raw) == expected


@pytest.fixture
def merged(asker: Asker) -> tuple[Asker, str, str]:
    """Two profiles that a third request has shown to be one: the asker, the earlier id, the later one."""
    earlier = asker.add_contact(phone="+12025550101", firstName="Ann", lastName="Old")
    asker.now += 1
    later = asker.add_contact(email="ann@example.com", lastName="New")
    for profile in (earlier, later):
        note = {"content": profile, "source": "crm", "occurredAt": "2026-01-01T00:00:00Z"}
        assert asker.ask("POST", f"{DATA}/{profile}/Observations", {"observations": [note]}).status == 202
    asker.now += 1
    asker.bulk({"Contact": {"phone": "+12025550101", "email": "ann@example.com"}})
    return asker, earlier, later


def test_a_merge_keeps_the_earliest_profile_with_all_that_both_held(merged: tuple[Asker, str, str]) -> None:
    asker, earlier, later = merged
    (profile,) = asker.profiles()
    assert profile["id"] == earlier
    assert profile["identifiers"] == {"phone": ["+12025550101"], "email": ["ann@example.com"]}
    assert profile["traits"]["Contact"]["firstName"] == "Ann"
    assert profile["traits"]["Contact"]["lastName"] == "New"
    assert sorted(note["content"] for note in profile["observations"]) == [earlier, later]
    assert asker.find("email", "ann@example.com") == asker.find("phone", "+12025550101") == [earlier]
    assert asker.ask("GET", DATA).body["profiles"] == [earlier]


MOVED = {
    "fetch": ("GET", "", None, 301),
    "traits": ("GET", "/Traits?pageSize=2", None, 301),
    "identifiers": ("GET", "/Identifiers", None, 301),
    "observations": ("GET", "/Observations?source=a%20b", None, 301),
    "patch": ("PATCH", "", {"traits": {}}, 308),
    "delete": ("DELETE", "", None, 308),
    "add identifier": ("POST", "/Identifiers", {"idType": "phone", "value": "+12025550109"}, 308),
    "recall": ("POST", "/Recall", {}, 308),
    "observe": ("POST", "/Observations", {"observations": []}, 308),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), MOVED.values(), ids=MOVED.keys())
def test_a_merged_profile_has_moved(
    merged: tuple[Asker, str, str], method: str, path: str, body: Any, status: int
) -> None:
    asker, earlier, later = merged
    answer = asker.ask(method, f"{DATA}/{later}{path}", body)
    assert (answer.status, answer.headers["canonical-profile-id"]) == (status, earlier)
    assert answer.headers["location"] == answer.body["uri"] == f"http://127.0.0.1:8010{DATA}/{earlier}{path}"
    if method == "GET":
        assert asker.ask("GET", answer.headers["location"]).status == 200


def test_a_memory_of_a_merged_profile_is_answered_in_place(merged: tuple[Asker, str, str]) -> None:
    asker, earlier, later = merged
    note = asker.ask("GET", f"{DATA}/{earlier}/Observations").body["observations"][0]["id"]
    answer = asker.ask("GET", f"{DATA}/{later}/Observations/{note}")
    assert (answer.status, answer.headers["canonical-profile-id"]) == (200, earlier)


def test_creating_resolves_identity_at_once_and_writes_later() -> None:
    with Asker(delay_seconds=(10, 10)) as asker:
        first = asker.add_contact(phone="+12025550101", firstName="Ann")
        assert asker.add_contact(phone="202 555 0101") == first
        assert asker.traits_of(first) == {}
        asker.now += 10
        assert asker.traits_of(first) == {"Contact": {"phone": "202 555 0101", "firstName": "Ann"}}


def test_patch_deletes_what_is_null_and_leaves_what_is_not_named(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101", firstName="Ann", lastName="Lee")
    change = {"traits": {"Contact": {"firstName": None, "lastName": "Li"}}}
    assert asker.ask("PATCH", f"{DATA}/{profile}", change).status == 202
    assert asker.traits_of(profile) == {"Contact": {"phone": "+12025550101", "lastName": "Li"}}


def test_a_deleted_profile_is_found_by_nothing(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101")
    assert asker.ask("DELETE", f"{DATA}/{profile}").status == 202
    assert asker.ask("GET", f"{DATA}/{profile}").body["code"] == 20404
    assert asker.find("phone", "+12025550101") == []
    assert asker.add_contact(phone="+12025550101") != profile


def test_the_traits_of_one_group_can_be_asked_for(asker: Asker) -> None:
    account = {"displayName": "Account", "traits": {"plan": {"dataType": "STRING"}}}
    asker.ask("POST", f"{CONTROL}/TraitGroups", account)
    profile = asker.add_contact(phone="+12025550101")
    asker.ask("PATCH", f"{DATA}/{profile}", {"traits": {"Account": {"plan": "gold"}}})
    answer = asker.ask("GET", f"{DATA}/{profile}?traitGroups=Account,Other")
    assert answer.body["traits"] == {"Account": {"plan": "gold"}}
    flat = asker.ask("GET", f"{DATA}/{profile}/Traits?traitGroups=Account").body["traits"]
    assert [(each["name"], each["value"], each["traitGroup"]) for each in flat] == [
        ("plan", "gold", "Account")
    ]


def _limit_emails(asker: Asker, policy: str) -> None:
    config = {"idType": "email", "normalization": "email", "limit": 3, "limitPolicy": policy}
    body = {"identifierConfigs": [config], "matchingRules": ["email"]}
    assert asker.ask("PUT", f"{CONTROL}/IdentityResolutionSettings", body).status == 202


@pytest.mark.parametrize(("policy", "kept"), [("fifo", "234"), ("lifo", "012")])
def test_beyond_the_limit_the_policy_says_which_values_go(asker: Asker, policy: str, kept: str) -> None:
    _limit_emails(asker, policy)
    profile = asker.add_contact(email="0@example.com")
    for number in range(1, 5):
        value = {"idType": "email", "value": f"{number}@example.com"}
        assert asker.ask("POST", f"{DATA}/{profile}/Identifiers", value).status == 202
    held = asker.ask("GET", f"{DATA}/{profile}/Identifiers/email").body["values"]
    assert held == [f"{number}@example.com" for number in kept]
    found = [bool(asker.find("email", f"{number}@example.com")) for number in range(5)]
    assert found == [str(number) in kept for number in range(5)]


def test_an_identifier_of_another_profile_merges_the_two(asker: Asker) -> None:
    earlier = asker.add_contact(phone="+12025550101")
    later = asker.add_contact(phone="+12025550102")
    value = {"idType": "phone", "value": "+12025550101"}
    assert asker.ask("POST", f"{DATA}/{later}/Identifiers", value).status == 202
    assert asker.ask("GET", f"{DATA}/{later}").headers["canonical-profile-id"] == earlier


def test_a_value_can_be_replaced_and_only_one_that_is_held(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101")
    path = f"{DATA}/{profile}/Identifiers/phone"
    change = {"idType": "phone", "oldValue": "202 555 0101", "newValue": "+12025550102"}
    answers = [asker.ask("PATCH", path, change) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 409]
    assert answers[1].body["code"] == 20409
    assert asker.ask("GET", path).body["values"] == ["+12025550102"]


def test_values_that_match_no_rule_may_be_shared(asker: Asker) -> None:
    configs = [{"idType": "email", "normalization": "email"}, {"idType": "phone", "normalization": "phone"}]
    body = {"identifierConfigs": configs, "matchingRules": ["email"]}
    asker.ask("PUT", f"{CONTROL}/IdentityResolutionSettings", body)
    shared = {"phone": "+12025550100"}
    ids = [asker.add_contact(email=f"{name}@example.com", **shared) for name in ("ann", "bob")]
    assert asker.find("phone", "+12025550100") == ids


def test_pages_come_newest_first_and_lead_back(asker: Asker) -> None:
    ids = [asker.add_contact(phone=f"+1202555010{number}") for number in range(5)]
    first = asker.ask("GET", f"{DATA}?pageSize=2").body
    second = asker.ask("GET", f"{DATA}?pageSize=2&pageToken={first['meta']['nextToken']}").body
    back = asker.ask("GET", f"{DATA}?pageSize=2&pageToken={second['meta']['previousToken']}").body
    assert (first["profiles"], second["profiles"]) == ([ids[4], ids[3]], [ids[2], ids[1]])
    assert back == first
    assert first["meta"]["key"] == "profiles"
    assert "previousToken" not in first["meta"]


def test_a_page_is_neither_repeated_nor_skipped_by_what_comes_in_between(asker: Asker) -> None:
    ids = [asker.add_contact(phone=f"+1202555010{number}") for number in range(4)]
    first = asker.ask("GET", f"{DATA}?pageSize=2").body
    asker.add_contact(phone="+12025550109")
    second = asker.ask("GET", f"{DATA}?pageSize=2&pageToken={first['meta']['nextToken']}").body
    assert first["profiles"] + second["profiles"] == ids[::-1]
