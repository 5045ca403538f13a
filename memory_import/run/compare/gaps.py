"""What earlier runs may have sent of memories beyond what is known, and why."""

from collections.abc import Iterator

import polars as pl

from memory_import.ledger.known.table import Table
from memory_import.loads import MemoryLoad
from memory_import.run.compare.memory_keys import is_same_mapping
from memory_import.run.context import RunContext
from memory_import.spec.model import MemoriesSpec

IS_READ = "what profiles hold is read before anything is sent to them."
_SOURCE_CHANGED = (
    "observation_source was {former} in the last run: {load} from another source are others. All of them are "
    "sent, but what profiles hold from that source; what was sent before stays in the store as it is."
)


def explain_gaps(run: RunContext, load: MemoryLoad, spec: MemoriesSpec, table: Table) -> Iterator[str]:
    """Why the store has to be asked about everything; nothing where what is known is whole."""
    facts = table.facts
    if forgotten := _find_forgotten(run, load, facts.get("run", "")):
        yield f"What run {forgotten} brought in of {load} is not known any more: {IS_READ}"
    elif facts.get("has_gaps") and "run" not in facts:
        yield f"What was known of {load} is lost: {IS_READ}"
    if is_same_mapping(spec, facts):
        return
    former = facts.get("source", spec.observation_source)
    if former != spec.observation_source:
        yield _SOURCE_CHANGED.format(former=former, load=load)
    else:
        yield f"What makes a memory the same one changed in the spec since the last run: {IS_READ}"


def _find_forgotten(run: RunContext, load: MemoryLoad, last: str) -> str | None:
    """The last run that brought memories in, where what is known is of an earlier one (`last`): it was lost,
    or an older copy was put in its place."""
    for earlier in run.ledger.over_before(run.record):
        if earlier.run_id <= last:
            return None
        staged = run.ledger.load(earlier.run_id, load)
        if staged is not None and staged.planned_at is not None:
            return earlier.run_id
    return None


def doubt_unread(table: Table, read: pl.Series) -> pl.DataFrame:
    """`profile` of a doubt about each profile of which something is known, but those that were `read`."""
    known = [rows["profile"] for rows in table.scan("profile")]
    profiles = pl.concat([pl.Series("profile", dtype=pl.String), *known]).unique(maintain_order=True)
    return profiles.filter(~profiles.is_in(read.implode())).to_frame()
