"""A profile is read with all its pages, followed where it was merged, and None where there is none."""

import json
from collections.abc import Callable

import httpx
import pytest

from memory_import.destination.api.profiles import fetch_profile
from memory_import.destination.api.recall import LIMITS, recall
from memory_import.destination.api.revisions import fetch_revisions
from memory_import.destination.errors import ServiceUnavailable, StoreUnfit, UnexpectedAnswer
from tests.support.servers import STORE, URL, make_client, refusal

pytestmark = pytest.mark.anyio
OLD, NEW = (f"mem_profile_{'0' * 25}{number}" for number in (1, 2))
PROFILES = f"/v1/Stores/{STORE}/Profiles"
OBSERVATION = "mem_observation_" + "0" * 26
FOUND = {
    "id": OBSERVATION,
    "content": "Likes tea",
    "source": "crm",
    "occurredAt": "2026-01-01T00:00:00Z",
    "createdAt": "2026-01-01T00:00:00Z",
    "updatedAt": "2026-01-01T00:00:00Z",
    "conversationIds": [],
}
RECALLED = {"observations": [], "summaries": [], "communications": [], "meta": {"queryTime": 1}}

Answer = Callable[[httpx.Request], httpx.Response]


def service(*, store_status: str = "ACTIVE", profile: bool = True) -> Answer:
    """A store with one profile, two pages of traits, and another profile that was merged into it."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith(f"/v1/ControlPlane/Stores/{STORE}"):
            return httpx.Response(200, json={"status": store_status}) if store_status else refusal(404, 20404)
        if not profile:
            return refusal(404, 20404)
        if f"/{OLD}" in path:
            moved = {"location": URL + path.replace(OLD, NEW), "canonical-profile-id": NEW}
            return httpx.Response(308 if request.method == "POST" else 301, headers=moved)
        match path.removeprefix(f"{PROFILES}/{NEW}"):
            case "":
                body = {"id": NEW, "createdAt": "2026-01-01T00:00:00Z"}
            case "/Identifiers":
                body = {"identifiers": [{"idType": "email", "values": ["ada@example.com"]}]}
            case "/Traits":
                is_first = "pageToken" not in request.url.params
                name = "firstName" if is_first else "email"
                body = {"traits": [{"traitGroup": "Contact", "name": name}], "meta": {"pageSize": 1}}
                body["meta"] |= {"nextToken": "2"} if is_first else {}  # type: ignore[operator]
            case "/Recall":
                body = {**RECALLED, "meta": {"asked": json.loads(request.content)}}
            case _:
                raise AssertionError(path)
        return httpx.Response(200, json=body)

    return answer


@pytest.mark.parametrize("profile_id", [OLD, NEW], ids=["merged", "canonical"])
async def test_a_profile_is_read_under_its_canonical_id_with_every_page(profile_id: str) -> None:
    async with make_client(service()) as client:
        found = await fetch_profile(client, STORE, profile_id)
    assert found is not None
    assert (found.profile_id, found.created_at) == (NEW, "2026-01-01T00:00:00Z")
    assert [trait["name"] for trait in found.traits] == ["firstName", "email"]
    assert found.identifiers == [{"idType": "email", "values": ["ada@example.com"]}]


async def test_a_profile_that_is_not_there_is_none() -> None:
    async with make_client(service(profile=False)) as client:
        assert await fetch_profile(client, STORE, NEW) is None
        assert await recall(client, STORE, NEW, query=None, conversation_id=None) is None
        assert await fetch_revisions(client, STORE, NEW, OBSERVATION) == []


@pytest.mark.parametrize("refused", [1, 99], ids=["once", "always"])
async def test_revisions_of_an_observation_that_is_there_are_not_none_for_a_404(refused: int) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/Revisions"):
            return httpx.Response(200, json={"observations": [FOUND], "meta": {"pageSize": 50}})
        asked.append(request.url.path)
        body = {"revisions": [FOUND], "meta": {"pageSize": 50}}
        return refusal(404, 20404) if len(asked) <= refused else httpx.Response(200, json=body)

    async with make_client(answer) as client:
        if refused == 1:
            assert await fetch_revisions(client, STORE, NEW, OBSERVATION) == [FOUND]
        else:
            with pytest.raises(ServiceUnavailable):
                await fetch_revisions(client, STORE, NEW, OBSERVATION)


async def test_where_the_store_is_gone_that_is_what_is_said() -> None:
    async with make_client(service(profile=False, store_status="")) as client:
        with pytest.raises(StoreUnfit):
            await fetch_profile(client, STORE, NEW)
        with pytest.raises(StoreUnfit):
            await recall(client, STORE, NEW, query=None, conversation_id=None)


@pytest.mark.parametrize(
    ("query", "conversation_id"),
    [("tea", None), (None, "conv_conversation_" + "0" * 26), (None, None)],
    ids=["query", "conversation", "neither"],
)
async def test_recall_states_its_limits_and_what_it_goes_by(
    query: str | None, conversation_id: str | None
) -> None:
    async with make_client(service()) as client:
        found = await recall(client, STORE, OLD, query=query, conversation_id=conversation_id)
    assert found is not None
    profile_id, recalled = found
    by = {"query": query} if query else {"conversationId": conversation_id} if conversation_id else {}
    assert profile_id == NEW
    assert recalled["meta"]["asked"] == {f"{name}Limit": limit for name, limit in LIMITS.items()} | by


async def test_a_refusal_that_nobody_expects_names_no_profile() -> None:
    async with make_client(lambda _: refusal(400, 20001)) as client:
        for read in (
            fetch_profile(client, STORE, NEW),
            recall(client, STORE, NEW, query=None, conversation_id=None),
            fetch_revisions(client, STORE, NEW, OBSERVATION),
        ):
            with pytest.raises(UnexpectedAnswer) as error:
                await read
            assert NEW not in str(error.value)
