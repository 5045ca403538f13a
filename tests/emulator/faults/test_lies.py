"""Answers that are not the API's: every status, body, header and time that a script can make up."""

import gzip
import json
import zlib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from memory_import.emulator.api.routes import ROUTES
from memory_import.emulator.engine.ids import FIRST_STORE_ID
from memory_import.emulator.http.answers import ConnectionDropped
from memory_import.emulator.server import Running, running
from tests.support.asking import CONTROL, DATA, START, Answer, Asker

ANN = {"Contact": {"phone": "+12025550101"}}
NOTE = {"content": "Likes tea", "source": "crm", "occurredAt": "2026-01-01T00:00:00Z"}

IDS = {
    "store_id": FIRST_STORE_ID,
    "group_name": "Contact",
    "operation_id": "mem_operation_00000000000000000000000001",
    "configuration_id": "conv_configuration_00000000000000000000000001",
    "profile_id": "mem_profile_00000000000000000000000001",
    "memory_id": "mem_observation_00000000000000000000000001",
    "import_id": "mem_import_00000000000000000000000001",
    "id_type": "phone",
}
QUESTIONS = [
    *((method, path.format(**IDS)) for path, handlers in ROUTES.items() for method in handlers),
    ("GET", "/v1/Services"),
]
"""Every route, and one that is none."""
LIES: dict[str, tuple[dict[str, Any], int, bytes]] = {
    "202 HTML": ({"status": 202, "body": "html"}, 202, b"<html>"),
    "202 empty": ({"status": 202, "body": "empty"}, 202, b""),
    "202 []": ({"status": 202, "body": {"json": []}}, 202, b"[]"),
    "200 {}": ({"status": 200, "body": {"json": {}}}, 200, b"{}"),
    "200 null": ({"status": 200, "body": {"json": None}}, 200, b"null"),
    "200 error object": ({"status": 200, "body": "error", "code": 20500}, 200, b'{"code":20500'),
    "204": ({"status": 204}, 204, b""),
    "207": ({"status": 207, "body": {"json": {"message": 7}}}, 207, b'{"message":7}'),
    "307": ({"status": 307, "headers": {"Location": "http://127.0.0.1:1/"}}, 307, b"{"),
    "404 HTML": ({"status": 404, "body": "html"}, 404, b"<html>"),
    "405": ({"status": 405}, 405, b"{"),
    "421": ({"status": 421}, 421, b"{"),
    "truncated JSON": ({"status": 202, "body": {"text": '{"mess'}}, 202, b'{"mess'),
}


@pytest.mark.parametrize(("do", "status", "start"), LIES.values(), ids=LIES.keys())
def test_every_route_can_be_answered_with_any_status_and_body(
    do: dict[str, Any], status: int, start: bytes
) -> None:
    body = {"traits": ANN, "profiles": [{"traits": ANN}], "displayName": "one", "idType": "phone"}
    with Asker(faults=[{"do": do}]) as asker:
        for method, path in QUESTIONS:
            answer = asker.ask(method, path, body)
            assert (answer.status, answer.content[: len(start)]) == (status, start), path
            assert (answer.content == b"") == (start == b"")
        assert [entry["request_id"] for entry in asker.log()] == ["start"]


def _asker(**do: Any) -> Asker:
    return Asker(faults=[{"do": do}])


def test_a_request_can_be_applied_and_then_answered_500() -> None:
    with _asker(status=500, applied=True) as asker:
        assert asker.bulk(ANN).body["code"] == 20500
        assert len(asker.profiles()) == 1


def test_the_apis_own_answer_can_be_of_wrong_types_and_lack_members() -> None:
    with _asker(set_members={"operationId": 7, "meta.deep": 1}, omit_members=["statusUrl"]) as asker:
        body = asker.bulk(ANN).body
        assert (body["operationId"], "statusUrl" in body) == (7, False)
        assert len(asker.profiles()) == 1


def test_members_inside_objects_and_arrays_can_be_set() -> None:
    with _asker(set_members={"meta.nextToken": "x", "traitGroups.0.version": None}) as asker:
        body = asker.ask("GET", f"{CONTROL}/TraitGroups").body
        assert (body["meta"]["nextToken"], body["traitGroups"][0]["version"]) == ("x", None)


def test_headers_can_be_set_and_taken_away() -> None:
    with _asker(headers={"Location": "nonsense", "Retry-After": None}) as asker:
        answer = asker.ask("POST", "/v1/ControlPlane/Stores", {"displayName": "second"})
        assert answer.headers["location"] == "nonsense"
        assert "retry-after" not in answer.headers
        assert answer.status == 202


def test_a_body_can_be_large_and_packed_beyond_measure() -> None:
    with _asker(status=202, body={"bytes": 3_000_000}) as asker:
        answer = asker.bulk(ANN)
        assert len(answer.content) == 3_000_000 == int(answer.headers["content-length"])
        assert answer.body["message"].startswith("xxx")
    with _asker(body={"bytes": 50_000_000, "gzip": True}) as asker:
        answer = asker.bulk(ANN)
        assert answer.headers["content-encoding"] == "gzip"
        assert len(answer.content) < 300_000
        assert len(gzip.decompress(answer.content)) == 50_000_000


def test_an_endless_body_ends_with_the_transport_that_cannot_hang_up() -> None:
    with _asker(body="endless") as asker, pytest.raises(ConnectionDropped):
        asker.bulk(ANN)


def _date(answer: Answer) -> float:
    return parsedate_to_datetime(answer.headers["date"]).timestamp()


def test_the_date_is_the_emulators_own_and_can_be_of_another_clock_or_missing(asker: Asker) -> None:
    assert _date(asker.bulk(ANN)) == START
    asker.ask("POST", "/emulator/clock", {"advance_seconds": 3600})
    assert _date(asker.bulk(ANN)) == START + 3600
    asker.ask("POST", "/emulator/faults", [{"do": {"date_offset_seconds": -30}}])
    assert _date(asker.bulk(ANN)) == START + 3570
    asker.ask("POST", "/emulator/faults", [{"do": {"no_date": True}}])
    assert "date" not in asker.bulk(ANN).headers


def test_a_clock_that_is_set_back_takes_nothing_away(asker: Asker) -> None:
    place = f"{DATA}/{asker.add_contact(phone='+12025550101')}/Observations"
    asker.ask("POST", place, {"observations": [NOTE]})
    asker.ask("POST", "/emulator/clock", {"advance_seconds": -3600})
    assert len(asker.ask("GET", place).body["observations"]) == 1


@pytest.mark.parametrize("offset", [-3600, 6])
def test_observations_can_be_created_by_another_clock(offset: int) -> None:
    rule = {"when": {"method": "POST", "path": "*/Observations"}, "do": {"created_offset_seconds": offset}}
    with Asker(faults=[rule]) as asker:
        place = f"{DATA}/{asker.add_contact(phone='+12025550101')}/Observations"
        asker.ask("POST", place, {"observations": [NOTE]})
        (held,) = asker.ask("GET", place).body["observations"]
        assert held["createdAt"][11:19] == {-3600: "07:00:00", 6: "08:00:06"}[offset]
        assert len(asker.ask("GET", f"{place}?createdAfter={held['createdAt']}").body["observations"]) == 1


def test_a_lookup_a_profile_and_a_listing_can_lag(asker: Asker) -> None:
    profile = asker.add_contact(phone="+12025550101")
    place = f"{DATA}/{profile}/Observations"
    asker.now += 60
    asker.ask("POST", place, {"observations": [NOTE]})
    asker.ask("PATCH", f"{DATA}/{profile}", {"traits": {"Contact": {"firstName": "Ann"}}})
    later = asker.add_contact(phone="+12025550102")
    asker.ask("POST", "/emulator/faults", [{"when": {"to": 6}, "do": {"stale_seconds": 30}}])
    assert asker.find("phone", "+12025550102") == []
    assert asker.find("phone", "+12025550101") == [profile]
    assert asker.ask("GET", f"{DATA}/{later}").status == 404
    assert asker.traits_of(profile) == {"Contact": {"phone": "+12025550101"}}
    assert asker.ask("GET", place).body["observations"] == []
    assert asker.ask("GET", DATA).body["profiles"] == [profile]
    assert asker.find("phone", "+12025550102") == [later]
    assert len(asker.ask("GET", place).body["observations"]) == 1


def test_memories_and_recall_can_lag(asker: Asker) -> None:
    profile = f"{DATA}/{asker.add_contact(phone='+12025550101')}"
    asker.ask("POST", f"{profile}/Observations", {"observations": [NOTE]})
    (first,) = asker.ask("GET", f"{profile}/Observations").body["observations"]
    asker.now += 60
    asker.ask("PATCH", f"{profile}/Observations/{first['id']}", {"content": "Likes coffee"})
    asker.ask("POST", f"{profile}/Observations", {"observations": [{**NOTE, "content": "New"}]})

    def contents() -> list[list[str]]:
        listed = asker.ask("GET", f"{profile}/Observations").body["observations"]
        recalled = asker.ask("POST", f"{profile}/Recall", {}).body["observations"]
        return [[each["content"] for each in found] for found in (listed, recalled)]

    asker.ask("POST", "/emulator/faults", [{"do": {"stale_seconds": 30}}])
    assert contents() == [["Likes tea"], ["Likes tea"]]
    assert asker.ask("GET", f"{profile}/Observations/{first['id']}").body["content"] == "Likes tea"
    asker.ask("POST", "/emulator/faults", [])
    assert [sorted(each) for each in contents()] == [["Likes coffee", "New"]] * 2


def test_the_control_plane_can_lag(asker: Asker) -> None:
    settings, stores = f"{CONTROL}/IdentityResolutionSettings", CONTROL.rpartition("/")[0]
    configurations = "/v2/ControlPlane/Configurations"

    def shown() -> list[Any]:
        identity, groups = asker.ask("GET", settings), asker.ask("GET", f"{CONTROL}/TraitGroups")
        configured = asker.ask("GET", configurations).body["configurations"]
        store = asker.ask("GET", CONTROL)
        return [
            len(asker.ask("GET", stores).body["stores"]),
            (store.body.get("description"), store.headers["etag"]),
            (identity.body["matchingRules"], identity.headers["etag"]),
            [(each["displayName"], each["version"]) for each in groups.body["traitGroups"]],
            [each["memoryExtractionEnabled"] for each in configured],
        ]

    def change(is_on: bool) -> None:
        rules = {**asker.ask("GET", settings).body, "matchingRules": ["email" if is_on else "phone"]}
        asker.ask("PATCH", CONTROL, {"description": f"{is_on}"})
        asker.ask("PUT", settings, {name: rules[name] for name in ("identifierConfigs", "matchingRules")})
        asker.ask("PATCH", f"{CONTROL}/TraitGroups/Contact", {"traits": {"x": {"dataType": "STRING"}}})
        asker.ask("POST", f"{CONTROL}/TraitGroups", {"displayName": f"Group{is_on}"})
        asker.ask("POST", stores, {"displayName": f"{is_on}"})
        made = asker.ask("GET", configurations).body["configurations"]
        if made:
            asker.ask("PATCH", f"{configurations}/{made[0]['id']}", {"memoryExtractionEnabled": is_on})

    configuration = {
        "displayName": "one",
        "description": "",
        "conversationGroupingType": "GROUP_BY_PROFILE",
        "memoryStoreId": FIRST_STORE_ID,
    }
    asker.ask("POST", configurations, configuration)
    history = [shown()]
    for is_on in (True, False):
        asker.now += 60
        change(is_on)
        history.append(shown())
    assert history[0] != history[1] != history[2]
    for age_seconds, expected in ((0, history[2]), (30, history[1]), (90, history[0])):
        asker.ask("POST", "/emulator/faults", [{"do": {"stale_seconds": age_seconds}}])
        assert shown() == expected, age_seconds


def test_a_page_can_lead_to_itself(asker: Asker) -> None:
    for number in range(3):
        asker.add_contact(phone=f"+1202555010{number}")
    asker.ask("POST", "/emulator/faults", [{"do": {"repeat_page": True}}])
    first = asker.ask("GET", f"{DATA}?pageSize=2").body
    token = first["meta"]["nextToken"]
    second = asker.ask("GET", f"{DATA}?pageSize=2&pageToken={token}").body
    assert (second["profiles"], second["meta"]["nextToken"]) == (first["profiles"], token)


def test_an_operation_can_be_unknown_for_a_while() -> None:
    with _asker(hide_operation_seconds=5) as asker:
        address = asker.bulk(ANN).body["statusUrl"]
        refused = asker.ask("GET", address)
        assert (refused.status, refused.body["code"]) == (404, 520052)
        assert len(asker.profiles()) == 1
        asker.now += 5
        assert asker.ask("GET", address).body["status"] == "COMPLETED"


ENDINGS: dict[str, tuple[dict[str, Any], str, int]] = {
    "failed": ({}, "FAILED", 0),
    "failed though applied": ({"applied": True}, "FAILED", 1),
    "cancelled": ({"status": "CANCELLED"}, "CANCELLED", 0),
    "completed with an error, applied": ({"status": "COMPLETED", "applied": True}, "COMPLETED", 1),
    "completed with an error, not applied": ({"status": "COMPLETED"}, "COMPLETED", 0),
}


@pytest.mark.parametrize(("failure", "status", "profiles"), ENDINGS.values(), ids=ENDINGS.keys())
def test_an_operation_can_end_in_any_way(failure: dict[str, Any], status: str, profiles: int) -> None:
    with _asker(fail_operation={"code": 520010, "detail": "as told", **failure}) as asker:
        operation = asker.ask("GET", asker.bulk(ANN).body["statusUrl"]).body
        assert (operation["status"], operation["error"]["detail"]) == (status, "as told")
        assert len(asker.profiles()) == profiles


def test_rows_can_be_skipped_in_silence() -> None:
    with _asker(skip_rows=[0]) as asker:
        answer = asker.bulk(ANN, {"Contact": {"phone": "+12025550102"}})
        assert asker.ask("GET", answer.body["statusUrl"]).body["status"] == "COMPLETED"
        assert [each["identifiers"] for each in asker.profiles()] == [{"phone": ["+12025550102"]}]


@pytest.mark.parametrize(("row_failures", "status"), [("refuse", 400), ("skip", 202), ("fail", 202)])
def test_what_a_bad_row_does_can_be_said_for_each_request(row_failures: str, status: int) -> None:
    with _asker(row_failures=row_failures) as asker:
        answer = asker.bulk(ANN, {"Contact": {"colour": "red"}})
        assert answer.status == status
        assert len(asker.profiles()) == (1 if row_failures == "skip" else 0)


def test_rules_can_count_each_path_for_itself() -> None:
    rule = {"when": {"method": "GET", "per": "path", "nth": 1}, "do": {"status": 404}}
    with Asker(faults=[rule]) as asker:
        paths = [CONTROL, f"{CONTROL}/TraitGroups", CONTROL, f"{CONTROL}/TraitGroups"]
        assert [asker.ask("GET", path).status for path in paths] == [404, 404, 200, 200]


WRONG: dict[str, Any] = {
    "a body without content": {"body": {}},
    "a body with two": {"body": {"json": 1, "text": "1"}},
    "an unknown body": {"body": "xml"},
    "a header of two lines": {"headers": {"Location": "a\nb"}},
    "an ending that is none": {"fail_operation": {"status": "RUNNING"}},
    "a size that is none": {"body": {"bytes": -1}},
}


@pytest.mark.parametrize("do", WRONG.values(), ids=WRONG.keys())
def test_a_lie_that_cannot_be_told_is_refused(asker: Asker, do: Any) -> None:
    assert asker.ask("POST", "/emulator/faults", [{"do": do}]).status == 400


@pytest.fixture
def server() -> Iterator[Running]:
    with running(delay_seconds=(0, 0)) as emulator:
        yield emulator


def _read_some(server: Running, do: dict[str, Any], enough: int) -> tuple[httpx.Response, int]:
    """The answer to one request over a connection, and how much of its body came until it was enough."""
    httpx.post(f"{server.url}/emulator/faults", json=[{"when": {"nth": 1}, "do": do}], timeout=60)
    read = 0
    with httpx.stream("GET", f"{server.url}{CONTROL}", auth=("user", "secret")) as answer:
        for part in answer.iter_raw():
            read += len(part)
            if read >= enough:
                break
    return answer, read


def test_an_endless_body_stops_when_the_client_hangs_up(server: Running) -> None:
    answer, _ = _read_some(server, {"body": "endless"}, 5_000_000)
    assert "content-length" not in answer.headers
    assert httpx.get(f"{server.url}{CONTROL}", auth=("user", "secret"), timeout=60).status_code == 200
    assert server.app.requests[0].finished is not None


def test_a_hundred_megabytes_come_whole(server: Running) -> None:
    answer, read = _read_some(server, {"status": 200, "body": {"bytes": 100_000_000}}, 200_000_000)
    assert read == 100_000_000 == int(answer.headers["content-length"])


def test_a_bomb_unfolds_over_a_connection(server: Running) -> None:
    httpx.post(f"{server.url}/emulator/faults", json=[{"do": {"body": {"bytes": 10**7, "gzip": True}}}])
    with httpx.stream("GET", f"{server.url}{CONTROL}", auth=("user", "secret")) as answer:
        packed = b"".join(answer.iter_raw())
    assert len(packed) < 100_000
    assert len(json.loads(zlib.decompress(packed, 16 + zlib.MAX_WBITS))["message"]) > 9_000_000


def test_a_204_carries_no_body_over_a_connection(server: Running) -> None:
    answer, read = _read_some(server, {"status": 204}, 1)
    assert (answer.status_code, read) == (204, 0)
