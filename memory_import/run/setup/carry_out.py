"""Carries a setup out. It begins from what the store has, so it can be repeated after it ended anywhere."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from memory_import.destination.api.control_plane import Written
from memory_import.destination.api.identity_settings import (
    fetch_identity_settings,
    replace_identity_settings,
)
from memory_import.destination.api.stores import change_store
from memory_import.destination.api.trait_groups import (
    change_trait_group,
    create_trait_group,
    fetch_trait_groups,
)
from memory_import.destination.errors import StoreChanged, StoreNotReady, StoreUnfit
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.throttle import growing_waits
from memory_import.destination.limits import (
    READ_LAG_OF_CONTROL_PLANE_SECONDS,
    SETUP_POLL_FIRST_SECONDS,
    SETUP_POLL_LONGEST_SECONDS,
    SETUP_SHOWS_SECONDS,
)
from memory_import.run.setup.changes import Change, GroupChange, IdentityChange, SetupPlan, StoreChange
from memory_import.run.setup.plan import plan_description, plan_new_store, plan_setup
from memory_import.run.setup.wanted import Wanted
from memory_import.run.stores.account import (
    Tell,
    explain_refusal,
    find_by_name,
    make_store,
    remark_error,
    tell_nobody,
    wait_until_active,
)
from memory_import.spec.store import StoreSpec

_TRIES_WHEN_STALE = 3
_TRIES_TO_CREATE = 2
_OTHER_NAMES = {
    "phone": "phoneNumber",
    "email": "emailAddress",
    "whatsapp": "whatsappNumber",
    "chat": "chatId",
}
"""Names of traits that the API keeps for itself in groups of one's own, and what to call them there."""


async def look_at_store(
    client: Client, store: str | StoreSpec, wanted: Wanted, tell: Tell = tell_nobody
) -> SetupPlan:
    """What has to be done to a store, which is given by id or by name.

    `StoreUnfit` for one that is FAILED, `StoreNotReady` for one that is not ACTIVE within five minutes;
    `tell` is told that it is waited for.
    """
    named = store if isinstance(store, StoreSpec) else None
    found = await find_by_name(client, named.name) if named else None
    if named and found is None:
        return plan_new_store(wanted, named)
    store_id = found.store.store_id if found else str(store)
    active = await wait_until_active(client, store_id, tell)
    groups = await fetch_trait_groups(client, store_id)
    plan = plan_setup(wanted, groups, await fetch_identity_settings(client, store_id))
    described = plan_description(named, active) if named else []
    warnings = [found.warning] if found and found.warning else []
    return replace(plan, changes=[*described, *plan.changes], store=active, warnings=warnings)


async def set_up_store(
    client: Client, store: str | StoreSpec, wanted: Wanted, tell: Tell = tell_nobody
) -> list[str]:
    """Make what the store lacks, and say what was made. Raises what `look_at_store` does, and `StoreUnfit`
    for conflicts and refusals, `StoreChanged` where somebody else changes it again and again.

    After each change the store is asked anew, until it shows what was made. A change that is refused is
    decided anew from what the store has by then: somebody else may have made it, or an answer may have been
    lost. What is refused again is refused for good; a 412 may come three times.
    """
    done: list[str] = []
    refusals: Counter[str] = Counter()
    plan = await look_at_store(client, store, wanted, tell)
    while plan.changes and not plan.conflicts:
        change, is_new = plan.changes[0], plan.store is None
        _check_creations(change, done)
        made = await _make(client, plan, change)
        if isinstance(made, Refused):
            refusals[change.words] += 1
            await _check_refusals(client, change, made, refusals[change.words], done)
            patience_seconds = READ_LAG_OF_CONTROL_PLANE_SECONDS if refusals[change.words] == 1 else 0.0
        else:
            done.append(change.words)
            patience_seconds = 0.0 if is_new else SETUP_SHOWS_SECONDS  # a creation was waited for
            if remark := remark_error(change.words, made):
                tell(remark)
        look = partial(look_at_store, client, store, wanted, tell)
        plan = await _look_until_shown(client, look, change, patience_seconds)
        is_taken = not isinstance(made, Refused)
        if is_taken and not is_new and change.words in _words(plan):
            raise StoreNotReady([_not_shown(change)])
    if plan.conflicts:
        raise StoreUnfit(plan.conflicts)
    return list(dict.fromkeys(done))


async def _look_until_shown(
    client: Client, look: Callable[[], Awaitable[SetupPlan]], change: Change, patience_seconds: float
) -> SetupPlan:
    """What is left to be done once the store shows a change, which may take a moment; as it is after
    `patience_seconds` else."""
    throttle, start = client.throttle, client.throttle.clock()
    waits = growing_waits(SETUP_POLL_FIRST_SECONDS, SETUP_POLL_LONGEST_SECONDS)
    while True:
        plan = await look()
        if change.words not in _words(plan) or throttle.clock() - start >= patience_seconds:
            return plan
        await throttle.rest(next(waits))


def _words(plan: SetupPlan) -> list[str]:
    return [each.words for each in plan.changes]


def _not_shown(change: Change) -> str:
    return (
        f"{change.words}: the service took it, but does not show it after {SETUP_SHOWS_SECONDS:.0f} seconds. "
        "Repeat setup in a few minutes: it goes on from there."
    )


def _check_creations(change: Change, done: Sequence[str]) -> None:
    """A store whose creation was taken must be listed at some time."""
    if isinstance(change, StoreChange) and done.count(change.words) >= _TRIES_TO_CREATE:
        raise StoreNotReady(
            [
                f"{change.words}: the service was asked to create it and does not list it yet. Repeat "
                "setup in a few minutes: it looks for the store first."
            ]
        )


async def _check_refusals(
    client: Client, change: Change, refused: Refused, times: int, done: Sequence[str]
) -> None:
    made = f"Made before that: {'; '.join(done)}." if done else "Nothing was made before that."
    if refused.status == 412:
        if times >= _TRIES_WHEN_STALE:
            raise StoreChanged(
                [
                    f"{change.words}: the store was changed by somebody else {times} times in the meantime "
                    f"(HTTP 412). {made} Repeat setup when nobody else is at it: it goes on from there."
                ]
            )
    elif times > 1:
        why = await _explain(client, change, refused)
        raise StoreUnfit([f"{change.words}: {why} {made} Setup can be repeated: it goes on from there."])


async def _explain(client: Client, change: Change, refused: Refused) -> str:
    """Why a change was refused, and what to do about it, where that is known."""
    if isinstance(change, StoreChange):
        return await explain_refusal(client, refused)
    why = f"the API refused it (HTTP {refused.status}, code {refused.code}): {refused.message}"
    if isinstance(change, GroupChange) and (reserved := change.traits.keys() & _OTHER_NAMES.keys()):
        names = ", ".join(f"{_OTHER_NAMES[name]} in place of {name}" for name in sorted(reserved))
        why += (
            f" It keeps the names {', '.join(_OTHER_NAMES)} for itself; in the spec, call the traits of "
            f"{change.group} otherwise: {names}. They are promoted to the same identifier types."
        )
    return why


async def _make(client: Client, plan: SetupPlan, change: Change) -> Written:
    if plan.store is None:
        assert isinstance(change, StoreChange)  # noqa: S101 - the creation comes first
        return await make_store(client, change.name, change.description)
    store_id = plan.store.store_id
    match change:
        case StoreChange():
            return await change_store(client, plan.store, description=change.description)
        case IdentityChange():
            current = await fetch_identity_settings(client, store_id)
            return await replace_identity_settings(client, store_id, change.onto(current))
        case GroupChange(kind="create"):
            return await create_trait_group(client, store_id, change.group, change.traits, change.description)
        case GroupChange():
            return await change_trait_group(client, store_id, change.group, change.traits)
