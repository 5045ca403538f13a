"""What the success of each route must hold: the members that the official OpenAPI documents require.

A shape is a function of the document and the headers (names in small letters) of an answer.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Shape = Callable[[Mapping[str, Any], Mapping[str, str]], bool]
"""Whether a success with this document and these headers is one."""

_OPERATION_STATES = frozenset({"PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"})
_STORE_STATES = frozenset({"QUEUED", "PROVISIONING", "ACTIVE", "FAILED"})
_ID = re.compile(r"mem_(\w+)_[0-7][0-9a-z]{25}")


def is_id(value: object, *kinds: str) -> bool:
    """Whether a value is the id of something of one of these kinds: `mem_profile_…` of a profile."""
    match = _ID.fullmatch(value) if isinstance(value, str) else None
    return match is not None and match[1] in kinds


def is_message(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    operation_id = document.get("operationId")  # of a Bulk, where the service names one
    return _is_text(document.get("message")) and isinstance(operation_id, str | None)


def is_created(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _is_text(document.get("message")) and is_id(document.get("id"), "profile")


def is_taken_up(document: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    told = [document[name] for name in ("message", "statusUrl") if name in document]
    return bool(told or headers.get("operation-id")) and all(_is_text(each) for each in told)


def is_started(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _is_text(document.get("statusUrl"))


def is_lookup(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    found = document.get("profiles")
    return isinstance(found, list) and all(is_id(profile_id, "profile") for profile_id in found)


def is_operation(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    error = document.get("error")
    return _is_one_of(_OPERATION_STATES, document.get("status")) and isinstance(error, dict | None)


def is_store(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _is_one_of(_STORE_STATES, document.get("status"))


def is_page_of_ids(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    ids = document.get("stores")
    return (
        isinstance(ids, list) and all(is_id(each, "store", "service") for each in ids) and _has_meta(document)
    )


def is_profile(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return is_id(document.get("id"), "profile")


def is_page_of_traits(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _are_objects(document.get("traits"), "name", "traitGroup") and _has_meta(document)


def are_identifiers(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    sets = document.get("identifiers")
    return _are_objects(sets, "idType") and all(isinstance(each.get("values"), list) for each in sets or ())


def is_recalled(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return (
        _are_objects(document.get("observations"), "content")
        and _are_objects(document.get("summaries"), "content")
        and _are_objects(document.get("communications") or [])
    )


def is_identity_settings(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    configs, rules = document.get("identifierConfigs"), document.get("matchingRules")
    return _are_objects(configs, "idType") and isinstance(rules, list)


def is_page_of_groups(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _are_objects(document.get("traitGroups"), "displayName") and _has_meta(document)


def is_configuration(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _are_objects([document], "id", "displayName", "conversationGroupingType", "memoryStoreId")


def is_page_of_configurations(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    listed = document.get("configurations")
    return (
        isinstance(listed, list)
        and all(isinstance(each, dict) and is_configuration(each, {}) for each in listed)
        and _has_meta(document)
    )


def is_page_of(name: str, *required: str) -> Shape:
    """The shape of a page of memories, each with an id, a time and what else is `required`."""

    def is_page(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
        memories = document.get(name)
        return (
            _are_objects(memories, "id", "createdAt", *required)
            and _has_meta(document)
            and all(_is_memory(memory) for memory in document[name])
        )

    return is_page


def _is_memory(memory: Mapping[str, Any]) -> bool:
    texts = ("content", "source", "conversationId")
    return all(isinstance(memory.get(name), str | None) for name in texts) and all(
        _is_moment(memory.get(name)) for name in ("createdAt", "occurredAt")
    )


def _is_one_of(values: frozenset[str], value: object) -> bool:
    return isinstance(value, str) and value in values


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_objects(values: object, *texts: str) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, dict) and all(_is_text(value.get(text)) for text in texts) for value in values
    )


def _is_moment(value: object) -> bool:
    if value is None:
        return True
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _has_meta(document: Mapping[str, Any]) -> bool:
    meta = document.get("meta")
    if meta is None:
        return True
    return isinstance(meta, dict) and isinstance(meta.get("nextToken", ""), str | None)
