"""What has to be done to a store, decided from what it has and what a spec needs. Nothing is ever removed."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from memory_import.destination.api.identity_settings import IdentitySettings
from memory_import.destination.api.store import TraitUse
from memory_import.destination.api.stores import Store
from memory_import.destination.api.trait_groups import Definitions, TraitGroup
from memory_import.destination.limits import TRAIT_GROUPS_PER_STORE, TRAITS_PER_GROUP
from memory_import.run.setup.changes import Change, GroupChange, SetupPlan, StoreChange
from memory_import.run.setup.identity import plan_rules, plan_types
from memory_import.run.setup.wanted import Wanted
from memory_import.spec.memories import normalization
from memory_import.spec.store import StoreSpec

_STANDARD_ID_TYPES = ("email", "phone", "whatsapp", "chat")
_NEW_STORE = IdentitySettings(
    configs=[{"idType": each, "normalization": normalization(each)} for each in _STANDARD_ID_TYPES],
    rules=_STANDARD_ID_TYPES,
)
"""What a store begins with, as Twilio documents it."""


def plan_new_store(wanted: Wanted, named: StoreSpec) -> SetupPlan:
    """What has to be done where the store is not there yet. What it begins with is seen once it is made: then
    the plan is made anew."""
    described = f": {named.description}" if named.description else ""
    creation = StoreChange(named.name, named.description, "create", f"store {named.name}{described}")
    plan = plan_setup(wanted, (), _NEW_STORE)
    return SetupPlan(changes=[creation, *plan.changes], kept=plan.kept, conflicts=plan.conflicts)


def plan_description(named: StoreSpec, store: Store) -> list[Change]:
    """The description that the spec has for a store, where the store has another one."""
    if named.description is None or named.description == store.description:
        return []
    words = f"store {named.name}: description {named.description!r}"
    return [StoreChange(named.name, named.description, "change", words)]


def plan_setup(wanted: Wanted, groups: Sequence[TraitGroup], settings: IdentitySettings) -> SetupPlan:
    """Identifier types first, for a trait is promoted only to a type that is there; matching rules last."""
    have = {group.name: group for group in groups}
    changes, conflicts = plan_types(wanted, settings)
    kept: list[str] = []
    by_group: dict[str, list[TraitUse]] = {}
    for use in wanted.uses:
        by_group.setdefault(use.group, []).append(use)
    for name, uses in by_group.items():
        declared = have[name].traits if name in have else {}
        lacking: dict[str, Mapping[str, Any]] = {}
        for use in uses:
            promotion = wanted.promotions.get(use.path)
            definition = declared.get(use.name)
            if conflict := _find_conflict(use, promotion, definition):
                conflicts.append(conflict)
            elif definition is None or (promotion and not definition.get("idTypePromotion")):
                lacking[use.name] = _define(use, promotion, definition, wanted.descriptions)
            else:
                kept.append(use.path)
        if lacking:
            changes.append(_change_group(name, lacking, None if name in have else wanted.purpose))
        if len({*declared, *lacking}) > TRAITS_PER_GROUP:
            conflicts.append(
                f"{name} would have {len({*declared, *lacking})} traits; a group holds {TRAITS_PER_GROUP}. "
                "Move some to another group of the spec."
            )
    if len({*have, *by_group}) > TRAIT_GROUPS_PER_STORE:
        conflicts.append(
            f"The store would have {len({*have, *by_group})} trait groups; "
            f"it holds {TRAIT_GROUPS_PER_STORE}. Use groups that are there, or remove one in the Console."
        )
    changes += plan_rules(wanted, settings)
    return SetupPlan(changes=changes, kept=kept, conflicts=conflicts)


def _find_conflict(use: TraitUse, promotion: str | None, definition: Mapping[str, Any] | None) -> str | None:
    if definition is None:
        return None
    if definition["dataType"] != use.data_type:
        return (
            f"The store declares {use.path} as {definition['dataType']}; the spec sends {use.data_type}. "
            "Give the trait another name in the spec, give it a type that the store takes, or change it in "
            "the Console: setup never changes the type of a trait."
        )
    promoted = definition.get("idTypePromotion")
    if promotion and promoted and promoted != promotion:
        return (
            f"The store promotes {use.path} to {promoted}; the spec would have it promoted to {promotion}. "
            "Name that type in setup.identifiers, or give the trait another name in the spec."
        )
    return None


def _define(
    use: TraitUse,
    promotion: str | None,
    definition: Mapping[str, Any] | None,
    descriptions: Mapping[str, str],
) -> Mapping[str, Any]:
    """The definition of a trait; what is there keeps all that it has."""
    base = dict(definition or {"dataType": use.data_type})
    if definition is None and use.path in descriptions:
        base["description"] = descriptions[use.path]
    return {**base, "idTypePromotion": promotion} if promotion else base


def _change_group(name: str, traits: Definitions, purpose: str | None) -> GroupChange:
    """`purpose`: the description of a group that is not there yet; None for one that is."""
    described = ", ".join(_describe(trait, definition) for trait, definition in traits.items())
    kind: Literal["create", "change"] = "change" if purpose is None else "create"
    return GroupChange(name, traits, kind, f"trait group {name}: {described}", purpose)


def _describe(name: str, definition: Mapping[str, Any]) -> str:
    promotion = definition.get("idTypePromotion")
    return f"{name} {definition['dataType']}" + (f" (identifies by {promotion})" if promotion else "")
