"""A setup against the emulator: made once, whatever is lost, refused or changed by others in between."""

import pytest

from memory_import.destination.api.store import TraitUse, check_schema, fetch_schema
from memory_import.destination.errors import StoreUnfit
from memory_import.emulator.http.middleware import Middleware
from memory_import.run.setup.carry_out import look_at_store, set_up_store
from memory_import.run.setup.wanted import Wanted
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


async def set_up(app: Middleware) -> list[str]:
    async with connect(app) as (client, _):
        return await set_up_store(client, STORE, WANTED)


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


@pytest.mark.parametrize("is_answered", [False, True], ids=["before it leaves", "once it is answered"])
async def test_killed_at_each_of_its_requests_and_repeated_it_ends_the_same(is_answered: bool) -> None:
    plain = make_app()
    await set_up(plain)
    async with connect(plain) as (client, _):
        expected = await fetch_schema(client, STORE)
    ends_at, was_killed = 0, True
    while was_killed:
        app = make_app()
        was_killed = False
        async with connect(app, ends_at=ends_at, is_answered=is_answered) as (client, _):
            try:
                await set_up_store(client, STORE, WANTED)
            except Killed:
                was_killed = True
        await set_up(app)
        async with connect(app) as (client, _):
            assert await fetch_schema(client, STORE) == expected, ends_at
        assert app.violations == []
        ends_at += 1
    assert ends_at > len(writes(plain)) + 3


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
    ("status", "words"),
    [
        pytest.param(412, "changed by somebody else 3 times", id="412 again and again"),
        pytest.param(400, "the API refused it (HTTP 400", id="refused"),
    ],
)
async def test_what_stays_refused_ends_in_words(status: int, words: str) -> None:
    app = make_app(faults=[{"when": {"method": "PUT"}, "do": {"status": status}}])
    with pytest.raises(StoreUnfit) as raised:
        await set_up(app)
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
    ("status", "words", "waited_seconds"),
    [
        pytest.param("QUEUED", "is still QUEUED after 30", 300, id="never made"),
        pytest.param("FAILED", "is FAILED", 0, id="failed"),
    ],
)
async def test_a_store_that_does_not_become_active(status: str, words: str, waited_seconds: int) -> None:
    app = make_app(faults=[{"when": {"method": "GET", "nth": 1}, "do": {"store_status": status}}])
    clock = Clock()
    start = clock.now
    async with connect(app, clock=clock) as (client, _):
        await fetch_schema(client, STORE)
        with pytest.raises(StoreUnfit, match=words):
            await look_at_store(client, STORE, WANTED)
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
    async with connect(app, clock=clock) as (client, _):
        plan = await look_at_store(client, STORE, WANTED)
    assert plan.changes
    assert 50 < clock.now - start < 70
