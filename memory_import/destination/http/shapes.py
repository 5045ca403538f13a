"""What the success of each route must hold: the members that the official OpenAPI documents require, and,
of all members that are used, the types that they say.

A shape is a function of the document and the headers (names in small letters) of an answer; a kind is one of
a single value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Shape = Callable[[Mapping[str, Any], Mapping[str, str]], bool]
"""Whether a success with this document and these headers is one."""

_Kind = Callable[[object], bool]
_ID = re.compile(r"mem_(\w+)_[0-7][0-9a-z]{25}")


def is_id(value: object, *kinds: str) -> bool:
    """Whether a value is the id of something of one of these kinds: `mem_profile_…` of a profile."""
    match = _ID.fullmatch(value) if isinstance(value, str) else None
    return match is not None and match[1] in kinds


# Kinds


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_profile_id(value: object) -> bool:
    return is_id(value, "profile")


def _is_store_id(value: object) -> bool:
    return is_id(value, "store", "service")


def _one_of(*values: str) -> _Kind:
    return lambda value: isinstance(value, str) and value in values


def _list_of(kind: _Kind) -> _Kind:
    return lambda value: isinstance(value, list) and all(map(kind, value))


def _map_of(kind: _Kind) -> _Kind:
    return lambda value: isinstance(value, dict) and all(map(kind, value.values()))


def _object(must: Mapping[str, _Kind] | None = None, may: Mapping[str, _Kind] | None = None) -> _Kind:
    """An object with all members of `must`; those of `may` are absent, null or of their kind."""
    needed, optional = tuple((must or {}).items()), tuple((may or {}).items())

    def is_object(value: object) -> bool:
        return (
            isinstance(value, dict)
            and all(name in value and kind(value[name]) for name, kind in needed)
            and all(value.get(name) is None or kind(value[name]) for name, kind in optional)
        )

    return is_object


def _shape(must: Mapping[str, _Kind], may: Mapping[str, _Kind] | None = None) -> Shape:
    kind = _object(must, may)
    return lambda document, _: kind(document)


def _page_of(name: str, kind: _Kind) -> Shape:
    return _shape({name: _list_of(kind)}, {"meta": _object(may={"nextToken": _is_string})})


# Shapes

_OF_MEMORY: Mapping[str, _Kind] = {
    "content": _is_string,
    "source": _is_string,
    "occurredAt": _is_moment,
    "updatedAt": _is_moment,
    "conversationId": _is_string,
    "conversationIds": _list_of(_is_string),
}
_LISTED: Mapping[str, _Kind] = {"id": _is_text, "createdAt": _is_moment}
_SUMMARY: Mapping[str, _Kind] = {"content": _is_text, "occurredAt": _is_moment, "conversationId": _is_text}
_RECALLED = _object({"content": _is_text}, _OF_MEMORY)
_TRAIT = _object({"name": _is_text, "traitGroup": _is_text}, {"timestamp": _is_moment})
_DEFINITION = _object({"dataType": _is_text}, {"idTypePromotion": _is_string})
_CONFIGURATION = _object(
    dict.fromkeys(("id", "displayName", "conversationGroupingType", "memoryStoreId"), _is_text),
    {"channelSettings": _map_of(_object())},
)

is_message = _shape({"message": _is_text}, {"operationId": _is_string})  # of a Bulk, where it names one
is_created = _shape({"message": _is_text, "id": _is_profile_id})
is_started = _shape({"statusUrl": _is_text})
is_lookup = _shape({"profiles": _list_of(_is_profile_id)})
is_operation = _shape(
    {"status": _one_of("PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")}, {"error": _object()}
)
is_store = _shape(
    {"status": _one_of("QUEUED", "PROVISIONING", "ACTIVE", "FAILED")},
    {"displayName": _is_string, "description": _is_string},
)
is_profile = _shape({"id": _is_profile_id}, {"createdAt": _is_moment})
are_identifiers = _shape(
    {"identifiers": _list_of(_object({"idType": _is_text, "values": _list_of(_is_string)}))}
)
is_recalled = _shape(
    {"observations": _list_of(_RECALLED), "summaries": _list_of(_RECALLED)},
    {"communications": _list_of(_object()), "meta": _object()},
)
is_identity_settings = _shape(
    {
        "identifierConfigs": _list_of(_object({"idType": _is_text}, {"normalization": _is_string})),
        "matchingRules": _list_of(_is_text),
    }
)
is_page_of_ids = _page_of("stores", _is_store_id)
is_page_of_traits = _page_of("traits", _TRAIT)
is_page_of_groups = _page_of(
    "traitGroups", _object({"displayName": _is_text}, {"traits": _map_of(_DEFINITION)})
)
is_page_of_configurations = _page_of("configurations", _CONFIGURATION)
is_page_of_observations = _page_of("observations", _object(_LISTED, _OF_MEMORY))
is_page_of_summaries = _page_of("summaries", _object({**_LISTED, **_SUMMARY}, _OF_MEMORY))
is_page_of_revisions = _page_of("revisions", _object(_LISTED, _OF_MEMORY))


def is_taken_up(document: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """A write of the control plane: the members that say so, where there are any, or a header."""
    told = [document[name] for name in ("message", "statusUrl") if name in document]
    return bool(told or headers.get("operation-id")) and all(map(_is_text, told))
