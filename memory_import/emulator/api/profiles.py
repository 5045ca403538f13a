"""Profiles: Bulk, create, list, fetch, patch, delete, and the flat list of traits."""

from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from memory_import.emulator.api.paging import cut_page
from memory_import.emulator.engine import limits
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json, checked, record
from memory_import.emulator.engine.clock import write_moment
from memory_import.emulator.engine.errors import (
    IDENTIFIERS_SKIPPED,
    TRAIT_UPSERT_FAILED,
    invalid,
)
from memory_import.emulator.engine.identity import attach, detach_all, find_matches, find_others, merge
from memory_import.emulator.engine.state import Identifiers, Profile, Store, Traits
from memory_import.emulator.engine.traits import all_promotions, find_problem, read_identifiers
from memory_import.emulator.http.calls import Call, Reply


def _any_value(_value: object, _place: str) -> None:
    """Leave the look inside to ``find_problem``, which knows the declarations."""


_PROFILE = record({"traits": _any_value})


def create_profile(call: Call) -> Reply:
    """POST Profiles: identity is resolved at once, the traits follow."""
    store = call.active_store()
    body = checked(call.json(), _PROFILE)
    traits = body.get("traits", {})
    problem = find_problem(store.trait_groups, traits, nulls=False)
    if problem:
        raise invalid(f"body.traits: {problem.message}.", problem.code)
    identifiers, _ = read_identifiers(
        cast(Traits, traits), all_promotions(store.trait_groups), store.identity
    )
    if not identifiers:
        raise invalid("body.traits holds no trait that is promoted to an identifier.", TRAIT_UPSERT_FAILED)
    resolved = call.account.change(
        "resolve", store.id, {"identifiers": identifiers}, request_id=call.request_id
    )
    profile_id = cast(str, resolved["profile"])
    payload: Json = {"profile": profile_id, "traits": traits}
    call.account.submit("patch", store.id, payload, request_id=call.request_id, timing=call.plan.timing)
    return Reply(202, {"message": "Profile accepted for processing.", "id": profile_id})


def apply_resolve(account: Account, work: Work, at: float) -> Json:
    store = account.stores[work.store_id]
    identifiers = [(id_type, value) for id_type, value in cast(Identifiers, work.payload["identifiers"])]
    profile, merged, is_new = resolve(account, store, identifiers, find_matches(store, identifiers), at)
    return {"profile": profile.id, "created": is_new, "merged": [other.id for other in merged]}


def resolve(
    account: Account, store: Store, identifiers: Identifiers, matches: list[Profile], at: float
) -> tuple[Profile, list[Profile], bool]:
    """The profile that the matches stand for, now with the identifiers; which merged into it; is it new."""
    merged: list[Profile] = []
    if not matches:
        profile = Profile(account.ids.mint("profile"), len(store.order), at)
        store.order.append(profile)
        store.profiles[profile.id] = profile
    elif len(matches) == 1:
        profile = matches[0].canonical()
    else:
        profile, merged = merge(store, matches)
    attach(store, profile, identifiers)
    return profile, merged, not matches


def write_traits(profile: Profile, traits: Traits, at: float) -> None:
    """Set what ``traits`` names and delete what it names null; all else stays."""
    for group, values in traits.items():
        if not values:
            continue
        stamps = _stamps_of(tuple(values), at)
        held = profile.traits.get(group)
        if held is None:
            profile.traits[group] = dict(values)
            profile.stamps[group] = stamps
        else:
            held.update(values)
            profile.stamps[group] = {**profile.stamps[group], **stamps}
        if None in values.values():
            _drop_nulls(profile, group)


@lru_cache(maxsize=64)
def _stamps_of(names: tuple[str, ...], at: float) -> Mapping[str, float]:
    """One mapping for all profiles that were written alike at the same time: a fifth of their memory."""
    return dict.fromkeys(names, at)


def _drop_nulls(profile: Profile, group: str) -> None:
    left = {name: value for name, value in profile.traits[group].items() if value is not None}
    profile.traits[group] = left
    profile.stamps[group] = {name: profile.stamps[group][name] for name in left}
    if not left:
        del profile.traits[group], profile.stamps[group]


def list_profiles(call: Call) -> Reply:
    """GET Profiles: ids, the newest first."""
    store = call.active_store()
    page = cut_page(
        call,
        "profiles",
        store.order,
        keep=lambda profile: profile.is_listed and call.shows(profile.created_at),
    )
    return Reply(200, {"profiles": [profile.id for profile in page.items], "meta": page.meta})


def fetch_profile(call: Call) -> Reply:
    """GET one profile with the traits of all groups or of those asked for."""
    profile = call.profile_in_place(call.active_store(), moved_status=301)
    traits: Traits = {}
    for _, group, name in _read_stamps(call, profile):
        traits.setdefault(group, {})[name] = profile.traits[group][name]
    return Reply(200, {"id": profile.id, "createdAt": write_moment(profile.created_at), "traits": traits})


def list_traits(call: Call) -> Reply:
    """GET Traits: each with its group and the time of its last change."""
    profile = call.profile_in_place(call.active_store(), moved_status=301)
    page = cut_page(
        call, "traits", sorted(_read_stamps(call, profile)), max_items=limits.MAX_TRAIT_PAGE_ITEMS
    )
    traits = [
        {
            "name": name,
            "value": profile.traits[group][name],
            "traitGroup": group,
            "timestamp": write_moment(stamp),
        }
        for stamp, group, name in page.items
    ]
    return Reply(200, {"traits": traits, "meta": page.meta})


def _read_stamps(call: Call, profile: Profile) -> list[tuple[float, str, str]]:
    """When each trait of the groups asked for was written, as far as it can be read."""
    wanted = call.query_names("traitGroups")
    return [
        (profile.stamps[group][name], group, name)
        for group, values in profile.traits.items()
        for name in values
        if (wanted is None or group in wanted) and call.shows(profile.stamps[group][name])
    ]


def patch_profile(call: Call) -> Reply:
    """PATCH one profile: named traits are set, those named null removed."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    body = checked(call.json(), _PROFILE)
    traits = body.get("traits", {})
    problem = find_problem(store.trait_groups, traits, nulls=True)
    if problem:
        raise invalid(f"body.traits: {problem.message}.", problem.code)
    payload: Json = {"profile": profile.id, "traits": traits}
    call.account.submit("patch", store.id, payload, request_id=call.request_id, timing=call.plan.timing)
    return Reply(202, {"message": "Trait patch accepted."})


def apply_patch(account: Account, work: Work, at: float) -> Json:
    store, profile = find_target(account, work)
    if profile is None or store is None:
        return {"skipped": "profile is gone"}
    traits = cast(Traits, work.payload["traits"])
    identifiers, unusable = read_identifiers(traits, all_promotions(store.trait_groups), store.identity)
    matches = find_others(store, profile, identifiers)
    profile, merged, _ = resolve(account, store, identifiers, matches, at)
    write_traits(profile, traits, at)
    effects: Json = {"profile": profile.id, "merged": [other.id for other in merged]}
    if unusable:
        effects["warning"] = IDENTIFIERS_SKIPPED
    return effects


def find_target(account: Account, work: Work) -> tuple[Store | None, Profile | None]:
    """The store and the canonical profile that work is for; None where they are gone by now."""
    store = account.stores.get(work.store_id)
    found = store.profiles.get(cast(str, work.payload["profile"])) if store else None
    profile = found.canonical() if found else None
    return store, None if profile is None or profile.is_deleted else profile


def delete_profile(call: Call) -> Reply:
    """DELETE one profile with everything it holds."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    call.account.submit(
        "delete",
        store.id,
        {"profile": profile.id},
        request_id=call.request_id,
        timing=call.plan.timing,
    )
    return Reply(202, {"message": "Profile deletion accepted."})


def apply_delete(account: Account, work: Work, _at: float) -> Json:
    store, profile = find_target(account, work)
    if profile is None or store is None:
        return {"skipped": "profile is gone"}
    detach_all(store, profile)
    store.observations.pop(profile.id, None)
    store.summaries.pop(profile.id, None)
    profile.traits, profile.stamps, profile.is_deleted = {}, {}, True
    return {"profile": profile.id}
