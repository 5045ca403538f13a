"""One run: everything that its stages share."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from destination.client import Client
from destination.pace import Halt, Pace
from flows.budget import ErrorBudget
from flows.progress import RunProgress
from flows.settings import Target
from flows.spec import Spec
from ledger.journal import Journal
from ledger.records import RunRecord
from ledger.staging import Staging
from ledger.store import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a stage needs to know. `folder` is the run's own; `spec_folder` is where relative paths begin."""

    record: RunRecord
    spec: Spec
    spec_folder: Path
    target: Target
    ledger: Ledger
    folder: Path
    budget: ErrorBudget
    wait_seconds: float
    halt: Halt
    progress: RunProgress

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.record.run_id

    def staging(self, load: str) -> Staging:
        """The staged files of a load."""
        return Staging(self.folder / load)

    def check_halt(self) -> None:
        """Raise the reason when the run was told to stop."""
        if self.halt.reason is not None:
            raise self.halt.reason

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to the ledger."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ledger.add_seconds(self.run_id, stage, time.perf_counter() - start)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[Client, Journal]]:
        """A client for the target and the journal that counts its requests."""
        journal = Journal(self.ledger, self.run_id)
        client = Client(
            api_url=self.target.api_url,
            auth=self.target.credentials.pair,
            pace=Pace(self.halt),
            counts=journal.requests,
        )
        try:
            async with client:
                yield client, journal
        finally:
            await journal.close()
