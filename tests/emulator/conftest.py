"""One emulator for a test, asked in process."""

from collections.abc import Iterator

import pytest

from tests.support.asking import Asker


@pytest.fixture
def asker() -> Iterator[Asker]:
    with Asker() as asker:
        yield asker
