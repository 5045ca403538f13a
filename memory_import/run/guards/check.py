"""Guards: what is looked at once everything is staged, before anything of a customer leaves.

This is the one place for them. A guard is a function of a run. It looks at what is staged and raises
`BudgetExceeded` where a person should look first; its words name what was found, what is allowed, and the
option or the line of the spec that lets the run go on. All guards are asked, so that all of it is said at
once. A run that a guard stopped has sent nothing and is kept; it goes on where an option allows what was
found, else a new run of the corrected spec takes its place.

To add one: write the function where the rule belongs (in `run/loads` or in a module of its own), list it in
`GUARDS`, and, if it has a limit that a person may set, add a field to `run.budget.Budgets` and an option to
`cli.options`.
"""

from collections.abc import Callable

from memory_import.errors import BudgetExceeded
from memory_import.run.context import RunContext
from memory_import.run.guards.decimals import check_decimals
from memory_import.run.guards.dropped import check_dropped
from memory_import.run.guards.gone import check_gone
from memory_import.run.guards.shared import check_shared
from memory_import.run.observer import check_errors

Guard = Callable[[RunContext], None]

GUARDS: tuple[Guard, ...] = (check_dropped, check_decimals, check_shared, check_gone, check_errors)


def check_guards(run: RunContext) -> None:
    """Ask every guard; `BudgetExceeded` with the words of all that object."""
    found: list[BudgetExceeded] = []
    for guard in GUARDS:
        try:
            guard(run)
        except BudgetExceeded as exceeded:
            found.append(exceeded)
    if found:
        options = [each.option for each in found if each.option]
        raise BudgetExceeded(
            [problem for each in found for problem in each.problems],
            spec_lines=[line for each in found for line in each.spec_lines],
            option=" and ".join(options) if len(options) == len(found) else None,
        )
