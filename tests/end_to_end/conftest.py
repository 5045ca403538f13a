"""An emulator of its own for every test, and the command line pointed at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Api, CommandLine, serving


@pytest.fixture
def api() -> Iterator[Api]:
    """A fresh emulator that knows the trait groups of the tests' spec."""
    with serving(delay_seconds=(0.0, 0.1)) as api:
        yield api


@pytest.fixture
def command(api: Api, tmp_path: Path) -> CommandLine:
    """The command line in a folder of its own."""
    return CommandLine(tmp_path, api.url)
