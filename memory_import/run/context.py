"""One run: everything that its stages share."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from memory_import.clock import seconds_now
from memory_import.destination.errors import ToldToWait
from memory_import.destination.http.client import Client
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.destination.limits import RETRY_AFTER_LONGEST_SECONDS
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import LoadRecord, RunRecord
from memory_import.ledger.known.store import KnownSpec, open_target
from memory_import.ledger.staging.staged import Staging
from memory_import.run.budget import Budgets
from memory_import.run.progress import RunProgress
from memory_import.run.request import KNOWN, RunRequest
from memory_import.run.settings import Target
from memory_import.sources.opened import Sources
from memory_import.sources.originals import Originals, load_described
from memory_import.sources.reread import read_again
from memory_import.spec.model import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What a stage needs to know. `folder` is the run's own; `spec_folder` is where relative paths begin."""

    record: RunRecord
    request: RunRequest
    spec: Spec
    spec_folder: Path
    target: Target
    ledger: Ledger
    folder: Path
    budgets: Budgets
    stop_signal: StopSignal
    progress: RunProgress
    sources: Sources
    make_throttle: Callable[[StopSignal], Throttle] = Throttle

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.record.run_id

    @property
    def wait_seconds(self) -> float:
        """How long to wait for the service to finish its operations."""
        return self.request.wait_seconds

    def staging(self, load: str) -> Staging:
        """The staged files of a load."""
        folder = self.folder / load
        return Staging(folder, partial(read_again, folder / "input.json"))

    def originals(self, load: str) -> Originals:
        """The rows of a staged load as they stand in its input."""
        staging = self.staging(load)
        described = load_described(staging.folder / "input.json")
        delimiter = self.spec.sources[load].delimiter or ","
        return Originals(described, staging.original, self.sources.folder(load), delimiter)

    @property
    def known(self) -> KnownSpec:
        """What earlier runs of the spec have brought into the target.

        Of an emulator, whose store is in the run's folder, that is there, too; its port is its own each time.
        """
        is_emulator = self.target.is_emulator
        target = open_target(
            (self.folder if is_emulator else self.folder.parent.parent) / KNOWN,
            api_url="emulator" if is_emulator else self.target.api_url,
            store_id=self.target.store_id,
        )
        return target.spec(self.spec.name or self.record.spec_path)

    def staged_loads(self) -> list[LoadRecord]:
        """The loads of the spec whose rows are all staged, in the order of delivery."""
        found = (self.ledger.load(self.run_id, name) for name in self.spec.sources)
        return [load for load in found if load is not None]

    def check_stop(self) -> None:
        """Raise the reason when the run was told to stop."""
        if self.stop_signal.reason is not None:
            raise self.stop_signal.reason

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to the ledger."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ledger.add_seconds(self.run_id, stage, time.perf_counter() - start)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[Client, GroupCommit]]:
        """A client for the target, and what brings its doings into the ledger."""
        credentials = self.target.credentials
        assert credentials is not None  # noqa: S101 - without them nobody is asked
        api_url = self.target.api_url
        throttle = self.make_throttle(self.stop_signal)
        wait_seconds = self.ledger.wait_left(api_url, seconds_now())
        if wait_seconds > RETRY_AFTER_LONGEST_SECONDS:
            raise ToldToWait(wait_seconds)
        throttle.close_gate(wait_seconds)
        commits = GroupCommit(self.ledger, self.run_id, held_seconds=throttle.held_seconds)
        client = Client(
            api_url=api_url,
            auth=credentials.pair,
            throttle=throttle,
            counts=commits.requests,
            note_wait=partial(commits.note_wait, api_url),
        )
        try:
            async with client:
                yield client, commits
        finally:
            await commits.close()
