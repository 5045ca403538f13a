"""What a run knows about who is gone, as it is kept beside its staged rows: `presence.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from memory_import.ledger.files import write_json
from memory_import.ledger.staging.staged import Staging

_FILE = "presence.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """How whole an input is, and how many known people it lacks.

    `incomplete`: why who is not in it may be there all the same, a sentence; None where it is complete.
    `newly_gone` of the known people were in every complete input so far. `measure`: what later
    inputs are measured by; None where that stays as it was.
    """

    incomplete: str | None
    newly_gone: int
    measure: Mapping[str, Any] | None


def write_presence(staging: Staging, presence: Presence) -> None:
    """Keep what was found."""
    write_json(asdict(presence), staging.folder / _FILE)


def read_presence(staging: Staging) -> Presence | None:
    """What was found; None where nobody looked who is gone."""
    try:
        return Presence(**json.loads((staging.folder / _FILE).read_text()))
    except FileNotFoundError:
        return None
