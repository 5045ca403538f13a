"""A small input with its spec, for every test that wants one."""

from pathlib import Path

import pytest

from tests.flows.workplace import Workplace, write_customers, write_spec


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """Five rows, one of them without an identifier and two of one person, and a spec for them."""
    write_customers(tmp_path)
    write_spec(tmp_path)
    return Workplace(tmp_path)
