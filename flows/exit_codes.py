"""How the command ends, and what each ending means to a scheduler."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command line."""

    DONE = 0  # all rows accounted for, none rejected or unknown
    REJECTS = 1  # finished, some rows rejected or unknown
    USAGE = 2  # usage, spec, input or store
    BUDGET = 3  # more errors than --max-errors allows
    CREDENTIALS = 4  # authentication or permission
    PENDING = 5  # not finished: resume
    CHANGED = 6  # input, spec or store is not what it was when the run began
    INTERNAL = 70
    INTERRUPTED = 130  # Ctrl-C, after a clean checkpoint
    TERMINATED = 143  # SIGTERM, after a clean checkpoint
