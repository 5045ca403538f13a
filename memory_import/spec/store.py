"""What a spec says of the store: which one it is, and what `setup` makes in it beyond the traits."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from memory_import.spec.configuration import ConfigurationSpec
from memory_import.spec.traits import SpecModel


class StoreSpec(SpecModel):
    """A store that is looked up by its name; `setup` makes it where there is none."""

    name: str = Field(
        min_length=1, max_length=64, pattern="^[a-zA-Z0-9-]+$", description="Letters, digits and hyphens."
    )
    description: str | None = Field(
        default=None, min_length=1, max_length=128, description="What the store is for."
    )


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, dict | StoreSpec) else "id"


Store = Annotated[Annotated[str, Tag("id")] | Annotated[StoreSpec, Tag("mapping")], Discriminator(_kind)]


class SetupSpec(SpecModel):
    """What `setup` makes beyond what the loads need by themselves."""

    identifiers: dict[str, str] = Field(
        default_factory=dict,
        description="Further identifier types, each with the trait (`Group.trait`) that is promoted to it.",
    )
    matching: tuple[str, ...] = Field(
        default=(),
        description="The identifier types by which profiles are matched, the first first. Those of the store "
        "that are left out come after them. Left out: the store's order.",
    )
    conversations: ConfigurationSpec | None = Field(
        default=None,
        description="The conversation configuration of the store. It is made by a setup after an import, or "
        "by `setup --conversations`.",
    )
