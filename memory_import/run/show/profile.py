"""A profile as the store has it, as a document and as text."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from memory_import.destination.api.memories import fetch_memories
from memory_import.destination.api.profiles import fetch_profile
from memory_import.destination.http.throttle import Throttle
from memory_import.loads import MEMORY_LOADS
from memory_import.printable import printable_line
from memory_import.run.show.reach import Place, reach
from memory_import.run.show.who import ProfileMissing, find_profile, read_who


async def show_profile(
    who: str, place: Place, variables: Mapping[str, str], throttle: Throttle | None = None
) -> dict[str, Any]:
    """`profile_id` (canonical), `created_at`, `traits`, `identifiers`, `observations` and `summaries` as the
    API lists them, all pages of each; `billing`: what that took.

    Raises `ProfileMissing` where the store has no such profile, `UsageProblem` where WHO cannot be read.
    """
    async with reach(place, variables, throttle) as reached:
        wanted = read_who(who, reached.spec)
        client, store_id = reached.client, reached.target.store_id
        profile = await fetch_profile(client, store_id, await find_profile(reached, wanted))
        if profile is None:
            raise ProfileMissing(f"The store has no profile {who}.")
        memories: dict[str, Any] = {
            load: await fetch_memories(client, store_id, profile.profile_id, load, source=None) or []
            for load in MEMORY_LOADS
        }
    return {
        "profile_id": profile.profile_id,
        "store_id": store_id,
        "created_at": profile.created_at,
        "traits": profile.traits,
        "identifiers": profile.identifiers,
        **memories,
        "billing": {"profiles_read": 1, "lookups": int(not isinstance(wanted, str)), "recalls": 0},
    }


def describe_profile(document: Mapping[str, Any]) -> str:
    """The same for people."""
    traits = [
        (f"{trait['traitGroup']}.{trait['name']}", _shown(trait.get("value")), trait.get("timestamp") or "")
        for trait in document["traits"]
    ]
    identifiers = [
        (each["idType"], printable_line(", ".join(map(str, each["values"]))))
        for each in document["identifiers"]
    ]
    return "\n".join(
        [
            f"{document['profile_id']} in {document['store_id']}, created {document['created_at'] or '?'}",
            *_table("Traits", sorted(traits)),
            *_table("Identifiers", identifiers),
            *describe_memories(document),
        ]
    )


def describe_memories(document: Mapping[str, Any]) -> list[str]:
    """Lines about `observations` and `summaries` as the API lists them, the latest first."""
    lines = []
    for load in MEMORY_LOADS:
        memories = sorted(document[load], key=lambda memory: memory.get("occurredAt") or "", reverse=True)
        rows = [
            (
                memory.get("occurredAt") or "",
                memory.get("source") or "",
                memory.get("conversationId") or ", ".join(memory.get("conversationIds") or ()),
                printable_line(memory.get("content") or ""),
            )
            for memory in memories
        ]
        lines += _table(load.capitalize(), rows)
    return lines


def _table(title: str, rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    laid_out = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return ["", f"{title} ({len(rows)})", *laid_out]


def _shown(value: object) -> str:
    return printable_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
