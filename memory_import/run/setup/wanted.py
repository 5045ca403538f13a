"""What a spec needs a store to declare."""

from collections.abc import Mapping
from dataclasses import dataclass

from memory_import.destination.api.store import TraitUse
from memory_import.spec.model import DATA_TYPES, ProfilesSpec, assumed_identifiers, trait_plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The traits in the order of the spec, and the identifier type of those that are promoted to one."""

    uses: tuple[TraitUse, ...] = ()
    promotions: Mapping[str, str]  # by `Group.trait`, in the order in which they are to match


def wanted_of(profiles: ProfilesSpec | None) -> Wanted:
    """What a load of profiles needs; nothing where there is none."""
    if profiles is None:
        return Wanted(promotions={})
    promotions = {identifier.trait: identifier.id_type for identifier in assumed_identifiers(profiles)}
    return Wanted(uses=tuple(trait_uses(profiles)), promotions=promotions)


def trait_uses(profiles: ProfilesSpec) -> list[TraitUse]:
    """The traits that the load sends, with the types that the API has for them."""
    return [
        TraitUse(group=plan.group, name=plan.name, data_type=DATA_TYPES[plan.type])
        for plan in trait_plans(profiles)
    ]
