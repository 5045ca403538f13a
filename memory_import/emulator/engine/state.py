"""What an account holds: stores, and in each its settings, profiles and memories.

Plain objects with slots. They are changed by the appliers alone (see ``account``), never by a request
directly.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from memory_import.emulator.engine.checks import Json

Identifiers = list[tuple[str, str]]
"""(idType, normalised value) pairs."""
Traits = dict[str, dict[str, object]]
"""Trait group -> trait name -> value."""
TraitCheck = Callable[[object], str | None]
"""What is wrong with a value, or None."""


@dataclass(slots=True, eq=False)
class Profile:
    """One person; ``number`` counts creations in the store, so the lowest is the earliest.

    ``stamps`` says when each trait was written; its mappings are shared among profiles and never changed.
    """

    id: str
    number: int
    created_at: float
    traits: Traits = field(default_factory=dict)
    stamps: dict[str, Mapping[str, float]] = field(default_factory=dict)
    identifiers: dict[str, list[str]] = field(default_factory=dict)
    merged_into: "Profile | None" = None
    is_deleted: bool = False

    @property
    def is_listed(self) -> bool:
        return self.merged_into is None and not self.is_deleted

    def canonical(self) -> "Profile":
        """The profile that this one was merged into, or itself."""
        profile = self
        while profile.merged_into is not None:
            profile = profile.merged_into
        return profile


@dataclass(slots=True, eq=False)
class Memory:
    """An observation or a summary; ``fields`` are what the client wrote, ``revisions`` the older bodies.

    ``created_at`` is what the API says; it can be read from ``applied_at`` on.
    """

    id: str
    fields: Json
    created_at: float
    updated_at: float
    applied_at: float
    revisions: list[Json] = field(default_factory=list)


class Promotion(NamedTuple):
    """A trait whose value is also an identifier."""

    group: str
    trait: str
    id_type: str


@dataclass(slots=True, eq=False)
class TraitGroup:
    """A declared group, and its declarations compiled to one check per trait."""

    name: str
    description: str | None
    definitions: dict[str, Json]
    version: int = 1
    checks: dict[str, TraitCheck] = field(default_factory=dict)
    promotions: list[Promotion] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class IdentitySettings:
    """How identifiers are normalised, kept and matched; ``configs`` and ``rules`` as the API shows them."""

    configs: list[Json]
    rules: list[str]
    version: int = 1
    normalisers: dict[str, Callable[[str], str | None]] = field(default_factory=dict)
    limits: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Import:
    """A CSV import: ``upload_key`` is the secret in the address that takes its file."""

    id: str
    upload_key: str
    request: Json
    created_at: float
    updated_at: float
    status: str = "PENDING"
    is_uploaded: bool = False
    summary: dict[str, int] | None = None


@dataclass(slots=True, eq=False)
class Configuration:
    """A conversation configuration; ``fields`` as the API shows them. It can be read from ``shown_at`` on.

    ``past``: what it was before each change, with the time of that.
    """

    id: str
    fields: Json
    created_at: float
    updated_at: float
    shown_at: float
    version: int = 1
    past: list[tuple[float, "Configuration"]] = field(default_factory=list)

    def keep(self, at: float) -> None:
        """Remember what it is, before it is changed at this time."""
        self.past.append((at, replace(self, past=[])))

    def as_of(self, moment: float) -> "Configuration":
        """What it was at a time."""
        return next((then for until, then in self.past if moment < until), self)


@dataclass(slots=True, eq=False)
class Store:
    """A Memory store. ``index`` finds profiles by identifier: one, or in rare cases a list of them.

    ``merges``: several matches merge; else the matching rule of the highest priority decides alone.
    ``processed_at``: when the last of the work that was applied had been accepted. ``past``: what it was
    before each change of its settings, with the time of that.
    """

    id: str
    display_name: str
    description: str | None
    queued_until: float
    provisioned_at: float
    identity: IdentitySettings
    version: int = 1
    merges: bool = True
    processed_at: float = 0.0
    forced_status: str | None = None
    trait_groups: dict[str, TraitGroup] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    order: list[Profile] = field(default_factory=list)
    index: dict[str, dict[str, Profile | list[Profile]]] = field(default_factory=dict)
    observations: dict[str, list[Memory]] = field(default_factory=dict)
    summaries: dict[str, list[Memory]] = field(default_factory=dict)
    imports: dict[str, Import] = field(default_factory=dict)
    created_at: float = 0.0
    past: list[tuple[float, "Store"]] = field(default_factory=list)

    def keep(self, at: float) -> None:
        """Remember name, trait groups and identity settings, before one of them is changed at this time."""
        groups = {name: replace(group) for name, group in self.trait_groups.items()}
        self.past.append((at, replace(self, trait_groups=groups, past=[])))

    def as_of(self, moment: float) -> "Store":
        """The store with name, trait groups and identity settings of a time."""
        return next((then for until, then in self.past if moment < until), self)

    def status_at(self, now: float) -> str:
        if self.forced_status is not None:
            return self.forced_status
        if now < self.queued_until:
            return "QUEUED"
        return "PROVISIONING" if now < self.provisioned_at else "ACTIVE"

    def canonical_profiles(self) -> Iterator[Profile]:
        """Every profile that is neither deleted nor merged away, earliest first."""
        return (profile for profile in self.order if profile.is_listed)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation ends: its last status, the error object it shows, and whether it changes anything."""

    status: str = "COMPLETED"
    error: Json | None = None
    is_applied: bool = True


@dataclass(frozen=True, slots=True)
class Timing:
    """How much later than its pace work is applied, and for how long its operation cannot be found."""

    late_seconds: float = 0.0
    hidden_seconds: float = 0.0


@dataclass(slots=True, eq=False)
class Operation:
    """An asynchronous job; its status is a matter of the clock. It cannot be found before ``shown_at``."""

    id: str
    created_at: float
    starts_at: float
    ends_at: float
    shown_at: float
    result_id: str | None
    ending: Ending

    def status_at(self, now: float) -> str:
        if now < self.starts_at:
            return "PENDING"
        return "RUNNING" if now < self.ends_at else self.ending.status
