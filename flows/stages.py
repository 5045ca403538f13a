"""The stages of a run, in order. Each leaves its work on disk; what it returns is small."""

from collections import Counter
from typing import Any

import polars as pl

from destination.batches import plan_batches
from destination.client import Client
from destination.declare import declare_traits
from destination.deliver import ProfileDelivery
from destination.errors import StagingChanged, StoreUnfit
from destination.store import StoreSchema, TraitUse, check_schema, fetch_schema
from flows.endings import conclude, now, resume_command
from flows.errors import BudgetExceeded, ImportProblem
from flows.grouping import group_rows
from flows.preparing import prepare_parts
from flows.run import Run
from flows.spec import DATA_TYPES, assumed_identifiers, profile_plan, source_options, trait_plans
from ledger.account import settle_account
from ledger.files import write_json, write_text
from ledger.records import LoadRecord, PlannedBatch
from ledger.render import render_markdown
from ledger.report import build_report
from ledger.staging import Staging
from transforms.plan import IdentifierPlan
from transforms.reasons import Change

PROFILES = "profiles"


async def check_store(run: Run) -> tuple[IdentifierPlan, ...]:
    """Ask the store whether it takes what the spec sends; returns what it promotes to identifiers.

    Raises `StoreUnfit` with everything that is missing. A dry run asks nobody: there the identifiers are
    those that the spec names, or its phone and email traits.
    """
    assumed = assumed_identifiers(run.spec.profiles)
    if run.record.dry_run:
        return assumed
    with run.timed("check"):
        return await _ask_store(run, assumed)


async def _ask_store(run: Run, assumed: tuple[IdentifierPlan, ...]) -> tuple[IdentifierPlan, ...]:
    uses = [
        TraitUse(group=plan.group, name=plan.name, data_type=DATA_TYPES[plan.type])
        for plan in trait_plans(run.spec.profiles)
    ]
    async with run.connection() as (client, _):
        if run.target.is_emulator:
            promotions = {identifier.trait: identifier.id_type for identifier in assumed}
            await declare_traits(client, run.target.store_id, uses, promotions)
        schema = await fetch_schema(client, run.target.store_id)
    problems = check_schema(schema, uses, run.spec.profiles.identifiers)
    if problems:
        raise StoreUnfit(problems)
    return _identifier_plans(schema, uses)


def _identifier_plans(schema: StoreSchema, uses: list[TraitUse]) -> tuple[IdentifierPlan, ...]:
    return tuple(
        IdentifierPlan(
            trait=identifier.trait, id_type=identifier.id_type, normalization=identifier.normalization
        )
        for identifier in schema.identifiers(uses)
    )


def stage_profiles(run: Run, identifiers: tuple[IdentifierPlan, ...]) -> None:
    """Read, prepare, group and plan the load of profiles, unless that was done before.

    Once the ledger has the load, the source is not needed any more.
    """
    staging = run.staging(PROFILES)
    if run.ledger.load(run.run_id, PROFILES) is not None:
        if changed := staging.changed_files():
            raise StagingChanged(", ".join(changed))
        return
    plan = profile_plan(run.spec.profiles, identifiers)
    staging.begin()
    source = run.spec.profiles.source
    options = source_options(source, run.spec_folder)
    run.progress.begin("reading and preparing")
    with run.timed("prepare"):
        prepared = prepare_parts(run, PROFILES, options, source.null_values, plan, staging)
    run.progress.begin("grouping", prepared.rows)
    with run.timed("group"):
        grouping = group_rows(staging, plan, prepared.rows)
    changes = prepared.changes + Counter({Change.EXTRA_IDENTIFIER.value: grouping.extra_identifiers})
    with run.timed("stage"):
        staging.finish()
        run.ledger.save_load(
            run.run_id,
            LoadRecord(
                load=PROFILES,
                identifiers={identifier.trait: identifier.id_type for identifier in identifiers},
                columns=prepared.columns,
                delimiter=source.delimiter or ",",
                with_bom=source.encoding.lower() not in {"utf-8", "utf8"},
                rows_read=prepared.rows,
                rounds=grouping.rounds,
                changes=dict(changes),
            ),
            _plan(staging, grouping.rounds),
        )


def _plan(staging: Staging, rounds: int) -> list[PlannedBatch]:
    """All batches of the load. Identity groups come first: their later rounds wait for the earlier ones."""
    batches = []
    for part in staging.folded_parts:
        entries = staging.entries(part, "_payload", "_round")
        for number in range(rounds):
            of_round = entries.with_row_index("at").filter(pl.col("_round") == number)
            if not of_round.is_empty():
                batches += plan_batches(
                    of_round["_payload"],
                    of_round["_is_final"],
                    load=PROFILES,
                    round=number,
                    part=part,
                    offset=of_round["at"][0],
                )
    for part in staging.parts:
        entries = staging.entries(part, "_payload")
        batches += plan_batches(entries["_payload"], entries["_is_final"], load=PROFILES, round=0, part=part)
    return batches


def check_budget(run: Run) -> None:
    """`BudgetExceeded` when more rows were rejected than the run allows, before anything is sent."""
    load = run.ledger.load(run.run_id, PROFILES)
    rejected = run.staging(PROFILES).rejected
    if load is not None and not run.budget.allows(rejected, load.rows_read):
        raise _over_budget(rejected, load.rows_read)


async def deliver_profiles(run: Run) -> None:
    """Send what is not sent and follow what is not finished; raises the reason when it had to end early."""
    load = run.ledger.load(run.run_id, PROFILES)
    if load is None or run.record.dry_run:
        return
    staging = run.staging(PROFILES)
    run.progress.begin("sending", load.rows_read)
    with run.timed("deliver"):
        async with run.connection() as (client, journal):
            watch = _Watch(run, load, client, staging.rejected)
            await ProfileDelivery(
                client=client,
                journal=journal,
                ledger=run.ledger,
                staging=staging,
                run_id=run.run_id,
                store_id=run.target.store_id,
                load=load,
                wait_seconds=run.wait_seconds,
                observer=watch,
            ).run()


class _Watch:
    """Shows what the delivery does, and halts it when more is refused than the run allows."""

    def __init__(self, run: Run, load: LoadRecord, client: Client, rejected: int) -> None:
        self._run, self._load, self._client, self._rejected = run, load, client, rejected

    def sent(self, rows: int) -> None:  # noqa: ARG002 - rows count when they have landed
        self._run.progress.requested(self._client.requests)

    def landed(self, rows: int) -> None:
        self._run.progress.advance(rows)

    def refused(self, rows: int) -> None:
        self._rejected += rows
        self._run.progress.advance(rows, rejects=rows)
        if not self._run.budget.allows(self._rejected, self._load.rows_read):
            self._run.halt.call(_over_budget(self._rejected, self._load.rows_read))


def _over_budget(rejected: int, read: int) -> BudgetExceeded:
    return BudgetExceeded(
        f"{rejected} of {read} rows were rejected, which is more than --max-errors allows. "
        "rejects.csv says why; put the input right, or start a new run with a larger budget."
    )


def write_report(run: Run, problem: ImportProblem | None) -> dict[str, Any]:
    """Settle the accounts, say in the ledger how the run ended, and write the report; returns it."""
    accounts = {}
    with run.timed("report"):
        load = run.ledger.load(run.run_id, PROFILES)
        if load is not None:
            account = settle_account(run.ledger, run.staging(PROFILES), run.run_id, load, run.folder)
            accounts[PROFILES] = (load, account)
    status, exit_code = conclude(run.record, [account for _, account in accounts.values()], problem)
    run.ledger.set_status(run.run_id, status, exit_code=exit_code, finished_at=now())
    record = run.ledger.run(run.run_id) or run.record
    document = build_report(run.ledger, record, accounts, resume_command(record, run.folder))
    write_json(document, run.folder / "report.json")
    write_text(render_markdown(document), run.folder / "report.md")
    return document
