"""The spec: the YAML file that says what to import, from where, and how it is mapped.

`python -m memory_import.spec.model` writes its JSON Schema, for editors, to `spec.schema.json` beside this
file.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from memory_import.loads import MemoryLoad
from memory_import.spec.persons import PersonsSpec, SyncSpec
from memory_import.spec.rows import ConversationsSpec, MomentSpec, RegionSpec, Where
from memory_import.spec.store import SetupSpec, Store, StoreSpec
from memory_import.spec.traits import REPAIR, SpecModel, TraitSpec, expand

PROFILE_ID = "id"  # in place of an identifier type: the column holds the profile's own id

SCHEMA_FILE = Path(__file__).with_name("spec.schema.json")

SOURCE = "A path, or a mapping that says how to read it."
REGION = "Which country the national phone numbers belong to."


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
    sync: SyncSpec = Field(
        default_factory=SyncSpec,
        description="What later runs do about people whom they know.",
    )


class ReferenceSpec(SpecModel):
    """A column that finds the profile."""

    column: str = Field(description="The column of the identifier.")
    repair: bool = Field(default=False, strict=True, description=REPAIR)


class _MemoriesSpec(SpecModel):
    source: Source = Field(description=SOURCE)
    profile: dict[str, Annotated[ReferenceSpec, expand("column", ReferenceSpec)]] = Field(
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
        "known of a profile (auto); what is known alone, unless that was lost or keys are made otherwise "
        "(state); both always (store).",
    )

    @property
    def reference(self) -> dict[str, ReferenceSpec]:
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
    store: Store | None = Field(
        default=None,
        description="The id of the store, or a mapping with its name. Left out: `MEMORY_STORE_ID` of the "
        "environment.",
    )
    setup: SetupSpec = Field(
        default_factory=SetupSpec, description="What `memory-import setup` makes beyond the traits."
    )
    profiles: ProfilesSpec | None = Field(default=None, description="People, one row or several each.")
    observations: ObservationsSpec | None = Field(default=None, description="What was noted about people.")
    summaries: SummariesSpec | None = Field(default=None, description="What conversations came to.")

    @property
    def store_id(self) -> str | None:
        """The id of the store, where the spec has it."""
        return self.store if isinstance(self.store, str) else None

    @property
    def named_store(self) -> StoreSpec | None:
        """The store, where the spec has its name."""
        return self.store if isinstance(self.store, StoreSpec) else None

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


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the spec, for editors."""
    return Spec.model_json_schema()


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(json_schema(), indent=2) + "\n")
