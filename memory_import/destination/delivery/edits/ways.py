"""The kinds of changes: profiles of people who are gone, traits that are blank, former identifier values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from memory_import.columns import Kept
from memory_import.destination.api.edits import (
    Asking,
    Pair,
    clear_traits,
    delete_profile,
    is_missing,
    list_identifiers,
    list_traits,
    replace_identifier,
)
from memory_import.destination.delivery.edits.engine import plain, shows
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused, Success
from memory_import.ledger.database.edits import Edit, EditKind, EditState

_NOT_THERE = frozenset({404})
_NOT_HELD = frozenset({404, 409})


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deletes the profiles of people who are gone. It is theirs alone: whatever it shows, nobody may have who
    is present."""

    identifiers: Mapping[int, Sequence[Pair]]
    kind: Literal[EditKind.DELETE] = EditKind.DELETE
    refusals_of_done: frozenset[int] = _NOT_THERE

    def judge(self, number: int, shown: set[Pair]) -> Kept | EditState | None:
        """See `Way`."""
        return None if shows(shown, self.identifiers[number]) else Kept.SHOWS_OTHER_IDENTIFIERS

    def list_others(self, number: int, shown: set[Pair]) -> set[str]:  # noqa: ARG002 - the same for everybody
        """See `Way`."""
        return {value for _, value in shown}

    async def ask(self, client: Client, number: int, asking: Asking) -> Success | Refused:  # noqa: ARG002
        """See `Way`."""
        return await delete_profile(client, asking)

    async def is_done(self, client: Client, store_id: str, edit: Edit) -> bool:
        """See `Way`."""
        return await is_missing(client, store_id, str(edit.profile_id))


@dataclass(frozen=True, slots=True)
class Clearings:
    """Removes traits of people who are present. `paths`: those of each person."""

    identifiers: Mapping[int, Sequence[Pair]]
    paths: Mapping[int, Sequence[str]]
    kind: Literal[EditKind.CLEAR] = EditKind.CLEAR
    refusals_of_done: frozenset[int] = _NOT_THERE

    def judge(self, number: int, shown: set[Pair]) -> Kept | EditState | None:
        """See `Way`."""
        return None if shows(shown, self.identifiers[number]) else Kept.SHOWS_OTHER_IDENTIFIERS

    def list_others(self, number: int, shown: set[Pair]) -> set[str]:
        """See `Way`."""
        return _list_strange(shown, self.identifiers[number])

    async def ask(self, client: Client, number: int, asking: Asking) -> Success | Refused:
        """See `Way`."""
        return await clear_traits(client, asking, self.paths[number])

    async def is_done(self, client: Client, store_id: str, edit: Edit) -> bool:
        """See `Way`."""
        traits = await list_traits(client, store_id, str(edit.profile_id))
        return traits is None or traits.isdisjoint(self.paths[edit.number])


@dataclass(frozen=True, slots=True)
class Succession:
    """A former identifier value, and what takes its place. `is_stated_elsewhere`: another spec knows somebody
    by it who does not have the new one."""

    old: Pair
    successor: str
    is_stated_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Replacements:
    """Puts new identifier values of people who are present in the place of their former ones, where their
    profile shows both: then nobody else's can be touched."""

    identifiers: Mapping[int, Sequence[Pair]]
    successions: Mapping[int, Succession]
    kind: Literal[EditKind.REPLACE] = EditKind.REPLACE
    refusals_of_done: frozenset[int] = _NOT_HELD

    def judge(self, number: int, shown: set[Pair]) -> Kept | EditState | None:
        """See `Way`."""
        succession = self.successions[number]
        if not shows(shown, self.identifiers[number]):
            return Kept.SHOWS_OTHER_IDENTIFIERS
        if not _holds(shown, succession.old):
            return EditState.ABSENT
        if not _holds(shown, (succession.old[0], succession.successor)):
            return Kept.SUCCESSOR_NOT_SHOWN
        return Kept.STATED_ELSEWHERE if succession.is_stated_elsewhere else None

    def list_others(self, number: int, shown: set[Pair]) -> set[str]:
        """See `Way`."""
        return _list_strange(shown, self.identifiers[number])

    async def ask(self, client: Client, number: int, asking: Asking) -> Success | Refused:
        """See `Way`."""
        succession = self.successions[number]
        return await replace_identifier(client, asking, succession.old, succession.successor)

    async def is_done(self, client: Client, store_id: str, edit: Edit) -> bool:
        """See `Way`."""
        shown = await list_identifiers(client, store_id, str(edit.profile_id))
        return shown is None or not _holds(shown, self.successions[edit.number].old)


def _list_strange(shown: set[Pair], own: Sequence[Pair]) -> set[str]:
    """The values that a profile shows and that are not known to be the person's."""
    known = {plain(value) for _, value in own}
    return {value for _, value in shown if plain(value) not in known}


def _holds(shown: set[Pair], pair: Pair) -> bool:
    return (pair[0], plain(pair[1])) in {(id_type, plain(value)) for id_type, value in shown}
