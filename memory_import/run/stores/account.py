"""The account that the environment names, and the stores in it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from memory_import.clock import seconds_now
from memory_import.destination.api.control_plane import Written
from memory_import.destination.api.operations import Completed
from memory_import.destination.api.stores import Store, create_store, fetch_store, list_stores
from memory_import.destination.errors import StoreNotReady, StoreUnfit, ToldToWait
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import InDoubt, Refused
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.destination.limits import (
    LOOKUP_POLL_SECONDS,
    RETRY_AFTER_LONGEST_SECONDS,
    STORE_ACTIVE_PATIENCE_SECONDS,
    STORE_ACTIVE_POLL_SECONDS,
    STORE_APPEARS_SECONDS,
)
from memory_import.errors import UsageProblem
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RequestCount
from memory_import.run.settings import Account, Settings, check_account, read_credentials

Tell = Callable[[str], None]
_STORE_LIMIT = 520044


def tell_nobody(_line: str) -> None:
    """For callers whom nobody watches."""


def find_account(variables: Mapping[str, str]) -> Account:
    """Address and credentials as the environment has them; `UsageProblem` names what is missing."""
    settings = Settings.of(variables)
    credentials = read_credentials(settings)
    problems = check_account(settings, credentials)
    if problems or credentials is None:
        raise UsageProblem(problems)
    return Account(settings.api_url, credentials)


@asynccontextmanager
async def connect(
    account: Account, ledger: Ledger | None = None, throttle: Throttle | None = None
) -> AsyncIterator[Client]:
    """A client for the account; with a ledger, the service's wishes to wait hold here as for runs."""
    gate = throttle or Throttle(StopSignal())
    wait_seconds = ledger.wait_left(account.api_url, seconds_now()) if ledger else 0.0
    if wait_seconds > RETRY_AFTER_LONGEST_SECONDS:
        raise ToldToWait(wait_seconds)
    gate.close_gate(wait_seconds)

    async def note_wait(seconds: float) -> None:
        if ledger is not None:
            with ledger.transaction() as transaction:
                transaction.note_wait(account.api_url, seconds_now(), seconds)

    client = Client(
        api_url=account.api_url,
        auth=account.credentials.pair,
        throttle=gate,
        counts=RequestCount(),
        note_wait=note_wait,
    )
    async with client:
        yield client


@dataclass(frozen=True, slots=True)
class Named:
    """The store that a name stands for, and the ids of others that bear it, too."""

    store: Store
    others: tuple[str, ...] = ()

    @property
    def warning(self) -> str | None:
        """What to say where the name is not the store's alone."""
        if not self.others:
            return None
        return (
            f"{len(self.others) + 1} stores are named {self.store.name!r}: {self.store.store_id} is used; "
            f"nothing is done with {', '.join(self.others)}. `memory-import stores update ID --name NAME` "
            "gives one another name."
        )


def pick(stores: Sequence[Store], name: str) -> Named | None:
    """Of several stores of a name the one with the smaller id, one that could not be made last."""
    bearing = sorted(
        (store for store in stores if store.name == name),
        key=lambda store: (store.status == "FAILED", store.store_id),
    )
    if not bearing:
        return None
    return Named(bearing[0], tuple(store.store_id for store in bearing[1:]))


async def find_by_name(client: Client, name: str) -> Named | None:
    """The store that a name stands for; None where the account has none."""
    return pick(await list_stores(client), name)


async def make_store(client: Client, name: str, description: str | None) -> Written:
    """Create a store of a name that the account does not have.

    Returns once the store is listed, or after a while: also where the answer was lost, so that the caller,
    who looks next, makes no second one.
    """
    made = await create_store(client, name, description)
    if isinstance(made, Refused):
        return made
    throttle, start = client.throttle, client.throttle.clock()
    while await find_by_name(client, name) is None:
        if throttle.clock() - start >= STORE_APPEARS_SECONDS:
            break
        await throttle.rest(LOOKUP_POLL_SECONDS)
    return None if isinstance(made, InDoubt) else made


def remark_error(what: str, made: Written) -> str | None:
    """What to say where the operation of a change ended well and told an error all the same; else None."""
    if not isinstance(made, Completed) or not (made.code or made.message):
        return None
    return (
        f"{what}: its operation ended COMPLETED and told an error all the same (code "
        f"{made.code or 'none'}): {made.message} What counts is what the store shows."
    )


async def explain_refusal(client: Client, refused: Refused) -> str:
    """Why a store was not created, and what to do."""
    if refused.code != _STORE_LIMIT:
        return f"the API refused it (HTTP {refused.status}, code {refused.code}): {refused.message}"
    names = ", ".join(f"{store.name} ({store.store_id})" for store in await list_stores(client))
    return (
        f"the account holds as many stores as it may (code {_STORE_LIMIT}). Remove one that is not needed in "
        f"the Console, or use one of these: {names}."
    )


async def wait_until_active(client: Client, store_id: str, tell: Tell) -> Store:
    """The store once it is ACTIVE; `tell` is told that it is waited for.

    `StoreUnfit` where there is none or where it is FAILED, `StoreNotReady` after five minutes.
    """
    throttle, start = client.throttle, client.throttle.clock()
    told = ""
    while True:
        store = await fetch_store(client, store_id)
        if store is None:
            raise StoreUnfit(
                [
                    f"There is no store {store_id} in this account; `memory-import stores list` shows what "
                    "there is."
                ]
            )
        if store.status == "ACTIVE":
            return store
        shown = f"{store.name or 'The store'} ({store_id})"
        if store.status == "FAILED":
            raise StoreUnfit(
                [
                    f"{shown} is FAILED: the service could not make it. Remove it in the Console and repeat "
                    "this, or take another name."
                ]
            )
        waited_seconds = throttle.clock() - start
        if waited_seconds >= STORE_ACTIVE_PATIENCE_SECONDS:
            raise StoreNotReady(
                [
                    f"{shown} is still {store.status} after {waited_seconds:.0f} seconds. Repeat this later: "
                    "it goes on from there."
                ]
            )
        if store.status != told:
            tell(f"{shown} is {store.status}; waiting until it is ACTIVE.")
            told = store.status
        await throttle.rest(STORE_ACTIVE_POLL_SECONDS)
