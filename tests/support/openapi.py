"""The official OpenAPI documents, where they lie beside the project, and requests checked against them."""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema

from tests.support.shared import SHARED

PATH = SHARED / "api" / "memory_v1.json"
CONVERSATIONS_PATH = SHARED / "api" / "conversations_v2.json"
ABSENT = f"the OpenAPI document is not at {PATH.parent.name}/{PATH.name} beside the project"

Validator = Callable[[str, str, str, dict[str, str], bytes], Sequence[str]]


def read_document(path: Path = PATH) -> dict[str, Any]:
    """A document, with OpenAPI's ``nullable`` written as JSON Schema has it."""
    document: dict[str, Any] = _as_json_schema(json.loads(path.read_text()))
    return document


def _as_json_schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    converted = {key: _as_json_schema(value) for key, value in node.items()}
    if converted.pop("nullable", False) is True and isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
    return converted


def request_validator() -> Validator:
    """What ``memory_import.emulator.app.create_app(validator=...)`` takes: it finds where a request breaks
    the documents."""
    documents = {"v1": read_document(), "v2": read_document(CONVERSATIONS_PATH)}

    def find_violations(
        method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> list[str]:
        document = documents.get(path.split("/")[1], documents["v1"])
        found = _find_operation(document, method.lower(), path)
        if found is None:
            return [f"{method} is not in the document at this path"]
        operation, parameters, values = found
        given = {"path": values, "query": dict(parse_qsl(query)), "header": headers}
        problems = [problem for each in parameters for problem in _check_parameter(document, each, given)]
        return problems + _check_body(document, operation, headers, body)

    return find_violations


def _find_operation(
    document: dict[str, Any], method: str, path: str
) -> tuple[Any, list[Any], dict[str, str]] | None:
    fixed_first = sorted(document["paths"], key=lambda template: template.count("{"))
    for template in fixed_first:
        match = _template_pattern(template).fullmatch(path)
        if match and method in document["paths"][template]:
            item = document["paths"][template]
            operation = item[method]
            return operation, item.get("parameters", []) + operation.get("parameters", []), match.groupdict()
    return None


@cache
def _template_pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def _resolve(document: dict[str, Any], node: Any) -> Any:
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def _check_parameter(document: dict[str, Any], parameter: Any, given: dict[str, dict[str, str]]) -> list[str]:
    parameter = _resolve(document, parameter)
    place, name = parameter["in"], parameter["name"]
    value: Any = given[place].get(name.lower() if place == "header" else name)
    if value is None:
        return [f"{place} parameter {name} is missing"] if parameter.get("required") else []
    schema = _resolve(document, parameter["schema"])
    if schema.get("type") in {"integer", "boolean"}:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return [f"{place} parameter {name} is no {schema['type']}"]
    return _check_value(document, schema, value, f"{place} parameter {name}")


def _check_body(document: dict[str, Any], operation: Any, headers: dict[str, str], body: bytes) -> list[str]:
    declared = operation.get("requestBody")
    if declared is None:
        return ["the operation takes no body"] if body else []
    if not body:
        return ["the body is missing"] if declared.get("required") else []
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        return ["the body is not declared as application/json"]
    if "content-encoding" in headers:
        return []
    try:
        parsed = json.loads(body)
    except ValueError:  # bytes that are no text, too
        return ["the body is no JSON"]
    return _check_value(document, declared["content"]["application/json"]["schema"], parsed, "body")


def _check_value(document: dict[str, Any], schema: Any, value: object, place: str) -> list[str]:
    whole = {**schema, "components": document["components"]}
    validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
    return [
        f"{place}{error.json_path.removeprefix('$')}: {error.validator}"
        for error in validator.iter_errors(value)
    ]
