"""What a delivery tells a run: how far it is, and when more was refused than the run allows."""

from collections.abc import Sequence

from memory_import.destination.http.client import Client
from memory_import.errors import BudgetExceeded
from memory_import.ledger.report.account import Account
from memory_import.ledger.report.outcomes import Outcome
from memory_import.run.context import RunContext


class DeliveryObserver:
    """Shows what a delivery does, and halts it when the error budget of the run is spent."""

    def __init__(self, run: RunContext, client: Client) -> None:
        self._run, self._client = run, client
        self._rejected, self._read = count_rejected(run)

    def sent(self, rows: int) -> None:  # noqa: ARG002 - rows count when they have landed
        """A request was taken."""
        self._run.progress.requested(self._client.requests)

    def landed(self, rows: int) -> None:
        """So many rows are where they belong."""
        self._run.progress.advance(rows)

    def refused(self, rows: int) -> None:
        """So many rows were refused."""
        self._rejected += rows
        self._run.progress.advance(rows, rejects=rows)
        if not self._run.budgets.errors.allows(self._rejected, self._read):
            self._run.stop_signal.call(_over_budget(self._rejected, self._read))


def count_rejected(run: RunContext) -> tuple[int, int]:
    """The rows of all staged loads that were rejected before anything was sent, and all rows of them."""
    rejected = read = 0
    for load in run.staged_loads():
        rejected += run.staging(load.load).rejected
        read += load.rows_read
    return rejected, read


def check_errors(run: RunContext) -> None:
    """`BudgetExceeded` when more rows were rejected than the run allows, before anything more is sent."""
    rejected, read = count_rejected(run)
    if not run.budgets.errors.allows(rejected, read):
        raise _over_budget(rejected, read)


def find_exceeded_budget(run: RunContext, accounts: Sequence[Account]) -> BudgetExceeded | None:
    """The same for a run that has come to its end, by the accounts of its loads."""
    rejected = sum(account.rows[Outcome.REJECTED] for account in accounts)
    read = sum(sum(account.rows.values()) for account in accounts)
    return None if run.budgets.errors.allows(rejected, read) else _over_budget(rejected, read)


def _over_budget(rejected: int, read: int) -> BudgetExceeded:
    return BudgetExceeded(
        f"{rejected} of {read} rows were rejected, which is more than --max-errors allows. "
        "rejects.csv says why: put the input right and start a new run, or go on with a larger --max-errors.",
        option="--max-errors",
    )
