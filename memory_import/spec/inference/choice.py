"""What becomes of one column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from memory_import.spec.inference.evidence import Evidence
from memory_import.spec.inference.moments import Moments
from memory_import.spec.inference.vocabulary import Concept


@dataclass(frozen=True)
class Choice:
    """What becomes of a column. `trait` None: it is left out, and `reason` says why."""

    evidence: Evidence
    concept: Concept | None
    group: str = "Crm"
    trait: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    doubts: tuple[str, ...] = ()
    moments: Moments | None = None

    @property
    def column(self) -> str:
        """The column's header."""
        return self.evidence.header
