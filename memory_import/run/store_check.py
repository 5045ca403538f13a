"""Is the store what the spec takes it for?"""

from collections.abc import Mapping
from dataclasses import dataclass

from memory_import.destination.api.store import (
    StoreSchema,
    TraitUse,
    check_identifiers,
    check_schema,
    check_status,
    fetch_schema,
)
from memory_import.destination.errors import StoreUnfit
from memory_import.destination.http.client import Client
from memory_import.errors import UsageProblem
from memory_import.run.context import RunContext
from memory_import.run.setup.carry_out import set_up_store
from memory_import.run.setup.wanted import trait_uses, wanted_of
from memory_import.spec.model import ProfilesSpec, assumed_identifiers, trait_plans
from memory_import.transforms.plan import IdentifierPlan, TraitType


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What the store makes identifiers of: the spec's traits that are, and for each type the first trait."""

    identifiers: tuple[IdentifierPlan, ...] = ()
    promoted: Mapping[str, str] | None = None


async def check_store(run: RunContext) -> StoreFacts:
    """Ask the store whether it takes what the spec sends, and what it promotes to identifiers.

    Raises `StoreUnfit` with everything that is missing. A dry run asks nobody: there the identifiers are
    those that the spec names, or its phone and email traits.
    """
    profiles = run.spec.profiles
    if run.record.dry_run:
        return StoreFacts(_assume_identifiers(profiles) if profiles else ())
    with run.timed("check"):
        async with run.connection() as (client, _):
            return await _ask_store(run, client, profiles)


def _assume_identifiers(profiles: ProfilesSpec) -> tuple[IdentifierPlan, ...]:
    assumed = assumed_identifiers(profiles)
    if not assumed:
        raise UsageProblem(
            "A dry run does not ask the store which traits identify a person, and the spec has no phone or "
            "email trait: name them in profiles.identifiers."
        )
    return assumed


async def _ask_store(run: RunContext, client: Client, profiles: ProfilesSpec | None) -> StoreFacts:
    uses = trait_uses(profiles) if profiles else []
    if profiles and run.target.is_emulator:
        await set_up_store(client, run.target.store_id, wanted_of(profiles))
    schema = await fetch_schema(client, run.target.store_id)
    problems = check_schema(schema, uses, profiles.identifiers) if profiles else check_status(schema)
    if profiles:
        problems += _check_phones(schema, profiles)
    for load in run.spec.memories.values():
        must_create = load.missing_profile == "create"
        problems += check_identifiers(schema, load.owner, must_create=must_create)
    if problems:
        if profiles and not run.target.is_emulator:
            problems.append(
                f"What the store lacks is shown and made by: memory-import setup {run.record.spec_path}"
            )
        raise StoreUnfit(list(dict.fromkeys(problems)))
    promoted = {id_type: trait for trait, id_type in reversed(list(schema.promotions.items()))}
    return StoreFacts(_identifier_plans(schema, uses), promoted)


def _check_phones(schema: StoreSchema, profiles: ProfilesSpec) -> list[str]:
    """A phone that identifies has to be compared in one form, so it has to be read as a phone."""
    return [
        f"{plan.path} identifies by phone in this store, but the spec reads it as {plan.type.value}; "
        "give it type: phone."
        for plan in trait_plans(profiles)
        if schema.normalizations.get(schema.promotions.get(plan.path, "")) == "phone"
        and plan.type is not TraitType.PHONE
    ]


def _identifier_plans(schema: StoreSchema, uses: list[TraitUse]) -> tuple[IdentifierPlan, ...]:
    return tuple(
        IdentifierPlan(
            trait=identifier.trait, id_type=identifier.id_type, normalization=identifier.normalization
        )
        for identifier in schema.identifiers(uses)
    )
