"""The ASGI application: an account behind the routes, and the middleware before them."""

from collections.abc import Awaitable, Mapping
from typing import Unpack, cast

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from memory_import.emulator.api import imports, stores
from memory_import.emulator.api.routes import APPLIERS, ROUTES
from memory_import.emulator.engine.account import Account, Pace, Work
from memory_import.emulator.engine.clock import Clock
from memory_import.emulator.engine.errors import METHOD_NOT_ALLOWED, NOT_FOUND, ApiError, UsageError
from memory_import.emulator.engine.journal import FileJournal, NoJournal
from memory_import.emulator.faults.rules import Faults
from memory_import.emulator.http import inspection
from memory_import.emulator.http.calls import Call, Handler, Moved, Policy, Reply
from memory_import.emulator.http.middleware import Exchange, Middleware
from memory_import.emulator.options import Options, Settings


def create_app(**options: Unpack[Options]) -> Middleware:
    """An ASGI application; runs under a server and under an in-process transport alike.

    ``options``: see ``Settings``. Raises ``UsageError`` for a script or a file that cannot be used.
    """
    settings = Settings(**options)
    clock = Clock(settings.clock)
    script = [] if settings.faults == () else settings.faults
    faults = Faults(script, now=clock.now)
    journal = FileJournal(settings.state_file) if settings.state_file else NoJournal()
    pace = Pace(*settings.delay_seconds, settings.read_lag_seconds)
    account = Account(clock=clock, pace=pace, seed=settings.seed, journal=journal, appliers=APPLIERS)
    starts = _take_up(account, journal, settings)
    policy = Policy(
        settings.bulk_answer,
        settings.row_failures,
        settings.shared_identifiers,
        settings.operation_retry_after_seconds,
        settings.source_with_slash,
        settings.reserved_names,
    )
    routes = [_route(path, handlers, account, policy) for path, handlers in ROUTES.items()]
    inner = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    middleware = Middleware(
        inner,
        account=account,
        faults=faults,
        api_key=settings.api_key,
        starts=starts,
        sleep=settings.sleep,
        validator=settings.validator,
    )
    inner.router.routes.extend([*inspection.routes(account, middleware), imports.upload_route(account)])
    return middleware


def _take_up(account: Account, journal: FileJournal | NoJournal, settings: Settings) -> int:
    """Replay the journal, or make the first store; the number of earlier starts."""
    starts = _replay(account, journal) if isinstance(journal, FileJournal) else 0
    merge = settings.several_matches == "merge"
    journal.append({"start": starts, "merge": merge})
    account.let_matches(merge=merge)
    if starts == 0 and not settings.empty:
        stores.create_first_store(account)
    account.commit()
    return starts


def _replay(account: Account, journal: FileJournal) -> int:
    starts = 0
    waiting: dict[int, Work] = {}
    try:
        for entry in journal.replay():
            if "start" in entry:
                starts += 1
                account.let_matches(merge=bool(entry["merge"]))
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
