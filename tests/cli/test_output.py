"""Colours are for a terminal: none in a pipe, none where NO_COLOR is set."""

import os
import pty
import subprocess
import sys

import pytest

from tests.support.processes import inherited
from tests.support.workplace import Workplace


def show_on_terminal(workplace: Workplace, **variables: str) -> str:
    """What `status` writes to a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "memory_import.cli", "status", "--state-dir", str(workplace.state_dir)]
    process = subprocess.Popen(
        command, stdout=follower, env={**inherited(), "TERM": "xterm-256color", **variables}
    )
    os.close(follower)
    said = b""
    with os.fdopen(leader, "rb", buffering=0) as stream:
        try:
            while part := stream.read(4_096):
                said += part
        except OSError:  # Linux says so when the other side has closed
            pass
    assert process.wait(timeout=300) == 0
    return said.decode()


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [
        pytest.param({}, True, id="terminal"),
        pytest.param({"NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param({"TERM": "dumb"}, False, id="dumb terminal"),
    ],
)
def test_a_terminal_has_colours_unless_somebody_wants_none(
    workplace: Workplace, variables: dict[str, str], is_coloured: bool
) -> None:
    workplace.carry_out()
    said = show_on_terminal(workplace, **variables)
    assert "finished" in said
    assert ("\x1b[32mfinished" in said) is is_coloured
    assert ("\x1b[3" in said) is is_coloured
