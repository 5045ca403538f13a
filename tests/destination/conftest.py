"""A real ledger in a temporary folder; asynchronous tests run on asyncio."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store import Ledger, open_database


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(open_database(tmp_path))
    yield opened
    opened.close()
