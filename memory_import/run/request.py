"""What is asked for when a run is to begin or to go on; quick to import, for the command line."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from memory_import.run.budget import Budgets
from memory_import.run.settings import Credentials

DEFAULT_STATE_DIR = ".memory-import"
WAIT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a person, or a scheduler, asks for: a new run of `spec_path`, or to go on with `run_id`.

    With neither, the last unfinished run is gone on with. A new run has `run_id` for its id, or a fresh one
    where that is None. `credentials` None takes those of the environment.
    """

    state_dir: Path = Path(DEFAULT_STATE_DIR)
    spec_path: Path | None = None
    run_id: str | None = None
    emulator: bool = False
    dry_run: bool = False
    wait_seconds: float = WAIT_SECONDS
    budgets: Budgets = field(default_factory=Budgets)
    limit: int | None = None
    credentials: Credentials | None = None


def new_run_id() -> str:
    """An id that no run has yet; ids sort by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"[:-3] + "Z-" + secrets.token_hex(2)
