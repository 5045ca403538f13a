"""Ends the unfinished runs of the same spec and target, before a new one begins.

Nothing further of them is sent. Operations are followed to their end and what landed is remembered; what was
under way when a run died is unknown, and is compared with the store before the new run sends it.
"""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from memory_import.clock import now
from memory_import.destination.api.operations import Completed, StillOpen, follow
from memory_import.destination.delivery.shutdown import drained
from memory_import.destination.http.client import Client
from memory_import.destination.limits import FOLLOWERS
from memory_import.errors import ExitCode, ImportProblem
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.records import Batch, RunRecord, RunStatus
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.staging.damage import is_readable
from memory_import.run.context import RunContext
from memory_import.run.loads.edits.carry_out import decide_edits
from memory_import.run.loads.known_persons.held import hold_persons
from memory_import.run.stages import write_report
from memory_import.spec.model import Spec

_UNDECIDED = (BatchState.SENDING, BatchState.ACCEPTED)


class EarlierRunOpen(ImportProblem):
    """The service still owes an answer about an earlier run."""

    exit_code = ExitCode.PENDING


async def end_earlier_runs(run: RunContext) -> None:
    """End what was begun before, the oldest first; `EarlierRunOpen` where the service has not decided yet.

    What unfinished runs of other specs may have sent is held.
    """
    async with drained(run.stop_signal):
        for record in run.ledger.unfinished_before(run.record):
            await _end(_reopen(run, record))
    for record in run.ledger.unfinished_elsewhere(run.record):
        _hold(_reopen(run, record))


def _reopen(run: RunContext, record: RunRecord) -> RunContext:
    """An earlier run as it was, on what the new one holds."""
    return replace(
        run,
        record=record,
        spec=Spec.model_validate(record.spec),
        spec_folder=Path(record.spec_path).parent,
        folder=run.folder.parent / record.run_id,
    )


def _hold(other: RunContext) -> None:
    if other.folder.exists() and other.spec.profiles is not None and not _is_of_another_version(other):
        hold_persons(other, other.spec.profiles)


async def _end(earlier: RunContext) -> None:
    if _is_of_another_version(earlier):
        earlier.progress.say(
            f"Run {earlier.run_id} of this spec is not finished, and its rows were staged by another version "
            "of memory-import: nothing further of it is sent, and what it sent is not remembered."
        )
    if not _can_be_read(earlier):  # its rows are lost: what it landed is found in the store
        ledger, exit_code = earlier.ledger, ExitCode.PENDING
        ledger.set_status(earlier.run_id, RunStatus.SUPERSEDED, exit_code=exit_code, finished_at=now())
        return
    undecided = [
        batch
        for load in earlier.staged_loads()
        for batch in earlier.ledger.batches(earlier.run_id, load.load, states=_UNDECIDED)
        if batch.state is BatchState.SENDING or batch.operation_id is not None
    ]
    if undecided:
        async with earlier.connection() as (client, commits):
            decided = await _decide_all(earlier, client, commits, undecided)
        if not all(decided):
            raise EarlierRunOpen(
                f"Run {earlier.run_id} of this spec is not finished: the service is still at work on "
                f"{decided.count(False)} of its requests. Nothing was sent; run this again in a while."
            )
    await _decide_edits(earlier)
    write_report(earlier, None, is_superseded=True)


def _can_be_read(earlier: RunContext) -> bool:
    return (
        earlier.folder.exists()
        and not _is_of_another_version(earlier)
        and all(is_readable(earlier.staging(load.load)) for load in earlier.staged_loads())
    )


def _is_of_another_version(earlier: RunContext) -> bool:
    return any(earlier.staging(load.load).is_of_another_version for load in earlier.staged_loads())


async def _decide_edits(earlier: RunContext) -> None:
    profiles = earlier.spec.profiles
    if profiles is not None and (open_ones := await decide_edits(earlier, profiles)):
        raise EarlierRunOpen(
            f"Run {earlier.run_id} of this spec is not finished: {open_ones:,} profiles that it asked to be "
            "deleted or changed are as they were. Nothing was sent; run this again in a while."
        )


async def _decide_all(
    earlier: RunContext, client: Client, commits: GroupCommit, undecided: list[Batch]
) -> list[bool]:
    slots = asyncio.Semaphore(FOLLOWERS)
    return await asyncio.gather(*(_decide(earlier, client, commits, batch, slots) for batch in undecided))


async def _decide(
    earlier: RunContext, client: Client, commits: GroupCommit, batch: Batch, slots: asyncio.Semaphore
) -> bool:
    """Whether it can be said of a batch what became of it, by now."""
    if batch.state is BatchState.SENDING or batch.operation_id is None:
        await commits.move(batch, BatchState.UNKNOWN)
        return True
    verdict = await follow(
        client,
        batch.operation_id,
        age_seconds=time.time() - (batch.answered_at or 0.0),
        first_wait_seconds=0.0,
        patience_seconds=earlier.wait_seconds,
        slots=slots,
    )
    if isinstance(verdict, StillOpen):
        return False
    is_done = isinstance(verdict, Completed)
    await commits.move(batch, BatchState.COMPLETED if is_done else BatchState.UNKNOWN)
    return True
