"""Carries a setup out. It begins from what the store has, so it can be repeated after it ended anywhere."""

from collections import Counter

from memory_import.destination.api.identity_settings import (
    fetch_identity_settings,
    replace_identity_settings,
)
from memory_import.destination.api.trait_groups import (
    change_trait_group,
    create_trait_group,
    fetch_trait_groups,
)
from memory_import.destination.errors import StoreUnfit
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused
from memory_import.run.setup.plan import Change, IdentityChange, SetupPlan, plan_setup
from memory_import.run.setup.wanted import Wanted
from memory_import.run.stores.account import tell_nobody, wait_until_active

_TRIES_WHEN_STALE = 3


async def look_at_store(client: Client, store_id: str, wanted: Wanted) -> SetupPlan:
    """What has to be done; `StoreUnfit` for a store that is FAILED, or not ACTIVE within five minutes."""
    await wait_until_active(client, store_id, tell_nobody)
    groups = await fetch_trait_groups(client, store_id)
    return plan_setup(wanted, groups, await fetch_identity_settings(client, store_id))


async def set_up_store(client: Client, store_id: str, wanted: Wanted) -> list[str]:
    """Make what the store lacks, and say what was made. `StoreUnfit` for conflicts and refusals.

    A change that is refused is decided anew from what the store has by then: somebody else may have made it,
    or an answer may have been lost. What is refused again is refused for good; a 412 may come three times.
    """
    done: list[str] = []
    refusals: Counter[str] = Counter()
    while True:
        plan = await look_at_store(client, store_id, wanted)
        if plan.conflicts:
            raise StoreUnfit(plan.conflicts)
        for change in plan.changes:
            refused = await _make(client, store_id, change)
            if refused is not None:
                refusals[change.words] += 1
                _check_refusals(change, refused, refusals[change.words], done)
                break
            done.append(change.words)
        else:
            return done


def _check_refusals(change: Change, refused: Refused, times: int, done: list[str]) -> None:
    made = f"Made before that: {'; '.join(done)}." if done else "Nothing was made before that."
    if refused.status == 412:
        if times >= _TRIES_WHEN_STALE:
            raise StoreUnfit(
                [
                    f"{change.words}: the store was changed by somebody else {times} times in the "
                    f"meantime "
                    f"(HTTP 412). {made} Repeat setup when nobody else is at it: it goes on from there."
                ]
            )
    elif times > 1:
        raise StoreUnfit(
            [
                f"{change.words}: the API refused it (HTTP {refused.status}, code {refused.code}): "
                f"{refused.message} {made} Setup can be repeated: it goes on from there."
            ]
        )


async def _make(client: Client, store_id: str, change: Change) -> Refused | None:
    if isinstance(change, IdentityChange):
        current = await fetch_identity_settings(client, store_id)
        return await replace_identity_settings(client, store_id, change.onto(current))
    if change.kind == "create":
        return await create_trait_group(client, store_id, change.group, change.traits)
    return await change_trait_group(client, store_id, change.group, change.traits)
