"""The spec: the YAML file that says what to import, from where, and how it is mapped.

`python -m memory_import.spec.model` writes its JSON Schema, for editors, to `spec.schema.json` beside this
file.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from memory_import.loads import MemoryLoad
from memory_import.sources.options import SourceOptions
from memory_import.spec.persons import COMPANY_GROUPS, NAME_TRAITS, PersonsSpec
from memory_import.spec.rows import ConversationsSpec, MomentSpec, RegionSpec, Where
from memory_import.spec.traits import REPAIR, SpecModel, TraitSpec, expand
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

PROFILE_ID = "id"  # in place of an identifier type: the column holds the profile's own id

SCHEMA_FILE = Path(__file__).with_name("spec.schema.json")

SOURCE = "A path, or a mapping that says how to read it."
REGION = "Which country the national phone numbers belong to."

_ID_TYPES: dict[TraitType, Literal["phone", "email"]] = {TraitType.PHONE: "phone", TraitType.EMAIL: "email"}


class SourceSpec(SpecModel):
    """Where rows come from. A relative path is relative to the spec's own folder."""

    path: str = Field(min_length=1, description="A file, a glob, a folder, or a URL.")
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description="Found out when left out."
    )
    encoding: str = Field(default="utf-8", description="Any that Python knows; of CSV files without a mark.")
    null_values: tuple[str, ...] = Field(
        default=("",), description="Texts that mean nothing, compared without whitespace around them."
    )
    escape: str | None = Field(
        default=None, min_length=1, max_length=1, description="What stands before a quote within a cell."
    )
    skip_rows: int = Field(default=0, ge=0, strict=True, description="Lines before the header of a CSV file.")
    footer: Literal["read", "ignore"] = Field(
        default="read", description="`ignore`: short rows after the data are excluded, not rejected."
    )
    missing_columns: Literal["error", "blank"] = Field(
        default="error", description="`blank`: a column may be missing in some of several CSV files."
    )
    min_rows: int | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="Fewer rows end the run. Left out: 1 for profiles, 0 for observations and summaries.",
    )

    @property
    def null_texts(self) -> frozenset[str]:
        """The texts that mean nothing, besides the empty one, which a reader never hands out."""
        return frozenset(self.null_values) - {""}


Source = Annotated[SourceSpec, expand("path", SourceSpec)]
Trait = Annotated[TraitSpec, expand("column", TraitSpec)]


class ProfilesSpec(SpecModel):
    """The load of profiles."""

    source: Source = Field(description=SOURCE)
    where: Where = Field(
        default_factory=dict,
        description="By column, the texts of rows that are let through, or `not: [...]`; all others are "
        "excluded.",
    )
    suppress: str | None = Field(
        default=None,
        min_length=1,
        description="A file of identifiers, one a line: their people, with all rows, are excluded.",
    )
    region: RegionSpec = Field(default_factory=RegionSpec, description=REGION)
    latest: Annotated[MomentSpec, expand("column", MomentSpec)] | None = Field(
        default=None,
        description="When a row was last changed: of a person the latest one wins. Left out: the later row.",
    )
    traits: dict[str, dict[str, Trait]] = Field(
        min_length=1, description="By trait group and trait name, where each trait comes from."
    )
    identifiers: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        default=None, description="Left out: read from the store."
    )
    persons: PersonsSpec = Field(
        default_factory=PersonsSpec, description="Who is one person, and what identifies nobody."
    )


class OwnerSpec(SpecModel):
    """A column that finds the profile."""

    column: str = Field(description="The column of the identifier.")
    repair: bool = Field(default=False, strict=True, description=REPAIR)


class _MemoriesSpec(SpecModel):
    source: Source = Field(description=SOURCE)
    profile: dict[str, Annotated[OwnerSpec, expand("column", OwnerSpec)]] = Field(
        min_length=1, description="Columns that find the profile, by identifier type, tried in order; or id."
    )
    region: RegionSpec = Field(default_factory=RegionSpec, description=REGION)
    content: str = Field(description="The column of the text.")
    too_long: Literal["reject", "split"] = Field(
        default="reject", description="What becomes of content that is longer than the API accepts."
    )
    occurred_at: Annotated[MomentSpec, expand("column", MomentSpec)] = Field(
        description="When it happened: a column, or a mapping that says how its times are written."
    )
    missing_profile: Literal["reject", "create"] = Field(
        default="reject", description="What becomes of a row whose profile the store does not have."
    )
    over_limit: Literal["keep_newest", "keep_oldest"] = Field(
        default="keep_newest", description="Which 500 of a profile are sent when the input holds more."
    )
    on_unknown: Literal["reconcile", "hold", "resend"] = Field(
        default="reconcile", description="What to do when nobody knows whether a request was processed."
    )
    settle_seconds: float = Field(
        default=10.0, ge=0, description="How long what was sent may take until it can be read back."
    )
    key: str | None = Field(
        default=None,
        min_length=1,
        description="The column that makes a memory the same one next time. "
        "Left out: its person, source, time, content and its number among equals.",
    )
    on_changed: Literal["update", "add", "ignore"] = Field(
        default="update", description="What becomes of a known key with other content."
    )
    once: Literal["auto", "state", "store"] = Field(
        default="auto",
        description="What is asked before a memory is sent: what is known, and the store where nothing is "
        "known of a profile (auto); what is known alone (state); both always (store).",
    )

    @property
    def owner(self) -> dict[str, OwnerSpec]:
        """The columns of identifiers by type, in order; none where the profile's own id is given."""
        return {} if PROFILE_ID in self.profile else self.profile


class ObservationsSpec(_MemoriesSpec):
    """The load of observations."""

    observation_source: str = Field(description="What the API calls `source`.")
    conversation_ids: Annotated[ConversationsSpec, expand("column", ConversationsSpec)] | None = Field(
        default=None, description="The column of the conversations that it belongs to."
    )


class SummariesSpec(_MemoriesSpec):
    """The load of conversation summaries."""

    observation_source: str | None = Field(default=None, description="What the API calls `source`.")
    conversation_id: str = Field(description="The column of the conversation that it sums up.")


MemoriesSpec = ObservationsSpec | SummariesSpec


class Spec(SpecModel):
    """A whole spec."""

    version: Literal[1] = Field(description="The version of this format.")
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="What earlier runs brought in is known under it. Left out: the path of the spec.",
    )
    store: str | None = Field(
        default=None, description="The id of the store. Left out: `MEMORY_STORE_ID` of the environment."
    )
    profiles: ProfilesSpec | None = Field(default=None, description="People, one row or several each.")
    observations: ObservationsSpec | None = Field(default=None, description="What was noted about people.")
    summaries: SummariesSpec | None = Field(default=None, description="What conversations came to.")

    @property
    def memories(self) -> dict[MemoryLoad, MemoriesSpec]:
        """The loads of observations and summaries, by name and in order."""
        found: dict[MemoryLoad, MemoriesSpec] = {}
        if self.observations is not None:
            found["observations"] = self.observations
        if self.summaries is not None:
            found["summaries"] = self.summaries
        return found

    @property
    def sources(self) -> dict[str, SourceSpec]:
        """The source of every load, by name and in order."""
        of_profiles = {} if self.profiles is None else {"profiles": self.profiles.source}
        return {**of_profiles, **{name: load.source for name, load in self.memories.items()}}


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
        allows_missing_columns=source.missing_columns == "blank",
    )


def trait_plans(profiles: ProfilesSpec) -> tuple[TraitPlan, ...]:
    """The traits in the order of the spec."""
    return tuple(
        trait.plan(group, name) for group, traits in profiles.traits.items() for name, trait in traits.items()
    )


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
        latest=_latest_plan(profiles.latest),
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


def _latest_plan(latest: MomentSpec | None) -> MomentPlan | None:
    if latest is None:
        return None
    return MomentPlan(column=latest.column, formats=latest.format, timezone=latest.timezone)


def assumed_identifiers(profiles: ProfilesSpec) -> tuple[IdentifierPlan, ...]:
    """The identifiers where no store is asked: those the spec names, else its phone and email traits."""
    plans = trait_plans(profiles)
    if profiles.identifiers is None:
        named = [plan for plan in plans if plan.type in _ID_TYPES]
    else:
        named = [plan for plan in plans if plan.path in profiles.identifiers]
    return tuple(
        IdentifierPlan(
            trait=plan.path,
            id_type=_ID_TYPES.get(plan.type, plan.name[:30]),
            normalization=_ID_TYPES.get(plan.type, "trim"),
        )
        for plan in named
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


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the spec, for editors."""
    return Spec.model_json_schema()


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(json_schema(), indent=2) + "\n")
