"""The emulator's own endpoints under /emulator/, which are no part of the API: what tests read and set.

README.md lists them. They ask for no key; instead they answer only what was asked of this machine by one of
its own names, and by no web page of another.
"""

from collections.abc import Callable
from typing import cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from memory_import.emulator.engine import checks
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.clock import read_moment, write_moment
from memory_import.emulator.engine.errors import FORBIDDEN, ApiError, UsageError, invalid
from memory_import.emulator.engine.state import Memory, Store
from memory_import.emulator.faults.rules import Faults
from memory_import.emulator.http.middleware import Middleware

Endpoint = Callable[[Account, Middleware, Request, bytes], object]

_LOCAL_NAMES = {"127.0.0.1", "localhost", "[::1]"}
_CLOCK = checks.record({"set": checks.moment, "advance_seconds": checks.number()})


def routes(account: Account, middleware: Middleware) -> list[Route]:
    """The routes of all of them."""
    return [_route(account, middleware, method, name, each) for method, name, each in ENDPOINTS]


def _route(account: Account, middleware: Middleware, method: str, name: str, answer: Endpoint) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        account.settle()
        try:
            _check_origin(request)
            content, status = answer(account, middleware, request, body), 200
        except ApiError as error:
            content, status = error.body(), error.status
        account.commit()
        return Response(orjson.dumps(content), status, media_type="application/json")

    return Route(f"/emulator/{name}", endpoint, methods=[method])


def _check_origin(request: Request) -> None:
    """Refuse what a page of another site, or one under a name that was bent to this machine, asks for."""
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in _LOCAL_NAMES and host not in _LOCAL_NAMES:
        raise ApiError(403, FORBIDDEN, "The Host header must name 127.0.0.1 or localhost.")
    if request.headers.get("origin") not in (None, f"http://{host}"):
        raise ApiError(403, FORBIDDEN, "The Origin header names another site.")


def _show_health(account: Account, _middleware: Middleware, _request: Request, _body: bytes) -> object:
    return {"pending": account.pending_count()}


def _show_log(account: Account, _middleware: Middleware, request: Request, _body: bytes) -> object:
    return {"log": account.log[_after(request) :]}


def _show_requests(_account: Account, middleware: Middleware, request: Request, _body: bytes) -> object:
    after = _after(request)
    return {"requests": [entry for entry in middleware.requests if entry.number > after]}


def _after(request: Request) -> int:
    written = request.query_params.get("after", "0")
    if not (written.isascii() and written.isdigit()):
        raise invalid("Query parameter after must be a whole number.")
    return int(written)


def _show_profiles(account: Account, _middleware: Middleware, _request: Request, _body: bytes) -> object:
    return {"stores": {store.id: _dump(store) for store in account.stores.values()}}


def _dump(store: Store) -> list[Json]:
    return [
        {
            "id": profile.id,
            "traits": profile.traits,
            "identifiers": profile.identifiers,
            "observations": _contents(store.observations.get(profile.id, [])),
            "summaries": _contents(store.summaries.get(profile.id, [])),
        }
        for profile in store.canonical_profiles()
    ]


def _contents(memories: list[Memory]) -> list[Json]:
    return [{"id": memory.id, **memory.fields} for memory in memories]


def _show_violations(_account: Account, middleware: Middleware, _request: Request, _body: bytes) -> object:
    return {"violations": middleware.violations}


def _set_faults(account: Account, middleware: Middleware, _request: Request, body: bytes) -> object:
    try:
        middleware.faults = Faults(_json(body), now=account.clock.now, since=middleware.elapsed())
    except UsageError as error:
        raise invalid(str(error)) from error
    return {}


def _json(body: bytes) -> object:
    try:
        return cast(object, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise invalid("The body is not JSON.") from error


def _set_clock(account: Account, _middleware: Middleware, _request: Request, body: bytes) -> object:
    asked = checks.checked(_json(body), _CLOCK)
    offset = account.clock.offset_seconds + cast(float, asked.get("advance_seconds", 0))
    if "set" in asked:
        offset = account.clock.offset_to(cast(float, read_moment(cast(str, asked["set"]))))
    account.change("clock", "", {"offset_seconds": offset}, request_id="inspection")
    account.settle()
    return {"now": write_moment(account.clock.now())}


def apply_clock(account: Account, work: Work, _at: float) -> Json:
    """The clock is off by this much from now on, also after a restart."""
    account.clock.offset_seconds = cast(float, work.payload["offset_seconds"])
    return work.payload


ENDPOINTS: list[tuple[str, str, Endpoint]] = [
    ("GET", "health", _show_health),
    ("GET", "log", _show_log),
    ("GET", "requests", _show_requests),
    ("GET", "profiles", _show_profiles),
    ("GET", "violations", _show_violations),
    ("POST", "faults", _set_faults),
    ("POST", "clock", _set_clock),
]
