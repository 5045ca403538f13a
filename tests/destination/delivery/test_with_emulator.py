"""The destination against the emulator, which knows nothing of it: declaring, delivering, failing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from memory_import.destination.http.client import Client
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.emulator.app import create_app
from memory_import.emulator.http.answers import ConnectionDropped
from memory_import.emulator.http.middleware import Middleware
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RequestCount
from tests.support.journey import begin
from tests.support.openapi import PATH as DOCUMENT
from tests.support.openapi import request_validator
from tests.support.servers import AUTH, STORE, URL

pytestmark = pytest.mark.anyio


def make_app(**options: Any) -> Middleware:
    return create_app(
        api_key=AUTH,
        delay_seconds=(0.0, 0.01),
        operation_retry_after_seconds=0,
        validator=request_validator() if DOCUMENT.exists() else None,
        **options,
    )


class InProcess(httpx.ASGITransport):
    """Requests to an application in this process; a dropped connection looks as it does on a network."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionDropped as error:
            raise httpx.ReadError("dropped", request=request) from error


@asynccontextmanager
async def connect(app: Middleware) -> AsyncIterator[Client]:
    async with Client(
        api_url=URL,
        auth=AUTH,
        throttle=Throttle(StopSignal()),
        counts=RequestCount(),
        transport=InProcess(app),
    ) as client:
        yield client
    assert app.violations == []


FAULTS: dict[str, list[dict[str, Any]]] = {
    "nothing goes wrong": [],
    "throttled by date, seconds and nothing": [
        {"when": {"path": "*/Bulk", "nth": 1}, "do": {"status": 429, "retry_after": "date:+1"}},
        {"when": {"path": "*/Bulk", "nth": 2}, "do": {"status": 429, "retry_after": 0}},
        {"when": {"path": "*/Bulk", "nth": 3}, "do": {"status": 429, "body": "empty"}},
    ],
    "answers are lost before and after": [
        {"when": {"path": "*/Bulk", "nth": 1}, "do": {"drop": "before"}},
        {"when": {"path": "*/Bulk", "nth": 2}, "do": {"drop": "after"}},
    ],
    "operations cannot be read and then fail for a while": [
        {"when": {"path": "*/Operations/*", "nth": [1, 2]}, "do": {"status": 404, "code": 520052}},
        {"when": {"path": "*/Bulk", "nth": 1}, "do": {"fail_operation": {"code": 20503}}},
    ],
    "the store is not active for a moment": [
        {"when": {"path": "*/Bulk", "nth": 1}, "do": {"status": 409, "code": 520042}}
    ],
    "pages of a proxy": [{"when": {"path": "*/Bulk", "nth": [1, 2]}, "do": {"status": 502, "body": "html"}}],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
async def test_whatever_goes_wrong_for_a_while_all_rows_arrive(
    ledger: Ledger, tmp_path: Path, faults: list[dict[str, Any]]
) -> None:
    app = make_app(faults=faults)
    journey = begin(ledger, tmp_path, 40, per_batch=10)
    await journey.deliver(InProcess(app).handle_async_request)
    assert journey.outcomes == {"completed": 40}
    assert await count_profiles(app) == 40


@pytest.mark.parametrize("row_failures", ["refuse", "fail"])
async def test_a_profile_that_the_store_refuses_is_the_only_one_that_is_missing(
    ledger: Ledger, tmp_path: Path, row_failures: str
) -> None:
    app = make_app(row_failures=row_failures)
    journey = begin(ledger, tmp_path, 200)
    path = journey.staging.folder / "part-00000.arrow"
    spoil(path, row=77)
    await journey.deliver(InProcess(app).handle_async_request)
    assert journey.outcomes == {"completed": 199, "rejected": 1}
    assert journey.rows.row(77, named=True)["_error_code"] == "520010"
    assert await count_profiles(app) == 199


async def test_a_202_without_an_operation_is_as_far_as_we_know_accepted(
    ledger: Ledger, tmp_path: Path
) -> None:
    app = make_app(bulk_answer="message")
    journey = begin(ledger, tmp_path, 40, per_batch=10)
    await journey.deliver(InProcess(app).handle_async_request)
    assert journey.outcomes == {"accepted": 40}


def spoil(path: Path, *, row: int) -> None:
    """Give a staged row an email that is a number, which the store does not take."""
    spoilt = pl.when(pl.col("_pos") == row).then(pl.lit('{"traits":{"Contact":{"email":7}}}'))
    pl.read_ipc(path).with_columns(_payload=spoilt.otherwise("_payload")).write_ipc(path)


async def count_profiles(app: Middleware) -> int:
    """How many profiles the store holds once all accepted work is applied."""
    async with httpx.AsyncClient(transport=InProcess(app), base_url=URL, auth=AUTH) as client:
        while (await client.get("/emulator/health")).json()["pending"]:
            pass
        return len((await client.get("/emulator/profiles")).json()["stores"][STORE])
