"""Where nothing can be followed, profiles are looked up until they are there."""

import json

import httpx
import pytest

from memory_import.destination.api.lookup import identifier_values, wait_until_found
from memory_import.destination.errors import ServiceUnavailable, StoreUnfit
from tests.support.servers import STORE, Clock, Script, make_client, make_pace, refusal

pytestmark = pytest.mark.anyio
FOUND = httpx.Response(200, json={"normalizedValue": "x", "profiles": ["mem_profile_0" + "a" * 25]})
NOT_YET = httpx.Response(200, json={"normalizedValue": "x", "profiles": []})
ID_TYPES = {"Contact.email": "email", "Contact.phone": "phone", "Account.customerId": "crm"}

PAYLOADS = {
    "two types": (
        {"Contact": {"email": "a@example.com", "phone": "+12025550123", "firstName": "Ada"}},
        [("email", "a@example.com"), ("phone", "+12025550123")],
    ),
    "two groups": ({"Account": {"customerId": 7}, "Contact": {"email": "a"}}, [("crm", "7"), ("email", "a")]),
    "the same name in another group": ({"Account": {"email": "a@example.com"}}, []),
    "no identifier": ({"Contact": {"firstName": "Ada"}}, []),
    "nothing": ({}, []),
}


@pytest.mark.parametrize(("traits", "expected"), PAYLOADS.values(), ids=PAYLOADS)
def test_the_identifiers_of_a_profile_are_its_promoted_traits(
    traits: dict[str, dict[str, object]], expected: list[tuple[str, str]]
) -> None:
    assert identifier_values(json.dumps({"traits": traits}), ID_TYPES) == expected


async def look(
    *answers: httpx.Response, count: int = 1, patience_seconds: float = 60
) -> tuple[bool, Script, float]:
    clock, script = Clock(), Script(*answers)
    values = [("email", f"p{number}@example.com") for number in range(count)]
    async with make_client(script, throttle=make_pace(clock)) as client:
        is_found = await wait_until_found(client, STORE, values, patience_seconds=patience_seconds)
    return is_found, script, clock.now - 1_000


async def test_every_value_is_asked_for_by_its_type() -> None:
    is_found, script, waited = await look(FOUND, count=3)
    assert is_found
    assert script.bodies == [{"idType": "email", "value": f"p{number}@example.com"} for number in range(3)]
    assert {request.url.path for request in script.requests} == {f"/v1/Stores/{STORE}/Profiles/Lookup"}
    assert waited == 0


async def test_a_value_is_asked_for_until_it_is_found() -> None:
    is_found, script, waited = await look(NOT_YET, NOT_YET, FOUND)
    assert is_found
    assert len(script.requests) == 3
    assert waited == pytest.approx(2.0)


OTHER_ANSWERS = {
    "an empty object": httpx.Response(200, json={}),
    "no list": httpx.Response(200, json={"profiles": None}),
    "a list of objects": httpx.Response(200, json={"profiles": [{"id": "mem_profile_0" + "a" * 25}]}),
    "an error object": httpx.Response(200, json={"code": 20404, "message": "No", "status": 404}),
    "a page": httpx.Response(404, content=b"<html>"),
    "a redirect": httpx.Response(307, headers={"location": "/elsewhere"}),
}


@pytest.mark.parametrize("answer", OTHER_ANSWERS.values(), ids=OTHER_ANSWERS)
async def test_an_answer_that_is_not_documented_says_nothing_about_a_profile(answer: httpx.Response) -> None:
    is_found, script, _ = await look(answer, answer, FOUND)
    assert is_found
    assert len(script.requests) == 3
    with pytest.raises(ServiceUnavailable, match="not the API's"):
        await look(answer)


async def test_a_404_of_a_store_that_is_gone_is_no_verdict_on_its_profiles() -> None:
    with pytest.raises(StoreUnfit, match="is not there any more"):
        await look(refusal(404, 20404))


async def test_a_404_of_a_store_that_is_there_leads_to_nothing() -> None:
    store = httpx.Response(200, json={"id": STORE, "status": "ACTIVE"})
    is_found, script, _ = await look(refusal(404, 20404), store, patience_seconds=0)
    assert not is_found
    assert [request.method for request in script.requests] == ["POST", "GET"]


@pytest.mark.parametrize("patience_seconds", [0.0, 5.0])
async def test_patience_ends(patience_seconds: float) -> None:
    is_found, script, waited = await look(NOT_YET, patience_seconds=patience_seconds)
    assert not is_found
    assert patience_seconds <= waited <= patience_seconds + 1
    assert len(script.requests) >= 1


async def test_nothing_to_look_for_is_found_at_once() -> None:
    is_found, script, _ = await look(NOT_YET, count=0)
    assert is_found
    assert script.requests == []
