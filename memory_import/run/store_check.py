"""Whether the store takes what the spec sends, and what it makes identifiers of."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from memory_import.destination.api.store import (
    StoreSchema,
    TraitUse,
    check_identifiers,
    check_schema,
    check_status,
    fetch_schema,
)
from memory_import.destination.delivery.shutdown import drained
from memory_import.destination.errors import StoreUnfit
from memory_import.destination.http.client import Client
from memory_import.errors import UsageProblem
from memory_import.run.context import RunContext
from memory_import.run.lifecycle.changes import list_differences, refuse_differences
from memory_import.run.lifecycle.targets import describe_missing
from memory_import.run.request import Action
from memory_import.run.setup.carry_out import set_up_store
from memory_import.run.setup.wanted import named_identifiers, trait_uses, wanted_of
from memory_import.spec.model import ProfilesSpec, Spec
from memory_import.spec.plans import assumed_identifiers, trait_plans
from memory_import.transforms.plan import IdentifierPlan, TraitType


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What the store makes identifiers of: the spec's traits that are, and for each type the first trait.

    Where it was not asked, or lacks what a plan needs, they are what the spec says, and `promoted` is None.
    `lacks` is what has to be made in it before the plan can be applied.
    """

    identifiers: tuple[IdentifierPlan, ...] = ()
    promoted: Mapping[str, str] | None = None
    lacks: tuple[str, ...] = ()
    is_asked: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the ledger."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


async def check_store(run: RunContext) -> StoreFacts:
    """Ask the store whether it takes what the spec sends, and what it promotes to identifiers.

    Raises `StoreUnfit` with everything that is missing, of which a plan only makes a note, and `InputChanged`
    where the store does not declare what it did when the run was staged. A plan without credentials asks
    nobody: there the identifiers are those that the spec names, or its phone and email traits. Told to stop,
    it ends within `DRAIN_SECONDS`, with the reason.
    """
    facts = StoreFacts()
    with run.timed("check"):
        async with drained(run.stop_signal):
            facts = await _find_facts(run)
    if run.record.declared is not None:
        _check_declared(run.record.declared, facts)
    return facts


async def _find_facts(run: RunContext) -> StoreFacts:
    if run.target.credentials is None:
        return StoreFacts(_assume_identifiers(run.spec))
    if not run.target.store_id:
        missing = describe_missing(run.spec, run.record.spec_path)
        return StoreFacts(_assume_identifiers(run.spec), lacks=(missing,), is_asked=True)
    async with run.connection() as (client, _), drained(run.stop_signal):
        try:
            facts = await _ask_store(run, client)
        except StoreUnfit as unfit:
            if run.request.action is not Action.PLAN:
                raise
            facts = StoreFacts(_assume_identifiers(run.spec), lacks=unfit.problems, is_asked=True)
    return facts


def _check_declared(then: Mapping[str, Any], facts: StoreFacts) -> None:
    current = facts.as_json()
    compared = [name for name in ("identifiers", "promoted") if then[name] is not None]
    differences = [
        line
        for name in compared
        for line in list_differences(_by_trait(then[name]), _by_trait(current[name]), name)
    ]
    refuse_differences("What the store declares", differences)


def _by_trait(declared: Any) -> Any:
    return {each["trait"]: each for each in declared} if isinstance(declared, list) else declared


def _assume_identifiers(spec: Spec) -> tuple[IdentifierPlan, ...]:
    assumed = assumed_identifiers(spec)
    if spec.profiles is not None and not assumed:
        raise UsageProblem(
            "No store was asked which traits identify a person, and the spec has no phone or email trait: "
            "name them in profiles.identifiers."
        )
    return assumed


async def _ask_store(run: RunContext, client: Client) -> StoreFacts:
    profiles = run.spec.profiles
    if run.target.is_emulator:
        await _set_up_emulator(run, client)
    schema = await fetch_schema(client, run.target.store_id)
    problems = list_lacks(schema, run.spec)
    if problems:
        if not run.target.is_emulator:
            problems.append(
                f"What the store lacks is shown and made by: memory-import setup {run.record.spec_path}"
            )
        raise StoreUnfit(problems)
    promoted = {id_type: trait for trait, id_type in reversed(list(schema.promotions.items()))}
    uses = trait_uses(profiles) if profiles else []
    return StoreFacts(_identifier_plans(schema, uses), promoted, is_asked=True)


async def _set_up_emulator(run: RunContext, client: Client) -> None:
    """Make ready the store of an emulator, which nobody else would."""
    try:
        await set_up_store(client, run.target.store_id, wanted_of(run.spec))
    except StoreUnfit as unfit:
        if not run.request.keep:
            raise
        kept = "The emulator's store is that of an earlier run: leave --keep out to begin with a new one."
        raise StoreUnfit([*unfit.problems, kept]) from None


def list_lacks(schema: StoreSchema, spec: Spec) -> list[str]:
    """Everything that keeps what a spec sends from being taken by a store, a sentence each."""
    problems = check_status(schema)
    if spec.profiles:
        problems = check_schema(schema, trait_uses(spec.profiles), named_identifiers(spec))
        problems += _check_phones(schema, spec.profiles)
    for load in spec.memories.values():
        must_create = load.missing_profile == "create"
        problems += check_identifiers(schema, load.reference, must_create=must_create)
    return list(dict.fromkeys(problems))


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
