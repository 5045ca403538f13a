"""A setup against the emulator: made once, whatever is lost, refused or changed by others in between."""

import asyncio

import pytest

from memory_import.destination.api.identity_settings import fetch_identity_settings
from memory_import.destination.api.store import TraitUse, check_schema, fetch_schema
from memory_import.destination.api.stores import list_stores
from memory_import.destination.api.trait_groups import fetch_trait_groups
from memory_import.destination.errors import StoreChanged, StoreNotReady, StoreUnfit
from memory_import.emulator.http.middleware import Middleware
from memory_import.run.setup.carry_out import look_at_store, set_up_store
from memory_import.run.setup.wanted import Wanted
from memory_import.run.stores.account import find_by_name
from memory_import.spec.store import StoreSpec
from tests.support.in_process import Killed, connect, make_app
from tests.support.servers import STORE, Clock

pytestmark = pytest.mark.anyio
USES = (
    TraitUse(group="Contact", name="email", data_type="STRING"),
    TraitUse(group="Account", name="customerId", data_type="STRING"),
    TraitUse(group="Account", name="visits", data_type="NUMBER"),
    TraitUse(group="Account", name="tags", data_type="ARRAY"),
)
WANTED = Wanted(uses=USES, promotions={"Contact.email": "email", "Account.customerId": "crm-id"})
WRITES = ("PUT", "POST", "PATCH", "DELETE")
STORE_PATH = f"/v1/ControlPlane/Stores/{STORE}"
NAMED = StoreSpec(name="acme-crm", description="Ours")


async def set_up(app: Middleware, store: str | StoreSpec = STORE, wanted: Wanted = WANTED) -> list[str]:
    async with connect(app) as (client, _):
        return await set_up_store(client, store, wanted)


def writes(app: Middleware) -> list[str]:
    return [f"{each.method} {each.path}" for each in app.requests if each.method in WRITES]


async def test_a_fresh_store_is_given_all_that_the_spec_sends() -> None:
    app = make_app()
    await set_up(app)
    async with connect(app) as (client, _):
        schema = await fetch_schema(client, STORE)
    assert check_schema(schema, USES, list(WANTED.promotions)) == []
    assert {each.trait: each.id_type for each in schema.identifiers(USES)} == WANTED.promotions


async def test_types_come_before_the_traits_that_are_promoted_to_them_and_rules_last() -> None:
    app = make_app()
    await set_up(app)
    settings, groups = f"PUT {STORE_PATH}/IdentityResolutionSettings", f"POST {STORE_PATH}/TraitGroups"
    assert writes(app) == [settings, groups, settings]


async def test_a_second_setup_has_nothing_to_do() -> None:
    app = make_app()
    await set_up(app)
    before = writes(app)
    assert await set_up(app) == []
    assert writes(app) == before


async def test_a_group_that_is_there_gets_what_it_lacks_and_keeps_what_it_has() -> None:
    app = make_app()
    await set_up(app)
    more = TraitUse(group="Account", name="since", data_type="STRING")
    async with connect(app) as (client, _):
        before = await fetch_schema(client, STORE)
        await set_up_store(client, STORE, Wanted(uses=(*USES, more), promotions=WANTED.promotions))
        after = await fetch_schema(client, STORE)
    assert after.data_types == {**before.data_types, "Account.since": "STRING"}
    assert after.promotions == before.promotions


@pytest.mark.parametrize("store", [STORE, NAMED], ids=["a store that is there", "a store to be made"])
@pytest.mark.parametrize("is_answered", [False, True], ids=["before it leaves", "once it is answered"])
async def test_killed_at_each_of_its_requests_and_repeated_it_ends_the_same(
    store: str | StoreSpec, is_answered: bool
) -> None:
    is_empty = isinstance(store, StoreSpec)
    plain = make_app(empty=is_empty)
    await set_up(plain, store)
    async with connect(plain) as (client, _):
        expected = await fetch_schema(client, STORE)
    ends_at, was_killed = 0, True
    while was_killed:
        app = make_app(empty=is_empty)
        was_killed = False
        async with connect(app, ends_at=ends_at, is_answered=is_answered) as (client, _):
            try:
                await set_up_store(client, store, WANTED)
            except Killed:
                was_killed = True
        await set_up(app, store)
        async with connect(app) as (client, _):
            assert [each.store_id for each in await list_stores(client)] == [STORE]
            assert await fetch_schema(client, STORE) == expected, ends_at
        assert app.violations == []
        assert await set_up(app, store) == []
        ends_at += 1
    assert ends_at > len(writes(plain)) + 3


@pytest.mark.parametrize("store", [STORE, NAMED], ids=["a store that is there", "a store to be made"])
@pytest.mark.parametrize("lost", ["*/IdentityResolutionSettings", "*/TraitGroups", "nothing"])
async def test_what_shows_two_seconds_late_is_made_once(store: str | StoreSpec, lost: str) -> None:
    clock = Clock()
    app = make_app(
        empty=isinstance(store, StoreSpec),
        faults=[
            {"when": {"method": method, "path": lost, "nth": 1}, "do": {"drop": "after"}}
            for method in ("PUT", "POST")
        ],
        read_lag_seconds=2,
        clock=lambda: clock.now,
    )
    async with connect(app, clock=clock) as (client, _):
        done = await set_up_store(client, store, WANTED)
        assert len(done) == len(set(done)) >= 3
        assert await set_up_store(client, store, WANTED) == []
    assert [each.status for each in app.requests if each.status and each.status >= 400] == []


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_answer_that_is_lost_is_no_failure(method: str) -> None:
    app = make_app(faults=[{"when": {"method": method, "nth": 1}, "do": {"drop": "after"}}])
    await set_up(app)
    assert await set_up(app) == []


async def test_a_412_in_mid_way_is_decided_anew() -> None:
    app = make_app(faults=[{"when": {"method": "PUT", "nth": 1}, "do": {"status": 412}}])
    await set_up(app)
    assert await set_up(app) == []


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        pytest.param(412, StoreChanged, "changed by somebody else 3 times", id="412 again and again"),
        pytest.param(400, StoreUnfit, "the API refused it (HTTP 400", id="refused"),
    ],
)
async def test_what_stays_refused_ends_in_words(status: int, kind: type[StoreUnfit], words: str) -> None:
    app = make_app(faults=[{"when": {"method": "PUT"}, "do": {"status": status}}])
    with pytest.raises(StoreUnfit) as raised:
        await set_up(app)
    assert type(raised.value) is kind
    assert words in str(raised.value)
    assert "Nothing was made before that." in str(raised.value)


async def test_an_operation_that_fails_ends_in_its_own_words() -> None:
    fault = {"code": 520046, "detail": "no such luck", "status": "FAILED", "applied": False}
    app = make_app(
        faults=[{"when": {"method": "POST", "path": "*/TraitGroups"}, "do": {"fail_operation": fault}}]
    )
    with pytest.raises(StoreUnfit, match="no such luck"):
        await set_up(app)


async def test_a_trait_of_another_type_is_a_conflict_and_nothing_is_changed() -> None:
    app = make_app()
    wanted = Wanted(
        uses=(*USES, TraitUse(group="Contact", name="firstName", data_type="NUMBER")),
        promotions=WANTED.promotions,
    )
    async with connect(app) as (client, _):
        with pytest.raises(StoreUnfit, match=r"declares Contact\.firstName as STRING; the spec sends NUMBER"):
            await set_up_store(client, STORE, wanted)
    assert writes(app) == []


@pytest.mark.parametrize(
    ("status", "kind", "words", "waited_seconds"),
    [
        pytest.param("QUEUED", StoreNotReady, "is still QUEUED after 30", 300, id="never made"),
        pytest.param("FAILED", StoreUnfit, "is FAILED", 0, id="failed"),
    ],
)
async def test_a_store_that_does_not_become_active(
    status: str, kind: type[StoreUnfit], words: str, waited_seconds: int
) -> None:
    app = make_app(faults=[{"when": {"method": "GET", "nth": 1}, "do": {"store_status": status}}])
    clock = Clock()
    start = clock.now
    async with connect(app, clock=clock) as (client, _):
        await fetch_schema(client, STORE)
        with pytest.raises(StoreUnfit, match=words) as raised:
            await look_at_store(client, STORE, WANTED)
    assert type(raised.value) is kind
    assert waited_seconds <= clock.now - start < waited_seconds + 10


async def test_a_store_that_becomes_active_is_waited_for() -> None:
    app = make_app(
        faults=[
            {"when": {"method": "GET", "path": STORE_PATH, "nth": 1}, "do": {"store_status": "QUEUED"}},
            {"when": {"method": "GET", "path": STORE_PATH, "nth": 30}, "do": {"store_status": ""}},
        ]
    )
    clock = Clock()
    start = clock.now
    told: list[str] = []
    async with connect(app, clock=clock) as (client, _):
        plan = await look_at_store(client, STORE, WANTED, told.append)
    assert plan.changes
    assert told == [f"emulated ({STORE}) is QUEUED; waiting until it is ACTIVE."]
    assert 50 < clock.now - start < 70


async def test_a_store_that_is_not_there_is_planned_made_and_then_kept() -> None:
    app = make_app(empty=True)
    async with connect(app) as (client, _):
        plan = await look_at_store(client, NAMED, WANTED)
        assert (plan.store, plan.changes[0].words) == (None, "store acme-crm: Ours")
        await set_up_store(client, NAMED, WANTED)
        found = await find_by_name(client, "acme-crm")
        assert found is not None
        assert (found.store.store_id, found.store.description) == (STORE, "Ours")
        groups = {group.name: group.traits for group in await fetch_trait_groups(client, STORE)}
    assert groups["Account"]["customerId"] == {"dataType": "STRING", "idTypePromotion": "crm-id"}
    assert await set_up(app, NAMED) == []
    assert [each for each in writes(app) if each == "POST /v1/ControlPlane/Stores"] != []


async def test_another_description_is_a_change_of_the_store() -> None:
    app = make_app(empty=True)
    await set_up(app, NAMED)
    other = StoreSpec(name=NAMED.name, description="Of all of us")
    assert await set_up(app, other) == ["store acme-crm: description 'Of all of us'"]
    assert await set_up(app, other) == []
    assert await set_up(app, StoreSpec(name=NAMED.name)) == []


async def test_types_that_are_there_keep_their_order_and_limits() -> None:
    app = make_app()
    async with connect(app) as (client, _):
        before = await fetch_identity_settings(client, STORE)
        await set_up_store(client, STORE, WANTED)
        after = await fetch_identity_settings(client, STORE)
    assert list(after.configs[: len(before.configs)]) == list(before.configs)
    assert [config["idType"] for config in after.configs[len(before.configs) :]] == ["crm-id"]
    assert list(after.rules) == [*before.rules, "crm-id"]


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        pytest.param((), ["email", "phone", "whatsapp", "chat", "crm-id"], id="left to the store"),
        pytest.param(("crm-id", "phone"), ["crm-id", "phone", "email", "whatsapp", "chat"], id="stated"),
    ],
)
async def test_profiles_are_matched_in_the_order_of_the_spec_then_in_that_of_the_store(
    matching: tuple[str, ...], expected: list[str]
) -> None:
    app = make_app()
    wanted = Wanted(uses=USES, promotions=WANTED.promotions, matching=matching)
    await set_up(app, wanted=wanted)
    async with connect(app) as (client, _):
        assert list((await fetch_identity_settings(client, STORE)).rules) == expected
    assert await set_up(app, wanted=wanted) == []


async def test_an_order_that_names_a_type_of_nothing_is_a_conflict() -> None:
    wanted = Wanted(uses=USES, promotions=WANTED.promotions, matching=("user_id",))
    app = make_app()
    with pytest.raises(StoreUnfit, match=r"setup\.matching names user_id"):
        await set_up(app, wanted=wanted)
    assert writes(app) == []


async def test_types_that_notes_are_found_by_are_added_without_a_rule() -> None:
    app = make_app()
    await set_up(app, wanted=Wanted(promotions={}, id_types=("phone", "ticket")))
    async with connect(app) as (client, _):
        settings = await fetch_identity_settings(client, STORE)
    assert "ticket" in settings.id_types
    assert "ticket" not in settings.rules


async def test_a_name_that_the_api_keeps_for_itself_is_offered_under_another() -> None:
    app = make_app(reserved_names="refuse")
    phone = TraitUse(group="Crm", name="phone", data_type="STRING")
    wanted = Wanted(uses=(*USES, phone), promotions={**WANTED.promotions, "Crm.phone": "phone"})
    with pytest.raises(StoreUnfit, match=r"call the traits of Crm otherwise: phoneNumber in place of phone"):
        await set_up(app, wanted=wanted)
    other = TraitUse(group="Crm", name="phoneNumber", data_type="STRING")
    wanted = Wanted(uses=(*USES, other), promotions={**WANTED.promotions, "Crm.phoneNumber": "phone"})
    await set_up(app, wanted=wanted)
    assert await set_up(app, wanted=wanted) == []


async def test_a_full_account_ends_in_the_names_of_its_stores() -> None:
    app = make_app()
    for number in range(14):
        await set_up(app, StoreSpec(name=f"client-{number}"), Wanted(promotions={}))
    with pytest.raises(StoreUnfit, match=r"as many stores as it may \(code 520044\).*client-13"):
        await set_up(app, NAMED)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_creation_whose_answer_is_lost_makes_one_store(moment: str) -> None:
    creation = {"method": "POST", "path": "/v1/ControlPlane/Stores", "nth": 1}
    app = make_app(empty=True, faults=[{"when": creation, "do": {"drop": moment}}])
    await set_up(app, NAMED)
    async with connect(app) as (client, _):
        assert [each.name for each in await list_stores(client)] == ["acme-crm"]


async def test_a_store_that_is_never_listed_is_asked_for_twice_and_then_left_for_later() -> None:
    creation = {"method": "POST", "path": "/v1/ControlPlane/Stores"}
    app = make_app(empty=True, faults=[{"when": creation, "do": {"drop": "before"}}])
    with pytest.raises(StoreNotReady, match=r"does not list it yet\. Repeat setup in a few minutes"):
        await set_up(app, NAMED)
    assert writes(app) == ["POST /v1/ControlPlane/Stores"] * 2


async def test_two_setups_at_once_make_one_store_and_nothing_twice() -> None:
    app = make_app(empty=True)
    await asyncio.gather(set_up(app, NAMED), set_up(app, NAMED))
    assert app.violations == []
    async with connect(app) as (client, _):
        assert [each.name for each in await list_stores(client)] == ["acme-crm"]
        settings = await fetch_identity_settings(client, STORE)
        groups = await fetch_trait_groups(client, STORE)
    assert [config["idType"] for config in settings.configs].count("crm-id") == 1
    assert sorted(group.name for group in groups) == ["Account", "Contact"]
    assert await set_up(app, NAMED) == []


async def test_a_store_that_the_service_could_not_make_is_named_each_time() -> None:
    fault = {"code": 520046, "detail": "no such luck", "status": "FAILED", "applied": False}
    creation = {"method": "POST", "path": "/v1/ControlPlane/Stores", "nth": 1}
    app = make_app(empty=True, faults=[{"when": creation, "do": {"fail_operation": fault}}])
    with pytest.raises(StoreUnfit, match="no such luck"):
        await set_up(app, NAMED)
    with pytest.raises(StoreUnfit, match=r"acme-crm \(mem_store_\w+\) is FAILED.*Remove it in the Console"):
        await set_up(app, NAMED)


async def test_an_error_beside_what_was_completed_is_said_of_each_change() -> None:
    error = {"code": 520099, "detail": "half of it", "status": "COMPLETED", "applied": True}
    app = make_app(faults=[{"do": {"fail_operation": error}}], empty=True)
    lines: list[str] = []
    async with connect(app) as (client, _):
        done = await set_up_store(client, NAMED, WANTED, lines.append)
    said = [
        line
        for line in lines
        if "told an error all the same (code 520099): " in line and "half of it" in line
    ]
    assert [line.partition(": its operation")[0] for line in said] == done
    assert len(done) > 3


async def test_what_was_completed_with_an_error_and_does_not_show_is_not_done() -> None:
    lost = {"code": 520099, "detail": "none of it", "status": "COMPLETED", "applied": False}
    app = make_app(faults=[{"when": {"path": "*/TraitGroups"}, "do": {"fail_operation": lost}}])
    lines: list[str] = []
    async with connect(app) as (client, _):
        with pytest.raises(StoreNotReady, match="trait group Account"):
            await set_up_store(client, STORE, WANTED, lines.append)
    assert any("(code 520099)" in line and "none of it" in line for line in lines)
