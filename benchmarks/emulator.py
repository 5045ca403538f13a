"""How many profiles a second one core of the emulator takes: ``python -m benchmarks.emulator``.

In process, without a network, with the garbage collection of a served one: bodies of 1,000 profiles with
eight traits, two of them identifiers.
"""

import asyncio
import base64
import gc
import tempfile
import time
from pathlib import Path

import orjson
from starlette.types import Message

from memory_import.emulator.app import create_app
from memory_import.emulator.engine.ids import FIRST_STORE_ID
from memory_import.emulator.http.middleware import Middleware
from memory_import.emulator.server import PATIENT_COLLECTION

_REQUESTS = 100
_PROFILES = 1000
_GROUP = {
    "displayName": "Account",
    "traits": {name: {"dataType": "STRING"} for name in ("customerId", "city", "plan", "since")},
}


def _body(first: int) -> bytes:
    return orjson.dumps({"profiles": [_profile(number) for number in range(first, first + _PROFILES)]})


def _profile(number: int) -> object:
    contact = {
        "phone": f"+1202{number:07d}",
        "email": f"person{number}@example.com",
        "firstName": f"First{number}",
        "lastName": f"Last{number}",
    }
    account = {"customerId": f"C{number}", "city": "Springfield", "plan": "basic", "since": "2024-02-29"}
    return {"traits": {"Contact": contact, "Account": account}}


async def _ask(app: Middleware, method: str, path: str, body: bytes = b"") -> int:
    headers = [
        (b"authorization", b"Basic " + base64.b64encode(b"user:secret")),
        (b"content-type", b"application/json"),
        (b"host", b"127.0.0.1"),
    ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": headers,
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


async def _measure(name: str, state_file: Path | None) -> None:
    now = [1_800_000_000.0]
    app = create_app(delay_seconds=(60, 60), state_file=state_file, clock=lambda: now[0])
    await _ask(app, "POST", f"/v1/ControlPlane/Stores/{FIRST_STORE_ID}/TraitGroups", orjson.dumps(_GROUP))
    now[0] += 100
    bodies = [_body(request * _PROFILES) for request in range(_REQUESTS)]
    for round_name in ("new", "known"):
        start = time.process_time()
        for body in bodies:
            assert await _ask(app, "PUT", f"/v1/Stores/{FIRST_STORE_ID}/Profiles/Bulk", body) == 202
        accepted = time.process_time()
        now[0] += 100
        await _ask(app, "GET", "/emulator/health")
        applied = time.process_time()
        rates = [_rate(accepted - start), _rate(applied - accepted), _rate(applied - start)]
        print(f"{name}, {round_name}: {rates[0]} accepted, {rates[1]} applied, {rates[2]} both a second")
    app.close()


def _rate(seconds: float) -> str:
    return f"{_REQUESTS * _PROFILES / seconds:,.0f}"


def main() -> None:
    gc.set_threshold(*PATIENT_COLLECTION)
    asyncio.run(_measure("in memory", None))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure("with a state file", Path(folder) / "state.jsonl"))


if __name__ == "__main__":
    main()
