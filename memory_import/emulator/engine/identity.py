"""Identity resolution: how identifiers are normalised, which profiles they find, and how profiles merge."""

import re
from collections.abc import Callable, Iterable
from typing import cast

from memory_import.emulator.engine import limits
from memory_import.emulator.engine.checks import (
    Check,
    Json,
    array,
    boolean,
    checked_settings,
    integer,
    one_of,
    record,
    text,
)
from memory_import.emulator.engine.errors import invalid
from memory_import.emulator.engine.state import Identifiers, IdentitySettings, Memory, Profile, Store

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_MAX_E164_DIGITS = 15

_CONFIG: Check = record(
    {
        "idType": text(low=limits.MIN_ID_TYPE_CHARACTERS, high=limits.MAX_ID_TYPE_CHARACTERS),
        "matchingAlgo": one_of("exact", "fuzzy"),
        "matchingThreshold": integer(low=50, high=99),
        "limit": integer(low=1, high=limits.MAX_IDENTIFIERS_PER_TYPE),
        "limitPolicy": one_of("fifo", "lifo"),
        "enforceUnique": boolean,
        "normalization": one_of("phone", "email", "trim", "none"),
    },
    required=["idType"],
)
_SETTINGS = record(
    {
        "identifierConfigs": array(_CONFIG, low=1, high=limits.MAX_IDENTIFIER_TYPES),
        "matchingRules": array(
            text(high=limits.MAX_ID_TYPE_CHARACTERS), low=1, high=limits.MAX_IDENTIFIER_TYPES
        ),
    },
    required=["identifierConfigs", "matchingRules"],
    is_open=True,
)
_DEFAULTS: Json = {
    "matchingAlgo": "exact",
    "matchingThreshold": 75,
    "limit": 100,
    "limitPolicy": "fifo",
    "enforceUnique": True,
    "normalization": "trim",
}
_DEFAULT_NORMALISATIONS = {"email": "email", "phone": "phone", "whatsapp": "trim", "chat": "trim"}


def read_settings(body: object) -> Json:
    """The body of new settings, once it fits the document and agrees with itself."""
    settings = checked_settings(body, _SETTINGS)
    configs = cast(list[Json], settings["identifierConfigs"])
    known = [config["idType"] for config in configs]
    if len(set(known)) < len(known):
        raise invalid("body.identifierConfigs names an idType twice.")
    if unknown := [rule for rule in cast(list[str], settings["matchingRules"]) if rule not in known]:
        raise invalid(f"body.matchingRules names {len(unknown)} types that have no identifierConfigs entry.")
    for config in configs:
        if config.get("matchingAlgo") == "fuzzy" or config.get("enforceUnique") is False:
            raise invalid("matchingAlgo and enforceUnique can only take their default values yet.")
    return settings


def build_settings(body: Json, version: int) -> IdentitySettings:
    """Settings ready for use from a body that ``read_settings`` passed."""
    configs = [{**_DEFAULTS, **config} for config in cast(list[Json], body["identifierConfigs"])]
    return IdentitySettings(
        configs=configs,
        rules=list(cast(list[str], body["matchingRules"])),
        version=version,
        normalisers={
            cast(str, config["idType"]): NORMALISERS[cast(str, config["normalization"])] for config in configs
        },
        limits={
            cast(str, config["idType"]): (cast(int, config["limit"]), cast(str, config["limitPolicy"]))
            for config in configs
        },
    )


def default_settings() -> IdentitySettings:
    """What a new store starts with: email, phone, whatsapp and chat, each of them a matching rule."""
    configs: list[Json] = [
        {"idType": id_type, "normalization": normalisation}
        for id_type, normalisation in _DEFAULT_NORMALISATIONS.items()
    ]
    body: Json = {"identifierConfigs": configs, "matchingRules": list(_DEFAULT_NORMALISATIONS)}
    return build_settings(body, version=1)


def _normalise_phone(value: str) -> str | None:
    """E.164. Without a plus, ten digits, or a leading zero, are read as a number of the United States."""
    if _E164.fullmatch(value):
        return value
    digits = _NOT_DIGITS.sub("", value)
    if not digits or len(digits) > _MAX_E164_DIGITS:
        return None
    if value.lstrip().startswith("+"):
        return f"+{digits}"
    is_national = len(digits) <= 10 or digits.startswith("0")
    return f"+1{digits}" if is_national else f"+{digits}"


def _normalise_email(value: str) -> str | None:
    return _bounded(value.replace(" ", "").strip().lower())


def _trim(value: str) -> str | None:
    return _bounded(value.strip())


def _bounded(value: str) -> str | None:
    return value if 0 < len(value) <= limits.MAX_IDENTIFIER_CHARACTERS else None


NORMALISERS: dict[str, Callable[[str], str | None]] = {
    "phone": _normalise_phone,
    "email": _normalise_email,
    "trim": _trim,
    "none": _bounded,
}
"""Of a raw value; None where it identifies nobody (empty, too long, no digits)."""


def find_profiles(store: Store, id_type: str, value: str) -> list[Profile]:
    """The canonical profiles that hold this normalised identifier, earliest first."""
    found = store.index.get(id_type, {}).get(value)
    if found is None:
        return []
    return sorted(found, key=_age) if isinstance(found, list) else [found]


def find_matches(store: Store, identifiers: Identifiers) -> list[Profile]:
    """The canonical profiles that any matching rule finds, each once.

    Where several do not merge, the earliest of those that the rule of the highest priority finds.
    """
    if not store.merges:
        return _find_by_first_rule(store, identifiers)
    matches: list[Profile] = []
    rules = store.identity.rules
    for id_type, value in identifiers:
        if id_type not in rules:
            continue
        values = store.index.get(id_type)
        found = values.get(value) if values is not None else None
        if found is None:
            continue
        for profile in found if type(found) is list else (found,):
            if profile not in matches:
                matches.append(cast(Profile, profile))
    return matches


def _find_by_first_rule(store: Store, identifiers: Identifiers) -> list[Profile]:
    for rule in store.identity.rules:
        found = [
            profile
            for id_type, value in identifiers
            if id_type == rule
            for profile in find_profiles(store, id_type, value)
        ]
        if found:
            return [min(found, key=_age)]
    return []


def find_others(store: Store, profile: Profile, identifiers: Identifiers) -> list[Profile]:
    """``profile`` and, where several merge, the others that hold one of the identifiers."""
    others = find_matches(store, identifiers) if store.merges else []
    return [profile, *(other for other in others if other is not profile)]


def merge(store: Store, profiles: Iterable[Profile]) -> tuple[Profile, list[Profile]]:
    """One profile of several, for good: the earliest stays, the others point to it. (it, the others)."""
    canonical, *others = sorted({profile.canonical() for profile in profiles}, key=_age)
    for other in others:
        _absorb(store, canonical, other)
    return canonical, others


def _age(profile: Profile) -> int:
    return profile.number


def _absorb(store: Store, canonical: Profile, other: Profile) -> None:
    _take_newer_traits(canonical, other)
    identifiers = [(id_type, value) for id_type, values in other.identifiers.items() for value in values]
    detach_all(store, other)
    other.merged_into = canonical
    attach(store, canonical, identifiers)
    _move_memories(store.observations, canonical, other)
    _move_memories(store.summaries, canonical, other)
    other.traits, other.stamps = {}, {}


def _take_newer_traits(canonical: Profile, other: Profile) -> None:
    for group, values in other.traits.items():
        kept, stamps = canonical.traits.setdefault(group, {}), dict(canonical.stamps.get(group, {}))
        for name, value in values.items():
            stamp = other.stamps[group][name]
            if name not in kept or stamp > stamps[name]:
                kept[name], stamps[name] = value, stamp
        canonical.stamps[group] = stamps


def _move_memories(memories: dict[str, list[Memory]], canonical: Profile, other: Profile) -> None:
    moved = memories.pop(other.id, None)
    if moved:
        kept = memories.get(canonical.id, []) + moved
        kept.sort(key=lambda memory: (memory.created_at, memory.id))
        memories[canonical.id] = kept[-limits.MAX_MEMORIES_PER_PROFILE :]


def attach(store: Store, profile: Profile, identifiers: Identifiers) -> None:
    """Add identifier values to a profile, within the limit of each type."""
    held_by_type = profile.identifiers
    for id_type, value in identifiers:
        values = store.index.get(id_type)
        if values is None:
            values = store.index[id_type] = {}
        held = held_by_type.get(id_type)
        if held is None:
            held_by_type[id_type] = [value]
        elif value in held:
            continue
        else:
            held.append(value)
        known = values.get(value)
        if known is None:
            values[value] = profile
        else:
            values[value] = [*(known if isinstance(known, list) else [known]), profile]
        if held is not None:
            _enforce_limit(store, profile, id_type)


def _enforce_limit(store: Store, profile: Profile, id_type: str) -> None:
    limit, policy = store.identity.limits.get(id_type, (limits.MAX_IDENTIFIERS_PER_TYPE, "fifo"))
    held = profile.identifiers[id_type]
    while len(held) > limit:
        detach(store, profile, id_type, held[0] if policy == "fifo" else held[-1])


def detach(store: Store, profile: Profile, id_type: str, value: str) -> None:
    """Take one identifier value from a profile; nothing happens when it does not hold it."""
    held = profile.identifiers.get(id_type, [])
    if value not in held:
        return
    held.remove(value)
    if not held:
        del profile.identifiers[id_type]
    values = store.index[id_type]
    known = values[value]
    rest = [other for other in known if other is not profile] if isinstance(known, list) else []
    if not rest:
        del values[value]
    else:
        values[value] = rest if len(rest) > 1 else rest[0]


def detach_all(store: Store, profile: Profile) -> None:
    """Take every identifier from a profile."""
    for id_type, values in list(profile.identifiers.items()):
        for value in list(values):
            detach(store, profile, id_type, value)
