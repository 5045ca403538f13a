"""The fates of the values of one trait, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

FIRST_ROWS = 3  # of each code, that a report names


@dataclass(slots=True)
class Fates:
    """The fates of one trait's values. `examples`: the first rows, `(file, row)`, by code of dropped ones."""

    read: int = 0
    blank: int = 0
    sent: int = 0
    superseded: int = 0
    not_sent: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    others_sent: int = 0
    others_dropped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The sum of all fates, which has to be `read`."""
        known = self.blank + self.sent + self.superseded + self.not_sent
        return known + self.changed.total() + self.dropped.total()

    def add(self, later: "Fates") -> None:
        """Add those of later rows."""
        for name in ("read", "blank", "sent", "superseded", "not_sent", "others_sent"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for name in ("changed", "dropped", "others_dropped"):
            getattr(self, name).update(getattr(later, name))
        for code, places in later.examples.items():
            listed = self.examples.setdefault(code, [])
            listed += places[: FIRST_ROWS - len(listed)]

    def to_json(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "read": self.read,
            "blank": self.blank,
            "filled": self.read - self.blank,
            "sent": self.sent,
            "changed": dict(sorted(self.changed.items())),
            "dropped": dict(sorted(self.dropped.items())),
            "superseded": self.superseded,
            "not_sent": self.not_sent,
            "others": {"sent": self.others_sent, "dropped": dict(sorted(self.others_dropped.items()))},
        }
