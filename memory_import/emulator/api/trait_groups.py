"""The control plane of a store's trait groups."""

from collections.abc import Mapping
from typing import cast

from memory_import.emulator.api.operations import accept
from memory_import.emulator.api.paging import cut_page
from memory_import.emulator.engine import limits, traits
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.errors import TRAIT_GROUP_LIMIT, TRAIT_LIMIT, conflict, invalid, not_found
from memory_import.emulator.engine.state import Store, TraitGroup
from memory_import.emulator.http.calls import Call, Reply, etag

_RESERVED = frozenset({"email", "phone", "whatsapp", "chat"})


def list_trait_groups(call: Call) -> Reply:
    """GET TraitGroups, with their traits when asked."""
    groups = list(call.store_as_read().trait_groups.values())
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
    group = _find_group(call, call.store_as_read())
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
    return Reply(200, {"traitGroup": body, "meta": page.meta}, {"ETag": etag(group.version)})


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
        message = f"The store has {limits.MAX_TRAIT_GROUPS_PER_STORE} trait groups, which is the limit."
        raise invalid(message, TRAIT_GROUP_LIMIT)
    definitions = cast(dict[str, Json], body.get("traits", {}))
    _check_names(call, definitions)
    _check_promotions(store, definitions)
    return accept(call, "create_group", store.id, body, "Trait group creation accepted.", name)


def _check_names(call: Call, definitions: Mapping[str, Json]) -> None:
    """New traits do not bear a name that the API keeps for itself, where the policy has it so."""
    if call.policy.reserved_names == "refuse":
        for name in _RESERVED.intersection(definitions):
            raise invalid(f"body.traits.{name}: the name is reserved.")


def _check_promotions(store: Store, definitions: dict[str, Json]) -> None:
    """Promotion needs an identifier type that the store knows."""
    for name, definition in definitions.items():
        id_type = definition.get("idTypePromotion")
        if id_type and id_type not in store.identity.normalisers:
            raise invalid(f"body.traits.{name}.idTypePromotion is not in the identity resolution settings.")


def apply_create_group(account: Account, work: Work, at: float) -> Json:
    store, body = account.stores.get(work.store_id), work.payload
    name = cast(str, body["displayName"])
    if store is None or name in store.trait_groups:
        return {"skipped": "store is gone or has the group"}
    store.keep(at)
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
    call.check_if_match(group.version)
    if len(traits.changed_definitions(group, change)) > limits.MAX_TRAITS_PER_GROUP:
        message = f"The group would have more than {limits.MAX_TRAITS_PER_GROUP} traits."
        raise invalid(message, TRAIT_LIMIT)
    definitions = cast(dict[str, Json], change.get("traits", {}))
    _check_names(call, {name: each for name, each in definitions.items() if name not in group.definitions})
    _check_promotions(store, definitions)
    payload: Json = {"group": group.name, "change": change}
    return accept(call, "patch_group", store.id, payload, "Trait group update accepted.", group.name)


def apply_patch_group(account: Account, work: Work, at: float) -> Json:
    store = account.stores.get(work.store_id)
    group = store.trait_groups.get(cast(str, work.payload["group"])) if store else None
    if store is None or group is None:
        return {"skipped": "group is gone"}
    store.keep(at)
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
    return accept(
        call, "delete_group", store.id, {"group": group.name}, "Trait group deletion accepted.", group.name
    )


def apply_delete_group(account: Account, work: Work, at: float) -> Json:
    store, name = account.stores.get(work.store_id), cast(str, work.payload["group"])
    if store is None or name not in store.trait_groups:
        return {"skipped": "group is gone"}
    store.keep(at)
    del store.trait_groups[name]
    for profile in store.order:
        profile.traits.pop(name, None)
        profile.stamps.pop(name, None)
    return {"group": name}
