"""The control plane: stores, trait groups and identity resolution settings. Every write is an operation."""

from typing import cast

from emulator import identity, limits, traits
from emulator.account import Account, Work
from emulator.checks import Json, checked, record, text
from emulator.errors import conflict, invalid, not_found, stale
from emulator.http import Call, Reply
from emulator.ids import FIRST_STORE_ID
from emulator.paging import cut_page
from emulator.state import Store, TraitGroup

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


def _accept(call: Call, kind: str, store_id: str, payload: Json, message: str, result_id: str) -> Reply:
    work = call.account.submit(
        kind,
        store_id,
        payload,
        request_id=call.request_id,
        late_seconds=call.plan.late_seconds,
        with_operation=True,
        result_id=result_id,
        error=call.plan.error,
    )
    assert work.operation is not None  # noqa: S101 -- asked for in the line above
    address = call.operation_address(work.operation)
    headers = {
        "Operation-Id": work.operation.id,
        "Location": address,
        "Retry-After": str(call.policy.operation_retry_after_seconds),
    }
    return Reply(202, {"message": message, "statusUrl": address}, headers)


def _check_if_match(call: Call, version: int) -> None:
    wanted = call.headers.get("if-match")
    if wanted not in (None, "*", _etag(version)):
        raise stale()


def _etag(version: int) -> str:
    return f'"v{version}"'


def list_stores(call: Call) -> Reply:
    """GET Stores: ids only."""
    stores = list(call.account.stores.values())
    page = cut_page(call, "stores", stores, hard_max_items=limits.MAX_CONTROL_PLANE_PAGE_ITEMS)
    return Reply(200, {"stores": [store.id for store in page.items], "meta": page.meta})


def create_store(call: Call) -> Reply:
    """POST Stores: QUEUED at once, ACTIVE when its operation is completed."""
    body = checked(call.json(), _STORE)
    if len(call.account.stores) >= limits.MAX_STORES_PER_ACCOUNT:
        raise invalid(f"The account has {limits.MAX_STORES_PER_ACCOUNT} stores, which is the limit.")
    _check_store_name(call.account, body)
    store_id = call.account.ids.mint("store")
    reply = _accept(call, "provision_store", store_id, {}, "Store creation accepted.", store_id)
    operation = call.account.operations[reply.headers["Operation-Id"]]
    payload: Json = {
        "displayName": body["displayName"],
        "description": body.get("description"),
        "queued_until": operation.starts_at,
        "provisioned_at": operation.ends_at,
        "failed": operation.error is not None,
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
    store = call.store()
    body: Json = {
        "displayName": store.display_name,
        "id": store.id,
        "status": store.status_at(call.account.clock.now()),
        "intelligenceServiceId": None,
        "version": store.version,
    }
    if store.description is not None:
        body["description"] = store.description
    return Reply(200, body, {"ETag": _etag(store.version)})


def patch_store(call: Call) -> Reply:
    """PATCH one store: 412 when ``If-Match`` is not its ETag."""
    store = call.store()
    body = checked(call.json(may_be_empty=True), _STORE_PATCH)
    _check_if_match(call, store.version)
    _check_store_name(call.account, body, own_id=store.id)
    payload: Json = {name: body[name] for name in _STORE_FIELDS if name in body}
    return _accept(call, "patch_store", store.id, payload, "Store update accepted.", store.id)


def apply_patch_store(account: Account, work: Work, _at: float) -> Json:
    store = account.stores.get(work.store_id)
    if store is None:
        return {"skipped": "store is gone"}
    store.display_name = cast(str, work.payload.get("displayName", store.display_name))
    store.description = cast(str | None, work.payload.get("description", store.description))
    store.version += 1
    return {"store": store.id, "version": store.version}


def delete_store(call: Call) -> Reply:
    """DELETE one store and all it holds."""
    store = call.store()
    return _accept(call, "delete_store", store.id, {}, "Store deletion accepted.", store.id)


def apply_delete_store(account: Account, work: Work, _at: float) -> Json:
    account.stores.pop(work.store_id, None)
    return {"store": work.store_id}


def apply_store_status(account: Account, work: Work, _at: float) -> Json:
    """A fault: the store is in this status from now on; null gives it back to the clock."""
    status = cast(str | None, work.payload["status"])
    if store := account.stores.get(work.store_id):
        store.forced_status = status
    return {"store": work.store_id, "status": status}


def fetch_identity_settings(call: Call) -> Reply:
    """GET IdentityResolutionSettings."""
    settings = call.store().identity
    body = {
        "identifierConfigs": settings.configs,
        "matchingRules": settings.rules,
        "version": settings.version,
    }
    return Reply(200, body, {"ETag": _etag(settings.version)})


def put_identity_settings(call: Call) -> Reply:
    """PUT IdentityResolutionSettings; what is stored already stays as it was normalised."""
    store = call.store()
    body = identity.read_settings(call.json())
    _check_if_match(call, store.identity.version)
    payload: Json = {name: body[name] for name in ("identifierConfigs", "matchingRules")}
    return _accept(
        call, "put_identity", store.id, payload, "Identity resolution settings accepted.", store.id
    )


def apply_put_identity(account: Account, work: Work, _at: float) -> Json:
    store = account.stores.get(work.store_id)
    if store is None:
        return {"skipped": "store is gone"}
    store.identity = identity.build_settings(work.payload, store.identity.version + 1)
    return {"store": store.id, "version": store.identity.version}


def list_trait_groups(call: Call) -> Reply:
    """GET TraitGroups, with their traits when asked."""
    groups = list(call.store().trait_groups.values())
    include = call.query_flag("includeTraits", default=False)
    page = cut_page(
        call,
        "traitGroups",
        groups,
        max_items=limits.MAX_TRAIT_GROUPS_PER_STORE,
        hard_max_items=limits.MAX_CONTROL_PLANE_PAGE_ITEMS,
    )
    shown = [_show_group(group, include=include) for group in page.items]
    return Reply(200, {"traitGroups": shown, "meta": page.meta})


def _show_group(group: TraitGroup, *, include: bool) -> Json:
    body: Json = {"displayName": group.name, "version": group.version}
    if group.description is not None:
        body["description"] = group.description
    if include:
        body["traits"] = group.definitions
    return body


def fetch_trait_group(call: Call) -> Reply:
    """GET one trait group, its traits in pages."""
    group = _find_group(call, call.store())
    body = _show_group(group, include=False)
    page = cut_page(
        call,
        "traits",
        list(group.definitions),
        hard_max_items=limits.MAX_CONTROL_PLANE_PAGE_ITEMS,
        default_order="ASC",
    )
    if call.query_flag("includeTraits", default=True):
        body["traits"] = {name: group.definitions[name] for name in page.items}
    return Reply(200, {"traitGroup": body, "meta": page.meta}, {"ETag": _etag(group.version)})


def _find_group(call: Call, store: Store) -> TraitGroup:
    name = call.path_params["group_name"]
    if len(name) > limits.MAX_NAME_CHARACTERS:
        raise invalid("traitGroupName has more than 64 characters.")
    group = store.trait_groups.get(name)
    if group is None:
        raise not_found("The trait group")
    return group


def create_trait_group(call: Call) -> Reply:
    """POST TraitGroups."""
    store = call.store()
    body = traits.read_declaration(call.json())
    name = cast(str, body["displayName"])
    if name in store.trait_groups:
        raise invalid("body.displayName is taken by another trait group of the store.")
    if len(store.trait_groups) >= limits.MAX_TRAIT_GROUPS_PER_STORE:
        raise invalid(f"The store has {limits.MAX_TRAIT_GROUPS_PER_STORE} trait groups, which is the limit.")
    _check_promotions(store, cast(dict[str, Json], body.get("traits", {})))
    return _accept(call, "create_group", store.id, body, "Trait group creation accepted.", name)


def _check_promotions(store: Store, definitions: dict[str, Json]) -> None:
    """Promotion needs an identifier type that the store knows."""
    for name, definition in definitions.items():
        id_type = definition.get("idTypePromotion")
        if id_type and id_type not in store.identity.normalisers:
            raise invalid(f"body.traits.{name}.idTypePromotion is not in the identity resolution settings.")


def apply_create_group(account: Account, work: Work, _at: float) -> Json:
    store, body = account.stores.get(work.store_id), work.payload
    name = cast(str, body["displayName"])
    if store is None or name in store.trait_groups:
        return {"skipped": "store is gone or has the group"}
    group = TraitGroup(
        name, cast(str | None, body.get("description")), cast(dict[str, Json], body.get("traits", {}))
    )
    store.trait_groups[name] = traits.compile_group(group)
    return {"group": name}


def patch_trait_group(call: Call) -> Reply:
    """PATCH one trait group: traits added, changed, or removed by a ``dataType`` of ""."""
    store = call.store()
    group = _find_group(call, store)
    change = traits.read_change(call.json())
    _check_if_match(call, group.version)
    if len(traits.changed_definitions(group, change)) > limits.MAX_TRAITS_PER_GROUP:
        raise invalid(f"The group would have more than {limits.MAX_TRAITS_PER_GROUP} traits.")
    _check_promotions(store, cast(dict[str, Json], change.get("traits", {})))
    payload: Json = {"group": group.name, "change": change}
    return _accept(call, "patch_group", store.id, payload, "Trait group update accepted.", group.name)


def apply_patch_group(account: Account, work: Work, _at: float) -> Json:
    store = account.stores.get(work.store_id)
    group = store.trait_groups.get(cast(str, work.payload["group"])) if store else None
    if group is None:
        return {"skipped": "group is gone"}
    change = cast(Json, work.payload["change"])
    group.definitions = traits.changed_definitions(group, change)
    group.description = cast(str | None, change.get("description", group.description))
    group.version += 1
    traits.compile_group(group)
    return {"group": group.name, "version": group.version}


def delete_trait_group(call: Call) -> Reply:
    """DELETE one trait group with its traits; 409 for the group that a store cannot be without."""
    store = call.store()
    group = _find_group(call, store)
    if group.promotions and len([other for other in store.trait_groups.values() if other.promotions]) == 1:
        raise conflict("The trait group holds the store's only identifiers.")
    return _accept(
        call, "delete_group", store.id, {"group": group.name}, "Trait group deletion accepted.", group.name
    )


def apply_delete_group(account: Account, work: Work, _at: float) -> Json:
    store, name = account.stores.get(work.store_id), cast(str, work.payload["group"])
    if store is None or store.trait_groups.pop(name, None) is None:
        return {"skipped": "group is gone"}
    for profile in store.order:
        profile.traits.pop(name, None)
        profile.stamps.pop(name, None)
    return {"group": name}
