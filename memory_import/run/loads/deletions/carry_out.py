"""Deletes the profiles of people who are due, and reads back what an earlier run asked for."""

from functools import partial

from memory_import.columns import ID_TYPE, VALUE
from memory_import.destination.delivery.deletions import Deleting, delete_profiles, read_back
from memory_import.destination.http.client import Client
from memory_import.ledger.database.deletions import OPEN, UNDER_WAY
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.deletions.present import find_present
from memory_import.run.loads.known_persons.staged import declared_plan
from memory_import.spec.model import ProfilesSpec


async def delete_gone(run: RunContext, spec: ProfilesSpec) -> None:
    """Delete who is due and not deleted yet; raises the reason when it had to end early."""
    due = run.staging(PROFILES).due
    if due.is_empty():
        return
    run.ledger.plan_deletions(run.run_id, due["person"].to_list())
    left = len(run.ledger.deletions(run.run_id, OPEN))
    if not left:
        return
    run.progress.begin("deleting", left)
    with run.timed("delete"):
        async with run.connection() as (client, commits):
            await delete_profiles(_open(run, spec, client, commits), wait_seconds=run.wait_seconds)


async def decide_deletions(run: RunContext, spec: ProfilesSpec) -> int:
    """Read back what an earlier run asked for, and ask for nothing further; of how many nobody can say yet
    what became of them."""
    if not run.ledger.deletions(run.run_id, UNDER_WAY):
        return 0
    async with run.connection() as (client, commits):
        return await read_back(_open(run, spec, client, commits), wait_seconds=run.wait_seconds)


def _open(run: RunContext, spec: ProfilesSpec, client: Client, commits: GroupCommit) -> Deleting:
    record = run.ledger.run(run.run_id)
    assert record is not None  # noqa: S101 - it was staged
    assert record.declared is not None  # noqa: S101 - the same
    staging = run.staging(PROFILES)
    pairs: dict[int, list[tuple[str, str]]] = {}
    listed = staging.gone.join(staging.due, on="person", how="semi").select("person", ID_TYPE, VALUE)
    for person, id_type, value in listed.iter_rows():
        pairs.setdefault(person, []).append((id_type, value))
    return Deleting(
        client=client,
        commits=commits,
        ledger=run.ledger,
        run_id=run.run_id,
        store_id=run.target.store_id,
        identifiers=pairs,
        find_present=partial(find_present, run, spec, declared_plan(spec, record.declared)),
        advance=run.progress.advance,
    )
