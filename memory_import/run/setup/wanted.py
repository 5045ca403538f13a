"""What a spec needs a store to declare."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from memory_import.destination.api.store import TraitUse
from memory_import.spec.model import ProfilesSpec, Spec
from memory_import.spec.plans import DATA_TYPES, assumed_identifiers, trait_plans
from memory_import.transforms.plan import TraitPlan

_DESCRIPTION_CHARACTERS = 1_024  # documented: of a trait group and of a trait


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The traits in the order of the spec, and the identifier type of those that are promoted to one.

    `id_types`: further types that profiles are found by. `matching`: the order of matching that the spec
    states; empty leaves it to the store. `descriptions`: of traits, by `Group.trait`; `purpose`: of groups.
    """

    uses: tuple[TraitUse, ...] = ()
    promotions: Mapping[str, str]  # by `Group.trait`, in the order in which they are to match
    id_types: tuple[str, ...] = ()
    matching: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    purpose: str = "Filled by memory-import."


def wanted_of(spec: Spec) -> Wanted:
    """What the loads of a spec need, and what its `setup` adds to that."""
    promotions = {identifier.trait: identifier.id_type for identifier in assumed_identifiers(spec)}
    plans = trait_plans(spec.profiles) if spec.profiles else ()
    return Wanted(
        uses=tuple(trait_uses(spec.profiles)) if spec.profiles else (),
        promotions=promotions,
        id_types=tuple(dict.fromkeys(name for load in spec.memories.values() for name in load.reference)),
        matching=spec.setup.matching,
        descriptions={plan.path: _describe(plan) for plan in plans},
        purpose=f"Filled by memory-import{f' from {spec.name}' if spec.name else ''}.",
    )


def trait_uses(profiles: ProfilesSpec) -> list[TraitUse]:
    """The traits that the load sends, with the types that the API has for them."""
    return [
        TraitUse(group=plan.group, name=plan.name, data_type=DATA_TYPES[plan.type])
        for plan in trait_plans(profiles)
    ]


def named_identifiers(spec: Spec) -> list[str]:
    """The traits that a spec calls identifiers, so that the store must promote them."""
    named = spec.profiles.identifiers if spec.profiles else None
    return list(dict.fromkeys((*(named or ()), *spec.setup.identifiers.values())))


def _describe(plan: TraitPlan) -> str:
    columns = " or ".join(plan.columns) or "a constant of the import"
    return f"{columns}, as {plan.type.value}"[:_DESCRIPTION_CHARACTERS]
