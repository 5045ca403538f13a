from typing import Any

import pytest

from tests.support.asking import CONTROL, DATA, KEY, Asker

ANN = {"Contact": {"phone": "+12025550101", "email": "ann@example.com", "firstName": "Ann"}}
BOB = {"Contact": {"phone": "+12025550102", "firstName": "Bob"}}


def _declare(asker: Asker, **traits: Any) -> None:
    answer = asker.ask("POST", f"{CONTROL}/TraitGroups", {"displayName": "Account", "traits": traits})
    assert answer.status == 202, answer.content


def test_a_batch_is_accepted_and_its_profiles_can_be_found(asker: Asker) -> None:
    assert asker.bulk(ANN, BOB).status == 202
    (ann,) = asker.find("email", "ann@example.com")
    (bob,) = asker.find("phone", "202-555-0102")
    assert (asker.traits_of(ann), asker.traits_of(bob)) == (ANN, BOB)


def test_the_answer_names_an_operation_unless_the_older_answer_is_asked_for() -> None:
    with Asker() as newer, Asker(bulk_answer="message") as older:
        assert set(newer.bulk(ANN).body) == {"message", "operationId", "createdAt", "statusUrl"}
        assert set(older.bulk(ANN).body) == {"message"}


def test_an_upsert_overwrites_and_adds_and_leaves_the_rest(asker: Asker) -> None:
    asker.bulk(ANN)
    asker.bulk({"Contact": {"email": "ANN@example.com", "firstName": "Anna", "lastName": "Lee"}})
    (profile,) = asker.profiles()
    assert profile["traits"]["Contact"] == {
        "phone": "+12025550101",
        "email": "ANN@example.com",
        "firstName": "Anna",
        "lastName": "Lee",
    }


def test_the_same_body_twice_changes_nothing(asker: Asker) -> None:
    asker.bulk(ANN, BOB)
    before = asker.profiles()
    asker.bulk(ANN, BOB)
    assert asker.profiles() == before


def test_an_operation_goes_through_its_life_and_is_forgotten_after_seven_days() -> None:
    with Asker(delay_seconds=(10, 10), operation_retry_after_seconds=3) as asker:
        address = asker.bulk(ANN).body["statusUrl"]
        seen = []
        for wait in (0, 5, 5, 7 * 86_400, 1):
            asker.now += wait
            answer = asker.ask("GET", address)
            seen.append(
                (answer.body.get("status"), answer.headers.get("retry-after"), answer.body.get("code"))
            )
        assert seen == [
            ("PENDING", "3", None),
            ("RUNNING", "3", None),
            ("COMPLETED", None, None),
            ("COMPLETED", None, None),
            (404, None, 520052),
        ]


def test_nothing_can_be_read_before_the_lag_is_over() -> None:
    with Asker(delay_seconds=(10, 10), read_lag_seconds=5) as asker:
        address = asker.bulk(ANN).body["statusUrl"]
        asker.now += 14.9
        assert asker.ask("GET", address).body["status"] == "COMPLETED"
        assert asker.find("email", "ann@example.com") == []
        asker.now += 0.2
        assert len(asker.find("email", "ann@example.com")) == 1


GOOD = {"phone": "+12025550109"}
REFUSED = {
    "undeclared group": ({"Contact": GOOD, "Other": {"a": "b"}}, 520047),
    "undeclared trait": ({"Contact": {**GOOD, "middleName": "b"}}, 520010),
    "number for a string": ({"Contact": {**GOOD, "firstName": 1}}, 520010),
    "null": ({"Contact": {**GOOD, "firstName": None}}, 520010),
    "1,025 characters": ({"Contact": {**GOOD, "firstName": "x" * 1025}}, 520010),
    "string for a number": ({"Contact": GOOD, "Account": {"seats": "1"}}, 520010),
    "boolean for a number": ({"Contact": GOOD, "Account": {"seats": True}}, 520010),
    "number above int32": ({"Contact": GOOD, "Account": {"seats": 2**31}}, 520010),
    "number above its rule": ({"Contact": GOOD, "Account": {"rank": 11}}, 520010),
    "string against its rule": ({"Contact": GOOD, "Account": {"code": "abc"}}, 520010),
    "number for a boolean": ({"Contact": GOOD, "Account": {"isPaying": 1}}, 520010),
    "101 items": ({"Contact": GOOD, "Account": {"tags": ["x"] * 101}}, 520010),
    "fraction in an array": ({"Contact": GOOD, "Account": {"tags": [1.5]}}, 520010),
    "array in an array": ({"Contact": GOOD, "Account": {"tags": [["x"]]}}, 520010),
    "no identifier": ({"Contact": {"firstName": "Ann"}}, 520010),
    "blank identifier": ({"Contact": {"phone": "", "email": " "}}, 520010),
    "identifier of 256 characters": ({"Contact": {"email": "x" * 256}}, 520010),
    "no traits": ({}, 520010),
    "traits that are a list": ([], 520010),
    "a group that is a string": ({"Contact": "Ann"}, 520010),
}
ACCEPTED = {
    "1,024 characters": {"Contact": {**GOOD, "firstName": "x" * 1024}},
    "a fraction": {"Contact": GOOD, "Account": {"seats": 1.5}},
    "the ends of int32": {"Contact": GOOD, "Account": {"seats": 2**31 - 1}},
    "100 items": {"Contact": GOOD, "Account": {"tags": ["x", 1, True, "y"] * 25}},
    "a value that keeps its rule": {"Contact": GOOD, "Account": {"code": "A1", "rank": 10}},
    "one usable identifier of two": {"Contact": {**GOOD, "email": ""}},
}


@pytest.fixture
def declared(asker: Asker) -> Asker:
    _declare(
        asker,
        seats={"dataType": "NUMBER"},
        rank={"dataType": "NUMBER", "validationRule": {"ruleType": "NUMBER", "max": 10}},
        code={
            "dataType": "STRING",
            "validationRule": {"ruleType": "STRING", "pattern": "^[A-Z]", "maxLength": 2},
        },
        isPaying={"dataType": "BOOLEAN"},
        tags={"dataType": "ARRAY"},
    )
    return asker


@pytest.mark.parametrize(("traits", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_one_bad_profile_refuses_the_whole_batch(declared: Asker, traits: Any, code: int) -> None:
    answer = declared.bulk(ANN, traits)
    assert (answer.status, answer.body["code"]) == (400, code)
    assert "profiles[1]" in answer.body["message"]
    assert declared.profiles() == []


@pytest.mark.parametrize("traits", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_values_at_the_limits_are_taken(declared: Asker, traits: Any) -> None:
    assert declared.bulk(ANN, traits).status == 202
    assert len(declared.profiles()) == 2


MALFORMED = {
    "no JSON": b"{",
    "not UTF-8": b'{"profiles": "\xff"}',
    "an array": [],
    "no profiles": {},
    "0 profiles": {"profiles": []},
    "1,001 profiles": {"profiles": [{"traits": BOB}] * 1001},
    "another field": {"profiles": [{"traits": BOB}], "more": 1},
    "another field in a profile": {"profiles": [{"traits": BOB, "id": "x"}]},
    "a profile that is a string": {"profiles": ["x"]},
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_body_is_an_invalid_schema(asker: Asker, body: Any) -> None:
    answer = asker.ask("PUT", f"{DATA}/Bulk", body)
    assert (answer.status, answer.body["code"], answer.body["status"]) == (400, 520046, 400)


@pytest.mark.parametrize(
    "headers", [{"content-type": "text/plain"}, {"content-encoding": "gzip"}], ids=["text", "compressed"]
)
def test_a_bulk_takes_plain_json_only(asker: Asker, headers: dict[str, str]) -> None:
    body = {"profiles": [{"traits": BOB}]}
    assert asker.ask("PUT", f"{DATA}/Bulk", body, headers=headers).status == 400


def test_a_thousand_profiles_are_one_batch(asker: Asker) -> None:
    assert (
        asker.bulk(*({"Contact": {"phone": f"+1202555{number:04d}"}} for number in range(1000))).status == 202
    )
    assert len(asker.profiles()) == 1000


def test_two_entries_that_share_an_identifier_are_caught_after_normalisation(asker: Asker) -> None:
    answer = asker.bulk(ANN, BOB, {"Contact": {"phone": "(202) 555-0101"}})
    assert (answer.status, answer.body["code"]) == (400, 520010)
    assert "profiles[2]" in answer.body["message"]


def test_entries_that_race_make_two_profiles_of_one_person() -> None:
    with Asker(shared_identifiers="race") as asker:
        assert asker.bulk(ANN, {"Contact": {"phone": "2025550101"}}).status == 202
        assert len(asker.find("phone", "+12025550101")) == 2
        asker.bulk(ANN)
        assert len(asker.find("phone", "+12025550101")) == 1


def test_bad_rows_can_be_lost_in_silence_but_for_the_log() -> None:
    with Asker(row_failures="skip") as asker:
        answer = asker.bulk(ANN, {"Contact": {"firstName": "Nobody"}}, BOB)
        assert asker.ask("GET", answer.body["statusUrl"]).body["status"] == "COMPLETED"
        assert len(asker.profiles()) == 2
        effects = asker.log()[-1]["effects"]
        assert [each is None for each in effects["profiles"]] == [False, True, False]
        assert [(row, code) for row, code, _ in effects["problems"]] == [(1, 520010)]


def test_bad_rows_can_fail_the_operation_which_then_changes_nothing() -> None:
    with Asker(row_failures="fail") as asker:
        answer = asker.bulk(ANN, {"Contact": {"firstName": "Nobody"}})
        operation = asker.ask("GET", answer.body["statusUrl"]).body
        assert (operation["status"], operation["error"]["code"]) == ("FAILED", 520010)
        assert asker.profiles() == []


def test_an_unusable_identifier_beside_a_usable_one_is_a_warning_in_the_log(asker: Asker) -> None:
    asker.bulk({"Contact": {"phone": "none", "email": "ann@example.com"}})
    assert asker.log()[-1]["effects"]["warnings"] == [[0, 520034]]


def test_the_log_says_which_request_made_which_profile(asker: Asker) -> None:
    answer = asker.bulk(ANN, BOB)
    entry = asker.log()[-1]
    assert entry["request_id"] == answer.headers["twilio-request-id"]
    assert entry["operation_id"] == answer.body["operationId"]
    assert entry["effects"]["profiles"] == [profile["id"] for profile in asker.profiles()]


@pytest.mark.parametrize("key", [None, ("", "secret"), ("user", "")], ids=["none", "no user", "no password"])
def test_every_address_asks_for_a_key(asker: Asker, key: tuple[str, str] | None) -> None:
    for method, path in (("PUT", f"{DATA}/Bulk"), ("GET", CONTROL), ("GET", "/v1/nowhere")):
        answer = asker.ask(method, path, key=key)
        assert (answer.status, answer.body["code"]) == (401, 20003)


def test_a_key_goes_by_basic_authentication_alone(asker: Asker) -> None:
    basic = "Basic dXNlcjpzZWNyZXQ="
    schemes = {
        basic: 200,
        basic.replace("Basic", "Bearer"): 401,
        "Basic user:secret": 401,
        "Basic dXNlcg==": 401,
    }
    for header, status in schemes.items():
        assert asker.ask("GET", CONTROL, key=None, headers={"authorization": header}).status == status


def test_a_given_key_is_the_only_one() -> None:
    with Asker(api_key=KEY) as asker:
        assert asker.ask("GET", CONTROL, key=KEY).status == 200
        assert asker.ask("GET", CONTROL, key=(KEY[0], "other")).status == 401


UNKNOWN = {
    "store that is not there": (
        "PUT",
        "/v1/Stores/mem_store_00000000000000000000000009/Profiles/Bulk",
        404,
        20404,
    ),
    "store id of another form": ("PUT", "/v1/Stores/store9/Profiles/Bulk", 400, 520049),
    "operation that is not there": (
        "GET",
        "/v1/ControlPlane/Operations/mem_operation_00000000000000000000000009",
        404,
        520052,
    ),
    "operation id of another form": ("GET", "/v1/ControlPlane/Operations/x", 400, 520051),
    "the old path": ("GET", "/v1/Services/x", 404, 20404),
    "another method": ("GET", f"{DATA}/Bulk/more", 404, 20404),
}


@pytest.mark.parametrize(("method", "path", "status", "code"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_not_there_has_its_own_code(
    asker: Asker, method: str, path: str, status: int, code: int
) -> None:
    answer = asker.ask(method, path)
    assert (answer.status, answer.body["code"]) == (status, code)
