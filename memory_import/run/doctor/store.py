"""The store: is it ready, does it declare what the spec sends, and how full is it?"""

from collections.abc import Iterator

from memory_import.destination.api.store import StoreSchema, check_status
from memory_import.destination.limits import (
    IDENTIFIER_TYPES_PER_STORE,
    TRAIT_GROUPS_PER_STORE,
    TRAITS_PER_GROUP,
)
from memory_import.run.doctor.finding import Finding, failure, ok, warning
from memory_import.run.store_check import list_lacks
from memory_import.spec.model import Spec


def examine_store(schema: StoreSchema, spec: Spec | None) -> Iterator[Finding]:
    """Its state, whether it takes what the spec sends, and its limits."""
    yield from (failure("store", problem, "wait, then look again") for problem in check_status(schema))
    if not check_status(schema):
        yield ok("store", "ACTIVE")
    if spec is not None:
        problems = [each for each in list_lacks(schema, spec) if each not in check_status(schema)]
        yield from (
            failure("trait groups", problem, "`memory-import setup SPEC` makes what is missing")
            for problem in problems
        )
        if not problems:
            yield ok("trait groups", "declare every trait of the spec, with identifiers")
    yield from _limits(schema)


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
