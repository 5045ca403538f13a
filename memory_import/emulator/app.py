"""The ASGI application: routes to handlers, and the doors outside /v1."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal, TypedDict, cast

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from memory_import.emulator.api import (
    bulk,
    identifiers,
    identity_settings,
    imports,
    memories,
    operations,
    profiles,
    recall,
    stores,
    trait_groups,
)
from memory_import.emulator.engine.account import Account, Applier, Pace, Work
from memory_import.emulator.engine.clock import Clock
from memory_import.emulator.engine.errors import METHOD_NOT_ALLOWED, NOT_FOUND, ApiError, UsageError
from memory_import.emulator.engine.journal import FileJournal, NoJournal
from memory_import.emulator.faults.script import Faults
from memory_import.emulator.http import inspection
from memory_import.emulator.http.calls import Call, Handler, Moved, Policy, Reply
from memory_import.emulator.http.middleware import Exchange, Gate, Sleep, Validator

APPLIERS: dict[str, Applier] = {
    "add_identifier": identifiers.apply_add_identifier,
    "bulk": bulk.apply_bulk,
    "clock": inspection.apply_clock,
    "create_group": trait_groups.apply_create_group,
    "create_import": imports.apply_create_import,
    "create_memories": memories.apply_create,
    "create_store": stores.apply_create_store,
    "delete": profiles.apply_delete,
    "delete_group": trait_groups.apply_delete_group,
    "delete_identifier": identifiers.apply_delete_identifier,
    "delete_memory": memories.apply_delete,
    "delete_store": stores.apply_delete_store,
    "finish_import": imports.apply_finish_import,
    "patch": profiles.apply_patch,
    "patch_group": trait_groups.apply_patch_group,
    "patch_identifier": identifiers.apply_patch_identifier,
    "patch_memory": memories.apply_patch,
    "patch_store": stores.apply_patch_store,
    "provision_store": stores.apply_provision_store,
    "put_identity": identity_settings.apply_put_identity,
    "resolve": profiles.apply_resolve,
    "start_import": imports.apply_start_import,
    "store_status": stores.apply_store_status,
}

_STORES = "/v1/ControlPlane/Stores"
_STORE = _STORES + "/{store_id}"
_PROFILES = "/v1/Stores/{store_id}/Profiles"
_PROFILE = _PROFILES + "/{profile_id}"


def _memory_routes(path: str, kind: memories.Kind) -> dict[str, dict[str, Handler]]:
    return {
        _PROFILE + path: {
            "GET": partial(memories.list_all, kind=kind),
            "POST": partial(memories.create, kind=kind),
        },
        _PROFILE + path + "/{memory_id}": {
            "GET": partial(memories.fetch, kind=kind),
            "PATCH": partial(memories.patch, kind=kind),
            "DELETE": partial(memories.delete, kind=kind),
        },
    }


ROUTES: dict[str, dict[str, Handler]] = {
    _STORES: {"GET": stores.list_stores, "POST": stores.create_store},
    _STORE: {
        "GET": stores.fetch_store,
        "PATCH": stores.patch_store,
        "DELETE": stores.delete_store,
    },
    _STORE + "/IdentityResolutionSettings": {
        "GET": identity_settings.fetch_identity_settings,
        "PUT": identity_settings.put_identity_settings,
    },
    _STORE + "/TraitGroups": {
        "GET": trait_groups.list_trait_groups,
        "POST": trait_groups.create_trait_group,
    },
    _STORE + "/TraitGroups/{group_name}": {
        "GET": trait_groups.fetch_trait_group,
        "PATCH": trait_groups.patch_trait_group,
        "DELETE": trait_groups.delete_trait_group,
    },
    "/v1/ControlPlane/Operations/{operation_id}": {"GET": operations.fetch_operation},
    _PROFILES: {"GET": profiles.list_profiles, "POST": profiles.create_profile},
    _PROFILES + "/Bulk": {"PUT": bulk.put_bulk},
    _PROFILES + "/Imports": {"GET": imports.list_imports, "POST": imports.create_import},
    _PROFILES + "/Imports/{import_id}": {"GET": imports.fetch_import},
    _PROFILES + "/Lookup": {"POST": identifiers.look_up},
    _PROFILE: {
        "GET": profiles.fetch_profile,
        "PATCH": profiles.patch_profile,
        "DELETE": profiles.delete_profile,
    },
    _PROFILE + "/Traits": {"GET": profiles.list_traits},
    _PROFILE + "/Identifiers": {"GET": identifiers.list_identifiers, "POST": identifiers.add_identifier},
    _PROFILE + "/Identifiers/{id_type}": {
        "GET": identifiers.fetch_identifier,
        "PATCH": identifiers.patch_identifier,
        "DELETE": identifiers.delete_identifier,
    },
    _PROFILE + "/Recall": {"POST": recall.recall},
    **_memory_routes("/Observations", memories.OBSERVATIONS),
    **_memory_routes("/ConversationSummaries", memories.SUMMARIES),
    _PROFILE + "/Observations/{memory_id}/Revisions": {"GET": memories.list_revisions},
}


class Options(TypedDict, total=False):
    """How an emulator behaves; what is left out has the default that ``create_app`` gives it.

    ``seed``: of delays. ``delay_seconds``: (low, high) until asynchronous work is done. ``read_lag_seconds``:
    how much later than COMPLETED it can be read. ``operation_retry_after_seconds``: what Retry-After says
    meanwhile. ``bulk_answer``: a 202 with or without an operation to follow. ``row_failures``: a Bulk with a
    bad row is refused, or the row is skipped in silence, or the operation fails. ``shared_identifiers``: two
    rows of a Bulk with one identifier value are refused, or race. ``validator``: looks at every request; see
    ``gate.Validator``.
    """

    seed: int
    delay_seconds: tuple[float, float]
    read_lag_seconds: float
    operation_retry_after_seconds: int
    bulk_answer: Literal["operation", "message"]
    row_failures: Literal["refuse", "skip", "fail"]
    shared_identifiers: Literal["refuse", "race"]
    clock: Callable[[], float]
    sleep: Sleep
    validator: Validator | None


def create_app(
    *,
    api_key: tuple[str, str] | None = None,
    faults: object = (),
    state_file: Path | None = None,
    seed: int = 0,
    delay_seconds: tuple[float, float] = (0.05, 0.25),
    read_lag_seconds: float = 0.0,
    operation_retry_after_seconds: int = 1,
    bulk_answer: Literal["operation", "message"] = "operation",
    row_failures: Literal["refuse", "skip", "fail"] = "refuse",
    shared_identifiers: Literal["refuse", "race"] = "refuse",
    clock: Callable[[], float] = time.time,
    sleep: Sleep = asyncio.sleep,
    validator: Validator | None = None,
) -> Gate:
    """An ASGI application with one ACTIVE store; runs under a server and under an in-process transport alike.

    ``api_key``: the one pair that Basic auth accepts; None accepts any that is not blank. ``faults``: a
    script as ``memory_import.emulator.faults.script`` describes it. ``state_file``: what happened is kept
    there and taken up again; None forgets. The rest: see ``Options``. Raises ``UsageError`` for a script or a
    file that cannot be used.
    """
    policy = Policy(bulk_answer, row_failures, shared_identifiers, operation_retry_after_seconds)
    own_clock = Clock(clock)
    script = Faults(list(faults) if isinstance(faults, tuple) else faults, now=own_clock.now)
    journal = FileJournal(state_file) if state_file else NoJournal()
    pace = Pace(*delay_seconds, read_lag_seconds)
    account = Account(clock=own_clock, pace=pace, seed=seed, journal=journal, appliers=APPLIERS)
    starts = _take_up(account, journal)
    routes = [_route(path, handlers, account, policy) for path, handlers in ROUTES.items()]
    inner = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    gate = Gate(
        inner,
        account=account,
        faults=script,
        api_key=api_key,
        starts=starts,
        sleep=sleep,
        validator=validator,
    )
    inner.router.routes.extend([*inspection.routes(account, gate), imports.upload_route(account)])
    return gate


def _take_up(account: Account, journal: FileJournal | NoJournal) -> int:
    """Replay the journal, or make the first store; the number of earlier starts."""
    starts = _replay(account, journal) if isinstance(journal, FileJournal) else 0
    journal.append({"start": starts})
    if starts == 0 and not account.stores:
        stores.create_first_store(account)
    account.commit()
    return starts


def _replay(account: Account, journal: FileJournal) -> int:
    starts = 0
    waiting: dict[int, Work] = {}
    try:
        for entry in journal.replay():
            starts += "start" in entry
            account.replay(entry, waiting)
    except (KeyError, TypeError, ValueError) as error:
        journal.close()
        raise UsageError(f"State file {journal.path} is damaged. Use another file.") from error
    except UsageError:
        journal.close()
        raise
    account.queue(list(waiting.values()))
    return starts


def _route(path: str, handlers: Mapping[str, Handler], account: Account, policy: Policy) -> Route:
    async def endpoint(request: Request) -> Response:
        call = _read_call(request, account, policy)
        try:
            account.settle()
            reply = handlers[request.method](call)
        except Moved as moved:
            reply = moved.reply()
        except ApiError as error:
            reply = Reply(error.status, error.body(), error.headers)
        return _write(reply)

    route = Route(path, endpoint, methods=list(handlers))
    route.methods = set(handlers)
    return route


def _read_call(request: Request, account: Account, policy: Policy) -> Call:
    exchange = cast(Exchange, request.scope["emulator"])
    return Call(
        account=account,
        policy=policy,
        plan=exchange.plan,
        request_id=exchange.request_id,
        base_url=str(request.base_url).rstrip("/"),
        path=request.url.path,
        path_params=request.path_params,
        query=request.query_params,
        headers=request.headers,
        body=exchange.body,
    )


def _write(reply: Reply) -> Response:
    return Response(
        orjson.dumps(reply.body), reply.status, headers=dict(reply.headers), media_type="application/json"
    )


def _refuse(_request: Request, error: Exception) -> Response | Awaitable[Response]:
    """An unknown address or method, with the API's error body."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = METHOD_NOT_ALLOWED if status == 405 else NOT_FOUND
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    message = "The method is not allowed here." if status == 405 else "There is nothing at this address."
    return _write(Reply(status, ApiError(status, code, message).body(), headers))
