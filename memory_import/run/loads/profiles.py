"""The load of profiles: from its source to staged identity groups and batches, and into the store."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import polars as pl

from memory_import.clock import seconds_now
from memory_import.columns import BYTES, IS_FINAL, PAYLOAD, ROUND
from memory_import.destination.delivery.batches import plan_batches
from memory_import.destination.delivery.context import Delivery
from memory_import.destination.delivery.entries import Entries
from memory_import.destination.delivery.rounds import deliver_in_rounds
from memory_import.destination.errors import StagingChanged
from memory_import.ledger.database.records import LoadRecord, PlannedBatch, RunStatus
from memory_import.ledger.database.states import OPEN, BatchState
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.staging.presence import Presence
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.lifecycle.changes import refuse_differences
from memory_import.run.loads.contested import remark_contested
from memory_import.run.loads.edits.decide import stage_edits
from memory_import.run.loads.edits.due import note_presence
from memory_import.run.loads.known_persons.gone import find_gone
from memory_import.run.loads.known_persons.lookup import Known, open_known
from memory_import.run.loads.known_persons.row_hashes import describe_mapping, make_row_hash, open_rows
from memory_import.run.loads.known_persons.skipped import settle_skipped
from memory_import.run.loads.person_rules import PersonRules, load_rules
from memory_import.run.loads.persons import Grouping, group_rows
from memory_import.run.loads.profile_rows import ProfileRows
from memory_import.run.loads.staging import prepare_parts
from memory_import.run.loads.stored_values import mapped_traits, read_entries
from memory_import.run.observer import DeliveryObserver
from memory_import.run.request import Action
from memory_import.run.setup.wanted import named_identifiers
from memory_import.spec.model import ProfilesSpec, Spec
from memory_import.spec.plans import columns_used, profile_plan
from memory_import.transforms.codes import Change
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan


def stage_profiles(run: RunContext, spec: ProfilesSpec, identifiers: tuple[IdentifierPlan, ...]) -> None:
    """Read, prepare, group and plan the load of profiles, unless that was done before.

    Once the ledger has the load, the source is not needed any more.
    """
    staging = run.staging(PROFILES)
    if run.ledger.load(run.run_id, PROFILES) is not None:
        if changed := staging.changed_files():
            raise StagingChanged(", ".join(changed))
        if run.record.is_plan:
            _check_batches(run, staging)
        return
    plan = profile_plan(spec, identifiers)
    rules = load_rules(spec, run.spec_folder, plan)
    known = _doubt_forgotten(run, open_known(run.known, plan, is_resent=run.record.is_full))
    staging.begin()
    run.progress.begin("reading and preparing")
    with run.timed("prepare"):
        rows = _open_rows(run, spec, plan, rules, known)
        prepared = prepare_parts(run, PROFILES, spec.source, rows.prepare, staging, rows)
    run.progress.begin("grouping", prepared.rows)
    with run.timed("group"):
        settle = partial(settle_skipped, staging, rows)
        grouping = group_rows(staging, plan, prepared.rows, rules, known, settle)
        if run.record.row_limit is None and spec.sync.gone != "ignore":
            staging.write_gone(find_gone(staging, spec, plan, known, rules.suppressed, grouping.possible))
        presence = note_presence(run, spec, staging, known, prepared.rows)
        stage_edits(run, spec, plan, prepared.columns, presence.incomplete)
    changes = (
        prepared.changes
        + grouping.changes
        + Counter({Change.EXTRA_IDENTIFIER.value: grouping.extra_identifiers})
    )
    with run.timed("stage"):
        staging.finish()
        run.ledger.save_load(
            run.run_id,
            LoadRecord(
                load=PROFILES,
                identifiers={identifier.trait: identifier.id_type for identifier in identifiers},
                columns=prepared.columns,
                rows_read=prepared.rows,
                rounds=grouping.rounds,
                changes=dict(changes),
                planned_at=seconds_now(),
                remarks=(
                    *_remark_identifiers(run.spec, identifiers),
                    *known.remarks,
                    *_say_lost(run),
                    *_remark(grouping),
                    *remark_contested(staging, mapped_traits(run.spec, PROFILES)),
                    *_remark_presence(spec, presence),
                ),
            ),
            _plan(staging, grouping.rounds),
        )
    run.sources.release(PROFILES)


def _open_rows(
    run: RunContext, spec: ProfilesSpec, plan: ProfilePlan, rules: PersonRules, known: Known
) -> ProfileRows:
    """How rows are prepared, and which are remembered. A plan makes no key of hashes."""
    rows = ProfileRows(
        plan=plan,
        used=tuple(columns_used(spec)),
        null_texts=spec.source.null_texts,
        block=rules.block,
    )
    if run.request.action is Action.PLAN and not run.known.target.has_hash:
        return rows
    try:
        row_hash = make_row_hash(run.known.hash, plan, rows.used)
    except KnownDamaged:
        return rows
    mapping = describe_mapping(spec, plan.identifiers)
    run.staging(PROFILES).write_mapping(mapping)
    if known.persons is None or known.is_resent:
        return replace(rows, row_hash=row_hash)
    return replace(rows, row_hash=row_hash, remembered=open_rows(run.known, known.persons, mapping))


def _check_batches(run: RunContext, staging: Staging) -> None:
    """Refuse a plan whose batches in the ledger are not those of its staged rows."""
    load = run.ledger.load(run.run_id, PROFILES)
    assert load is not None  # noqa: S101 - its rows are staged
    planned = {_describe(batch) for batch in _plan(staging, load.rounds)}
    every = run.ledger.batches(run.run_id, PROFILES, states=tuple(BatchState))
    changed = planned ^ {_describe(batch) for batch in every}
    staged = staging.height
    differences = [f"{len(changed):,} batches differ from those of the staged rows"] if changed else []
    if staged != load.rows_read:
        differences.append(f"{load.rows_read:,} rows were read by the ledger, and {staged:,} are staged")
    refuse_differences("The ledger", differences)


def _describe(batch: PlannedBatch) -> tuple[str, int, int, int, int, int]:
    return batch.part, batch.round, batch.start, batch.stop, batch.rows, batch.body_bytes


def _doubt_forgotten(run: RunContext, known: Known) -> Known:
    """What is known, all of it to be sent again where it is older than the last run that sent anything: that
    was not remembered, or an older copy was put in its place."""
    if known.persons is None:
        return known
    last = known.persons.facts.get("run") or ""
    name = run.spec.name or run.record.spec_path
    for earlier in run.ledger.over_before(run.record):
        is_same = (earlier.spec.get("name") or earlier.spec_path) == name
        is_whole = earlier.delivery_number is not None and earlier.row_limit is None
        is_staged = run.ledger.load(earlier.run_id, PROFILES) is not None
        if is_same and is_whole and is_staged and earlier.run_id > last:
            said = f"What run {earlier.run_id} brought in of {PROFILES} is not known any more:"
            remarks = (*known.remarks, f"{said} all of it is sent again.")
            return replace(known, is_resent=True, remarks=remarks)
    return known


def _say_lost(run: RunContext) -> tuple[str, ...]:
    """A sentence where a run was finished before and has left nothing that is known."""
    if run.target.is_emulator or (run.known.folder / "persons").exists():
        return ()
    this = run.record
    before = [
        each.run_id
        for each in run.ledger.runs()
        if (each.spec_path, each.api_url, each.store_id) == (this.spec_path, this.api_url, this.store_id)
        and each.status is RunStatus.FINISHED
        and each.spec.get(PROFILES)
    ]
    return tuple(f"What is known of run {run_id} is lost: all of it is sent again." for run_id in before[:1])


def _remark_identifiers(spec: Spec, identifiers: tuple[IdentifierPlan, ...]) -> tuple[str, ...]:
    """What the store makes identifiers of beyond what the spec calls so."""
    if spec.profiles is None or spec.profiles.identifiers is None:
        return ()
    named = named_identifiers(spec)
    more = [f"{each.trait} ({each.id_type})" for each in identifiers if each.trait not in named]
    if not more:
        return ()
    listed = ", ".join(more)
    return (f"The store makes identifiers of traits that the spec does not name; they count, too: {listed}.",)


def _remark(grouping: Grouping) -> tuple[str, ...]:
    remarks = []
    if grouping.extra_identifiers:
        remarks.append(
            f"Further identifier values of people: {grouping.extra_identifiers:,}, each a billed operation; "
            f"with the profiles they go in {grouping.rounds:,} rounds, one after the other."
        )
    if grouping.disagreeing:
        remarks.append(
            f"People whose rows disagree in a value: {grouping.disagreeing:,}; their winner follows the "
            "file's order. `profiles.latest` can name a column that decides."
        )
    if grouping.absorbed:
        remarks.append(
            f"Known people who are one person by this input, as their names agree: {grouping.absorbed:,}; "
            "see merges_known in conflicts.csv."
        )
    return tuple(remarks)


def _remark_presence(spec: ProfilesSpec, presence: Presence) -> Iterator[str]:
    asked = {
        "Nobody is deleted": spec.sync.gone == "delete",
        "No trait is removed": spec.sync.on_blank == "clear",
        "No identifier is replaced": spec.sync.former == "replace",
    }
    for what, is_asked in asked.items():
        if is_asked and presence.incomplete is not None:
            yield f"{what} by this run: {presence.incomplete}"


def _plan(staging: Staging, rounds: int) -> list[PlannedBatch]:
    """All batches of the load. Identity groups come first: their later rounds wait for the earlier ones."""
    batches = []
    for part in staging.merged_parts:
        entries = staging.entries(part, PAYLOAD, ROUND)
        for number in range(rounds):
            of_round = entries.with_row_index("at").filter(pl.col(ROUND) == number)
            if not of_round.is_empty():
                batches += plan_batches(
                    of_round[PAYLOAD].str.len_bytes(),
                    of_round[IS_FINAL],
                    load=PROFILES,
                    round=number,
                    part=part,
                    offset=of_round["at"][0],
                )
    for part in staging.parts:
        entries = staging.entries(part, BYTES)
        batches += plan_batches(entries[BYTES], entries[IS_FINAL], load=PROFILES, round=0, part=part)
    return batches


async def deliver_profiles(run: RunContext, spec: ProfilesSpec) -> None:
    """Send what is not sent and follow what is not finished; raises the reason when it had to end early."""
    load = run.ledger.load(run.run_id, PROFILES)
    if load is None:
        return
    staging = run.staging(PROFILES)
    plan = profile_plan(spec, identifiers=())
    totals = run.ledger.totals(run.run_id, PROFILES)
    run.progress.begin("sending", sum(rows for (state, _), (_, _, rows) in totals.items() if state in OPEN))
    with run.timed("deliver"):
        async with run.connection() as (client, commits):
            work = Delivery(
                client=client,
                commits=commits,
                ledger=run.ledger,
                staging=staging,
                entries=Entries(partial(read_entries, staging, plan), staging.parts),
                run_id=run.run_id,
                store_id=run.target.store_id,
                load=load,
                observer=DeliveryObserver(run, client),
            )
            await deliver_in_rounds(work, wait_seconds=run.wait_seconds)
