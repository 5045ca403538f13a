"""What is asked for when a run is to begin or to go on; quick to import, for the command line."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from memory_import.run.budget import Budgets
from memory_import.run.settings import Credentials

DEFAULT_STATE_DIR = ".memory-import"
KNOWN = "known"
"""The folder of what is known: of the state directory, and of a run into the emulator its own."""
WAIT_SECONDS = 600.0
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{9}Z-[0-9a-f]{4}")


class Action(StrEnum):
    """What a request is for."""

    RUN = "run"  # plan and apply in one
    PLAN = "plan"  # all that comes before the first request with customer data
    APPLY = "apply"  # send what a plan holds
    RESUME = "resume"  # go on with a run that did not end

    @property
    def is_new(self) -> bool:
        """Whether it makes a new run from a spec."""
        return self in {Action.RUN, Action.PLAN}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a person, or a scheduler, asks for.

    `run` and `plan` need `spec_path`; the new run gets `run_id`, or a fresh id where that is None. `apply`
    needs `run_id`; `resume` goes on with the last unfinished run where that is None. `credentials` None takes
    those of the environment. `keep`: the emulator's store goes on with that of the last run into it.
    `full`: everything is sent, whatever is known. `show_values`: the plan shows values of customers.
    `verify`: how many rows of each load to read back at the end, or `all`; None reads nothing back.
    """

    action: Action = Action.RUN
    state_dir: Path = Path(DEFAULT_STATE_DIR)
    spec_path: Path | None = None
    run_id: str | None = None
    emulator: bool = False
    keep: bool = False
    wait_seconds: float = WAIT_SECONDS
    budgets: Budgets = field(default_factory=Budgets)
    limit: int | None = None
    full: bool = False
    show_values: bool = False
    verify: str | None = None
    credentials: Credentials | None = None


def new_run_id() -> str:
    """An id that no run has yet; ids sort by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"[:-3] + "Z-" + secrets.token_hex(2)


def is_run_id(text: str) -> bool:
    """Whether a text has the form of a run's id."""
    return _RUN_ID.fullmatch(text) is not None
