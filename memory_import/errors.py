"""What ends a run early on our side, each with the exit code a scheduler sees."""

from collections.abc import Sequence
from enum import IntEnum

from memory_import.printable import printable_line


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


class ImportProblem(Exception):
    """The run cannot go on; `exit_code` tells why, `problems` are sentences for the person who reads them.

    Each is one line, and no name in it can make a terminal do anything.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, problems: Sequence[str] | str) -> None:
        lines = (problems,) if isinstance(problems, str) else problems
        self.problems = tuple(printable_line(line) for line in lines)
        super().__init__("\n".join(self.problems))


class UsageProblem(ImportProblem):
    """The command, the settings, the spec or the input does not allow the run."""


class NothingPending(ImportProblem):
    """There is no unfinished run to go on with: nothing has to be done."""

    exit_code = ExitCode.DONE


class InputChanged(ImportProblem):
    """The input, the spec or the target is not what it was when the run began."""

    exit_code = ExitCode.CHANGED


class BudgetExceeded(ImportProblem):
    """A budget was spent, or a guard objects.

    `spec_lines`: what to write into the spec, each with the place it belongs to. `option`: the option of the
    command line that lets the run go on as it is; None where only another spec does.
    """

    exit_code = ExitCode.BUDGET

    def __init__(
        self, problems: Sequence[str] | str, *, spec_lines: Sequence[str] = (), option: str | None = None
    ) -> None:
        super().__init__(problems)
        self.spec_lines = tuple(printable_line(line) for line in spec_lines)
        self.option = option


class StoppedBySignal(ImportProblem):
    """A person or the system asked the run to stop."""

    def __init__(self, signal_number: int) -> None:
        self.exit_code = ExitCode(128 + signal_number)
        super().__init__("Stopped as asked; what was under way is in the ledger.")
