"""Recall: the memories of a profile that fit a query, by the words they share with it."""

import re
from typing import cast

from memory_import.emulator.api.memories import OBSERVATIONS, SUMMARIES, Kind, belongs_to, show_as_of
from memory_import.emulator.engine import limits
from memory_import.emulator.engine.checks import Json, checked_settings, integer, moment, number, record, text
from memory_import.emulator.engine.clock import read_moment
from memory_import.emulator.engine.ids import CONVERSATION_ID_PATTERN
from memory_import.emulator.engine.state import Memory, Profile, Store
from memory_import.emulator.http.calls import Call, Reply

_OBSERVATIONS = ("observationsLimit", 20)
_SUMMARIES = ("summariesLimit", 5)
_LIMIT = integer(low=0, high=limits.MAX_RECALL_ITEMS)
_WORD = re.compile(r"\w+")

_REQUEST = record(
    {
        "conversationId": text(pattern=CONVERSATION_ID_PATTERN),
        "query": text(high=limits.MAX_QUERY_CHARACTERS),
        "beginDate": moment,
        "endDate": moment,
        "communicationsLimit": _LIMIT,
        "observationsLimit": _LIMIT,
        "summariesLimit": _LIMIT,
        "relevanceThreshold": number(low=0, high=1),
    },
    is_open=True,
)


def recall(call: Call) -> Reply:
    """POST Recall. The emulator knows no conversations, so there are never any communications."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    request = checked_settings(call.json(may_be_compressed=True), _REQUEST)
    observations = _retrieve(call, _held(call, OBSERVATIONS, store, profile), request, _OBSERVATIONS)
    summaries = _retrieve(call, _held(call, SUMMARIES, store, profile), request, _SUMMARIES)
    body = {
        "observations": observations,
        "summaries": summaries,
        "communications": [],
        "meta": {"queryTime": 0},
    }
    return Reply(200, body)


def _held(call: Call, kind: Kind, store: Store, profile: Profile) -> list[Memory]:
    return [each for each in kind.held(store).get(profile.id, []) if call.shows(each.applied_at)]


def _retrieve(call: Call, held: list[Memory], request: Json, usual_limit: tuple[str, int]) -> list[Json]:
    limit = int(cast(float, request.get(*usual_limit)))
    dated = [memory for memory in held if _is_in_time(memory, request)]
    dated.sort(key=_occurred_at, reverse=True)
    if not request.get("query") and "conversationId" not in request:
        return [show_as_of(memory, call.as_of) for memory in dated[:limit]]
    threshold = cast(float, request.get("relevanceThreshold", 0))
    scored = [(_score(memory, request), memory) for memory in dated]
    scored.sort(key=lambda pair: pair[0], reverse=True)
    relevant = [(score, memory) for score, memory in scored if score >= threshold]
    return [{**show_as_of(memory, call.as_of), "score": score} for score, memory in relevant[:limit]]


def _occurred_at(memory: Memory) -> float:
    return read_moment(cast(str, memory.fields["occurredAt"])) or 0.0


def _is_in_time(memory: Memory, request: Json) -> bool:
    """From beginDate, inclusive, to endDate, exclusive."""
    begin, end = request.get("beginDate"), request.get("endDate")
    at = _occurred_at(memory)
    if begin is not None and at < cast(float, read_moment(cast(str, begin))):
        return False
    return end is None or at < cast(float, read_moment(cast(str, end)))


def _score(memory: Memory, request: Json) -> float:
    """The share of the query's words that the memory holds; without a query, 1 if of the conversation."""
    query = cast(str, request.get("query") or "")
    if not query:
        return float(belongs_to(memory, cast(str, request["conversationId"])))
    wanted = _words(query)
    return (
        round(len(wanted & _words(cast(str, memory.fields["content"]))) / len(wanted), 4) if wanted else 0.0
    )


def _words(written: str) -> set[str]:
    return set(_WORD.findall(written.lower()))
