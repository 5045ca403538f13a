"""What each route of the API may answer: the one place that an answer is held against.

The routes, their statuses and what a success must hold are those of the official OpenAPI documents;
`BELIEVED` lists what is taken beyond them, with the reason. Everything else, a proxy's page with a 202 for
example, is no answer: nobody knows what became of the request.
"""

from dataclasses import dataclass
from urllib.parse import quote

from memory_import.destination.http import shapes
from memory_import.destination.http.decisions import (
    STORE_NOT_ACTIVE,
    Answer,
    NoAnswer,
    as_code,
    read_object,
)

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
    shape: shapes.Shape
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
    is_told = "location" in answer.headers and shapes.is_id(
        answer.headers.get("canonical-profile-id"), "profile"
    )
    return route.is_moved and answer.status == moved and is_told


# The routes

_PROFILES = "/v1/Stores/{store_id}/Profiles"
_STORES = "/v1/ControlPlane/Stores"
_STORE = f"{_STORES}/{{store_id}}"
_REFUSALS = frozenset({400, 404})

BULK = Route("PUT", f"{_PROFILES}/Bulk", 202, shapes.is_message, _REFUSALS)
LOOKUP = Route("POST", f"{_PROFILES}/Lookup", 200, shapes.is_lookup, _REFUSALS)
CREATE_PROFILE = Route("POST", _PROFILES, 202, shapes.is_created, _REFUSALS)
READ_PROFILE = Route("GET", _PROFILES + "/{profile_id}", 200, shapes.is_profile, _REFUSALS, is_moved=True)
CHANGE_PROFILE = Route("PATCH", READ_PROFILE.template, 202, shapes.is_message, _REFUSALS, is_moved=True)
DELETE_PROFILE = Route("DELETE", READ_PROFILE.template, 202, shapes.is_message, _REFUSALS, is_moved=True)
ADD_MEMORIES = {
    name: Route(
        "POST", f"{_PROFILES}/{{profile_id}}/{resource}", 202, shapes.is_message, _REFUSALS, is_moved=True
    )
    for name, resource in (("observations", "Observations"), ("summaries", "ConversationSummaries"))
}
LIST_MEMORIES = {
    name: Route("GET", ADD_MEMORIES[name].template, 200, shape, _REFUSALS, is_moved=True)
    for name, shape in (
        ("observations", shapes.is_page_of_observations),
        ("summaries", shapes.is_page_of_summaries),
    )
}
LIST_REVISIONS = Route(
    "GET",
    LIST_MEMORIES["observations"].template + "/{memory_id}/Revisions",
    200,
    shapes.is_page_of_revisions,
    _REFUSALS,
)
CHANGE_MEMORY = {
    name: Route("PATCH", route.template + "/{memory_id}", 202, shapes.is_message, _REFUSALS, is_moved=True)
    for name, route in ADD_MEMORIES.items()
}
READ_TRAITS = Route(
    "GET", f"{READ_PROFILE.template}/Traits", 200, shapes.is_page_of_traits, _REFUSALS, is_moved=True
)
READ_IDENTIFIERS = Route(
    "GET", f"{READ_PROFILE.template}/Identifiers", 200, shapes.are_identifiers, _REFUSALS, is_moved=True
)
CHANGE_IDENTIFIER = Route(
    "PATCH",
    READ_IDENTIFIERS.template + "/{id_type}",
    202,
    shapes.is_message,
    _REFUSALS | {409},
    is_moved=True,
)
RECALL = Route("POST", f"{READ_PROFILE.template}/Recall", 200, shapes.is_recalled, _REFUSALS, is_moved=True)
LIST_STORES = Route("GET", _STORES, 200, shapes.is_page_of_ids, _REFUSALS)
ADD_STORE = Route("POST", _STORES, 202, shapes.is_taken_up, _REFUSALS)
CHANGE_STORE = Route("PATCH", _STORE, 202, shapes.is_taken_up, _REFUSALS | {412})
READ_STORE = Route("GET", _STORE, 200, shapes.is_store, _REFUSALS)
LIST_GROUPS = Route("GET", f"{_STORE}/TraitGroups", 200, shapes.is_page_of_groups, _REFUSALS)
ADD_GROUP = Route("POST", f"{_STORE}/TraitGroups", 202, shapes.is_taken_up, _REFUSALS)
CHANGE_GROUP = Route("PATCH", f"{_STORE}/TraitGroups/{{group}}", 202, shapes.is_taken_up, _REFUSALS | {412})
READ_IDENTITY = Route(
    "GET", f"{_STORE}/IdentityResolutionSettings", 200, shapes.is_identity_settings, _REFUSALS
)
WRITE_IDENTITY = Route(
    "PUT", f"{_STORE}/IdentityResolutionSettings", 202, shapes.is_taken_up, _REFUSALS | {412}
)
READ_OPERATION = Route(
    "GET", "/v1/ControlPlane/Operations/{operation_id}", 200, shapes.is_operation, _REFUSALS
)
_CONFIGURATIONS = "/v2/ControlPlane/Configurations"
LIST_CONFIGURATIONS = Route("GET", _CONFIGURATIONS, 200, shapes.is_page_of_configurations, _REFUSALS)
ADD_CONFIGURATION = Route("POST", _CONFIGURATIONS, 202, shapes.is_started, frozenset({400, 409}))
CHANGE_CONFIGURATION = Route(
    "PATCH", f"{_CONFIGURATIONS}/{{configuration_id}}", 202, shapes.is_started, _REFUSALS | {409}
)
READ_CONFIGURATION_OPERATION = Route(
    "GET", "/v2/ControlPlane/Operations/{operation_id}", 200, shapes.is_operation, _REFUSALS
)

ROUTES = (
    BULK, LOOKUP, CREATE_PROFILE, READ_PROFILE, CHANGE_PROFILE, DELETE_PROFILE,
    *ADD_MEMORIES.values(), *LIST_MEMORIES.values(), LIST_REVISIONS, *CHANGE_MEMORY.values(),
    READ_TRAITS, READ_IDENTIFIERS, CHANGE_IDENTIFIER, RECALL,
    LIST_STORES, ADD_STORE, READ_STORE, CHANGE_STORE, LIST_GROUPS, ADD_GROUP, CHANGE_GROUP,
    READ_IDENTITY, WRITE_IDENTITY, READ_OPERATION,
    LIST_CONFIGURATIONS, ADD_CONFIGURATION, CHANGE_CONFIGURATION, READ_CONFIGURATION_OPERATION,
)  # fmt: skip
"""All routes that are used."""
