"""The loads of observations and summaries: staged row by row, then by profile, then sent."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from memory_import.clock import seconds_now
from memory_import.columns import COPIES, PAYLOAD, POS, POSSIBLE_COPIES
from memory_import.destination.delivery.by_profile import deliver_by_profile
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.entries import Entries
from memory_import.destination.delivery.memories import MemoryRules
from memory_import.destination.delivery.updates import deliver_updates
from memory_import.destination.errors import StagingChanged
from memory_import.ledger.database.records import LoadRecord
from memory_import.ledger.database.states import UNSENT, BatchState
from memory_import.ledger.staging.layout import LATE_ERRORS_SCHEMA, MEMBERS_SCHEMA
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES, MemoryLoad
from memory_import.run.compare.memories import compare_memories
from memory_import.run.compare.memory_keys import identify_memories
from memory_import.run.compare.memory_matches import CHANGED, IN_STORE, KNOWN, NEW, STATE
from memory_import.run.context import RunContext
from memory_import.run.loads.memory_order import order_by_profile, order_updates
from memory_import.run.loads.profile_resolution import resolve_profiles
from memory_import.run.loads.staging import prepare_parts
from memory_import.run.observer import DeliveryObserver, check_errors
from memory_import.run.store_check import StoreFacts
from memory_import.sources.frames import null_out
from memory_import.spec.memories import memory_plan
from memory_import.spec.model import MemoriesSpec
from memory_import.transforms.codes import Change
from memory_import.transforms.memories import prepare_memories
from memory_import.transforms.plan import MemoryPlan
from memory_import.transforms.prepare import Prepared


def stage_memories(run: RunContext, name: MemoryLoad, spec: MemoriesSpec) -> None:
    """Read and prepare a load, unless that was done before; whose its rows are is found when they are sent.

    Once the ledger has the load, the source is not needed any more.
    """
    staging = run.staging(name)
    load = run.ledger.load(run.run_id, name)
    if load is not None:
        if changed := staging.changed_files(is_part_alone=load.planned_at is None):
            raise StagingChanged(", ".join(changed))
        return
    plan = memory_plan(name, spec)
    staging.begin()
    run.progress.begin("reading and preparing")
    with run.timed("prepare"):
        prepare = partial(_prepare, plan, spec.source.null_texts)
        prepared = prepare_parts(run, name, spec.source, prepare, staging)
    with run.timed("stage"):
        staging.write_members(
            members=pl.DataFrame(schema=MEMBERS_SCHEMA), late_rejects=pl.DataFrame(schema=LATE_ERRORS_SCHEMA)
        )
        staging.finish()
        run.ledger.save_load(
            run.run_id,
            LoadRecord(
                load=name,
                identifiers={},
                columns=prepared.columns,
                rows_read=prepared.rows,
                rounds=1,
                changes=dict(prepared.changes),
                planned_at=None,
            ),
            [],
        )
    run.sources.release(name)


def _prepare(plan: MemoryPlan, null_texts: Collection[str], rows: pl.DataFrame) -> Prepared:
    prepared = prepare_memories(null_out(rows, null_texts), plan)
    return replace(prepared, frame=prepared.frame.with_columns(rows))


async def deliver_memories(run: RunContext, name: MemoryLoad, spec: MemoriesSpec, store: StoreFacts) -> None:
    """Find the profiles, then send what is not sent; raises the reason when it had to end early.

    While profiles of the same run are not finished, their memories wait for a resume.
    """
    load = run.ledger.load(run.run_id, name)
    if load is None:
        return
    if load.planned_at is None:
        if _has_unfinished_profiles(run):
            return
        load = await _plan(run, load, name, spec, store)
        check_errors(run)
    run.progress.begin(f"sending {name}", load.rows_read)
    with run.timed(f"deliver {name}"):
        async with run.connection() as (client, commits):
            staging = run.staging(name)
            work = Delivery(
                client=client,
                commits=commits,
                ledger=run.ledger,
                staging=staging,
                entries=Entries(partial(_read_entries, staging), staging.sorted_parts),
                run_id=run.run_id,
                store_id=run.target.store_id,
                load=load,
                observer=DeliveryObserver(run, client),
            )
            rules = MemoryRules(
                source=spec.observation_source,
                on_unknown=spec.on_unknown,
                settle_seconds=spec.settle_seconds,
            )
            await deliver_by_profile(work, rules)
            identify = partial(identify_memories, keyed=run.known.hash)
            await deliver_updates(work, spec.observation_source, identify)


def _read_entries(staging: Staging, part: str) -> pl.DataFrame:
    return staging.entries(part, PAYLOAD, COPIES, POSSIBLE_COPIES)


def _has_unfinished_profiles(run: RunContext) -> bool:
    totals = run.ledger.totals(run.run_id, PROFILES)
    return any(
        state in UNSENT or (state is BatchState.ACCEPTED and is_followed) for state, is_followed in totals
    )


FATES_OF_CHANGED = {"add": "sent", "update": "updated", "ignore": "unchanged"}
"""What becomes of a memory whose key is known with other content, by `on_changed` of the spec."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What becomes of the rows of a load: each is in one of the frames, all COMPARED."""

    sent: pl.DataFrame
    updated: pl.DataFrame
    unchanged: pl.DataFrame


def _choose(compared: pl.DataFrame, spec: MemoriesSpec) -> _Chosen:
    fates = {
        NEW: "sent",
        KNOWN: "unchanged",
        IN_STORE: "unchanged",
        CHANGED: FATES_OF_CHANGED[spec.on_changed],
    }
    fate = pl.col(STATE).replace_strict(fates, return_dtype=pl.String)
    return _Chosen(**{name: compared.filter(fate == name) for name in ("sent", "updated", "unchanged")})


def _of(rows: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    return rows.join(chosen.select(POS), on=POS, how="semi", maintain_order="left")


async def _plan(
    run: RunContext, load: LoadRecord, name: MemoryLoad, spec: MemoriesSpec, store: StoreFacts
) -> LoadRecord:
    """Find whose each row is, order the rows by profile, and enter the batches."""
    run.progress.begin("finding profiles", load.rows_read)
    with run.timed(f"find profiles of {name}"):
        resolved = await resolve_profiles(run, name, spec, store)
    with run.timed(f"compare {name}"):
        compared = await compare_memories(run, name, spec, resolved.rows)
    with run.timed("stage"):
        staging = run.staging(name)
        chosen = _choose(compared.rows, spec)
        sent = replace(resolved, rows=_of(resolved.rows, chosen.sent))
        batches = order_by_profile(staging, name, spec, sent, compared.copies)
        batches += order_updates(staging, name, chosen.updated)
        staging.write_compared(compared.rows, chosen.unchanged, compared.unclaimed)
        staging.finish()
        identifiers, requests, created = run.ledger.lookup_counts(run.run_id, name)
        changes = Counter(load.changes) + Counter({Change.PROFILE_CREATED.value: created})
        run.ledger.plan_load(
            run.run_id,
            LoadRecord(
                load=name,
                identifiers={},
                columns=load.columns,
                rows_read=load.rows_read,
                rounds=1,
                changes=dict(changes),
                planned_at=seconds_now(),
                lookups={"made": requests, "spared": resolved.asked - identifiers}
                if spec.reference
                else None,
                remarks=compared.remarks,
            ),
            batches,
        )
    planned = run.ledger.load(run.run_id, name)
    assert planned is not None  # noqa: S101 - it was entered just now
    return planned
