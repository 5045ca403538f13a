"""Names of traits: that of its concept to the first column that has it, those of headers to the others."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from memory_import.spec.inference.choice import Choice
from memory_import.spec.inference.headers import find_prefix, name_trait
from memory_import.spec.inference.vocabulary import Concept

_RESERVED = frozenset({"email", "phone", "whatsapp", "chat"})
_SHARED = (Concept.PHONE, Concept.EMAIL, Concept.FULL_NAME)


def name_traits(choices: Sequence[Choice], is_whole: Mapping[str, bool]) -> list[Choice]:
    """The choices with a trait name for each that no other has; phones and emails share theirs.

    `is_whole`, by column: whether the header names the concept and nothing else. Such columns come first.
    """
    given: set[tuple[str, str]] = set()
    named: dict[str, Choice] = {}
    prefix = find_prefix([choice.column for choice in choices])
    for choice in sorted(choices, key=lambda choice: not is_whole[choice.column]):
        if choice.trait is None or choice.concept in _SHARED:
            continue
        here = {name for group, name in given if group == choice.group}
        trait = find_name(choice.trait, choice.column.removeprefix(prefix), here)
        given.add((choice.group, trait))
        named[choice.column] = replace(choice, trait=trait)
    return [named.get(choice.column, choice) for choice in choices]


def find_name(wanted: str | None, column: str, given: Set[str]) -> str:
    """A name that is free in its group: `wanted`, that of the column's header, or a numbered one."""
    own = name_trait(column)
    names = (wanted or own, own, *(f"{own}{number}" for number in range(2, len(given) + 3)))
    return next(name for name in names if name not in _RESERVED and name not in given)
