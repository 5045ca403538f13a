"""The control plane of stores: they are created, listed, fetched, changed and deleted."""

from typing import cast

from memory_import.emulator.api.operations import accept
from memory_import.emulator.api.paging import cut_page
from memory_import.emulator.engine import identity, limits, traits
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json, checked_settings, record, text
from memory_import.emulator.engine.clock import write_moment
from memory_import.emulator.engine.errors import STORE_LIMIT, invalid
from memory_import.emulator.engine.ids import FIRST_STORE_ID
from memory_import.emulator.engine.state import Store, TraitGroup
from memory_import.emulator.http.calls import Call, Reply, etag

_STORE_FIELDS = {
    "displayName": text(high=limits.MAX_NAME_CHARACTERS, pattern=r"[a-zA-Z0-9-]+"),
    "description": text(low=1, high=limits.MAX_STORE_DESCRIPTION_CHARACTERS),
}
_STORE = record(_STORE_FIELDS, required=["displayName"], is_open=True)
_STORE_PATCH = record(_STORE_FIELDS, is_open=True)

_CONTACT: dict[str, Json] = {
    "phone": {"dataType": "STRING", "idTypePromotion": "phone"},
    "email": {"dataType": "STRING", "idTypePromotion": "email"},
    "firstName": {"dataType": "STRING"},
    "lastName": {"dataType": "STRING"},
}


def list_stores(call: Call) -> Reply:
    """GET Stores: ids only."""
    page = cut_page(
        call,
        "stores",
        list(call.account.stores.values()),
        hard_max_items=limits.MAX_CONTROL_PLANE_PAGE_ITEMS,
        keep=lambda store: call.shows(store.created_at),
    )
    return Reply(200, {"stores": [store.id for store in page.items], "meta": page.meta})


def create_store(call: Call) -> Reply:
    """POST Stores: QUEUED at once, ACTIVE when its operation is completed."""
    body = checked_settings(call.json(), _STORE)
    if len(call.account.stores) >= limits.MAX_STORES_PER_ACCOUNT:
        message = f"The account has {limits.MAX_STORES_PER_ACCOUNT} stores, which is the limit."
        raise invalid(message, STORE_LIMIT)
    _check_store_name(call.account, body)
    store_id = call.account.ids.mint("store")
    reply = accept(call, "provision_store", store_id, {}, "Store creation accepted.", store_id)
    operation = call.account.operations[reply.headers["Operation-Id"]]
    payload: Json = {
        "displayName": body["displayName"],
        "description": body.get("description"),
        "queued_until": operation.starts_at,
        "provisioned_at": operation.ends_at,
        "failed": not operation.ending.is_applied,
        "created_at": operation.created_at,
    }
    call.account.change("create_store", store_id, payload, request_id=call.request_id)
    return reply


def _check_store_name(account: Account, body: Json, *, own_id: str | None = None) -> None:
    names = {store.display_name for store in account.stores.values() if store.id != own_id}
    if body.get("displayName") in names:
        raise invalid("body.displayName is taken by another store of the account.")


def apply_create_store(account: Account, work: Work, _at: float) -> Json:
    payload = work.payload
    account.ids.claim("store", work.store_id)
    account.stores[work.store_id] = Store(
        id=work.store_id,
        display_name=cast(str, payload["displayName"]),
        description=cast(str | None, payload["description"]),
        queued_until=cast(float, payload["queued_until"]),
        provisioned_at=cast(float, payload["provisioned_at"]),
        identity=identity.default_settings(),
        merges=account.merges,
        processed_at=work.accepted_at,
        created_at=cast(float, payload.get("created_at", 0.0)),
        forced_status="FAILED" if payload["failed"] else None,
        trait_groups={"Contact": traits.compile_group(TraitGroup("Contact", None, dict(_CONTACT)))},
    )
    return {"store": work.store_id}


def apply_provision_store(_account: Account, work: Work, _at: float) -> Json:
    """The clock makes a store ACTIVE; this only marks the end of the operation."""
    return {"store": work.store_id}


def create_first_store(account: Account) -> None:
    """The one ACTIVE store that a fresh emulator starts with."""
    account.ids.claim("store", FIRST_STORE_ID)
    payload: Json = {
        "displayName": "emulated",
        "description": "The store that every emulator starts with",
        "queued_until": 0,
        "provisioned_at": 0,
        "failed": False,
    }
    account.change("create_store", FIRST_STORE_ID, payload, request_id="start")


def fetch_store(call: Call) -> Reply:
    """GET one store, with its status."""
    store = call.store_as_read()
    body: Json = {
        "displayName": store.display_name,
        "id": store.id,
        "status": store.status_at(call.read_at),
        "intelligenceServiceId": None,
        "version": store.version,
        "dataAsOf": write_moment(call.account.data_as_of(store)),
    }
    if store.description is not None:
        body["description"] = store.description
    return Reply(200, body, {"ETag": etag(store.version)})


def patch_store(call: Call) -> Reply:
    """PATCH one store: 412 when ``If-Match`` is not its ETag."""
    store = call.store()
    body = checked_settings(call.json(may_be_empty=True), _STORE_PATCH)
    call.check_if_match(store.version)
    _check_store_name(call.account, body, own_id=store.id)
    payload: Json = {name: body[name] for name in _STORE_FIELDS if name in body}
    return accept(call, "patch_store", store.id, payload, "Store update accepted.", store.id)


def apply_patch_store(account: Account, work: Work, at: float) -> Json:
    store = account.stores.get(work.store_id)
    if store is None:
        return {"skipped": "store is gone"}
    store.keep(at)
    store.display_name = cast(str, work.payload.get("displayName", store.display_name))
    store.description = cast(str | None, work.payload.get("description", store.description))
    store.version += 1
    return {"store": store.id, "version": store.version}


def delete_store(call: Call) -> Reply:
    """DELETE one store and all it holds."""
    store = call.store()
    return accept(call, "delete_store", store.id, {}, "Store deletion accepted.", store.id)


def apply_delete_store(account: Account, work: Work, _at: float) -> Json:
    account.stores.pop(work.store_id, None)
    return {"store": work.store_id}


def apply_store_status(account: Account, work: Work, _at: float) -> Json:
    """A fault: the store is in this status from now on; null gives it back to the clock."""
    status = cast(str | None, work.payload["status"])
    if store := account.stores.get(work.store_id):
        store.forced_status = status
    return {"store": work.store_id, "status": status}
