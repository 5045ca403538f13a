"""The error budget: how many rejected rows a run puts up with."""

from dataclasses import dataclass

from memory_import.errors import UsageProblem


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
