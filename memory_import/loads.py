"""The kinds of load, in the order in which they are delivered."""

from typing import Literal

PROFILES = "profiles"

MemoryLoad = Literal["observations", "summaries"]
