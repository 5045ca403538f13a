"""Identifiers of a profile, and Lookup, which finds profiles by them."""

from typing import cast

from memory_import.emulator.api.profiles import find_target, resolve
from memory_import.emulator.engine import limits
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json, checked, record, text
from memory_import.emulator.engine.errors import conflict, invalid, not_found
from memory_import.emulator.engine.identity import detach, find_others, find_profiles
from memory_import.emulator.engine.state import Store
from memory_import.emulator.http.calls import Call, Reply

_ID_TYPE = text(low=limits.MIN_ID_TYPE_CHARACTERS, high=limits.MAX_ID_TYPE_CHARACTERS)
_VALUE = text(high=limits.MAX_IDENTIFIER_CHARACTERS)
_IDENTIFIER = record({"idType": _ID_TYPE, "value": _VALUE}, required=["idType", "value"])
_UPDATE = record(
    {"idType": _ID_TYPE, "oldValue": _VALUE, "newValue": _VALUE}, required=["idType", "oldValue", "newValue"]
)


def _normalise(store: Store, id_type: str, value: str, place: str) -> str:
    normalise = store.identity.normalisers.get(id_type)
    if normalise is None:
        raise invalid("The idType is not in the store's identity resolution settings.")
    normalised = normalise(value)
    if normalised is None:
        raise invalid(f"{place} is nothing that its idType could identify anyone by.")
    return normalised


def look_up(call: Call) -> Reply:
    """POST Profiles/Lookup: canonical ids of the profiles that hold one value."""
    store = call.active_store()
    body = checked(call.json(), _IDENTIFIER)
    id_type = cast(str, body["idType"])
    value = _normalise(store, id_type, cast(str, body["value"]), "body.value")
    held_by = find_profiles(store, id_type, value)[: limits.MAX_PROFILES_PER_LOOKUP]
    found = [profile.id for profile in held_by if call.shows(profile.created_at)]
    return Reply(200, {"normalizedValue": value, "profiles": found})


def list_identifiers(call: Call) -> Reply:
    """GET Identifiers: every type with its values, oldest first."""
    profile = call.profile_in_place(call.active_store(), moved_status=301)
    sets = [{"idType": id_type, "values": values} for id_type, values in profile.identifiers.items()]
    return Reply(200, {"identifiers": sets})


def fetch_identifier(call: Call) -> Reply:
    """GET the values of one type."""
    profile = call.profile_in_place(call.active_store(), moved_status=301)
    id_type = _path_type(call)
    values = profile.identifiers.get(id_type)
    if values is None:
        raise not_found("An identifier of this type")
    return Reply(200, {"idType": id_type, "values": values})


def _path_type(call: Call) -> str:
    id_type = call.path_params["id_type"]
    if not limits.MIN_ID_TYPE_CHARACTERS <= len(id_type) <= limits.MAX_ID_TYPE_CHARACTERS:
        raise invalid("idType must have 2 to 30 characters.")
    return id_type


def add_identifier(call: Call) -> Reply:
    """POST Identifiers: attach one more value; a value that another profile holds merges the two."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    body = checked(call.json(), _IDENTIFIER)
    id_type = cast(str, body["idType"])
    value = _normalise(store, id_type, cast(str, body["value"]), "body.value")
    return _submit(call, store, "add_identifier", {"profile": profile.id, "id_type": id_type, "value": value})


def _submit(call: Call, store: Store, kind: str, payload: Json) -> Reply:
    call.account.submit(kind, store.id, payload, request_id=call.request_id, timing=call.plan.timing)
    return Reply(202, {"message": "Identifier change accepted."})


def apply_add_identifier(account: Account, work: Work, at: float) -> Json:
    store, profile = find_target(account, work)
    if profile is None or store is None:
        return {"skipped": "profile is gone"}
    identifiers = [(cast(str, work.payload["id_type"]), cast(str, work.payload["value"]))]
    matches = find_others(store, profile, identifiers)
    profile, merged, _ = resolve(account, store, identifiers, matches, at)
    return {"profile": profile.id, "merged": [other.id for other in merged]}


def patch_identifier(call: Call) -> Reply:
    """PATCH one type: replace a value; 409 when the profile does not hold the old one."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    id_type = _path_type(call)
    body = checked(call.json(), _UPDATE)
    if body["idType"] != id_type:
        raise invalid("body.idType is not the idType of the path.")
    old = _normalise(store, id_type, cast(str, body["oldValue"]), "body.oldValue")
    new = _normalise(store, id_type, cast(str, body["newValue"]), "body.newValue")
    if id_type not in profile.identifiers:
        raise not_found("An identifier of this type")
    if old not in profile.identifiers[id_type]:
        raise conflict("The profile does not hold body.oldValue.")
    payload: Json = {"profile": profile.id, "id_type": id_type, "old": old, "value": new}
    return _submit(call, store, "patch_identifier", payload)


def apply_patch_identifier(account: Account, work: Work, at: float) -> Json:
    store, profile = find_target(account, work)
    if profile is None or store is None:
        return {"skipped": "profile is gone"}
    if work.payload["old"] != work.payload["value"]:
        detach(store, profile, cast(str, work.payload["id_type"]), cast(str, work.payload["old"]))
    return apply_add_identifier(account, work, at)


def delete_identifier(call: Call) -> Reply:
    """DELETE one type: all its values, or the one that the limit policy would drop first."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    id_type = _path_type(call)
    if id_type not in profile.identifiers:
        raise not_found("An identifier of this type")
    remove_all = call.query_flag("removeAll", default=False)
    return _submit(
        call, store, "delete_identifier", {"profile": profile.id, "id_type": id_type, "all": remove_all}
    )


def apply_delete_identifier(account: Account, work: Work, _at: float) -> Json:
    store, profile = find_target(account, work)
    if profile is None or store is None:
        return {"skipped": "profile is gone"}
    id_type = cast(str, work.payload["id_type"])
    values = list(profile.identifiers.get(id_type, []))
    if not work.payload["all"]:
        is_lifo = store.identity.limits.get(id_type, (0, "fifo"))[1] == "lifo"
        values = values[-1:] if is_lifo else values[:1]
    for value in values:
        detach(store, profile, id_type, value)
    return {"profile": profile.id, "removed": len(values)}
