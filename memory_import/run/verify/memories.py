"""Reads the memories of profiles back, and compares them with what was sent, by content and time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from memory_import.destination.api.memories import fetch_memories
from memory_import.destination.api.revisions import fetch_revisions
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

    listed = await fetch_memories(reader.client, reader.store_id, profile_id, load, source=None, moved=follow)
    held = _Held(reader, load, canonical[-1], list(listed or ()))
    findings = []
    for memory in sent:
        judged = [await held.judge(memory, part) for part in memory.parts]
        findings.append(
            Finding(
                number=reader.number,
                pos=memory.pos,
                verdict=_worst([verdict for verdict, _ in judged]),
                profile_id=None if listed is None else canonical[-1],
                is_followed=len(canonical) > 1,
                differences=tuple(difference for _, difference in judged if difference),
            )
        )
    return findings


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    wrong = [verdict for verdict in verdicts if verdict in WRONG]
    later = [verdict for verdict in verdicts if verdict is Verdict.CHANGED_SINCE]
    return (wrong or later or [Verdict.EQUAL])[0]


class _Held:
    """What a profile holds and does not stand for a memory of ours yet."""

    def __init__(self, reader: Reader, load: str, profile_id: str, free: list[Mapping[str, Any]]) -> None:
        self._reader = reader
        self._load = load
        self._profile_id = profile_id
        self._free = free
        self._revisions: dict[str, list[Mapping[str, Any]]] = {}

    async def judge(self, sent: SentMemory, part: Mapping[str, Any]) -> tuple[Verdict, Difference | None]:
        """Find what stands for a part of a memory, and take it from there."""
        facts = _known_facts if sent.is_known else _facts
        same = [memory for memory in self._free if _is_at(memory, part)]
        equal = [memory for memory in same if facts(memory) == facts(part)]
        if equal:
            self._free.remove(equal[0])
            return Verdict.EQUAL, None
        changed = await self._find_changed(part, sent.landed_at)
        found = changed or next(iter(same), None)
        if found is None:
            return Verdict.MISSING, Difference(self._load, dict(part), None)
        self._free.remove(found)
        verdict = Verdict.CHANGED_SINCE if changed else Verdict.DIFFERENT
        shown = {name: found.get(name) for name in (*part, "updatedAt")}
        return verdict, Difference(self._load, dict(part), shown)

    async def _find_changed(self, part: Mapping[str, Any], landed_at: float) -> Mapping[str, Any] | None:
        """One that somebody changed since: an observation that said the part before, as its revisions tell;
        a summary, which has none, of the same time."""
        for memory in self._free:
            is_changed = memory.get("updatedAt") != memory.get("createdAt")
            if not (is_changed and self._reader.is_later(memory.get("updatedAt"), landed_at)):
                continue
            if self._load == "observations":
                if any(_is_at(former, part) for former in await self._former(memory["id"])):
                    return memory
            elif _second(memory.get(_MOMENT)) == _second(part[_MOMENT]):
                return memory
        return None

    async def _former(self, observation_id: str) -> list[Mapping[str, Any]]:
        if observation_id not in self._revisions:
            self._revisions[observation_id] = await fetch_revisions(
                self._reader.client, self._reader.store_id, self._profile_id, observation_id
            )
        return self._revisions[observation_id]


def _is_at(memory: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    """Whether content and time are those of a part."""
    is_same_time = _second(memory.get(_MOMENT)) == _second(part[_MOMENT])
    return is_same_time and memory.get(_CONTENT) == part[_CONTENT]


def _facts(memory: Mapping[str, Any]) -> tuple[Any, ...]:
    """What else a memory says: its source, and the conversations that it belongs to."""
    conversations = memory.get("conversationIds") or ()
    return memory.get("source"), memory.get("conversationId"), frozenset(conversations)


def _known_facts(memory: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of the same what is known of a memory that an earlier run has sent."""
    return (memory.get("conversationId"),)


def _second(moment: object) -> int | None:
    return int(datetime.fromisoformat(moment).timestamp() // 1) if isinstance(moment, str) else None
