"""The kinds of load, in the order in which they are delivered."""

from typing import Literal

PROFILES = "profiles"

LOADS = (PROFILES, "observations", "summaries")

MemoryLoad = Literal["observations", "summaries"]

MEMORY_LOADS: tuple[MemoryLoad, ...] = ("observations", "summaries")
