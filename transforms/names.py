"""Names of columns, trait groups and traits: what the API would refuse, and the nearest that is right."""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from memory_import.transforms.limits import (
    GROUP_NAME,
    GROUP_NAME_CHARACTERS,
    GROUPS_PER_STORE,
    TRAIT_NAME,
    TRAIT_NAME_CHARACTERS,
    TRAITS_PER_GROUP,
)

LEAST_LIKENESS = 0.6


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that was most likely meant by a name, or None if none is near.

    Case, spaces and punctuation count least; of equally near choices the first wins.
    """
    likeness = {choice: SequenceMatcher(None, _letters(choice), _letters(name)).ratio() for choice in choices}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= LEAST_LIKENESS else None


def check_group_name(name: str) -> str | None:
    """What the API would refuse in the name of a trait group, as a sentence; None if nothing."""
    if not re.fullmatch(GROUP_NAME, name):
        return f"the group name {name!r} may hold only letters, digits, '_', '-' and '.'"
    return _check_length("group", name, GROUP_NAME_CHARACTERS)


def check_trait_name(name: str) -> str | None:
    """What the API would refuse in the name of a trait, as a sentence; None if nothing."""
    if not re.fullmatch(TRAIT_NAME, name):
        suggestion = suggest_trait_name(name)
        meant = f"; did you mean {suggestion!r}?" if suggestion else ""
        return (
            f"the trait name {name!r} must be lowerCamelCase (a small letter, then letters and digits){meant}"
        )
    return _check_length("trait", name, TRAIT_NAME_CHARACTERS)


def suggest_trait_name(text: str) -> str | None:
    """`First Name` as a trait name, `firstName`; None if it holds no letter to begin with."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])|[0-9]+", text)
    joined = "".join(word.capitalize() for word in words).lstrip("0123456789")
    return joined[:1].lower() + joined[1:] if joined else None


def check_sizes(traits: Mapping[str, int]) -> list[str]:
    """What the API would refuse in a store that had these trait groups, by their numbers of traits."""
    problems = [
        f"the group {group!r} has {size} traits; the API accepts {TRAITS_PER_GROUP}"
        for group, size in traits.items()
        if size > TRAITS_PER_GROUP
    ]
    if len(traits) > GROUPS_PER_STORE:
        problems.append(
            f"there are {len(traits)} trait groups; the API accepts {GROUPS_PER_STORE} in a store"
        )
    return problems


def _check_length(kind: str, name: str, limit: int) -> str | None:
    return (
        f"the {kind} name {name!r} has {len(name)} characters; the API accepts {limit}"
        if len(name) > limit
        else None
    )


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
