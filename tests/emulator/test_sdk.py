"""Twilio's own Python library walks through every resource, with nothing changed but the base URL."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.conversations.v2.configuration import ConfigurationList
from twilio.rest.memory.v1.bulk import BulkList
from twilio.rest.memory.v1.conversation_summary import ConversationSummaryList
from twilio.rest.memory.v1.identifier import IdentifierList
from twilio.rest.memory.v1.identity_resolution_setting import IdentityResolutionSettingList
from twilio.rest.memory.v1.import_ import ImportList
from twilio.rest.memory.v1.lookup import LookupList
from twilio.rest.memory.v1.observation import ObservationList
from twilio.rest.memory.v1.profile import ProfileList
from twilio.rest.memory.v1.recall import RecallList
from twilio.rest.memory.v1.store import StoreList
from twilio.rest.memory.v1.trait_group import TraitGroupList

from memory_import.emulator.server import running

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC).isoformat()
CONVERSATION = "conv_conversation_00000000000000000000000001"


@pytest.fixture
def url() -> Iterator[str]:
    with running(delay_seconds=(0.02, 0.05)) as emulator:
        yield emulator.url


class _JsonHttpClient(AsyncTwilioHttpClient):
    """The library's asynchronous client sends JSON bodies as form fields (twilio 9.13); this one does not.

    A client of one's own is the library's documented extension point.
    """

    async def request(self, method: str, url: str, **given: Any) -> Response:
        if (given.get("headers") or {}).get("Content-Type") != "application/json":
            return await super().request(method, url, **given)
        params, auth = given.get("params"), given["auth"]
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.request(
                method, url, params=params, json=given["data"], auth=auth, headers=given["headers"]
            )
        return Response(answer.status_code, answer.text, answer.headers)


class _Library:
    """Calls the library's plain or ``…_async`` methods by the same names."""

    def __init__(self, url: str, http_client: AsyncTwilioHttpClient | None) -> None:
        client = Client("SK00000000000000000000000000000000", "secret", http_client=http_client)
        client.memory.base_url = client.conversations.base_url = url
        self.memory = client.memory.v1
        self.conversations = client.conversations.v2
        self._is_async = http_client is not None
        self._health = f"{url}/emulator/health"

    async def do(self, resource: Any, verb: str, *args: Any, **given: Any) -> Any:
        if self._is_async:
            return await getattr(resource, f"{verb}_async")(*args, **given)
        return getattr(resource, verb)(*args, **given)

    async def every(self, resource: Any, **given: Any) -> list[Any]:
        """All items of all pages; asynchronous lists of the library end in an error after one (9.13)."""
        if not self._is_async:
            return list(resource.list(**given))
        page = await resource.page_async(**given)
        items = list(page)
        while page.next_token:
            page = await resource.page_async(page_token=page.next_token, **given)
            items.extend(page)
        return items

    async def until(self, look: Any, wanted: str) -> Any:
        """What is looked at, once its status is the wanted one."""
        async with asyncio.timeout(60):
            while (found := await self.do(look, "fetch")).status != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found

    async def settle(self) -> None:
        """Wait until everything that was taken is done."""
        async with asyncio.timeout(60), httpx.AsyncClient(timeout=60) as client:
            while (await client.get(self._health)).json()["pending"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def _library(url: str, manner: str) -> AsyncIterator[_Library]:
    if manner == "sync":
        yield _Library(url, None)
        return
    async with _JsonHttpClient() as http_client:
        yield _Library(url, http_client)


@pytest.mark.filterwarnings("ignore:.*BasicAuth.*:DeprecationWarning")  # of the library, by aiohttp
@pytest.mark.filterwarnings("ignore:.*'auth' parameter.*:DeprecationWarning")
@pytest.mark.parametrize("manner", ["sync", "async"])
def test_the_official_library_walks_through_every_resource(url: str, manner: str) -> None:
    async def walk() -> None:
        async with _library(url, manner) as library:
            store_id = await _set_up_a_store(library)
            await _declare_traits(library, store_id)
            await _change_identity_settings(library, store_id)
            first = await _upsert_and_look_up(library, store_id)
            await _read_and_change_a_profile(library, store_id, first)
            await _change_identifiers(library, store_id, first)
            await _remember(library, store_id, first)
            await _import_csv(library, store_id)
            await _configure_conversations(library, store_id)
            await _tear_down(library, store_id, first)

    asyncio.run(walk())


async def _set_up_a_store(library: _Library) -> str:
    stores = library.memory.stores
    request = StoreList.ServiceRequest({"displayName": "walk", "description": "A walk"})
    accepted = await library.do(stores, "create", request)
    operation_id = accepted.status_url.rsplit("/", 1)[1]
    done = await library.until(library.memory.operations(operation_id), "COMPLETED")
    store_id: str = done.result["id"]
    await library.until(stores(store_id), "ACTIVE")
    answer = await library.do(stores(store_id), "fetch_with_http_info")
    change = StoreList.PatchStoreRequest({"description": "A longer walk"})
    with pytest.raises(TwilioRestException) as refusal:
        await library.do(stores(store_id), "patch", if_match='"stale"', patch_store_request=change)
    assert refusal.value.status == 412
    await library.do(stores(store_id), "patch", if_match=_etag(answer), patch_store_request=change)
    assert store_id in await library.do(stores, "list")
    return store_id


def _etag(answer: Any) -> str:
    return next(value for name, value in answer.headers.items() if name.lower() == "etag")


async def _declare_traits(library: _Library, store_id: str) -> None:
    groups = library.memory.trait_groups(store_id)
    request = TraitGroupList.TraitGroupRequest(
        {
            "displayName": "Account",
            "traits": {"plan": {"dataType": "STRING"}, "seats": {"dataType": "NUMBER"}},
        }
    )
    accepted = await library.do(groups, "create", request)
    await library.until(library.memory.operations(accepted.status_url.rsplit("/", 1)[1]), "COMPLETED")
    change = TraitGroupList.PatchTraitGroupRequest(
        {"traits": {"seats": {"dataType": ""}, "isPaying": {"dataType": "BOOLEAN"}}}
    )
    await library.do(groups("Account"), "patch", change)
    await library.settle()
    found = await library.do(groups("Account"), "fetch", include_traits=True)
    assert set(found.trait_group["traits"]) == {"plan", "isPaying"}
    assert len(await library.do(groups, "list", include_traits=True)) == 2


async def _change_identity_settings(library: _Library, store_id: str) -> None:
    settings = library.memory.identity_resolution_settings(store_id)
    found = await library.do(settings, "fetch_with_http_info")
    request = IdentityResolutionSettingList.IdentityResolutionSettingsCore(
        {
            "identifierConfigs": found.data.identifier_configs,
            "matchingRules": ["email", "phone"],
        }
    )
    await library.do(settings, "update", request, if_match=_etag(found))
    await library.settle()
    assert (await library.do(settings, "fetch")).matching_rules == ["email", "phone"]


async def _upsert_and_look_up(library: _Library, store_id: str) -> str:
    bulk = library.memory.bulk(store_id)
    profiles = [
        {"traits": {"Contact": {"phone": f"+1202555{number:04d}"}, "Account": {"isPaying": True}}}
        for number in range(60)
    ]
    answer = await library.do(bulk, "update", BulkList.UpdateProfilesBulkRequest({"profiles": profiles}))
    assert answer.message
    await library.settle()
    asked = LookupList.Identifier({"idType": "phone", "value": "202 555 0001"})
    found = await library.do(library.memory.lookup(store_id), "create", asked)
    assert found.normalized_value == "+12025550001"
    return str(found.profiles[0])


async def _read_and_change_a_profile(library: _Library, store_id: str, profile_id: str) -> None:
    profiles = library.memory.profiles(store_id)
    assert len(await library.every(profiles, page_size=50)) == 60
    created = await library.do(
        profiles, "create", ProfileList.ProfileData({"traits": {"Contact": {"phone": "+12025550001"}}})
    )
    assert created.id == profile_id
    change = ProfileList.ProfilePatch(
        {"traits": {"Contact": {"firstName": "Ann"}, "Account": {"plan": "gold"}}}
    )
    await library.do(profiles(profile_id), "patch", change)
    await library.settle()
    found = await library.do(profiles(profile_id), "fetch", trait_groups="Account")
    assert found.traits == {"Account": {"isPaying": True, "plan": "gold"}}
    traits = await library.every(library.memory.traits(store_id, profile_id), page_size=1)
    assert {trait.name for trait in traits} == {"phone", "isPaying", "firstName", "plan"}


async def _change_identifiers(library: _Library, store_id: str, profile_id: str) -> None:
    identifiers = library.memory.identifiers(store_id, profile_id)
    for number in (1, 2):
        address = IdentifierList.Identifier({"idType": "email", "value": f"Ann{number}@Example.com"})
        await library.do(identifiers, "create", address)
        await library.settle()
    update = {"idType": "email", "oldValue": "ann1@example.com", "newValue": "ann3@example.com"}
    await library.do(identifiers("email"), "patch", IdentifierList.IdentifierUpdate(update))
    await library.settle()
    found = await library.do(identifiers("email"), "fetch")
    assert found.values == ["ann2@example.com", "ann3@example.com"]
    await library.do(identifiers("email"), "delete", remove_all=True)
    await library.settle()
    assert [each.id_type for each in await library.do(identifiers, "list")] == ["phone"]


async def _remember(library: _Library, store_id: str, profile_id: str) -> None:
    observations = library.memory.observations(store_id, profile_id)
    items = [
        {"content": f"Likes tea number {number}", "source": "crm", "occurredAt": NOW} for number in range(10)
    ]
    await library.do(
        observations, "create", ObservationList.CreateObservationsRequest({"observations": items})
    )
    summaries = library.memory.conversation_summaries(store_id, profile_id)
    summary = {"content": "Talked about tea", "conversationId": CONVERSATION, "occurredAt": NOW}
    await library.do(
        summaries, "create", ConversationSummaryList.CreateSummariesRequest({"summaries": [summary]})
    )
    await library.settle()
    found = await library.every(observations, source="crm", page_size=3)
    assert len(found) == 10
    first = observations(found[0].id)
    await library.do(first, "patch", ObservationList.ObservationBase({"content": "Likes coffee"}))
    await library.settle()
    assert (await library.do(first, "fetch")).content == "Likes coffee"
    revisions = library.memory.revisions(store_id, profile_id, found[0].id)
    assert len(await library.do(revisions, "list")) == 1
    asked = RecallList.MemoryRetrievalRequest({"query": "coffee", "observationsLimit": 1})
    recalled = await library.do(library.memory.recall(store_id, profile_id), "create", asked)
    assert recalled.observations[0]["content"] == "Likes coffee"
    await library.do(first, "delete")
    held = await library.do(summaries, "list")
    change = ConversationSummaryList.SummaryCorePatch({"content": "Talked about coffee"})
    await library.do(summaries(held[0].id), "patch", change)
    await library.settle()
    assert (await library.do(summaries(held[0].id), "fetch")).content == "Talked about coffee"
    await library.do(summaries(held[0].id), "delete")


async def _import_csv(library: _Library, store_id: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["Phone", "Plan"], ["+12025550001", "silver"], ["+12025550002", "\\N"]])
    content = file.getvalue().encode()
    request = {
        "filename": "plans.csv",
        "fileSize": len(content),
        "columnMappings": [
            {"columnName": "Phone", "traitGroup": "Contact", "traitName": "phone"},
            {"columnName": "Plan", "traitGroup": "Account", "traitName": "plan"},
        ],
    }
    imports = library.memory.imports(store_id)
    accepted = await library.do(imports, "create", ImportList.CreateProfilesImportV2Request(request))
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.put(accepted.url, content=content)).status_code == 200
    done = await library.until(imports(accepted.import_id), "COMPLETED")
    assert done.summary == {"errors": 0, "warnings": 0}
    assert await library.do(imports, "list") == [accepted.import_id]


async def _configure_conversations(library: _Library, store_id: str) -> None:
    configurations = library.conversations.configurations
    body = {
        "displayName": "walk",
        "description": "A walk",
        "conversationGroupingType": "GROUP_BY_PARTICIPANT_ADDRESSES",
        "memoryStoreId": store_id,
        "channelSettings": {
            "SMS": {"statusTimeouts": {"inactive": 10, "closed": 15}},
            "VOICE": {"captureRules": [{"from": "*", "to": "+18005550100", "metadata": {}}]},
        },
    }
    request = ConfigurationList.CreateConfigurationRequest(body)
    key = str(uuid4())
    accepted = [
        await library.do(configurations, "create", idempotency_key=key, create_configuration_request=request)
        for _ in range(2)
    ]
    assert accepted[0].related == accepted[1].related
    with pytest.raises(TwilioRestException) as refusal:
        await library.do(configurations, "create", create_configuration_request=request)
    assert refusal.value.status == 409
    job = library.conversations.operations(accepted[0].status_url.rsplit("/", 1)[1])
    done = await library.until(job, "COMPLETED")
    configuration = configurations(done.related["configurationId"])
    (found,) = await library.do(configurations, "list", memory_store_id=store_id)
    assert (found.display_name, found.memory_extraction_enabled) == ("walk", False)
    change = ConfigurationList.PatchConfigurationRequest({"memoryExtractionEnabled": True})
    await library.do(configuration, "patch", patch_configuration_request=change)
    await library.settle()
    found = await library.do(configuration, "fetch")
    assert (found.memory_extraction_enabled, set(found.channel_settings)) == (True, {"SMS", "VOICE"})
    whole = ConfigurationList.UpdateConfigurationRequest({**body, "channelSettings": {}})
    await library.do(configuration, "update", update_configuration_request=whole)
    await library.settle()
    found = await library.do(configuration, "fetch")
    assert (found.memory_extraction_enabled, found.channel_settings, found.version) == (False, {}, 3)
    await library.do(configuration, "delete")
    await library.settle()
    assert await library.do(configurations, "list", memory_store_id=store_id) == []


async def _tear_down(library: _Library, store_id: str, profile_id: str) -> None:
    profile = library.memory.profiles(store_id)(profile_id)
    await library.do(profile, "delete")
    await library.settle()
    with pytest.raises(TwilioRestException) as refusal:
        await library.do(profile, "fetch")
    assert refusal.value.status == 404
    await library.do(library.memory.trait_groups(store_id)("Account"), "delete")
    await library.do(library.memory.stores(store_id), "delete")
    await library.settle()
    assert store_id not in await library.do(library.memory.stores, "list")
