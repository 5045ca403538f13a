"""A small input with its spec, an API to send it to, and a ledger; asynchronous tests run on asyncio."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

# Polars reads this once, when it is loaded. Several tests at once keep all cores busy; the threads of each
# would spend a tenth of the time on waking one another. Processes that tests start have all threads.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pytest
from hypothesis import settings

from memory_import.emulator.server import Running, running
from memory_import.ledger.database.engine import open_database
from memory_import.ledger.database.ledger import Ledger
from tests.fuzz import seeds
from tests.support.openapi import PATH as DOCUMENT
from tests.support.openapi import request_validator
from tests.support.workplace import Workplace, write_customers, write_spec

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("exploring", deadline=None)
settings.load_profile("repeatable")  # `make fuzz` names the other with --hypothesis-profile


def pytest_report_header() -> str:
    """The seeds to repeat the differential tests with, shown whether they pass or fail."""
    return f"differential tests: numbers by seeds {seeds.NUMBERS}, addresses by seeds {seeds.ADDRESSES}"


def pytest_collection_finish() -> None:
    """What was loaded to collect the tests stays, and is never looked through for garbage again: that would
    take a twentieth of the time of all tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def sync_nothing() -> Iterator[None]:
    """Do not wait for the disk, 70 times a run: no test in this process could tell. Processes that are
    started do wait, and the failing disk lets their syncs fail."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # an error where there is no such file, as before
        yield


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A real ledger in a temporary folder."""
    opened = Ledger(open_database(tmp_path))
    yield opened
    opened.close()


USER, PASSWORD = "SK" + "0" * 32, "the-secret-of-the-tests"


@pytest.fixture(scope="session")
def api() -> Iterator[Running]:
    """An API that all tests write to; it is done with a request at once."""
    validator = request_validator() if DOCUMENT.exists() else None
    with running(api_key=(USER, PASSWORD), delay_seconds=(0.0, 0.0), validator=validator) as server:
        yield server


@pytest.fixture
def api_url(api: Running) -> Iterator[str]:
    """Where the API is; no request to it breaks the official document."""
    yield api.url
    assert api.app.violations == []


@pytest.fixture
def workplace(tmp_path: Path, api_url: str) -> Workplace:
    """Five rows, one of them without an identifier and two of one person; a spec, and an API for them."""
    return make_workplace(tmp_path, api_url)


def make_workplace(folder: Path, api_url: str) -> Workplace:
    """A workplace in this folder, for this API."""
    write_customers(folder)
    write_spec(folder)
    variables = {
        "MEMORY_API_URL": api_url,
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_API_KEY": USER,
        "TWILIO_API_SECRET": PASSWORD,
    }
    return Workplace(folder, variables)
