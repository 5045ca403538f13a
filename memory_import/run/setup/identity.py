"""What has to be done to the identity resolution settings of a store."""

from memory_import.destination.api.identity_settings import IdentitySettings
from memory_import.destination.limits import IDENTIFIER_TYPES_PER_STORE
from memory_import.run.setup.changes import Change, IdentityChange, order_rules
from memory_import.run.setup.wanted import Wanted
from memory_import.spec.memories import normalization


def plan_types(wanted: Wanted, settings: IdentitySettings) -> tuple[list[Change], list[str]]:
    """The identifier types to add, and what stands in the way."""
    used = dict.fromkeys((*wanted.promotions.values(), *wanted.id_types))
    new = [id_type for id_type in used if id_type not in settings.id_types]
    total = len(settings.configs) + len(new)
    conflicts = [
        f"setup.matching names {id_type}, which is no identifier type of the store and of no trait: name its "
        "trait in setup.identifiers, or leave it out."
        for id_type in wanted.matching
        if id_type not in used and id_type not in settings.id_types
    ]
    if new and total > IDENTIFIER_TYPES_PER_STORE:
        conflicts.append(
            f"The store would have {total} identifier types; it holds {IDENTIFIER_TYPES_PER_STORE}. "
            "Name fewer traits in profiles.identifiers and setup.identifiers."
        )
    if not new or conflicts:
        return [], conflicts
    configs = tuple({"idType": id_type, "normalization": normalization(id_type)} for id_type in new)
    return [IdentityChange(f"identifier types: add {', '.join(new)}", configs)], []


def plan_rules(wanted: Wanted, settings: IdentitySettings) -> list[Change]:
    """The order that the spec states, and the used types that no rule matches by at the end."""
    needed = tuple(dict.fromkeys(wanted.promotions.values()))
    order = order_rules(settings.rules, wanted.matching, needed)
    if order == list(settings.rules):
        return []
    new = [id_type for id_type in order if id_type not in settings.rules]
    words = f"matching rules: add {', '.join(new)} at the end"
    if order[: len(settings.rules)] != list(settings.rules):
        words = f"matching rules: {', '.join(order)}"
    return [IdentityChange(words, first=wanted.matching, needed=needed)]
