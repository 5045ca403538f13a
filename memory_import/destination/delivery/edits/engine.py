"""Changes single profiles, one by one: what goes is gone for good, so that any doubt leaves a profile alone.

Each is looked up by all identifiers of its person, and must be one profile that shows one of each type and
nobody else who is present. A change counts as done once it is read back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from memory_import.clock import seconds_now
from memory_import.columns import Kept
from memory_import.destination.api.edits import Asking, Pair, ProfileMerged, find_holders, list_identifiers
from memory_import.destination.api.store import require_store
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused, Success
from memory_import.destination.limits import LOOKUP_POLL_SECONDS, LOOKUPS_AT_ONCE, VISIBLE_SECONDS
from memory_import.ledger.database.edits import UNDER_WAY, Edit, EditKind, EditState
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger

_AT_ONCE = 2_000  # people whose identifiers are held against those of everybody who is present
_OF_NOTHING_SENT = (EditState.KEPT, EditState.ABSENT)
T = TypeVar("T")
R = TypeVar("R")
FindPresent = Callable[[set[str]], set[str]]
"""Of the values of identifiers those that somebody has who is present, in any spec."""


class Way(Protocol):
    """What one kind of change asks for, and how it is told whether it was done."""

    @property
    def kind(self) -> EditKind:
        """What is changed."""

    @property
    def identifiers(self) -> Mapping[int, Sequence[Pair]]:
        """Those of each person, by the number of the change: they lead to the profile."""

    @property
    def refusals_of_done(self) -> frozenset[int]:
        """Statuses of refusals that say that there is nothing to change: it is read back."""

    def judge(self, number: int, shown: set[Pair]) -> Kept | EditState | None:
        """Why a profile that shows these identifiers is left alone, or that it is `ABSENT` what was to go;
        None where neither is so."""

    def list_others(self, number: int, shown: set[Pair]) -> set[str]:
        """Which of the values that a profile shows nobody may have who is present."""

    async def ask(self, client: Client, number: int, asking: Asking) -> Success | Refused:
        """Send the request; to repeat it is to do it once. Raises `ProfileMerged`."""

    async def is_done(self, client: Client, store_id: str, edit: Edit) -> bool:
        """Whether what was to go is not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """What changes work with. `now` is the time, in seconds since the epoch."""

    client: Client
    commits: GroupCommit
    ledger: Ledger
    run_id: str
    store_id: str
    way: Way
    find_present: FindPresent
    advance: Callable[[int], None] = lambda _: None
    now: Callable[[], float] = seconds_now

    def edits(self, *states: EditState) -> list[Edit]:
        """Those that are in one of these states."""
        return self.ledger.edits(self.run_id, self.way.kind, states)


async def change_profiles(work: Editing, *, wait_seconds: float) -> None:
    """Do what is not done yet, and read back what is under way; raises the reason when halted.

    `wait_seconds` is how long to wait until changes can be read.
    """
    stop_signal = work.client.throttle.stop_signal
    async with drained(stop_signal):
        await guarded(stop_signal, _change_all(work, wait_seconds))


async def read_back(work: Editing, *, wait_seconds: float) -> int:
    """Read back what is under way, and send nothing; of how many nobody can say yet what became of them."""
    await _await_done(work, work.edits(*UNDER_WAY), wait_seconds)
    return len(work.edits(*UNDER_WAY))


async def _change_all(work: Editing, wait_seconds: float) -> None:
    await _note_done(work, work.edits(EditState.SENDING))
    open_ones = work.edits(EditState.PLANNED, EditState.SENDING)
    for start in range(0, len(open_ones), _AT_ONCE):
        found = await _each(work, open_ones[start : start + _AT_ONCE], partial(_find, work))
        shown = [one for one in found if one is not None]
        values = {value for one in shown for value in one.others}
        present = await asyncio.to_thread(work.find_present, values) if values else set()
        await _each(work, shown, partial(_change_unless, work, present))
    await _await_done(work, work.edits(*UNDER_WAY), wait_seconds)


@dataclass(frozen=True, slots=True)
class _Found:
    """A profile that may be changed, and what it shows that nobody may have who is present."""

    edit: Edit
    profile_id: str
    others: set[str]


async def _find(work: Editing, edit: Edit) -> _Found | None:
    """The only profile of a person, which shows an identifier of it; None where that is settled otherwise."""
    known = work.way.identifiers[edit.number]
    holders = await _look_up(work, known)
    if holders is None:
        await _end(work, edit, EditState.KEPT, Kept.NOT_LOOKED_UP)
        return None
    if not holders:
        await _end(work, edit, EditState.ABSENT)
        return None
    if len(holders) > 1:
        await _end(work, edit, EditState.KEPT, Kept.SEVERAL_PROFILES)
        return None
    [profile_id] = holders
    edit = replace(edit, profile_id=profile_id)
    try:
        shown = await list_identifiers(work.client, work.store_id, profile_id)
    except ProfileMerged:
        await _end(work, edit, EditState.KEPT, Kept.MERGED_ELSEWHERE)
        return None
    verdict = work.way.judge(edit.number, shown) if shown else Kept.SHOWS_OTHER_IDENTIFIERS
    if isinstance(verdict, Kept):
        await _end(work, edit, EditState.KEPT, verdict)
    elif verdict is not None:
        await _end(work, edit, verdict)
    if verdict is not None or shown is None:
        return None
    return _Found(edit, profile_id, work.way.list_others(edit.number, shown))


def shows(shown: set[Pair], known: Sequence[Pair]) -> bool:
    """Whether a profile shows one of the known identifiers of each type: whoever came into one of them alone,
    such as a number that was given to somebody else, is another person."""
    both = {(id_type, plain(value)) for id_type, value in shown}
    both &= {(id_type, plain(value)) for id_type, value in known}
    return {id_type for id_type, _ in both} == {id_type for id_type, _ in known}


async def _look_up(work: Editing, known: Sequence[Pair]) -> set[str] | None:
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


async def _change_unless(work: Editing, present: set[str], found: _Found) -> None:
    edit = found.edit
    if present & found.others:
        await _end(work, edit, EditState.KEPT, Kept.SHOWS_PRESENT)
        return
    asking = Asking(
        work.store_id,
        found.profile_id,
        before=partial(_note, work, edit, EditState.SENDING),
        unprocessed=partial(_note, work, edit, edit.state),
    )
    try:
        decision = await _ask(work, edit, asking)
    except ProfileMerged:
        await _end(work, edit, EditState.KEPT, Kept.MERGED_ELSEWHERE)
        return
    if isinstance(decision, Refused) and not _says_done(work, decision):
        code = str(decision.code or f"http_{decision.status}")
        await _end(work, replace(edit, request_id=decision.request_id), EditState.REJECTED, code)
        return
    answered = decision if isinstance(decision, Refused) else decision.answer
    await _note(work, replace(edit, request_id=answered.request_id), EditState.ACCEPTED)


async def _ask(work: Editing, edit: Edit, asking: Asking) -> Success | Refused:
    """Send the request; once more where it is said that there is nothing to change and the profile shows it
    still."""
    decision = await work.way.ask(work.client, edit.number, asking)
    if _says_done(work, decision) and not await work.way.is_done(work.client, work.store_id, edit):
        await work.client.throttle.rest(LOOKUP_POLL_SECONDS)
        return await work.way.ask(work.client, edit.number, asking)
    return decision


def _says_done(work: Editing, decision: Success | Refused) -> bool:
    return isinstance(decision, Refused) and decision.status in work.way.refusals_of_done


async def _await_done(work: Editing, edits: Sequence[Edit], wait_seconds: float) -> None:
    """Read back until all are done, or for so long; what is not long after is unknown."""
    clock = work.client.throttle.clock
    end = clock() + wait_seconds
    while left := await _note_done(work, edits):
        young = [one for one in left if work.now() - (one.sent_at or 0.0) < VISIBLE_SECONDS]
        for late in set(left).difference(young):
            await _end(work, late, EditState.UNKNOWN)
        if not young or clock() >= end:
            return
        await work.client.throttle.rest(LOOKUP_POLL_SECONDS)
        edits = young


async def _note_done(work: Editing, edits: Sequence[Edit]) -> list[Edit]:
    """Note of which the service says, twice and of a store that is there, that what was to go is not there
    any more; the others."""
    done = [one for one, is_done in await _are_done(work, edits) if is_done]
    if done:
        await work.client.throttle.rest(LOOKUP_POLL_SECONDS)
        done = [one for one, is_done in await _are_done(work, done) if is_done]
        await require_store(work.client, work.store_id)
    for one in done:
        await _end(work, one, EditState.DONE)
    return [one for one in edits if one not in set(done)]


async def _are_done(work: Editing, edits: Sequence[Edit]) -> list[tuple[Edit, bool]]:
    async def look(edit: Edit) -> tuple[Edit, bool]:
        try:
            return edit, await work.way.is_done(work.client, work.store_id, edit)
        except ProfileMerged:
            return edit, False

    return await _each(work, edits, look)


async def _end(work: Editing, edit: Edit, state: EditState, code: str | None = None) -> None:
    """Note how a change ended. What may have left for the service is not left alone: nobody knows."""
    is_doubted = edit.state is EditState.SENDING and state in _OF_NOTHING_SENT
    await _note(work, replace(edit, code=code), EditState.UNKNOWN if is_doubted else state)
    work.advance(1)


async def _note(work: Editing, edit: Edit, state: EditState) -> None:
    sent_at = work.now() if state in UNDER_WAY else edit.sent_at
    await work.commits.note_edit(replace(edit, state=state, sent_at=sent_at))


def plain(value: str) -> str:
    """A value of an identifier as it is compared with those of others."""
    return value.strip().lower()


async def _each(work: Editing, items: Iterable[T], carry: Callable[[T], Awaitable[R]]) -> list[R]:
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
