"""What is wrong with the `setup` of a spec, held against its traits."""

from collections.abc import Iterator

from memory_import.spec.memories import check_id_type
from memory_import.spec.messages import suggest
from memory_import.spec.model import Spec
from memory_import.spec.plans import trait_plans
from memory_import.transforms.plan import TraitType

_TYPE_OF = {"phone": TraitType.PHONE, "email": TraitType.EMAIL}
_NO_IDENTIFIER = frozenset({TraitType.BOOLEAN, TraitType.ARRAY})


def check_setup(spec: Spec) -> Iterator[str]:
    """Identifiers of traits that are not there or that cannot identify, and repetitions."""
    plans = {plan.path: plan for plan in trait_plans(spec.profiles)} if spec.profiles else {}
    seen: dict[str, str] = {}
    for id_type, trait in spec.setup.identifiers.items():
        place = f"setup.identifiers.{id_type}"
        yield from check_id_type("setup.identifiers", id_type)
        if trait not in plans:
            where = suggest(trait, plans) if plans else "; the spec has no traits."
            yield f"{place}: {trait} is not among the traits{where}"
        elif trait in seen:
            yield f"{place}: {trait} is promoted to {seen[trait]} already; a trait has one identifier type."
        else:
            yield from _check_type(place, id_type, plans[trait].type)
        seen[trait] = id_type
    for id_type in dict.fromkeys(spec.setup.matching):
        yield from check_id_type("setup.matching", id_type)
        if spec.setup.matching.count(id_type) > 1:
            yield f"setup.matching names {id_type} twice."


def _check_type(place: str, id_type: str, found: TraitType) -> Iterator[str]:
    needed = _TYPE_OF.get(id_type)
    if needed is not None and found is not needed:
        yield f"{place}: its trait is of type {found.value}; expected type: {needed.value}."
    elif found in _NO_IDENTIFIER:
        yield f"{place}: its trait is of type {found.value}, which cannot identify anybody."
