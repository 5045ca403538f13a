"""What the delivery of a load works with."""

from dataclasses import dataclass
from typing import Protocol

from memory_import.destination.delivery.entries import Entries
from memory_import.destination.http.client import Client
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import LoadRecord
from memory_import.ledger.staging.staged import Staging


class Observer(Protocol):
    """Hears of rows as they move on."""

    def sent(self, rows: int) -> None:
        """The server accepted a request with so many rows."""

    def landed(self, rows: int) -> None:
        """The outcome of so many rows is known and good, or as good as the server lets us know."""

    def refused(self, rows: int) -> None:
        """The server refused so many rows for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One load of a run on its way into a store: who is asked, what is sent, where it is written down."""

    client: Client
    commits: GroupCommit
    ledger: Ledger
    staging: Staging
    entries: Entries
    run_id: str
    store_id: str
    load: LoadRecord
    observer: Observer

    @property
    def throttle(self) -> Throttle:
        """Where every sender waits."""
        return self.client.throttle

    @property
    def stop_signal(self) -> StopSignal:
        """What ends the delivery early."""
        return self.client.throttle.stop_signal
