"""Reads the memories of profiles back, and compares them with what was sent, by content and time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from memory_import.destination.api.memories import fetch_memories
from memory_import.ledger.staging.verdicts import WRONG, Difference, Finding, Verdict
from memory_import.run.verify.persons import Reader
from memory_import.run.verify.sent import SentMemory

_CONTENT, _MOMENT = "content", "occurredAt"


async def check_memories(
    reader: Reader, load: str, profile_id: str, sent: Sequence[SentMemory]
) -> list[Finding]:
    """Compare all that was sent to one profile with what it holds, or what the one that it was merged into
    does: a copy in the store stands for one memory."""
    canonical = [profile_id]

    async def follow(canonical_id: str) -> None:
        canonical.append(canonical_id)

    held = await fetch_memories(reader.client, reader.store_id, profile_id, load, source=None, moved=follow)
    free = list(held or ())
    findings = []
    for memory in sent:
        verdicts, differences = [Verdict.EQUAL], []
        for part in memory.parts:
            verdict, difference = _check_part(reader, load, part, free)
            verdicts.append(verdict)
            differences += [difference] if difference else []
        findings.append(
            Finding(
                number=reader.number,
                pos=memory.pos,
                verdict=_worst(verdicts),
                profile_id=None if held is None else canonical[-1],
                is_followed=len(canonical) > 1,
                differences=tuple(differences),
            )
        )
    return findings


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    wrong = [verdict for verdict in verdicts if verdict in WRONG]
    later = [verdict for verdict in verdicts if verdict is Verdict.CHANGED_SINCE]
    return (wrong or later or [Verdict.EQUAL])[0]


def _check_part(
    reader: Reader, load: str, part: Mapping[str, Any], free: list[Mapping[str, Any]]
) -> tuple[Verdict, Difference | None]:
    """Find a part among the memories that stand for no other one yet, and take it from there."""
    of_moment = [memory for memory in free if _second(memory.get(_MOMENT)) == _second(part[_MOMENT])]
    same = [memory for memory in of_moment if memory.get(_CONTENT) == part[_CONTENT]]
    equal = [memory for memory in same if _facts(memory) == _facts(part)]
    if equal:
        free.remove(equal[0])
        return Verdict.EQUAL, None
    changed = [memory for memory in (*same, *of_moment) if _was_changed(reader, memory)]
    if not (changed or same):
        return Verdict.MISSING, Difference(load, dict(part), None)
    found = (changed or same)[0]
    free.remove(found)
    verdict = Verdict.CHANGED_SINCE if changed else Verdict.DIFFERENT
    shown = {name: found.get(name) for name in (*part, "updatedAt")}
    return verdict, Difference(load, dict(part), shown)


def _was_changed(reader: Reader, memory: Mapping[str, Any]) -> bool:
    updated_at = memory.get("updatedAt")
    return updated_at != memory.get("createdAt") and reader.is_later(updated_at)


def _facts(memory: Mapping[str, Any]) -> tuple[Any, ...]:
    """What else a memory says: its source, and the conversations that it belongs to."""
    conversations = memory.get("conversationIds") or ()
    return memory.get("source"), memory.get("conversationId"), frozenset(conversations)


def _second(moment: object) -> int | None:
    return int(datetime.fromisoformat(moment).timestamp() // 1) if isinstance(moment, str) else None
