"""What a spec comes to: the options of the reader, the plans of the transforms, the columns that are used."""

from pathlib import Path

from memory_import.loads import PROFILES
from memory_import.sources.options import SourceOptions
from memory_import.spec.memories import memory_plan, normalization
from memory_import.spec.model import ProfilesSpec, SourceSpec, Spec
from memory_import.spec.persons import COMPANY_GROUPS, NAME_TRAITS
from memory_import.spec.rows import MomentSpec
from memory_import.transforms.countries.regions import find_region
from memory_import.transforms.plan import (
    Condition,
    IdentifierPlan,
    MomentPlan,
    ProfilePlan,
    TraitPlan,
    TraitType,
)

DATA_TYPES: dict[TraitType, str] = {
    TraitType.STRING: "STRING",
    TraitType.INTEGER: "NUMBER",
    TraitType.NUMBER: "NUMBER",
    TraitType.BOOLEAN: "BOOLEAN",
    TraitType.DATE: "STRING",
    TraitType.DATETIME: "STRING",
    TraitType.ARRAY: "ARRAY",
    TraitType.PHONE: "STRING",
    TraitType.EMAIL: "STRING",
}

_ID_TYPES: dict[TraitType, str] = {TraitType.PHONE: "phone", TraitType.EMAIL: "email"}


def source_options(source: SourceSpec, spec_folder: Path) -> SourceOptions:
    """The reader's options. It knows nothing of `null_values`, so that rejected rows keep them."""
    is_remote = "://" in source.path
    path = source.path if is_remote else str(spec_folder / Path(source.path).expanduser())
    return SourceOptions(
        path=path,
        delimiter=source.delimiter,
        encoding=source.encoding,
        escape=source.escape,
        skip_rows=source.skip_rows,
        ignores_footer=source.footer == "ignore",
    )


def trait_plans(profiles: ProfilesSpec) -> tuple[TraitPlan, ...]:
    """The traits in the order of the spec."""
    return tuple(
        trait.plan(group, name) for group, traits in profiles.traits.items() for name, trait in traits.items()
    )


def value_plans(spec: Spec, load: str) -> tuple[TraitPlan, ...]:
    """How each value of a load is read, in the order of the spec; of memories they are called fields."""
    for name, memories in spec.memories.items():
        if name == load:
            return tuple(memory_plan(name, memories).fields.values())
    return () if spec.profiles is None else trait_plans(spec.profiles)


def guiding_plans(spec: Spec, load: str) -> tuple[TraitPlan, ...]:
    """How values of a load are read that are no part of what is sent: which row of a person wins."""
    latest = latest_plan(spec.profiles.latest) if spec.profiles is not None and load == PROFILES else None
    return () if latest is None else (latest.field,)


def profile_plan(profiles: ProfilesSpec, identifiers: tuple[IdentifierPlan, ...]) -> ProfilePlan:
    """What `prepare_profiles` goes by."""
    default = profiles.region.default
    return ProfilePlan(
        traits=trait_plans(profiles),
        identifiers=identifiers,
        region_column=profiles.region.column,
        region_default=find_region(default) if default else None,
        where=tuple(
            Condition(column=column, one_of=condition.one_of, none_of=condition.none_of)
            for column, condition in profiles.where.items()
        ),
        latest=latest_plan(profiles.latest),
        names=name_traits(profiles),
    )


def name_traits(profiles: ProfilesSpec) -> tuple[str, ...]:
    """The traits whose values tell people apart: those that the spec names, else those that are called so."""
    named = profiles.persons.names
    if named is not None:
        return named
    return tuple(
        plan.path
        for plan in trait_plans(profiles)
        if plan.columns and (plan.steps.name or _is_called_name(plan))
    )


def _is_called_name(plan: TraitPlan) -> bool:
    is_company = plan.group.lower() in COMPANY_GROUPS
    return plan.name.replace("_", "").lower() in NAME_TRAITS and not is_company


def latest_plan(latest: MomentSpec | None) -> MomentPlan | None:
    """When rows were last changed, where the spec says it."""
    if latest is None:
        return None
    return MomentPlan(column=latest.column, formats=latest.format, timezone=latest.timezone)


def assumed_identifiers(spec: Spec) -> tuple[IdentifierPlan, ...]:
    """The identifiers where no store is asked, which are those that `setup` makes: the traits that
    `setup.identifiers` gives a type, and those that the load names, else its phone and email traits."""
    if spec.profiles is None:
        return ()
    plans, named = trait_plans(spec.profiles), spec.profiles.identifiers
    stated = {trait: id_type for id_type, trait in spec.setup.identifiers.items()}
    chosen = [
        plan
        for plan in plans
        if plan.path in stated or (plan.type in _ID_TYPES if named is None else plan.path in named)
    ]
    id_types = {
        plan.path: stated.get(plan.path) or _ID_TYPES.get(plan.type, plan.name[:30]) for plan in chosen
    }
    return tuple(
        IdentifierPlan(trait=trait, id_type=id_type, normalization=normalization(id_type))
        for trait, id_type in id_types.items()
    )


def columns_used(profiles: ProfilesSpec) -> dict[str, str]:
    """Every column that the load reads, with the place in the spec that names it."""
    used = {
        column: f"profiles.traits.{group}.{name}"
        for group, traits in profiles.traits.items()
        for name, trait in traits.items()
        for column in trait.columns
    }
    if profiles.region.column is not None:
        used[profiles.region.column] = "profiles.region.column"
    if profiles.latest is not None:
        used.setdefault(profiles.latest.column, "profiles.latest")
    for column in profiles.where:
        used.setdefault(column, f"profiles.where.{column}")
    return used
