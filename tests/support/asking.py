"""The emulator asked in process, without a network, by a clock that stands until it is moved."""

import asyncio
import base64
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from memory_import.emulator.app import create_app
from memory_import.emulator.engine.ids import FIRST_STORE_ID
from memory_import.emulator.http.middleware import Middleware

CONTROL = f"/v1/ControlPlane/Stores/{FIRST_STORE_ID}"
DATA = f"/v1/Stores/{FIRST_STORE_ID}/Profiles"
START = 1_800_000_000.0
KEY = ("SK00000000000000000000000000000001", "secret")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


class Asker:
    """Puts questions to one emulator.

    ``options`` are those of ``create_app``; work is applied at once unless they say otherwise.
    """

    def __init__(self, **options: Any) -> None:
        self.now = START
        self.slept: list[float] = []
        options = {"delay_seconds": (0, 0), "clock": lambda: self.now, "sleep": self._sleep, **options}
        self.app: Middleware = create_app(**options)
        self._runner = asyncio.Runner()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.close()
        self._runner.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        key: tuple[str, str] | None = KEY,
    ) -> Answer:
        """One request; ``body`` goes out as JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"host": "127.0.0.1:8010", "content-type": "application/json"}
        if key:
            sent["authorization"] = "Basic " + base64.b64encode(":".join(key).encode()).decode()
        return self._runner.run(self._ask(method, path, content, {**sent, **(headers or {})}))

    async def _ask(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = path.removeprefix("http://127.0.0.1:8010").partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "root_path": "",
            "scheme": "http",
            "server": ("127.0.0.1", 8010),
        }
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message["body"])

        await self.app(scope, receive, send)
        received = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], received, b"".join(parts))

    def bulk(self, *traits: Any) -> Answer:
        """A Bulk of one profile for each of ``traits``."""
        return self.ask("PUT", f"{DATA}/Bulk", {"profiles": [{"traits": each} for each in traits]})

    def add_contact(self, **values: Any) -> str:
        """The id of the profile that these Contact traits make or find."""
        answer = self.ask("POST", DATA, {"traits": {"Contact": values}})
        assert answer.status == 202, answer.content
        return str(answer.body["id"])

    def find(self, id_type: str, value: str) -> list[str]:
        """The ids that Lookup gives."""
        answer = self.ask("POST", f"{DATA}/Lookup", {"idType": id_type, "value": value})
        assert answer.status == 200, answer.content
        return list(answer.body["profiles"])

    def traits_of(self, profile_id: str) -> Any:
        return self.ask("GET", f"{DATA}/{profile_id}").body["traits"]

    def profiles(self) -> list[Any]:
        """All canonical profiles of the first store, by inspection."""
        return list(self.ask("GET", "/emulator/profiles").body["stores"][FIRST_STORE_ID])

    def log(self) -> list[Any]:
        return list(self.ask("GET", "/emulator/log").body["log"])
