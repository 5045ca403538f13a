"""What `memory-import stores` does: list the stores of an account, show, create or change one."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from memory_import.destination.api.identity_settings import fetch_identity_settings
from memory_import.destination.api.stores import Store, change_store, fetch_store, list_stores
from memory_import.destination.api.trait_groups import fetch_trait_groups
from memory_import.destination.errors import StoreChanged, StoreUnfit
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused
from memory_import.ledger.database.ledger import Ledger
from memory_import.run.settings import is_store_id
from memory_import.run.stores.account import (
    Named,
    Tell,
    connect,
    explain_refusal,
    find_account,
    find_by_name,
    make_store,
    pick,
    remark_error,
    wait_until_active,
)
from memory_import.run.stores.request import StoresAction, StoresRequest, settle

Document = dict[str, Any]


async def ask_stores(
    request: StoresRequest, variables: Mapping[str, str], tell: Tell, ledger: Ledger | None = None
) -> Document:
    """Carry a request out; `tell` is told what is waited for and what is odd. With a ledger, the service's
    wishes to wait hold here as for runs.

    The document holds `stores` for a list, else `store`. Raises `UsageProblem` for the request and the
    settings, `StoreUnfit` for the store.
    """
    settled = settle(request)
    async with connect(find_account(variables), ledger) as client:
        if settled.action is StoresAction.LIST:
            return {"stores": [_document(store) for store in await list_stores(client)]}
        which = settled.which or ""
        if settled.action is StoresAction.CREATE:
            return {"store": _document(await _create(client, which, settled.description, tell))}
        store = await _find(client, which, tell)
        if settled.action is StoresAction.UPDATE:
            return {"store": _document(await _update(client, store, settled, tell))}
        return {"store": _document(store) | await _declared(client, store)}


def _document(store: Store) -> Document:
    return {
        ("id" if name == "store_id" else name): value
        for name, value in asdict(store).items()
        if name != "etag"
    }


async def _find(client: Client, which: str, tell: Tell) -> Store:
    if is_store_id(which):
        store = await fetch_store(client, which)
        if store is None:
            raise StoreUnfit([f"There is no store {which} in this account."])
        return store
    stores = await list_stores(client)
    named = pick(stores, which)
    if named is None:
        there = ", ".join(sorted(store.name for store in stores)) or "none"
        raise StoreUnfit([f"There is no store named {which!r} in this account; there are: {there}."])
    return _told(named, tell)


def _told(named: Named, tell: Tell) -> Store:
    if named.warning:
        tell(named.warning)
    return named.store


async def _create(client: Client, name: str, description: str | None, tell: Tell) -> Store:
    there = await find_by_name(client, name)
    if there is not None:
        raise StoreUnfit(
            [f"There is a store named {name!r} already: {there.store.store_id} ({there.store.status})."]
        )
    written = await make_store(client, name, description)
    if remark := remark_error("The store was created", written):
        tell(remark)
    made = await find_by_name(client, name)
    if made is None and isinstance(written, Refused):
        raise StoreUnfit([f"The store was not created: {await explain_refusal(client, written)}"])
    if made is None:
        raise StoreUnfit(["The service took the request but lists no such store. Repeat it in a minute."])
    return await wait_until_active(client, _told(made, tell).store_id, tell)


async def _update(client: Client, store: Store, request: StoresRequest, tell: Tell) -> Store:
    written = await change_store(client, store, name=request.name, description=request.description)
    if remark := remark_error("The store was changed", written):
        tell(remark)
    refused = written if isinstance(written, Refused) else None
    if refused is not None and refused.status == 412:
        raise StoreChanged(
            [
                f"{store.store_id} was changed by somebody else since it was read (HTTP 412); nothing was "
                f"changed. Look at it with `memory-import stores show {store.store_id}`, then repeat this."
            ]
        )
    if refused is not None:
        raise StoreUnfit(
            [f"The API refused the change (HTTP {refused.status}, code {refused.code}): {refused.message}"]
        )
    return await fetch_store(client, store.store_id) or store


async def _declared(client: Client, store: Store) -> Document:
    """What an ACTIVE store declares; another one answers no questions about it."""
    if store.status != "ACTIVE":
        return {}
    groups = await fetch_trait_groups(client, store.store_id)
    settings = await fetch_identity_settings(client, store.store_id)
    return {
        "trait_groups": {
            group.name: {
                name: {"type": definition["dataType"], "identifies_by": definition.get("idTypePromotion")}
                for name, definition in group.traits.items()
            }
            for group in groups
        },
        "identifier_types": [config["idType"] for config in settings.configs],
        "matching_rules": list(settings.rules),
    }


def describe_stores(document: Document) -> str:
    """The document for people."""
    if "stores" in document:
        return _describe_list(document["stores"])
    store = document["store"]
    lines = [f"{store['name']}  {store['status']}  {store['id']}"]
    if store["description"]:
        lines.append(f"  {store['description']}")
    for group, traits in store.get("trait_groups", {}).items():
        lines.append(
            f"  {group}: {', '.join(_describe_trait(*each) for each in traits.items()) or 'no traits'}"
        )
    if "identifier_types" in store:
        lines.append(f"  identifier types: {', '.join(store['identifier_types'])}")
        lines.append(f"  matching rules: {', '.join(store['matching_rules'])}")
    return "\n".join(lines)


def _describe_list(stores: list[Document]) -> str:
    if not stores:
        return "There is no store in this account. Next: memory-import stores create NAME"
    width = max(len(store["name"]) for store in stores)
    return "\n".join(
        f"{store['name']:<{width}}  {store['status']:<12}  {store['id']}"
        + (f"  {store['description']}" if store["description"] else "")
        for store in stores
    )


def _describe_trait(name: str, declared: Document) -> str:
    promotion = declared["identifies_by"]
    return f"{name} {declared['type']}" + (f" (identifies by {promotion})" if promotion else "")
