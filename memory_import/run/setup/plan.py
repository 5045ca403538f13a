"""What has to be done to a store, decided from what it has and what a spec needs. Nothing is ever removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from memory_import.destination.api.identity_settings import IdentitySettings
from memory_import.destination.api.store import TraitUse
from memory_import.destination.api.trait_groups import Definitions, TraitGroup
from memory_import.destination.limits import (
    IDENTIFIER_TYPES_PER_STORE,
    TRAIT_GROUPS_PER_STORE,
    TRAITS_PER_GROUP,
)
from memory_import.run.setup.wanted import Wanted


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """Identifier types, or matching rules, to be added after those that are there."""

    id_types: tuple[str, ...]
    rules: tuple[str, ...]
    words: str
    kind: Literal["change"] = "change"

    def onto(self, settings: IdentitySettings) -> IdentitySettings:
        """The settings with what is added; they keep the ETag."""
        return replace(
            settings,
            configs=[
                *settings.configs,
                *({"idType": each} for each in self.id_types if each not in settings.id_types),
            ],
            rules=[*settings.rules, *(each for each in self.rules if each not in settings.rules)],
        )


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group to be created with these traits, or to be given these definitions."""

    group: str
    traits: Definitions
    kind: Literal["create", "change"]
    words: str


Change = IdentityChange | GroupChange


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPlan:
    """Changes in the order in which they have to be made, what stays as it is, and what stands in the way."""

    changes: Sequence[Change]
    kept: Sequence[str]
    conflicts: Sequence[str]


def plan_setup(wanted: Wanted, groups: Sequence[TraitGroup], settings: IdentitySettings) -> SetupPlan:
    """Identifier types first, for a trait is promoted only to a type that is there; matching rules last."""
    have = {group.name: group for group in groups}
    changes, conflicts = _plan_types(wanted, settings)
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
                lacking[use.name] = _define(use, promotion, definition)
            else:
                kept.append(use.path)
        if lacking:
            changes.append(_change_group(name, lacking, is_new=name not in have))
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
    changes += _plan_rules(wanted, settings)
    return SetupPlan(changes=changes, kept=kept, conflicts=conflicts)


def _plan_types(wanted: Wanted, settings: IdentitySettings) -> tuple[list[Change], list[str]]:
    new = [each for each in dict.fromkeys(wanted.promotions.values()) if each not in settings.id_types]
    if not new:
        return [], []
    total = len(settings.configs) + len(new)
    if total > IDENTIFIER_TYPES_PER_STORE:
        return [], [
            f"The store would have {total} identifier types; it holds {IDENTIFIER_TYPES_PER_STORE}. "
            "Name fewer traits in profiles.identifiers."
        ]
    return [IdentityChange(tuple(new), (), f"identifier types: add {', '.join(new)}")], []


def _plan_rules(wanted: Wanted, settings: IdentitySettings) -> list[Change]:
    """The used types that no rule matches by, after the rules that are there."""
    new = [each for each in dict.fromkeys(wanted.promotions.values()) if each not in settings.rules]
    if not new:
        return []
    return [IdentityChange((), tuple(new), f"matching rules: add {', '.join(new)} at the end")]


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
            "Leave profiles.identifiers out, or give the trait another name in the spec."
        )
    return None


def _define(use: TraitUse, promotion: str | None, definition: Mapping[str, Any] | None) -> Mapping[str, Any]:
    base = definition or {"dataType": use.data_type}
    return {**base, "idTypePromotion": promotion} if promotion else base


def _change_group(name: str, traits: Definitions, *, is_new: bool) -> GroupChange:
    described = ", ".join(_describe(trait, definition) for trait, definition in traits.items())
    return GroupChange(name, traits, "create" if is_new else "change", f"trait group {name}: {described}")


def _describe(name: str, definition: Mapping[str, Any]) -> str:
    promotion = definition.get("idTypePromotion")
    return f"{name} {definition['dataType']}" + (f" (identifies by {promotion})" if promotion else "")
