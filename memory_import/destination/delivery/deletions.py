"""Deletes the profiles of people who are gone, one by one: for good, so that any doubt leaves one alone.

Each is looked up by all identifiers that are known of it, and must be one profile that shows one of each type
and nobody else who is present. It counts as deleted once it is read back as not there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from memory_import.clock import seconds_now
from memory_import.columns import Kept
from memory_import.destination.api.deletion import (
    Deletable,
    Pair,
    ProfileMerged,
    delete_profile,
    find_holders,
    is_missing,
    list_identifiers,
)
from memory_import.destination.api.store import require_store
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused
from memory_import.destination.limits import LOOKUP_POLL_SECONDS, LOOKUPS_AT_ONCE, VISIBLE_SECONDS
from memory_import.ledger.database.deletions import UNDER_WAY, Deletion, DeletionState
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger

_AT_ONCE = 2_000  # people whose identifiers are held against those of everybody who is present
_OF_NOTHING_SENT = (DeletionState.KEPT, DeletionState.ABSENT)
T = TypeVar("T")
R = TypeVar("R")
FindPresent = Callable[[set[str]], set[str]]
"""Of the values of identifiers those that somebody has who is present, in any spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleting:
    """What deletions work with. `identifiers`: those that are known of each person."""

    client: Client
    commits: GroupCommit
    ledger: Ledger
    run_id: str
    store_id: str
    identifiers: Mapping[int, Sequence[Pair]]
    find_present: FindPresent
    advance: Callable[[int], None] = lambda _: None


async def delete_profiles(work: Deleting, *, wait_seconds: float) -> None:
    """Delete what is not deleted yet, and read back what is under way; raises the reason when halted.

    `wait_seconds` is how long to wait for profiles to go.
    """
    stop_signal = work.client.throttle.stop_signal
    async with drained(stop_signal):
        await guarded(stop_signal, _delete_all(work, wait_seconds))


async def read_back(work: Deleting, *, wait_seconds: float) -> int:
    """Read back what is under way, and send nothing; of how many nobody can say yet what became of them."""
    await _await_gone(work, work.ledger.deletions(work.run_id, UNDER_WAY), wait_seconds)
    return len(work.ledger.deletions(work.run_id, UNDER_WAY))


async def _delete_all(work: Deleting, wait_seconds: float) -> None:
    await _note_gone(work, work.ledger.deletions(work.run_id, (DeletionState.SENDING,)))
    open_ones = work.ledger.deletions(work.run_id, (DeletionState.PLANNED, DeletionState.SENDING))
    for start in range(0, len(open_ones), _AT_ONCE):
        found = await _each(work, open_ones[start : start + _AT_ONCE], partial(_find, work))
        shown = [one for one in found if one is not None]
        values = {value for one in shown for _, value in one.shown}
        present = await asyncio.to_thread(work.find_present, values) if values else set()
        await _each(work, shown, partial(_delete_unless, work, present))
    await _await_gone(work, work.ledger.deletions(work.run_id, UNDER_WAY), wait_seconds)


@dataclass(frozen=True, slots=True)
class _Found:
    """A profile that may be deleted, and the identifiers that it shows."""

    deletion: Deletion
    shown: set[Pair]


async def _find(work: Deleting, deletion: Deletion) -> _Found | None:
    """The only profile of a person, which shows an identifier of it; None where that is settled otherwise."""
    known = work.identifiers[deletion.person]
    holders = await _look_up(work, known)
    if holders is None:
        await _end(work, deletion, DeletionState.KEPT, Kept.NOT_LOOKED_UP)
        return None
    if not holders:
        await _end(work, deletion, DeletionState.ABSENT)
        return None
    if len(holders) > 1:
        await _end(work, deletion, DeletionState.KEPT, Kept.SEVERAL_PROFILES)
        return None
    [profile_id] = holders
    deletion = replace(deletion, profile_id=profile_id)
    try:
        shown = await list_identifiers(work.client, work.store_id, profile_id)
    except ProfileMerged:
        await _end(work, deletion, DeletionState.KEPT, Kept.MERGED_ELSEWHERE)
        return None
    if not shown or not _shows(shown, known):
        await _end(work, deletion, DeletionState.KEPT, Kept.SHOWS_OTHER_IDENTIFIERS)
        return None
    return _Found(deletion, shown)


def _shows(shown: set[Pair], known: Sequence[Pair]) -> bool:
    """Whether a profile shows one of the known identifiers of each type: whoever came into one of them alone,
    such as a number that was given to somebody else, is another person."""
    both = {(id_type, plain(value)) for id_type, value in shown}
    both &= {(id_type, plain(value)) for id_type, value in known}
    return {id_type for id_type, _ in both} == {id_type for id_type, _ in known}


async def _look_up(work: Deleting, known: Sequence[Pair]) -> set[str] | None:
    """The ids of the profiles that identifiers lead to; none is believed when it is said twice."""
    for attempt in range(2):
        if attempt:
            await work.client.throttle.rest(LOOKUP_POLL_SECONDS)
        found = [await find_holders(work.client, work.store_id, pair) for pair in known]
        if None in found:
            await require_store(work.client, work.store_id)
            return None
        if holders := {profile_id for ids in found for profile_id in ids or ()}:
            return holders
    await require_store(work.client, work.store_id)
    return set()


async def _delete_unless(work: Deleting, present: set[str], found: _Found) -> None:
    deletion = found.deletion
    if present.intersection(value for _, value in found.shown):
        await _end(work, deletion, DeletionState.KEPT, Kept.SHOWS_PRESENT)
        return
    assert deletion.profile_id is not None  # noqa: S101 - it was found
    request = Deletable(
        deletion.profile_id,
        before=partial(_note, work, deletion, DeletionState.SENDING),
        unprocessed=partial(_note, work, deletion, deletion.state),
    )
    try:
        decision = await delete_profile(work.client, work.store_id, request)
    except ProfileMerged:
        await _end(work, deletion, DeletionState.KEPT, Kept.MERGED_ELSEWHERE)
        return
    if isinstance(decision, Refused) and decision.status != 404:  # what is not there is read back as such
        code = str(decision.code or f"http_{decision.status}")
        await _end(work, replace(deletion, request_id=decision.request_id), DeletionState.REJECTED, code)
        return
    answered = decision if isinstance(decision, Refused) else decision.answer
    await _note(work, replace(deletion, request_id=answered.request_id), DeletionState.ACCEPTED)


async def _await_gone(work: Deleting, deletions: Sequence[Deletion], wait_seconds: float) -> None:
    """Read back until all are gone, or for so long; what is there long after is unknown."""
    clock = work.client.throttle.clock
    end = clock() + wait_seconds
    while left := await _note_gone(work, deletions):
        young = [one for one in left if seconds_now() - (one.sent_at or 0.0) < VISIBLE_SECONDS]
        for late in set(left).difference(young):
            await _end(work, late, DeletionState.UNKNOWN)
        if not young or clock() >= end:
            return
        await work.client.throttle.rest(LOOKUP_POLL_SECONDS)
        deletions = young


async def _note_gone(work: Deleting, deletions: Sequence[Deletion]) -> list[Deletion]:
    """Note of which the service says, twice and of a store that is there, that the profile is not there any
    more; the others."""
    missing = [one for one, is_missing in await _are_missing(work, deletions) if is_missing]
    if missing:
        await work.client.throttle.rest(LOOKUP_POLL_SECONDS)
        missing = [one for one, is_missing in await _are_missing(work, missing) if is_missing]
        await require_store(work.client, work.store_id)
    for one in missing:
        await _end(work, one, DeletionState.DELETED)
    return [one for one in deletions if one not in set(missing)]


async def _are_missing(work: Deleting, deletions: Sequence[Deletion]) -> list[tuple[Deletion, bool]]:
    async def look(deletion: Deletion) -> tuple[Deletion, bool]:
        return deletion, await is_missing(work.client, work.store_id, str(deletion.profile_id))

    return await _each(work, deletions, look)


async def _end(work: Deleting, deletion: Deletion, state: DeletionState, code: str | None = None) -> None:
    """Note how a deletion ended. What may have left for the service is not left alone: nobody knows."""
    is_doubted = deletion.state is DeletionState.SENDING and state in _OF_NOTHING_SENT
    await _note(work, replace(deletion, code=code), DeletionState.UNKNOWN if is_doubted else state)
    work.advance(1)


async def _note(work: Deleting, deletion: Deletion, state: DeletionState) -> None:
    sent_at = seconds_now() if state is DeletionState.SENDING else deletion.sent_at
    if state is DeletionState.ACCEPTED:
        sent_at = seconds_now()
    await work.commits.note_deletion(replace(deletion, state=state, sent_at=sent_at))


def plain(value: str) -> str:
    """A value of an identifier as it is compared with those of others."""
    return value.strip().lower()


async def _each(work: Deleting, items: Iterable[T], carry: Callable[[T], Awaitable[R]]) -> list[R]:
    """What `carry` returns for each item, in order; a few at a time. Raises `Stopped` where it was
    halted, once what was under way has come to its own end."""
    slots, throttle = asyncio.Semaphore(LOOKUPS_AT_ONCE), work.client.throttle
    results: dict[int, R] = {}

    async def one(number: int, item: T) -> None:
        async with slots:
            throttle.check()
            results[number] = await carry(item)

    async with asyncio.TaskGroup() as group:
        for number, item in enumerate(items):
            group.create_task(guarded(throttle.stop_signal, one(number, item)))
    throttle.check()
    return [results[number] for number in sorted(results)]
