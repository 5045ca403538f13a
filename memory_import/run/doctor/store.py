"""The store: is it ready, does it declare what the spec sends, and how full is it?"""

from collections.abc import Iterator
from dataclasses import dataclass

from memory_import.destination.api.identity_settings import fetch_identity_settings
from memory_import.destination.api.store import StoreSchema, check_status, fetch_schema
from memory_import.destination.api.trait_groups import fetch_trait_groups
from memory_import.destination.http.client import Client
from memory_import.destination.limits import (
    IDENTIFIER_TYPES_PER_STORE,
    TRAIT_GROUPS_PER_STORE,
    TRAITS_PER_GROUP,
)
from memory_import.run.doctor.finding import Finding, failure, ok, warning
from memory_import.run.setup.changes import SetupPlan
from memory_import.run.setup.plan import plan_setup
from memory_import.run.setup.wanted import wanted_of
from memory_import.run.store_check import list_lacks
from memory_import.run.stores.account import Named, find_by_name
from memory_import.spec.model import Spec

_SETUP = "`memory-import setup SPEC` makes what is missing"


@dataclass(frozen=True, slots=True)
class Seen:
    """A store as it was found. `named`: by its name, where the spec has that; `schema` None: it is not there;
    `plan`: what setup would do, None where nobody can say."""

    named: Named | None = None
    schema: StoreSchema | None = None
    plan: SetupPlan | None = None


async def look_at_store(client: Client, spec: Spec | None, store_id: str) -> Seen:
    """Read the store of the spec: that of its name, or else the one with this id. `StoreUnfit` where there is
    none of that id."""
    named = None
    if spec and spec.named_store:
        named = await find_by_name(client, spec.named_store.name)
        if named is None:
            return Seen()
        store_id = named.store.store_id
    schema = await fetch_schema(client, store_id)
    if spec is None or check_status(schema):
        return Seen(named, schema)
    groups = await fetch_trait_groups(client, store_id)
    return Seen(
        named, schema, plan_setup(wanted_of(spec), groups, await fetch_identity_settings(client, store_id))
    )


def examine_store(seen: Seen, spec: Spec | None) -> Iterator[Finding]:
    """Whether it is there, its state, whether it takes what the spec sends, and its limits."""
    if seen.named and seen.named.warning:
        yield warning("store", seen.named.warning, "remove in the Console what is not needed")
    if seen.schema is None:
        name = spec.named_store.name if spec and spec.named_store else ""
        yield failure("store", f"there is none named {name!r}", "`memory-import setup SPEC` makes it")
        return
    problems = check_status(seen.schema)
    yield from (failure("store", problem, "wait, then look again") for problem in problems)
    if not problems:
        yield ok("store", "ACTIVE")
    if spec is not None:
        yield from _fitness(seen.schema, seen.plan, spec)
    yield from _limits(seen.schema)


def _fitness(schema: StoreSchema, plan: SetupPlan | None, spec: Spec) -> Iterator[Finding]:
    """What keeps the spec from being imported; where nothing does, what setup would still do."""
    problems = [each for each in list_lacks(schema, spec) if each not in check_status(schema)]
    yield from (failure("trait groups", problem, _SETUP) for problem in problems)
    if problems:
        return
    yield ok("trait groups", "declare every trait of the spec, with identifiers")
    if plan is not None:
        yield from (warning("setup", change.words, _SETUP) for change in plan.changes)
        yield from (warning("setup", conflict, "settle it in the spec") for conflict in plan.conflicts)


def _limits(schema: StoreSchema) -> Iterator[Finding]:
    per_group: dict[str, int] = {}
    for path in schema.data_types:
        group = path.partition(".")[0]
        per_group[group] = per_group.get(group, 0) + 1
    counts: list[tuple[str, int, int]] = [
        ("trait groups", len(schema.groups), TRAIT_GROUPS_PER_STORE),
        *((f"traits of {group}", count, TRAITS_PER_GROUP) for group, count in sorted(per_group.items())),
        ("identifier types", len(schema.normalizations), IDENTIFIER_TYPES_PER_STORE),
    ]
    tight = [(what, count, most) for what, count, most in counts if count >= most]
    for what, count, most in tight:
        yield warning("limits", f"{count} {what} of at most {most}", "nothing can be added there")
    if not tight:
        groups = f"{len(schema.groups)} of {TRAIT_GROUPS_PER_STORE} groups"
        yield ok("limits", f"{groups}, {len(schema.normalizations)} of {IDENTIFIER_TYPES_PER_STORE} types")
