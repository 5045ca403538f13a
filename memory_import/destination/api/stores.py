"""The stores of an account: listed page by page, read, created, changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memory_import.destination.api.control_plane import Written, read, write, write_once
from memory_import.destination.api.pages import read_pages
from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import InDoubt, Refused
from memory_import.destination.http.routes import ADD_STORE, CHANGE_STORE, LIST_STORES, READ_STORE
from memory_import.destination.limits import LOOKUP_POLL_SECONDS, STORES_PER_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store as the API describes it.

    `status`: QUEUED, PROVISIONING, ACTIVE or FAILED. `etag`: what a change has to name. `data_as_of`: up to
    when what was sent to it has been processed; None where the service does not say.
    """

    store_id: str
    name: str
    status: str
    description: str | None = None
    version: int | None = None
    data_as_of: str | None = None
    etag: str | None = None


async def list_stores(client: Client) -> list[Store]:
    """All stores of the account by id; one that goes away meanwhile is left out."""

    async def read_page(params: Mapping[str, str]) -> Mapping[str, Any]:
        return (await read(client, LIST_STORES, params=params)).document

    ids: list[Any] = await read_pages(read_page, "stores", {"pageSize": str(STORES_PER_PAGE)})
    found = [await fetch_store(client, store_id) for store_id in sorted(set(ids))]
    return [store for store in found if store is not None]


async def fetch_store(client: Client, store_id: str) -> Store | None:
    """A store; None where the account has none of that id, which is asked twice."""
    path = READ_STORE.at(store_id=store_id)
    for _ in range(2):
        decision = await client.call(Request(route=READ_STORE, path=path))
        if not isinstance(decision, Refused):
            return _read(store_id, decision.answer.document, decision.answer.headers)
        if decision.status != 404:
            raise UnexpectedAnswer("GET", path, decision.status, decision.code, decision.request_id)
        await client.throttle.rest(LOOKUP_POLL_SECONDS)
    return None


def _read(store_id: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> Store:
    return Store(
        store_id=store_id,
        name=str(document.get("displayName") or ""),
        status=str(document["status"]),
        description=document.get("description"),
        version=document.get("version"),
        data_as_of=document.get("dataAsOf"),
        etag=headers.get("etag"),
    )


async def create_store(client: Client, name: str, description: str | None) -> Written | InDoubt:
    """Create a store and follow its operation, as `write_once` does. Which id it got, the list tells."""
    body = {"displayName": name} if description is None else {"displayName": name, "description": description}
    return await write_once(client, ADD_STORE, body)


async def change_store(
    client: Client, store: Store, *, name: str | None = None, description: str | None = None
) -> Written:
    """Give a store another name or description, if it still has its ETag (412 else)."""
    given = {"displayName": name, "description": description}
    body = {field: text for field, text in given.items() if text is not None}
    return await write(client, CHANGE_STORE, body, if_match=store.etag, store_id=store.store_id)
