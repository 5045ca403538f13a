"""Every route of a setup tells every lie, once and always: it ends in words, and repeated it ends right."""

from itertools import product
from typing import Any

import pytest

from memory_import.destination.api.configurations import Configuration, list_configurations
from memory_import.destination.api.store import StoreSchema, TraitUse, fetch_schema
from memory_import.destination.api.stores import Store, list_stores
from memory_import.destination.errors import DeliveryError
from memory_import.emulator.http.middleware import Middleware
from memory_import.errors import ExitCode
from memory_import.run.conversations.carry_out import set_up_configuration
from memory_import.run.conversations.plan import WantedConfiguration
from memory_import.run.lifecycle.result import as_problem
from memory_import.run.setup.carry_out import set_up_store
from memory_import.run.setup.wanted import Wanted
from memory_import.spec.store import StoreSpec
from tests.support.in_process import connect, make_app
from tests.support.lies import EVERY, LIES

pytestmark = pytest.mark.anyio
NAMED = StoreSpec(name="acme", description="The customers of Acme.")
FORMER = StoreSpec(name="acme", description="For trials.")
WANTED = Wanted(
    uses=(
        TraitUse(group="Contact", name="nick", data_type="STRING"),
        TraitUse(group="Account", name="customerId", data_type="STRING"),
    ),
    promotions={"Account.customerId": "crm-id"},
)
PLACES = {
    "list stores": ("GET", "*/ControlPlane/Stores"),
    "create store": ("POST", "*/ControlPlane/Stores"),
    "read store": ("GET", "*/Stores/mem_store_??????????????????????????"),
    "change store": ("PATCH", "*/Stores/mem_store_??????????????????????????"),
    "list groups": ("GET", "*/TraitGroups"),
    "create group": ("POST", "*/TraitGroups"),
    "change group": ("PATCH", "*/TraitGroups/*"),
    "read identity": ("GET", "*/IdentityResolutionSettings"),
    "write identity": ("PUT", "*/IdentityResolutionSettings"),
    "read operation": ("GET", "/v1/ControlPlane/Operations/*"),
    "list configurations": ("GET", "*/Configurations"),
    "create configuration": ("POST", "*/Configurations"),
    "change configuration": ("PATCH", "*/Configurations/*"),
    "read operation of a configuration": ("GET", "/v2/ControlPlane/Operations/*"),
}
CELLS = list(product(PLACES, LIES, ("once", "always")))
CHOSEN = [cell for at, cell in enumerate(CELLS) if at % EVERY == 0]
IN_WORDS = {ExitCode.DONE, ExitCode.USAGE, ExitCode.CREDENTIALS, ExitCode.PENDING, ExitCode.CHANGED}


async def set_up(app: Middleware, named: StoreSpec = NAMED) -> None:
    async with connect(app) as (client, _):
        await set_up_store(client, named, WANTED)
        (store,) = await list_stores(client)
        wanted = WantedConfiguration(
            store_id=store.store_id,
            usual_name=store.name,
            name="acme",
            grouping=None,
            channels={},
            has_extraction=True,
        )
        await set_up_configuration(client, wanted)


async def ending(app: Middleware) -> ExitCode:
    """The exit code of a setup."""
    try:
        await set_up(app)
    except DeliveryError as error:
        return as_problem(error).exit_code
    return ExitCode.DONE


async def look(app: Middleware) -> tuple[list[Store], StoreSchema, list[Configuration]]:
    async with connect(app) as (client, _):
        stores = await list_stores(client)
        return stores, await fetch_schema(client, stores[0].store_id), await list_configurations(client)


@pytest.mark.parametrize(("place", "lie", "times"), CHOSEN)
async def test_a_setup_that_is_lied_to_ends_in_words_and_repeated_it_ends_right(
    place: str, lie: str, times: str
) -> None:
    plain = make_app(empty=True)
    await set_up(plain)
    method, path = PLACES[place]
    when: dict[str, Any] = {"method": method, "path": path, **({"nth": 1} if times == "once" else {})}
    app = make_app(empty=True)
    if place == "change store":
        await set_up(app, FORMER)
    play(app, {"when": when, "do": LIES[lie]})
    assert await ending(app) in IN_WORDS
    play(app)
    await set_up(app)
    stores, schema, configurations = await look(plain)
    found = await look(app)
    assert [(each.name, each.description) for each in found[0]] == [("acme", NAMED.description)] * len(stores)
    assert found[1] == schema
    assert [(each.name, each.has_extraction) for each in found[2]] == [("acme", True)] * len(configurations)


def play(app: Middleware, *faults: dict[str, Any]) -> None:
    """Play these faults from now on."""
    app.faults = type(app.faults)(list(faults), now=lambda: 0.0)
