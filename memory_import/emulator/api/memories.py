"""Observations and conversation summaries of a profile: two kinds of one thing, with the same requests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from memory_import.emulator.api.paging import cut_page
from memory_import.emulator.api.profiles import find_target
from memory_import.emulator.engine import limits
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Check, Json, array, checked_settings, moment, record, text
from memory_import.emulator.engine.clock import read_moment, write_moment
from memory_import.emulator.engine.errors import invalid, not_found
from memory_import.emulator.engine.ids import CONVERSATION_ID_PATTERN, is_id
from memory_import.emulator.engine.state import Memory, Profile, Store
from memory_import.emulator.http.calls import Call, Reply

_SOURCE_PATTERN = r"[a-zA-Z0-9 _./-]+"
"""Of the newer SDKs; the document's own, without the slash, is looked at where the policy says so."""
_CONVERSATION_ID = text(pattern=CONVERSATION_ID_PATTERN)
_CONTENT = text(low=1, high=limits.MAX_CONTENT_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Kind:
    """What sets observations and summaries apart: their words, their fields, and where a store keeps them."""

    id_kind: str
    plural: str
    fields: dict[str, Check]
    required: tuple[str, ...]
    held: Callable[[Store], dict[str, list[Memory]]]

    def item(self, *, is_whole: bool) -> Check:
        """The check of one of them, ``is_whole`` when it is created and not merely changed."""
        return record(self.fields, required=self.required if is_whole else (), is_open=True)

    def batch(self) -> Check:
        """The check of the body that creates up to ten."""
        items = array(self.item(is_whole=True), low=1, high=limits.MAX_MEMORIES_PER_REQUEST)
        return record({self.plural: items}, required=[self.plural])


OBSERVATIONS = Kind(
    id_kind="observation",
    plural="observations",
    fields={
        "content": _CONTENT,
        "source": text(low=1, high=limits.MAX_SOURCE_CHARACTERS, pattern=_SOURCE_PATTERN),
        "occurredAt": moment,
        "conversationIds": array(_CONVERSATION_ID, high=limits.MAX_CONVERSATIONS_PER_OBSERVATION),
    },
    required=("content", "source", "occurredAt"),
    held=lambda store: store.observations,
)
SUMMARIES = Kind(
    id_kind="summary",
    plural="summaries",
    fields={
        "content": _CONTENT,
        "source": text(high=limits.MAX_SOURCE_CHARACTERS, pattern=_SOURCE_PATTERN),
        "occurredAt": moment,
        "conversationId": _CONVERSATION_ID,
    },
    required=("content", "conversationId", "occurredAt"),
    held=lambda store: store.summaries,
)
_KINDS = {kind.id_kind: kind for kind in (OBSERVATIONS, SUMMARIES)}


def show(memory: Memory) -> Json:
    """A memory as the API gives it."""
    return {
        "id": memory.id,
        **memory.fields,
        "createdAt": write_moment(memory.created_at),
        "updatedAt": write_moment(memory.updated_at),
    }


def _known_fields(kind: Kind, written: Json) -> Json:
    return {name: written[name] for name in kind.fields if name in written}


def create(call: Call, kind: Kind) -> Reply:
    """POST: accept up to ten. Not idempotent: the same body twice makes them twice."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    body = checked_settings(call.json(may_be_compressed=True), kind.batch())
    items = [_known_fields(kind, item) for item in cast(list[Json], body[kind.plural])]
    for item in items:
        _check_source(call, item.get("source"))
    payload: Json = {"kind": kind.id_kind, "profile": profile.id, "items": items}
    if call.plan.created_offset_seconds:
        payload["created_offset"] = call.plan.created_offset_seconds
    _submit(call, store, "create_memories", payload)
    return Reply(202, {"message": f"Creation of {len(items)} {kind.plural} accepted."})


def _check_source(call: Call, source: object) -> None:
    if not call.policy.source_with_slash and isinstance(source, str) and "/" in source:
        raise invalid("source must match [a-zA-Z0-9 _.-]+.")


def _submit(call: Call, store: Store, work_kind: str, payload: Json) -> None:
    call.account.submit(work_kind, store.id, payload, request_id=call.request_id, timing=call.plan.timing)


def apply_create(account: Account, work: Work, at: float) -> Json:
    """Add them; a profile keeps the newest 500."""
    store, profile = find_target(account, work)
    if profile is None or store is None:
        return {"skipped": "profile is gone"}
    kind = _KINDS[cast(str, work.payload["kind"])]
    created_at = at + cast(float, work.payload.get("created_offset", 0.0))
    made = [
        Memory(account.ids.mint(kind.id_kind), fields, created_at, created_at, applied_at=at)
        for fields in cast(list[Json], work.payload["items"])
    ]
    held = kind.held(store).setdefault(profile.id, [])
    held.extend(made)
    surplus = held[: -limits.MAX_MEMORIES_PER_PROFILE]
    del held[: len(surplus)]
    return {
        "profile": profile.id,
        kind.plural: [memory.id for memory in made],
        "dropped": [memory.id for memory in surplus],
    }


def show_as_of(memory: Memory, moment: float) -> Json:
    """The memory as the API showed it at a time: a change that came later is not in it."""
    past = [each for each in memory.revisions if (read_moment(cast(str, each["updatedAt"])) or 0) <= moment]
    if memory.updated_at <= moment or not past:
        return show(memory)
    return past[-1]


def list_all(call: Call, kind: Kind) -> Reply:
    """GET: newest first, at most 50 a page whatever pageSize says."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=301)
    page = cut_page(
        call,
        kind.plural,
        kind.held(store).get(profile.id, []),
        keep=_read_filter(call),
        max_items=limits.MAX_MEMORY_PAGE_ITEMS,
    )
    shown = [show_as_of(memory, call.as_of) for memory in page.items]
    return Reply(200, {kind.plural: shown, "meta": page.meta})


def _read_filter(call: Call) -> Callable[[Memory], bool]:
    source, conversation_id = call.query.get("source"), call.query.get("conversationId")
    if source is not None:
        OBSERVATIONS.fields["source"](source, "Query parameter source")
        _check_source(call, source)
    if conversation_id is not None:
        _CONVERSATION_ID(conversation_id, "Query parameter conversationId")
    after, before = call.query_moment("createdAfter"), call.query_moment("createdBefore")

    def keep(memory: Memory) -> bool:
        return (
            call.shows(memory.applied_at)
            and (source is None or memory.fields.get("source") == source)
            and (conversation_id is None or belongs_to(memory, conversation_id))
            and (after is None or memory.created_at >= after)
            and (before is None or memory.created_at < before)
        )

    return keep


def belongs_to(memory: Memory, conversation_id: str) -> bool:
    """Whether a memory names this conversation."""
    several = cast(list[str], memory.fields.get("conversationIds", []))
    return memory.fields.get("conversationId") == conversation_id or conversation_id in several


def _find(call: Call, kind: Kind, store: Store, profile: Profile) -> Memory:
    memory_id = call.path_params["memory_id"]
    if not is_id(kind.id_kind, memory_id):
        raise invalid(f"{kind.id_kind}Id does not have the form of such an id.")
    memory = _look_for(kind, store, profile, memory_id)
    if memory is None or not call.shows(memory.applied_at):
        raise not_found(f"The {kind.id_kind}")
    return memory


def _look_for(kind: Kind, store: Store, profile: Profile, memory_id: str) -> Memory | None:
    return next((each for each in kind.held(store).get(profile.id, []) if each.id == memory_id), None)


def fetch(call: Call, kind: Kind) -> Reply:
    """GET one; that of a merged profile is answered in place, with the canonical id in a header."""
    store = call.active_store()
    profile = call.profile(store)
    memory = _find(call, kind, store, profile)
    return Reply(200, show_as_of(memory, call.as_of), call.canonical_header(profile))


def list_revisions(call: Call) -> Reply:
    """GET the past states of an observation, the newest first."""
    store = call.active_store()
    profile = call.profile(store)
    memory = _find(call, OBSERVATIONS, store, profile)
    page = cut_page(call, "revisions", memory.revisions, max_items=limits.MAX_MEMORY_PAGE_ITEMS)
    return Reply(200, {"revisions": page.items, "meta": page.meta}, call.canonical_header(profile))


def patch(call: Call, kind: Kind) -> Reply:
    """PATCH one: what is named is replaced, the state before becomes a revision."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    change = _known_fields(kind, checked_settings(call.json(), kind.item(is_whole=False)))
    _check_source(call, change.get("source"))
    memory = _find(call, kind, store, profile)
    payload: Json = {"kind": kind.id_kind, "profile": profile.id, "memory": memory.id, "change": change}
    _submit(call, store, "patch_memory", payload)
    return Reply(202, {"message": "Update accepted."})


def apply_patch(account: Account, work: Work, at: float) -> Json:
    kind, _, memory = _find_applied(account, work)
    if memory is None:
        return {"skipped": f"{kind.id_kind} is gone"}
    memory.revisions.append(show(memory))
    memory.fields = {**memory.fields, **cast(Json, work.payload["change"])}
    memory.updated_at = at
    return {kind.id_kind: memory.id}


def _find_applied(account: Account, work: Work) -> tuple[Kind, list[Memory], Memory | None]:
    """The kind, the profile's memories of it, and the one that the work is for, if it is still there."""
    kind = _KINDS[cast(str, work.payload["kind"])]
    store, profile = find_target(account, work)
    if store is None or profile is None:
        return kind, [], None
    memory = _look_for(kind, store, profile, cast(str, work.payload["memory"]))
    return kind, kind.held(store).get(profile.id, []), memory


def delete(call: Call, kind: Kind) -> Reply:
    """DELETE one, for good."""
    store = call.active_store()
    profile = call.profile_in_place(store, moved_status=308)
    memory = _find(call, kind, store, profile)
    _submit(call, store, "delete_memory", {"kind": kind.id_kind, "profile": profile.id, "memory": memory.id})
    return Reply(202, {"message": "Deletion accepted."})


def apply_delete(account: Account, work: Work, _at: float) -> Json:
    kind, held, memory = _find_applied(account, work)
    if memory is None:
        return {"skipped": f"{kind.id_kind} is gone"}
    held.remove(memory)
    return {"deleted": memory.id}
