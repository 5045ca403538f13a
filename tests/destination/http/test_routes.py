"""Every answer that the API documents for a route counts, and none that neither it nor our list has."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest

from memory_import.destination.http import routes
from memory_import.destination.http.decisions import Answer
from memory_import.destination.http.routes import BELIEVED, ROUTES, Route, is_documented
from tests.support.openapi import ABSENT, CONVERSATIONS_PATH, PATH, read_document

pytestmark = pytest.mark.skipif(not PATH.exists(), reason=ABSENT)

ERROR = {"code": 20404, "message": "…", "status": 404, "more_info": "https://example.com"}
PAGE = b"<!doctype html><title>Just a moment</title>"
MOVED = {"location": "https://memory.twilio.com/v1/x", "canonical-profile-id": "mem_profile_0" + "a" * 25}
TAIL = "[0-7][0-9a-z]{25}"  # of every pattern of an id
NO_SUCCESS = (
    PAGE,
    b"",
    b"[]",
    b"{}",
    b'{"message": 1}',
    b'{"profiles": null}',
    b'{"mess',
    b'{"message": ""}',
)
NAMES = [f"{route.method} {route.template}" for route in ROUTES]


def document_of(route: Route) -> dict[str, Any]:
    """The document of the host that serves a route."""
    return read_document(CONVERSATIONS_PATH if route.template.startswith("/v2/") else PATH)


def responses(route: Route) -> dict[int, Any]:
    """What the document has for a route, by status."""
    whole = document_of(route)
    wanted = re.sub(r"\{\w+\}", "{}", route.template)
    for template, item in whole["paths"].items():
        if re.sub(r"\{\w+\}", "{}", template) == wanted:
            return {
                int(status): resolve(whole, each)
                for status, each in item[route.method.lower()]["responses"].items()
            }
    raise AssertionError(f"{route.template} is not in the document")


def resolve(whole: dict[str, Any], node: Any) -> Any:
    while "$ref" in node:
        found: Any = whole
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def sample(whole: dict[str, Any], schema: Any, *, is_least: bool = False) -> Any:
    """Something that a schema describes, with all its members, or with those alone that it must have, where
    the schema says of any that it must."""
    schema = resolve(whole, schema)
    parts = [schema, *(resolve(whole, part) for part in schema.get("allOf", ()))]
    members = {name: each for part in parts for name, each in part.get("properties", {}).items()}
    required = {name for part in parts for name in part.get("required", ())}
    if members:
        kept = [name for name in members if name in required or not (is_least and required)]
        return {name: sample(whole, members[name], is_least=is_least) for name in kept}
    if "enum" in schema:
        return schema["enum"][0]
    if "items" in schema:
        return [sample(whole, schema["items"], is_least=is_least)]
    if "oneOf" in schema or "anyOf" in schema:
        return sample(whole, (schema.get("oneOf") or schema["anyOf"])[0], is_least=is_least)
    if "pattern" in schema:
        return schema["pattern"].strip("^$").replace("(store|service)", "store").replace(TAIL, "0" * 26)
    if schema.get("format") == "date-time":
        return "2026-01-02T03:04:05Z"
    kind = schema.get("type")
    return {"integer": 20404, "number": 1.5, "boolean": True, "object": {}}.get(str(kind), "text")


def documented(route: Route) -> Iterator[Answer]:
    """An answer of every status that is documented for a route: with all members, with one more, and with
    those alone that it must have."""
    whole = document_of(route)
    for status, response in responses(route).items():
        headers = httpx.Headers(MOVED if status in {301, 308} else {})
        for content in response.get("content", {}).values():
            body = sample(whole, content["schema"])
            least = sample(whole, content["schema"], is_least=True)
            for each in (body, {**body, "new": {"of": "later"}}, least):
                yield Answer(status, headers, json.dumps(each).encode())


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_no_answer_that_is_documented_is_refused(route: Route) -> None:
    answers = list(documented(route))
    assert route.success in {answer.status for answer in answers}
    refused = [(answer.status, answer.body) for answer in answers if not is_documented(answer, route)]
    assert refused == []


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_no_answer_is_believed_that_is_neither_documented_nor_on_the_list(route: Route) -> None:
    known = set(responses(route)) | set(BELIEVED) | set(range(500, 600))
    samples = [answer.body for answer in documented(route)]
    believed = {
        status
        for status in range(200, 600)
        for body in (*NO_SUCCESS, json.dumps(ERROR).encode(), *samples)
        if is_documented(Answer(status, httpx.Headers(MOVED), body), route)
    }
    assert believed <= known


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
@pytest.mark.parametrize("body", NO_SUCCESS)
def test_a_success_without_what_it_must_hold_is_no_answer(route: Route, body: bytes) -> None:
    believed = [
        status
        for status in (200, 201, 202, 204, 207)
        if is_documented(Answer(status, httpx.Headers(), body), route)
    ]
    assert believed == []


_PAGE = "meta meta.nextToken"
_MEMORIES = {
    name: " ".join(
        f"{name}.{member}" for member in ("content", "source", "occurredAt", "updatedAt", of_conversations)
    )
    for name, of_conversations in (
        ("observations", "conversationIds"),
        ("revisions", "conversationIds"),
        ("summaries", "conversationId"),
    )
}
USED = {
    routes.BULK: "message",
    routes.LOOKUP: "profiles",
    routes.CREATE_PROFILE: "message id",
    routes.READ_PROFILE: "id createdAt",
    routes.LIST_MEMORIES["observations"]: f"observations.id {_MEMORIES['observations']} {_PAGE}",
    routes.LIST_MEMORIES["summaries"]: f"summaries.id {_MEMORIES['summaries']} {_PAGE}",
    routes.LIST_REVISIONS: f"revisions.id {_MEMORIES['revisions']} {_PAGE}",
    routes.READ_TRAITS: f"traits traits.name traits.traitGroup traits.timestamp {_PAGE}",
    routes.READ_IDENTIFIERS: "identifiers identifiers.idType identifiers.values",
    routes.RECALL: f"{_MEMORIES['observations']} {_MEMORIES['summaries']} communications meta",
    routes.LIST_STORES: f"stores {_PAGE}",
    routes.READ_STORE: "status displayName description",
    routes.LIST_GROUPS: f"traitGroups traitGroups.displayName traitGroups.traits {_PAGE}",
    routes.READ_IDENTITY: "identifierConfigs.idType identifierConfigs.normalization matchingRules",
    routes.READ_OPERATION: "status error",
    routes.LIST_CONFIGURATIONS: "configurations.id configurations.displayName configurations.channelSettings "
    f"configurations.memoryStoreId configurations.conversationGroupingType {_PAGE}",
}
"""The members that something is decided by, or that are shown."""
WRONG_INSIDE = {
    "a definition": (routes.LIST_GROUPS, {"traitGroups": [{"displayName": "G", "traits": {"t": "STRING"}}]}),
    "its type": (routes.LIST_GROUPS, {"traitGroups": [{"displayName": "G", "traits": {"t": {}}}]}),
    "identifiers": (routes.READ_IDENTIFIERS, {"identifiers": [{"idType": "email", "values": [["x"]]}]}),
}


def members(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all that is in a document."""
    if path:
        yield path
    for step, each in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from members(each, (*path, step))


def replaced(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    """The document with another value at a path."""
    changed = deepcopy(document)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize("route", USED, ids=lambda route: f"{route.method} {route.template}")
@pytest.mark.parametrize("wrong", [7, [7], {"of": 7}], ids=str)
def test_a_success_in_which_a_member_that_is_used_has_another_type_is_no_answer(
    route: Route, wrong: object
) -> None:
    (body, *_) = (json.loads(answer.body) for answer in documented(route) if answer.status == route.success)
    paths = {".".join(step for step in path if isinstance(step, str)): path for path in members(body)}
    believed = [
        name
        for name in USED[route].split()
        if not isinstance(value_at(body, paths[name]), type(wrong))
        and is_success(replaced(body, paths[name], wrong), route)
    ]
    assert believed == []


@pytest.mark.parametrize(("route", "body"), WRONG_INSIDE.values(), ids=WRONG_INSIDE)
def test_a_success_that_is_wrong_deep_inside_is_no_answer(route: Route, body: Any) -> None:
    assert not is_success(body, route)


def is_success(body: Any, route: Route) -> bool:
    return is_documented(Answer(route.success, httpx.Headers(), json.dumps(body).encode()), route)


def value_at(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[step]
    return document
