"""What each route of the API may answer: the one place that an answer is held against.

The routes, their statuses and what a success must hold are those of the official OpenAPI documents;
`BELIEVED` lists what is taken beyond them, with the reason. Everything else, a proxy's page with a 202 for
example, is no answer: nobody knows what became of the request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from memory_import.destination.http.decisions import (
    STORE_NOT_ACTIVE,
    Answer,
    NoAnswer,
    as_code,
    read_object,
)

Shape = Callable[[Mapping[str, Any], Mapping[str, str]], bool]
"""Whether a success with this document and these headers (names in small letters) is one."""

BELIEVED: dict[int, str] = {
    401: "the credentials; the control plane's documents leave it out",
    403: "the permissions; the control plane's documents leave it out",
    408: "the server gave up waiting for the request: as a 503",
    412: "a stale If-Match on PATCH of a trait group, documented for its siblings",
    413: "a body that is too large, said by whatever stands before the API too",
    422: "a body that is refused, as a 400",
    429: "documented everywhere; a gateway says it without a body",
    500: "documented everywhere; a gateway says any 5xx with a page of its own",
}
"""Statuses that count wherever they come from, or although no document has them, and why. So does any refusal
with the code of a store that is not active: the documents give the code, and no status."""

_BELIEVED_WITHOUT_BODY = frozenset({401, 403, 408, 413, 429})
_BELIEVED_REFUSALS = frozenset({422})


@dataclass(frozen=True, slots=True)
class Route:
    """One route: the status and shape of its success, and the statuses with which it refuses.

    `is_moved` says whether it may say that a profile was merged into another one.
    """

    method: str
    template: str
    success: int
    shape: Shape
    refusals: frozenset[int]
    is_moved: bool = False

    def at(self, **ids: str) -> str:
        """The path with these ids in it."""
        return self.template.format(**{name: quote(value, safe="") for name, value in ids.items()})


def hold(answer: Answer, route: Route) -> Answer | NoAnswer:
    """The answer, if the API may give it on this route; otherwise there is none."""
    if is_documented(answer, route):
        return answer
    return NoAnswer(left_host=True, reason=f"HTTP {answer.status} that is not the API's")


def is_documented(answer: Answer, route: Route) -> bool:
    """Whether the documents hold such an answer for the route, or `BELIEVED` does."""
    if answer.status == route.success:
        document = read_object(answer.body)
        return document is not None and route.shape(document, answer.headers)
    if answer.status in _BELIEVED_WITHOUT_BODY or answer.status >= 500:
        return True
    code = as_code((read_object(answer.body) or {}).get("code"))
    if answer.status in route.refusals | _BELIEVED_REFUSALS or code == STORE_NOT_ACTIVE:
        return code is not None and answer.status >= 400
    moved = 301 if route.method == "GET" else 308
    is_told = "location" in answer.headers and "canonical-profile-id" in answer.headers
    return route.is_moved and answer.status == moved and is_told


# What a success holds


def _is_message(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    operation_id = document.get("operationId")  # of a Bulk, where the service names one
    return isinstance(document.get("message"), str) and isinstance(operation_id, str | None)


def _is_created(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return isinstance(document.get("message"), str) and _is_text(document.get("id"))


def _is_taken_up(document: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    names = ("message", "statusUrl")
    has_text = any(isinstance(document.get(name), str) for name in names)
    return (has_text or "operation-id" in headers) and all(
        isinstance(document.get(name, ""), str) for name in names
    )


def _is_started(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _is_text(document.get("statusUrl"))


def _is_lookup(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    found = document.get("profiles")
    return isinstance(found, list) and all(_is_text(profile_id) for profile_id in found)


def _is_operation(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    states = {"PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"}
    status, error = document.get("status"), document.get("error")
    return isinstance(status, str) and status in states and (error is None or isinstance(error, dict))


def _is_store(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return document.get("status") in ("QUEUED", "PROVISIONING", "ACTIVE", "FAILED")


def _is_page_of_ids(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    ids = document.get("stores")
    return isinstance(ids, list) and all(_is_text(store_id) for store_id in ids) and _has_meta(document)


def _is_profile(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _is_text(document.get("id"))


def _is_page_of_traits(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _are_objects(document.get("traits"), "name", "traitGroup") and _has_meta(document)


def _are_identifiers(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    sets = document.get("identifiers")
    return _are_objects(sets, "idType") and all(isinstance(each.get("values"), list) for each in sets or ())


def _is_recalled(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return (
        _are_objects(document.get("observations"), "content")
        and _are_objects(document.get("summaries"), "content")
        and _are_objects(document.get("communications") or [])
    )


def _is_identity_settings(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    configs, rules = document.get("identifierConfigs"), document.get("matchingRules")
    return _are_objects(configs, "idType") and isinstance(rules, list)


def _is_page_of_groups(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _are_objects(document.get("traitGroups"), "displayName") and _has_meta(document)


def _is_configuration(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    return _are_objects([document], "id", "displayName", "conversationGroupingType", "memoryStoreId")


def _is_page_of_configurations(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
    listed = document.get("configurations")
    return (
        isinstance(listed, list)
        and all(isinstance(each, dict) and _is_configuration(each, {}) for each in listed)
        and _has_meta(document)
    )


def _is_page_of(name: str) -> Shape:
    def is_page(document: Mapping[str, Any], _: Mapping[str, str]) -> bool:
        memories = document.get(name)
        return _are_objects(memories, "id", "createdAt") and _has_meta(document) and _are_dated(memories)

    return is_page


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_objects(values: object, *texts: str) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, dict) and all(_is_text(value.get(text)) for text in texts) for value in values
    )


def _are_dated(memories: Any) -> bool:
    return all(_is_moment(memory.get(name)) for memory in memories for name in ("createdAt", "occurredAt"))


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


# The routes

_PROFILES = "/v1/Stores/{store_id}/Profiles"
_STORES = "/v1/ControlPlane/Stores"
_STORE = f"{_STORES}/{{store_id}}"
_REFUSALS = frozenset({400, 404})

BULK = Route("PUT", f"{_PROFILES}/Bulk", 202, _is_message, _REFUSALS)
LOOKUP = Route("POST", f"{_PROFILES}/Lookup", 200, _is_lookup, _REFUSALS)
CREATE_PROFILE = Route("POST", _PROFILES, 202, _is_created, _REFUSALS)
READ_PROFILE = Route("GET", _PROFILES + "/{profile_id}", 200, _is_profile, _REFUSALS, is_moved=True)
DELETE_PROFILE = Route("DELETE", READ_PROFILE.template, 202, _is_message, _REFUSALS, is_moved=True)
ADD_MEMORIES = {
    name: Route("POST", f"{_PROFILES}/{{profile_id}}/{resource}", 202, _is_message, _REFUSALS, is_moved=True)
    for name, resource in (("observations", "Observations"), ("summaries", "ConversationSummaries"))
}
LIST_MEMORIES = {
    name: Route("GET", route.template, 200, _is_page_of(name), _REFUSALS, is_moved=True)
    for name, route in ADD_MEMORIES.items()
}
LIST_REVISIONS = Route(
    "GET",
    LIST_MEMORIES["observations"].template + "/{memory_id}/Revisions",
    200,
    _is_page_of("revisions"),
    _REFUSALS,
)
CHANGE_MEMORY = {
    name: Route("PATCH", route.template + "/{memory_id}", 202, _is_message, _REFUSALS, is_moved=True)
    for name, route in ADD_MEMORIES.items()
}
READ_TRAITS = Route(
    "GET", f"{READ_PROFILE.template}/Traits", 200, _is_page_of_traits, _REFUSALS, is_moved=True
)
READ_IDENTIFIERS = Route(
    "GET", f"{READ_PROFILE.template}/Identifiers", 200, _are_identifiers, _REFUSALS, is_moved=True
)
RECALL = Route("POST", f"{READ_PROFILE.template}/Recall", 200, _is_recalled, _REFUSALS, is_moved=True)
LIST_STORES = Route("GET", _STORES, 200, _is_page_of_ids, _REFUSALS)
ADD_STORE = Route("POST", _STORES, 202, _is_taken_up, _REFUSALS)
CHANGE_STORE = Route("PATCH", _STORE, 202, _is_taken_up, _REFUSALS | {412})
READ_STORE = Route("GET", _STORE, 200, _is_store, _REFUSALS)
LIST_GROUPS = Route("GET", f"{_STORE}/TraitGroups", 200, _is_page_of_groups, _REFUSALS)
ADD_GROUP = Route("POST", f"{_STORE}/TraitGroups", 202, _is_taken_up, _REFUSALS)
CHANGE_GROUP = Route("PATCH", f"{_STORE}/TraitGroups/{{group}}", 202, _is_taken_up, _REFUSALS | {412})
READ_IDENTITY = Route("GET", f"{_STORE}/IdentityResolutionSettings", 200, _is_identity_settings, _REFUSALS)
WRITE_IDENTITY = Route("PUT", f"{_STORE}/IdentityResolutionSettings", 202, _is_taken_up, _REFUSALS | {412})
READ_OPERATION = Route("GET", "/v1/ControlPlane/Operations/{operation_id}", 200, _is_operation, _REFUSALS)
_CONFIGURATIONS = "/v2/ControlPlane/Configurations"
LIST_CONFIGURATIONS = Route("GET", _CONFIGURATIONS, 200, _is_page_of_configurations, _REFUSALS)
ADD_CONFIGURATION = Route("POST", _CONFIGURATIONS, 202, _is_started, frozenset({400, 409}))
CHANGE_CONFIGURATION = Route(
    "PATCH", f"{_CONFIGURATIONS}/{{configuration_id}}", 202, _is_started, _REFUSALS | {409}
)
READ_CONFIGURATION_OPERATION = Route(
    "GET", "/v2/ControlPlane/Operations/{operation_id}", 200, _is_operation, _REFUSALS
)

ROUTES = (
    BULK, LOOKUP, CREATE_PROFILE, READ_PROFILE, DELETE_PROFILE,
    *ADD_MEMORIES.values(), *LIST_MEMORIES.values(), LIST_REVISIONS, *CHANGE_MEMORY.values(),
    READ_TRAITS, READ_IDENTIFIERS, RECALL,
    LIST_STORES, ADD_STORE, READ_STORE, CHANGE_STORE, LIST_GROUPS, ADD_GROUP, CHANGE_GROUP,
    READ_IDENTITY, WRITE_IDENTITY, READ_OPERATION,
    LIST_CONFIGURATIONS, ADD_CONFIGURATION, CHANGE_CONFIGURATION, READ_CONFIGURATION_OPERATION,
)  # fmt: skip
"""All routes that are used."""
