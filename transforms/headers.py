"""Names of columns, trait groups and traits: what the API would refuse, and the nearest that is right."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from transforms.limits import GROUP_NAME, GROUP_NAME_CHARACTERS, TRAIT_NAME, TRAIT_NAME_CHARACTERS

RESERVED_PREFIX = "_"
"""Columns of our own begin so: `_file`, `_row`, `_payload`, `_id.phone`, …"""


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that was most likely meant by a name, or None if none is near.

    Case, spaces and punctuation count least; of equally near choices the first wins.
    """
    by_letters: dict[str, str] = {}
    for choice in choices:
        by_letters.setdefault(_letters(choice), choice)
    matches = get_close_matches(_letters(name), by_letters, n=1, cutoff=0.6)
    return by_letters[matches[0]] if matches else None


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


def find_reserved(columns: Iterable[str]) -> list[str]:
    """The source columns whose names could collide with the columns that preparing adds."""
    return [column for column in columns if column.startswith(RESERVED_PREFIX)]


def _check_length(kind: str, name: str, limit: int) -> str | None:
    return (
        f"the {kind} name {name!r} has {len(name)} characters; the API accepts {limit}"
        if len(name) > limit
        else None
    )


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
