"""A conversation configuration against the emulator: one for a store, whatever is lost, refused or killed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from memory_import.destination.api.configurations import (
    Configuration,
    create_configuration,
    list_configurations,
)
from memory_import.destination.errors import StoreUnfit
from memory_import.destination.http.decisions import Refused
from memory_import.emulator.http.middleware import Middleware
from memory_import.run.conversations.carry_out import look_at_configuration, set_up_configuration
from memory_import.run.conversations.plan import WantedConfiguration
from tests.support.in_process import Killed, connect, make_app
from tests.support.servers import STORE, Clock

pytestmark = pytest.mark.anyio
PATH = "/v2/ControlPlane/Configurations"
OTHER_STORE = "mem_store_0000000000000000000000000z"
RULE = {"from": "*", "to": "+12025550100"}
SMS = {"statusTimeouts": {"inactive": 10, "closed": 60}, "captureRules": [RULE]}
WANTED = WantedConfiguration(
    store_id=STORE,
    usual_name="emulated",
    name="acme",
    grouping="GROUP_BY_PARTICIPANT_ADDRESSES",
    channels={"SMS": SMS},
    has_extraction=True,
)
NOTHING_SAID = WantedConfiguration(
    store_id=STORE, usual_name="emulated", name=None, grouping=None, channels={}, has_extraction=False
)
BODY = {
    "displayName": "theirs",
    "description": "",
    "conversationGroupingType": "GROUP_BY_PROFILE",
    "memoryStoreId": STORE,
}


async def set_up(app: Middleware, wanted: WantedConfiguration = WANTED) -> list[str]:
    async with connect(app) as (client, _):
        return await set_up_configuration(client, wanted)


async def make(app: Middleware, **fields: Any) -> None:
    async with connect(app) as (client, _):
        assert not isinstance(await create_configuration(client, {**BODY, **fields}), Refused)


async def configurations(app: Middleware) -> list[Configuration]:
    async with connect(app) as (client, _):
        return await list_configurations(client)


def writes(app: Middleware) -> list[str]:
    return [each.method for each in app.requests if each.method != "GET"]


async def test_a_store_without_one_gets_one_and_extraction_is_switched_on_last() -> None:
    app = make_app()
    done = await set_up(app)
    (found,) = await configurations(app)
    assert done[0].startswith("conversation configuration acme: GROUP_BY_PARTICIPANT_ADDRESSES")
    assert done[1:] == ["conversation configuration acme: switch extraction on"]
    assert (found.name, found.store_id, found.channels, found.has_extraction) == (
        "acme",
        STORE,
        {"SMS": SMS},
        True,
    )
    assert writes(app) == ["POST", "PATCH"]
    assert app.violations == []


async def test_a_second_time_there_is_nothing_to_do() -> None:
    app = make_app()
    await set_up(app)
    before = writes(app)
    assert await set_up(app) == []
    assert writes(app) == before


async def test_where_the_spec_says_nothing_it_is_called_like_the_store_and_extracts_nothing() -> None:
    app = make_app()
    await set_up(app, NOTHING_SAID)
    (found,) = await configurations(app)
    assert (found.name, found.grouping) == ("emulated", "GROUP_BY_PARTICIPANT_ADDRESSES")
    assert not found.has_extraction


async def test_the_one_that_the_store_has_is_found_by_its_store_and_changed_where_it_differs() -> None:
    app = make_app()
    await make(app, conversationGroupingType=WANTED.grouping)
    (before,) = await configurations(app)
    await set_up(app)
    (after,) = await configurations(app)
    assert after == replace(before, name="acme", channels={"SMS": SMS}, has_extraction=True)


async def test_what_the_spec_does_not_say_stays_as_it_is() -> None:
    app = make_app()
    await make(app, memoryExtractionEnabled=True, channelSettings={"SMS": SMS})
    before = await configurations(app)
    assert await set_up(app, NOTHING_SAID) == []
    assert await configurations(app) == before


async def test_channels_keep_what_they_have_and_get_what_they_lack() -> None:
    theirs = {"from": "+12025550199", "to": "*", "metadata": {}}
    voice = {"statusTimeouts": {"closed": 5}}
    app = make_app()
    await make(
        app,
        channelSettings={
            "SMS": {"statusTimeouts": {"inactive": 3}, "captureRules": [theirs, {**RULE, "metadata": {}}]},
            "VOICE": voice,
        },
    )
    await set_up(app, replace(NOTHING_SAID, channels={"SMS": SMS, "CHAT": {"captureRules": [RULE]}}))
    (found,) = await configurations(app)
    assert found.channels == {
        "SMS": {**SMS, "captureRules": [theirs, {**RULE, "metadata": {}}]},
        "VOICE": voice,
        "CHAT": {"captureRules": [RULE]},
    }


@pytest.mark.parametrize("is_answered", [False, True], ids=["before it leaves", "once it is answered"])
async def test_killed_at_each_of_its_requests_and_repeated_it_leaves_one(is_answered: bool) -> None:
    plain = make_app()
    await set_up(plain)
    expected = await configurations(plain)
    ends_at, was_killed = 0, True
    while was_killed:
        app = make_app()
        was_killed = False
        async with connect(app, ends_at=ends_at, is_answered=is_answered) as (client, _):
            try:
                await set_up_configuration(client, WANTED)
            except Killed:
                was_killed = True
        await set_up(app)
        assert await configurations(app) == expected, ends_at
        ends_at += 1
    assert ends_at > len(plain.requests) - 1


@pytest.mark.parametrize("delay_seconds", [0, 3])
async def test_two_setups_at_once_leave_one(delay_seconds: float) -> None:
    clock = Clock()
    app = make_app(read_lag_seconds=delay_seconds, clock=lambda: clock.now)
    async with connect(app, clock=clock) as (first, _), connect(app, clock=clock) as (second, _):
        await asyncio.gather(*(set_up_configuration(client, WANTED) for client in (first, second)))
    (found,) = await configurations(app)
    assert (found.name, found.has_extraction) == ("acme", True)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_lost_answer_makes_no_second_one(method: str, drop: str) -> None:
    app = make_app(faults=[{"when": {"method": method, "nth": 1}, "do": {"drop": drop}}])
    await set_up(app)
    assert len(await configurations(app)) == 1
    assert await set_up(app) == []


async def test_one_whose_creation_an_earlier_attempt_began_is_waited_for() -> None:
    now = 1_800_000_000.0
    app = make_app(clock=lambda: now, faults=[{"when": {"method": "POST"}, "do": {"late_seconds": 60}}])
    async with connect(app, ends_at=2, is_answered=True) as (client, _):  # the POST follows two lists
        with pytest.raises(Killed):
            await set_up_configuration(client, WANTED)
    assert await configurations(app) == []
    with pytest.raises(StoreUnfit, match="taken by another configuration"):
        await set_up(app)
    now += 61
    await set_up(app)
    assert [each.name for each in await configurations(app)] == ["acme"]


async def test_a_change_that_shows_late_is_waited_for_and_not_made_twice() -> None:
    app = make_app(
        faults=[{"when": {"method": "GET", "path": PATH, "from": 3, "to": 5}, "do": {"stale_seconds": 3600}}]
    )
    await set_up(app)
    assert writes(app) == ["POST", "PATCH"]


async def test_a_conflict_on_the_way_is_decided_anew() -> None:
    app = make_app(faults=[{"when": {"method": "PATCH", "nth": 1}, "do": {"status": 409}}])
    await set_up(app)
    assert await set_up(app) == []


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        pytest.param(
            {"status": 400, "code": 520046, "message": "no such channel"},
            "the API refused it (HTTP 400, code 520046): no such channel",
            id="refused",
        ),
        pytest.param(
            {"fail_operation": {"code": 520046, "detail": "no such luck"}}, "no such luck", id="failed"
        ),
        pytest.param({"status": 409, "message": "again"}, "HTTP 409", id="in conflict again and again"),
    ],
)
async def test_what_is_refused_ends_in_words(faults: dict[str, Any], words: str) -> None:
    app = make_app(faults=[{"when": {"method": "PATCH"}, "do": faults}])
    with pytest.raises(StoreUnfit) as raised:
        await set_up(app)
    assert words in str(raised.value)
    assert [each.has_extraction for each in await configurations(app)] == [False]


@pytest.mark.parametrize(
    ("theirs", "wanted", "words"),
    [
        pytest.param([{}], WANTED, "groups by GROUP_BY_PROFILE; the spec says", id="another grouping"),
        pytest.param(
            [{}, {"displayName": "second"}],
            WANTED,
            "has 2 conversation configurations: theirs, second",
            id="several",
        ),
        pytest.param(
            [{"displayName": "acme", "memoryStoreId": OTHER_STORE}],
            WANTED,
            f"of another store (conv_configuration_00000000000000000000000001 of {OTHER_STORE})",
            id="the name is taken",
        ),
        pytest.param(
            [{"displayName": f"c{number}", "memoryStoreId": OTHER_STORE} for number in range(10)],
            NOTHING_SAID,
            "which is the limit: c0, c1",
            id="a full account",
        ),
    ],
)
async def test_a_conflict_changes_nothing_and_names_the_way_out(
    theirs: list[dict[str, Any]], wanted: WantedConfiguration, words: str
) -> None:
    app = make_app()
    for fields in theirs:
        await make(app, **fields)
    before = writes(app)
    with pytest.raises(StoreUnfit) as raised:
        await set_up(app, wanted)
    assert words in str(raised.value)
    assert writes(app) == before


async def test_of_several_the_one_that_the_spec_names_is_meant() -> None:
    app = make_app()
    await make(app)
    await make(app, displayName="acme", conversationGroupingType=WANTED.grouping)
    await set_up(app)
    assert {each.name: each.has_extraction for each in await configurations(app)} == {
        "theirs": False,
        "acme": True,
    }


async def test_looking_writes_nothing() -> None:
    app = make_app()
    async with connect(app) as (client, _):
        plan = await look_at_configuration(client, WANTED)
    assert [change.kind for change in plan.changes] == ["create", "change"]
    assert writes(app) == []


async def test_an_error_beside_what_was_completed_is_said() -> None:
    told = {"fail_operation": {"detail": "half of it", "status": "COMPLETED", "applied": True}}
    app = make_app(faults=[{"when": {"method": "POST"}, "do": told}])
    lines: list[str] = []
    async with connect(app) as (client, _):
        made, _ = await set_up_configuration(client, WANTED, tell=lines.append)
    (line,) = lines
    assert line.startswith(f"{made}: its operation ")
    assert "half of it" in line
