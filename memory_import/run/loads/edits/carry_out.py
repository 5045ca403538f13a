"""Carries out the changes of single profiles that a run has staged, and reads back what an earlier one asked
for."""

from functools import partial

import polars as pl

from memory_import.columns import ID_TYPE, TRAIT, VALUE
from memory_import.destination.api.edits import Pair
from memory_import.destination.delivery.edits.engine import Editing, Way, change_profiles, read_back
from memory_import.destination.delivery.edits.ways import Clearings, Deletions, Replacements, Succession
from memory_import.destination.http.client import Client
from memory_import.ledger.database.edits import OPEN, UNDER_WAY, EditKind
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.report.people.edits import EDITS, list_due
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.edits.present import find_present, find_stated_elsewhere
from memory_import.run.loads.known_persons.staged import declared_plan
from memory_import.spec.model import ProfilesSpec

_PAIR = [ID_TYPE, VALUE]


async def carry_out_edits(run: RunContext, spec: ProfilesSpec, kind: EditKind) -> None:
    """Do what is staged of this kind and not done yet; raises the reason when it had to end early."""
    due = list_due(run.staging(PROFILES), kind)
    if due.is_empty():
        return
    run.ledger.plan_edits(run.run_id, kind, due.to_list())
    left = len(run.ledger.edits(run.run_id, kind, OPEN))
    if not left:
        return
    run.progress.begin(EDITS[kind].activity, left)
    with run.timed(kind.value):
        async with run.connection() as (client, commits):
            await change_profiles(_open(run, spec, kind, client, commits), wait_seconds=run.wait_seconds)


async def decide_edits(run: RunContext, spec: ProfilesSpec) -> int:
    """Read back what an earlier run asked for, and ask for nothing further; of how many nobody can say yet
    what became of them."""
    undecided = 0
    for kind in EditKind:
        if run.ledger.edits(run.run_id, kind, UNDER_WAY):
            async with run.connection() as (client, commits):
                work = _open(run, spec, kind, client, commits)
                undecided += await read_back(work, wait_seconds=run.wait_seconds)
    return undecided


def _open(
    run: RunContext, spec: ProfilesSpec, kind: EditKind, client: Client, commits: GroupCommit
) -> Editing:
    record = run.ledger.run(run.run_id)
    assert record is not None  # noqa: S101 - it was staged
    assert record.declared is not None  # noqa: S101 - the same
    return Editing(
        client=client,
        commits=commits,
        ledger=run.ledger,
        run_id=run.run_id,
        store_id=run.target.store_id,
        way=_make_way(run, kind),
        find_present=partial(find_present, run, spec, declared_plan(spec, record.declared)),
        advance=run.progress.advance,
    )


def _make_way(run: RunContext, kind: EditKind) -> Way:
    staging = run.staging(PROFILES)
    if kind is EditKind.DELETE:
        due = staging.gone.join(staging.due, on="person", how="semi")
        return Deletions(_pair_by(due.select("person", *_PAIR)))
    if kind is EditKind.CLEAR:
        held = staging.holdings.join(staging.cleared, on="person", how="semi")
        paths: dict[int, list[str]] = {}
        for person, path in staging.cleared.select("person", TRAIT).iter_rows():
            paths.setdefault(person, []).append(path)
        return Clearings(_pair_by(held.select("person", *_PAIR)), paths)
    return _make_replacements(run, staging)


def _make_replacements(run: RunContext, staging: Staging) -> Replacements:
    numbered = staging.former.with_row_index("number").drop_nulls("successor")
    held = numbered.select("number", "person").join(staging.holdings, on="person")
    elsewhere = find_stated_elsewhere(run, numbered)
    successions = {
        number: Succession((id_type, value), successor, is_stated_elsewhere=number in elsewhere)
        for number, id_type, value, successor in numbered.select("number", *_PAIR, "successor").iter_rows()
    }
    return Replacements(_pair_by(held.select(pl.col("number").cast(pl.Int64), *_PAIR)), successions)


def _pair_by(listed: pl.DataFrame) -> dict[int, list[Pair]]:
    """The identifiers of each person, by its number: of rows of number, type and value."""
    pairs: dict[int, list[Pair]] = {}
    for number, id_type, value in listed.iter_rows():
        pairs.setdefault(number, []).append((id_type, value))
    return pairs
