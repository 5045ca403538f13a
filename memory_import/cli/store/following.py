"""The command to type next about the same profile."""

import shlex
from pathlib import Path

from memory_import.cli.options import USUAL_STATE_DIR


def name_command(command: str, who: str, spec: Path | None, run: str | None, state_dir: Path) -> str:
    """Such as `memory-import recall ada@example.com --spec crm.yaml`, looking where this one looked."""
    stated = {
        "--spec": spec,
        "--run": run,
        "--state-dir": state_dir if state_dir != USUAL_STATE_DIR else None,
    }
    options = [text for name, value in stated.items() if value for text in (name, str(value))]
    return shlex.join(["memory-import", command, who, *options])
