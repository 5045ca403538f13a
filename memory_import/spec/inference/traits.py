"""The lines of `traits`: of which columns each is made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memory_import.spec.inference.choice import Choice
from memory_import.spec.inference.headers import find_prefix
from memory_import.spec.inference.naming import find_name
from memory_import.spec.inference.vocabulary import Concept


@dataclass(frozen=True)
class Trait:
    """A line of `traits`: where the value comes from, and what the line says of it."""

    group: str
    name: str
    columns: tuple[str, ...]
    options: Mapping[str, Any]
    choices: tuple[Choice, ...]

    @property
    def path(self) -> str:
        """`Group.trait`."""
        return f"{self.group}.{self.name}"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should look at; a further column has a trait of its own for that."""
        return tuple(dict.fromkeys(self.choices[0].doubts))


def list_traits(choices: Sequence[Choice]) -> Iterator[Trait]:
    """The traits in the order of their first columns; phones and emails share one each, beside which each
    further column has its own; a full name is split."""
    for choice in choices:
        if choice.trait is None:
            continue
        if choice.concept in {Concept.PHONE, Concept.EMAIL}:
            same = [c for c in choices if c.concept is choice.concept and c.trait is not None]
            if same[0] is choice:
                yield from _contacts(same, choices)
        elif choice.concept is Concept.FULL_NAME:
            yield Trait("Contact", "firstName", (choice.column,), {"name": "first"}, (choice,))
            yield Trait("Contact", "lastName", (choice.column,), {"name": "last"}, (choice,))
        else:
            yield Trait(choice.group, choice.trait, (choice.column,), choice.options, (choice,))


def _contacts(choices: Sequence[Choice], all_choices: Sequence[Choice]) -> Iterator[Trait]:
    """One trait of several columns, the fullest first, and one for each column after the first.

    All of them identify. What has a trait of its own goes with its person in one entry; what has none takes
    a further one, which is billed.
    """
    best = sorted(choices, key=lambda choice: -choice.evidence.fill)
    options: dict[str, Any] = {}
    for choice in best:
        options = {**choice.options, **options}
    group, name = best[0].group, str(best[0].trait)
    yield Trait(group, name, tuple(choice.column for choice in best), options, tuple(best))
    given = {name, *(str(choice.trait) for choice in all_choices if choice.group == group)}
    prefix = find_prefix([choice.column for choice in all_choices])
    for choice in best[1:]:
        if not choice.evidence.filled.is_empty():
            name = find_name(None, choice.column.removeprefix(prefix), given)
            given.add(name)
            yield Trait(group, name, (choice.column,), choice.options, (choice,))
