"""Carries out what a conversation configuration lacks. It begins from what is there, so it can be repeated
after it ended anywhere."""

from collections.abc import Sequence

from memory_import.destination.api.configurations import (
    change_configuration,
    create_configuration,
    list_configurations,
)
from memory_import.destination.api.control_plane import Written
from memory_import.destination.errors import StoreUnfit
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.throttle import growing_waits
from memory_import.destination.limits import (
    SETUP_POLL_FIRST_SECONDS,
    SETUP_POLL_LONGEST_SECONDS,
    SETUP_SHOWS_SECONDS,
)
from memory_import.run.conversations.plan import (
    ConfigurationChange,
    ConfigurationPlan,
    WantedConfiguration,
    plan_configuration,
)
from memory_import.run.stores.account import Tell, remark_error, tell_nobody

_TRIES_AT_CONFLICTS = 3


async def look_at_configuration(client: Client, wanted: WantedConfiguration) -> ConfigurationPlan:
    """What has to be done. The store's own configurations are asked for first: where the one is among them,
    those of other stores do not matter."""
    of_store = await list_configurations(client, wanted.store_id) if wanted.store_id else []
    if len(of_store) == 1 and wanted.name in (None, of_store[0].name):
        return plan_configuration(wanted, of_store)
    known = {each.configuration_id for each in of_store}
    others = [each for each in await list_configurations(client) if each.configuration_id not in known]
    return plan_configuration(wanted, [*of_store, *others])


async def set_up_configuration(
    client: Client, wanted: WantedConfiguration, made: Sequence[str] = (), tell: Tell = tell_nobody
) -> list[str]:
    """Make what the configuration lacks, and say what was made, after what was `made` before; `tell` is told
    what is odd.

    Raises `StoreUnfit` for conflicts and refusals. A name that is taken by a configuration that nobody can
    see yet is waited for: it may be the one of an earlier attempt, whose creation is still under way.
    """
    done = list(made)
    conflicts = 0
    plan = await look_at_configuration(client, wanted)
    while plan.changes:
        change = plan.changes[0]
        written = await _make(client, wanted, change)
        refused = written if isinstance(written, Refused) else None
        if refused is not None and refused.status != 409:
            raise _unfit(change, _words_of(refused), done)
        if remark := remark_error(change.words, written):
            tell(remark)
        plan = await _look_until_shown(client, wanted, change)
        is_made = change.words not in _words(plan)
        if refused is None and not is_made:
            raise _unfit(change, "the service took it, but does not show it.", done)
        if refused is None:
            done.append(change.words)
        else:
            conflicts += 1
            if not is_made and conflicts >= _TRIES_AT_CONFLICTS:
                raise _unfit(change, _words_of(refused), done)
    if plan.conflicts:
        raise StoreUnfit(plan.conflicts)
    return done


async def _make(client: Client, wanted: WantedConfiguration, change: ConfigurationChange) -> Written:
    """Make one change. A change that failed but is made is no failure:
    somebody else was at it too."""
    try:
        if change.kind == "create":
            return await create_configuration(client, change.body)
        return await change_configuration(client, str(change.configuration_id), change.body)
    except StoreUnfit:
        if change.words not in _words(await look_at_configuration(client, wanted)):
            return None
        raise


async def _look_until_shown(
    client: Client, wanted: WantedConfiguration, change: ConfigurationChange
) -> ConfigurationPlan:
    """What is left to be done once a change is shown, which may take a moment, or never is."""
    throttle, start = client.throttle, client.throttle.clock()
    waits = growing_waits(SETUP_POLL_FIRST_SECONDS, SETUP_POLL_LONGEST_SECONDS)
    while True:
        plan = await look_at_configuration(client, wanted)
        if change.words not in _words(plan) or throttle.clock() - start >= SETUP_SHOWS_SECONDS:
            return plan
        await throttle.rest(next(waits))


def _words(plan: ConfigurationPlan) -> list[str]:
    return [each.words for each in plan.changes]


def _words_of(refused: Refused) -> str:
    return f"the API refused it (HTTP {refused.status}, code {refused.code}): {refused.message}"


def _unfit(change: ConfigurationChange, reason: str, done: list[str]) -> StoreUnfit:
    made = f"Made before that: {'; '.join(done)}." if done else "Nothing was made before that."
    return StoreUnfit([f"{change.words}: {reason} {made} Setup can be repeated: it goes on from there."])
