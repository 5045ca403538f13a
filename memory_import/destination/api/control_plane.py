"""What all resources of the control plane share: reads, and writes whose operations are followed."""

import asyncio
import json
from collections.abc import Mapping

from memory_import.destination.api.operations import Completed, Failed, follow
from memory_import.destination.errors import StoreNotReady, StoreUnfit, UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Answer, InDoubt, Refused
from memory_import.destination.http.routes import READ_OPERATION, Route

Written = Refused | Completed | None
"""What became of a write: the refusal; how its operation ended, well, though perhaps it told an error; None
where there was none to follow."""

_PATIENCE_SECONDS = 120.0


async def read(
    client: Client, route: Route, *, params: Mapping[str, str] | None = None, **ids: str
) -> Answer:
    """GET a resource whose path holds these ids; a refusal is unexpected."""
    path = route.at(**ids)
    decision = await client.call(Request(route=route, path=path, params=params or {}))
    if isinstance(decision, Refused):
        raise UnexpectedAnswer("GET", path, decision.status, decision.code, decision.request_id)
    return decision.answer


async def write(
    client: Client,
    route: Route,
    body: Mapping[str, object],
    *,
    if_match: str | None = None,
    idempotency_key: str | None = None,
    operations: Route = READ_OPERATION,
    **ids: str,
) -> Written:
    """Write a resource whose path holds these ids, and follow the operation to its end.

    `if_match` is the ETag that the resource must still have;
    `idempotency_key` makes a repeated request the same one, where the API takes such a key; `operations` is
    where the operation is read. An operation that fails is `StoreUnfit` in words, one that is not over after
    two minutes `StoreNotReady`.
    """
    path = route.at(**ids)
    given = {"if-match": if_match, "idempotency-key": idempotency_key}
    headers = {name: value for name, value in given.items() if value is not None}
    decision = await client.call(
        Request(route=route, path=path, content=json.dumps(body).encode(), headers=headers)
    )
    if isinstance(decision, Refused):
        return decision
    return await _follow(client, f"{route.method} {path}", decision.answer, operations)


async def write_once(client: Client, route: Route, body: Mapping[str, object]) -> Written | InDoubt:
    """As `write`, for what must not be made twice: where nobody knows whether it was, it is in doubt."""
    path = route.at()
    decision = await client.call_once(Request(route=route, path=path, content=json.dumps(body).encode()))
    if isinstance(decision, Refused | InDoubt):
        return decision
    return await _follow(client, f"{route.method} {path}", decision.answer, READ_OPERATION)


async def _follow(client: Client, what: str, answer: Answer, operations: Route) -> Completed | None:
    operation_id = _operation_id_of(answer)
    if operation_id is None:
        return None
    verdict = await follow(
        client,
        operation_id,
        age_seconds=0,
        first_wait_seconds=0,
        patience_seconds=_PATIENCE_SECONDS,
        slots=asyncio.Semaphore(),
        route=operations,
    )
    accepted = f"{what} was accepted, but its operation {operation_id}"
    match verdict:
        case Completed():
            return verdict
        case Failed(message=message):
            raise StoreUnfit([f"{accepted} failed: {message}"])
        case _:
            raise StoreNotReady([f"{accepted} is not over after {_PATIENCE_SECONDS:.0f} seconds."])


def _operation_id_of(answer: Answer) -> str | None:
    """The operation behind a 202: named by a header, or the last part of `statusUrl`."""
    named = answer.headers.get("operation-id")
    status_url = answer.document.get("statusUrl")
    if named is None and isinstance(status_url, str):
        named = status_url.rstrip("/").rpartition("/")[2]
    return named or None
