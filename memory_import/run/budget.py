"""Budgets: what a run puts up with before it stops."""

from dataclasses import asdict, dataclass, replace

from memory_import.errors import UsageProblem

USUAL_DROPPED_PERCENT = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The budgets of a run as a person wrote them, one field for each option; None: the option was left out.

    They are kept in the ledger with the run. What goes on with a run may state some of them anew.
    """

    max_errors: str | None = None
    max_dropped: str | None = None

    def replaced_by(self, later: "Budgets") -> "Budgets":
        """These budgets, with those that were stated later in place of them."""
        return replace(self, **{name: text for name, text in asdict(later).items() if text is not None})

    @property
    def errors(self) -> "ErrorBudget":
        """How many rejected rows are allowed; `UsageProblem` where that is not understood."""
        return parse_budget(self.max_errors)

    @property
    def dropped_percent(self) -> float:
        """The share of a trait's values that may be dropped; `UsageProblem` where that is not understood."""
        return parse_percent(self.max_dropped)


def check_budgets(budgets: Budgets) -> None:
    """`UsageProblem` for a budget that is not understood."""
    _ = budgets.errors, budgets.dropped_percent


def parse_percent(text: str | None) -> float:
    """`"2.5%"`; None is 50. `UsageProblem` for anything else."""
    if text is None:
        return USUAL_DROPPED_PERCENT
    number = text.strip()
    try:
        if number.endswith("%") and 0 <= float(number[:-1]) <= 100:
            return float(number[:-1])
    except ValueError:
        pass
    raise UsageProblem(f"--max-dropped is {text!r}; expected a share of a trait's values, such as 80%.")


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """At most `rows` rejected rows, or at most `percent` of the rows read; None of both allows any number."""

    rows: int | None = None
    percent: float | None = None

    def allows(self, rejected: int, read: int) -> bool:
        """Whether a run with so many rejected rows may go on."""
        if self.rows is not None:
            return rejected <= self.rows
        if self.percent is not None:
            return rejected * 100 <= self.percent * read
        return True


def parse_budget(text: str | None) -> ErrorBudget:
    """`None`, `"50"` or `"2.5%"`; `UsageProblem` for anything else."""
    if text is None:
        return ErrorBudget()
    number = text.strip()
    try:
        if number.endswith("%"):
            percent = float(number[:-1])
            if 0 <= percent <= 100:
                return ErrorBudget(percent=percent)
        elif int(number) >= 0:
            return ErrorBudget(rows=int(number))
    except ValueError:
        pass
    raise UsageProblem(
        f"--max-errors is {text!r}; expected a number of rows such as 50, or a share such as 2%."
    )
