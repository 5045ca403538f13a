"""The emulator's own doors, outside /v1 and without authentication: what tests read and set.

==============================  =====================================================================
GET  /emulator/health           {"pending": accepted work that is not applied yet}
GET  /emulator/log?after=N      every piece of applied work, in order: which request did what to which profile
GET  /emulator/requests?after=N every request under /v1: method, path, status, times in seconds since the
start GET  /emulator/profiles         per store, every canonical profile with traits, identifiers and memories
GET  /emulator/violations       what the validator found, where one was given POST /emulator/faults
a faults script that replaces the present one POST /emulator/clock            {"set": timestamp} or
{"advance_seconds": number}; answers {"now": timestamp} ==============================
=====================================================================
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from memory_import.emulator.engine import checks
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.clock import read_moment, write_moment
from memory_import.emulator.engine.errors import ApiError, UsageError, invalid
from memory_import.emulator.engine.state import Memory, Store
from memory_import.emulator.faults.script import Faults

if TYPE_CHECKING:
    from memory_import.emulator.http.middleware import Gate

Door = Callable[[Account, "Gate", Request, bytes], object]

_CLOCK = checks.record({"set": checks.moment, "advance_seconds": checks.number()})


def routes(account: Account, gate: "Gate") -> list[Route]:
    """The routes of all doors."""
    doors: list[tuple[str, str, Door]] = [
        ("GET", "health", _show_health),
        ("GET", "log", _show_log),
        ("GET", "requests", _show_requests),
        ("GET", "profiles", _show_profiles),
        ("GET", "violations", _show_violations),
        ("POST", "faults", _set_faults),
        ("POST", "clock", _set_clock),
    ]
    return [_route(account, gate, method, name, door) for method, name, door in doors]


def _route(account: Account, gate: "Gate", method: str, name: str, door: Door) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        account.settle()
        try:
            answer, status = door(account, gate, request, body), 200
        except ApiError as error:
            answer, status = error.body(), error.status
        account.commit()
        return Response(orjson.dumps(answer), status, media_type="application/json")

    return Route(f"/emulator/{name}", endpoint, methods=[method])


def _show_health(account: Account, _gate: "Gate", _request: Request, _body: bytes) -> object:
    return {"pending": account.pending_count()}


def _show_log(account: Account, _gate: "Gate", request: Request, _body: bytes) -> object:
    return {"log": account.log[_after(request) :]}


def _show_requests(_account: Account, gate: "Gate", request: Request, _body: bytes) -> object:
    after = _after(request)
    return {"requests": [entry for entry in gate.requests if entry.number > after]}


def _after(request: Request) -> int:
    written = request.query_params.get("after", "0")
    if not (written.isascii() and written.isdigit()):
        raise invalid("Query parameter after must be a whole number.")
    return int(written)


def _show_profiles(account: Account, _gate: "Gate", _request: Request, _body: bytes) -> object:
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


def _show_violations(_account: Account, gate: "Gate", _request: Request, _body: bytes) -> object:
    return {"violations": gate.violations}


def _set_faults(account: Account, gate: "Gate", _request: Request, body: bytes) -> object:
    try:
        gate.faults = Faults(_json(body), now=account.clock.now, since=gate.elapsed())
    except UsageError as error:
        raise invalid(str(error)) from error
    return {}


def _json(body: bytes) -> object:
    try:
        return cast(object, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise invalid("The body is not JSON.") from error


def _set_clock(account: Account, _gate: "Gate", _request: Request, body: bytes) -> object:
    asked = checks.checked(_json(body), _CLOCK)
    offset = account.clock.offset_seconds + cast(float, asked.get("advance_seconds", 0))
    if "set" in asked:
        offset = account.clock.offset_to(cast(float, read_moment(cast(str, asked["set"]))))
    account.change("clock", "", {"offset_seconds": offset}, request_id="door")
    account.settle()
    return {"now": write_moment(account.clock.now())}


def apply_clock(account: Account, work: Work, _at: float) -> Json:
    """The clock is off by this much from now on, also after a restart."""
    account.clock.offset_seconds = cast(float, work.payload["offset_seconds"])
    return work.payload
