"""The emulator in this process as the server of our client, whose process can end at any request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from memory_import.destination.http.client import Client
from memory_import.destination.http.throttle import StopSignal
from memory_import.emulator.app import create_app
from memory_import.emulator.http.answers import ConnectionDropped
from memory_import.emulator.http.middleware import Middleware
from memory_import.ledger.database.records import RequestCount
from tests.support.openapi import PATH as DOCUMENT
from tests.support.openapi import request_validator
from tests.support.servers import AUTH, URL, Clock, make_pace


class Killed(Exception):
    """Stands for the end of the process."""


class InProcess(httpx.ASGITransport):
    """Requests to an application in this process; the process ends at request `ends_at`, counted from 0,
    before it leaves or after it was answered."""

    def __init__(self, app: Middleware, *, ends_at: int | None, is_answered: bool) -> None:
        super().__init__(app)
        self.made = 0
        self._ends_at, self._is_answered = ends_at, is_answered

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number, self.made = self.made, self.made + 1
        is_end = number == self._ends_at
        if is_end and not self._is_answered:
            raise Killed
        try:
            response = await super().handle_async_request(request)
        except ConnectionDropped as error:
            raise httpx.ReadError("dropped", request=request) from error
        if is_end:
            raise Killed
        return response


def make_app(**options: Any) -> Middleware:
    return create_app(
        api_key=AUTH,
        delay_seconds=(0.0, 0.0),
        operation_retry_after_seconds=0,
        validator=request_validator() if DOCUMENT.exists() else None,
        **options,
    )


@asynccontextmanager
async def connect(
    app: Middleware,
    *,
    ends_at: int | None = None,
    is_answered: bool = False,
    clock: Clock | None = None,
) -> AsyncIterator[tuple[Client, InProcess]]:
    transport = InProcess(app, ends_at=ends_at, is_answered=is_answered)
    throttle = make_pace(clock or Clock(), StopSignal())
    async with Client(
        api_url=URL, auth=AUTH, throttle=throttle, counts=RequestCount(), transport=transport
    ) as client:
        yield client, transport
