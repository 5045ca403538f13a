from typing import Any

import pytest

from tests.support.asking import CONTROL, DATA, START, Asker

STORES = "/v1/ControlPlane/Stores"
GROUPS = f"{CONTROL}/TraitGroups"
SETTINGS = f"{CONTROL}/IdentityResolutionSettings"


def test_a_fresh_emulator_has_one_active_store_with_contact(asker: Asker) -> None:
    (store_id,) = asker.ask("GET", STORES).body["stores"]
    assert asker.ask("GET", f"{STORES}/{store_id}").body["status"] == "ACTIVE"
    (group,) = asker.ask("GET", f"{GROUPS}?includeTraits=true").body["traitGroups"]
    promoted = {name: each.get("idTypePromotion") for name, each in group["traits"].items()}
    assert (group["displayName"], promoted) == (
        "Contact",
        {"phone": "phone", "email": "email", "firstName": None, "lastName": None},
    )


def test_a_store_is_provisioned_by_the_clock() -> None:
    with Asker(delay_seconds=(10, 10)) as asker:
        accepted = asker.ask("POST", STORES, {"displayName": "second"})
        assert accepted.status == 202
        assert accepted.headers["location"] == accepted.body["statusUrl"]
        assert accepted.headers["retry-after"] == "1"
        (store_id,) = set(asker.ask("GET", STORES).body["stores"]) - {CONTROL.rsplit("/", 1)[1]}
        seen = []
        for _ in range(3):
            refused = asker.ask("GET", f"/v1/Stores/{store_id}/Profiles").body.get("code")
            seen.append((asker.ask("GET", f"{STORES}/{store_id}").body["status"], refused))
            asker.now += 5
        assert seen == [("QUEUED", 520042), ("PROVISIONING", 520042), ("ACTIVE", None)]
        operation = asker.ask("GET", accepted.body["statusUrl"]).body
        assert operation["result"] == {"type": "RESOURCE_ID", "id": store_id}


def test_a_store_can_take_a_minute_by_script() -> None:
    faults = [{"when": {"method": "POST", "path": STORES}, "do": {"late_seconds": 60}}]
    with Asker(empty=True, faults=faults) as asker:
        operation = asker.ask("POST", STORES, {"displayName": "slow"}).headers["location"]
        (store_id,) = asker.ask("GET", STORES).body["stores"]
        seen = []
        for after_seconds in (0, 59, 61):
            asker.now = START + after_seconds
            store = asker.ask("GET", f"{STORES}/{store_id}").body
            seen.append((store["status"], asker.ask("GET", operation).body["status"]))
        assert seen == [("QUEUED", "PENDING"), ("PROVISIONING", "RUNNING"), ("ACTIVE", "COMPLETED")]


def test_a_store_whose_creation_fails_is_failed_and_keeps_its_name() -> None:
    failure = {"fail_operation": {"code": 520046, "detail": "as told"}}
    faults = [{"when": {"method": "POST", "path": STORES}, "do": failure}]
    with Asker(empty=True, faults=faults) as asker:
        operation = asker.ask("POST", STORES, {"displayName": "unlucky"}).headers["location"]
        (store_id,) = asker.ask("GET", STORES).body["stores"]
        store = asker.ask("GET", f"{STORES}/{store_id}").body
        assert (store["status"], asker.ask("GET", operation).body["status"]) == ("FAILED", "FAILED")
        assert asker.ask("POST", STORES, {"displayName": "unlucky"}).status == 400


def test_fifteen_stores_are_the_limit(asker: Asker) -> None:
    answers = [asker.ask("POST", STORES, {"displayName": f"store-{number}"}).status for number in range(15)]
    assert answers == [202] * 14 + [400]


def test_a_stale_etag_is_refused_and_the_present_one_is_not(asker: Asker) -> None:
    etag = asker.ask("GET", CONTROL).headers["etag"]
    change = {"description": "another"}
    answers = [asker.ask("PATCH", CONTROL, change, headers={"if-match": etag}) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 412]
    assert answers[1].body["code"] == 520043
    assert asker.ask("GET", CONTROL).body["description"] == "another"


def test_a_deleted_store_is_gone_with_all_it_held(asker: Asker) -> None:
    asker.add_contact(phone="+12025550101")
    assert asker.ask("DELETE", CONTROL).status == 202
    assert [asker.ask("GET", path).status for path in (CONTROL, GROUPS, DATA)] == [404, 404, 404]


def test_traits_are_added_changed_and_removed(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101", firstName="Ann")
    traits = {"nickName": {"dataType": "STRING"}, "lastName": {"dataType": ""}}
    assert asker.ask("PATCH", f"{GROUPS}/Contact", {"traits": traits}).status == 202
    group = asker.ask("GET", f"{GROUPS}/Contact").body["traitGroup"]
    assert (set(group["traits"]), group["version"]) == ({"phone", "email", "firstName", "nickName"}, 2)
    assert asker.bulk({"Contact": {"phone": "+12025550101", "nickName": "A"}}).status == 202
    assert asker.bulk({"Contact": {"phone": "+12025550101", "lastName": "L"}}).body["code"] == 520010
    assert asker.traits_of(profile)["Contact"]["nickName"] == "A"


def test_the_group_with_the_only_identifiers_stays_and_others_can_go(asker: Asker) -> None:
    account = {"displayName": "Account", "traits": {"plan": {"dataType": "STRING"}}}
    assert asker.ask("POST", GROUPS, account).status == 202
    profile = asker.add_contact(phone="+12025550101")
    asker.ask("PATCH", f"{DATA}/{profile}", {"traits": {"Account": {"plan": "gold"}}})
    assert asker.ask("DELETE", f"{GROUPS}/Contact").body["code"] == 20409
    assert asker.ask("DELETE", f"{GROUPS}/Account").status == 202
    assert asker.traits_of(profile) == {"Contact": {"phone": "+12025550101"}}


def _group(**traits: Any) -> Any:
    return {"displayName": "Account", "traits": traits}


STRING = {"dataType": "STRING"}
REFUSED_GROUPS = {
    "no name": {"traits": {}},
    "a blank in the name": {"displayName": "My Account"},
    "65 characters": {"displayName": "x" * 65},
    "a name that is taken": {"displayName": "Contact"},
    "96 traits": _group(**{f"trait{number}": STRING for number in range(96)}),
    "an upper-case trait": _group(Plan=STRING),
    "an underscore in a trait": _group(my_plan=STRING),
    "no data type": _group(plan={}),
    "an unknown data type": _group(plan={"dataType": "DATE"}),
    "a deletion mark": _group(plan={"dataType": ""}),
    "an unknown identifier type": _group(plan={"dataType": "STRING", "idTypePromotion": "plan"}),
    "a rule for another type": _group(plan={"dataType": "STRING", "validationRule": {"ruleType": "BOOLEAN"}}),
    "a pattern that is none": _group(
        plan={"dataType": "STRING", "validationRule": {"ruleType": "STRING", "pattern": "("}}
    ),
    "an unknown field": {"displayName": "Account", "colour": "red"},
}


@pytest.mark.parametrize("body", REFUSED_GROUPS.values(), ids=REFUSED_GROUPS.keys())
def test_a_trait_group_that_breaks_a_rule_is_refused(asker: Asker, body: Any) -> None:
    assert asker.ask("POST", GROUPS, body).status == 400
    assert len(asker.ask("GET", GROUPS).body["traitGroups"]) == 1


def test_fifty_groups_of_ninety_five_traits_are_the_limit(asker: Asker) -> None:
    traits = {f"trait{number}": STRING for number in range(95)}
    answers = [
        asker.ask("POST", GROUPS, {"displayName": f"Group{number}", "traits": traits}).status
        for number in range(50)
    ]
    assert answers == [202] * 49 + [400]
    assert len(asker.ask("GET", f"{GROUPS}?pageSize=100").body["traitGroups"]) == 50


def test_identity_settings_are_replaced_as_a_whole(asker: Asker) -> None:
    etag = asker.ask("GET", SETTINGS).headers["etag"]
    body = {"identifierConfigs": [{"idType": "phone", "normalization": "none"}], "matchingRules": ["phone"]}
    assert asker.ask("PUT", SETTINGS, body, headers={"if-match": '"v9"'}).status == 412
    assert asker.ask("PUT", SETTINGS, body, headers={"if-match": etag}).status == 202
    settings = asker.ask("GET", SETTINGS).body
    assert (settings["version"], settings["matchingRules"]) == (2, ["phone"])
    assert settings["identifierConfigs"][0]["limitPolicy"] == "fifo"
    asker.add_contact(phone="202 555 0101")
    assert asker.find("phone", "202 555 0101") != []
    assert asker.ask("POST", f"{DATA}/Lookup", {"idType": "email", "value": "a@b.co"}).status == 400


PHONE = {"idType": "phone"}
REFUSED_SETTINGS = {
    "no types": {"identifierConfigs": [], "matchingRules": ["phone"]},
    "no rules": {"identifierConfigs": [PHONE], "matchingRules": []},
    "a rule without a type": {"identifierConfigs": [PHONE], "matchingRules": ["email"]},
    "a type named twice": {"identifierConfigs": [PHONE, PHONE], "matchingRules": ["phone"]},
    "a limit of 101": {"identifierConfigs": [{**PHONE, "limit": 101}], "matchingRules": ["phone"]},
    "16 types": {
        "identifierConfigs": [{"idType": f"type{number}"} for number in range(16)],
        "matchingRules": ["type1"],
    },
    "what cannot be changed yet": {
        "identifierConfigs": [{**PHONE, "enforceUnique": False}],
        "matchingRules": ["phone"],
    },
}


@pytest.mark.parametrize("body", REFUSED_SETTINGS.values(), ids=REFUSED_SETTINGS.keys())
def test_identity_settings_that_break_a_rule_are_refused(asker: Asker, body: Any) -> None:
    assert asker.ask("PUT", SETTINGS, body).status == 400


@pytest.mark.parametrize(
    "query",
    ["pageSize=0", "pageSize=101", "pageSize=x", "orderBy=UP", "pageToken=x", "includeTraits=maybe"],
)
def test_a_query_that_breaks_a_rule_is_refused(asker: Asker, query: str) -> None:
    assert asker.ask("GET", f"{GROUPS}?{query}").body["code"] == 520046


def test_an_unsupported_method_says_what_is_allowed(asker: Asker) -> None:
    answer = asker.ask("POST", CONTROL)
    assert (answer.status, answer.body["code"]) == (405, 20004)
    assert set(answer.headers["allow"].split(", ")) == {"GET", "PATCH", "DELETE"}
