"""The changes that a setup consists of, and the plan that holds them in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from memory_import.destination.api.identity_settings import IdentitySettings
from memory_import.destination.api.stores import Store
from memory_import.destination.api.trait_groups import Definitions


@dataclass(frozen=True, slots=True)
class StoreChange:
    """A store to be created, or to be given this description."""

    name: str
    description: str | None
    kind: Literal["create", "change"]
    words: str


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """Identifier types to be added after those that are there, or an order of matching rules.

    `configs` as the API writes them. `first`: rules that come before all others; `needed`: rules that are
    added at the end where they are missing.
    """

    words: str
    configs: tuple[Mapping[str, Any], ...] = ()
    first: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    kind: Literal["change"] = "change"

    def onto(self, settings: IdentitySettings) -> IdentitySettings:
        """The settings with what is added; they keep the ETag."""
        added = [config for config in self.configs if config["idType"] not in settings.id_types]
        return replace(
            settings,
            configs=[*settings.configs, *added],
            rules=order_rules(settings.rules, self.first, self.needed),
        )


def order_rules(rules: Sequence[str], first: Sequence[str], needed: Sequence[str]) -> list[str]:
    """Rules with some in front and the others as they stand; none is ever left out."""
    return list(dict.fromkeys((*first, *rules, *needed)))


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group to be created with these traits, or to be given these definitions."""

    group: str
    traits: Definitions
    kind: Literal["create", "change"]
    words: str
    description: str | None = None


Change = StoreChange | IdentityChange | GroupChange


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPlan:
    """Changes in the order in which they have to be made, what stays as it is, and what stands in the way.

    `store`: the one that is set up; None where it has to be created first. `warnings`: what a person should
    know of it.
    """

    changes: Sequence[Change]
    kept: Sequence[str]
    conflicts: Sequence[str]
    store: Store | None = None
    warnings: Sequence[str] = ()
