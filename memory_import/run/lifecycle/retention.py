"""How long staged rows are kept: until the next run of their spec into their store is finished."""

import shutil

from memory_import.ledger.database.records import RunStatus
from memory_import.run.context import RunContext

_LEFT_BEHIND = "removed"
"""What the folder of a load is called while it goes: a crash leaves all of its rows or none to read."""


def remove_earlier_rows(run: RunContext) -> None:
    """Remove the staged rows of earlier runs of the same spec and store that are over, once this run is
    finished; their reports stay.

    What cannot be removed, and what a crash leaves behind, goes with the next run.
    """
    record = run.ledger.run(run.run_id)
    if record is None or record.status is not RunStatus.FINISHED:
        return
    for earlier in run.ledger.over_before(record):
        folder = run.folder.parent / earlier.run_id
        shutil.rmtree(folder / _LEFT_BEHIND, ignore_errors=True)
        for load in earlier.loads:
            if (folder / load).is_dir():
                (folder / load).rename(folder / _LEFT_BEHIND)
                shutil.rmtree(folder / _LEFT_BEHIND, ignore_errors=True)
