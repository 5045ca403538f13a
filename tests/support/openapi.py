"""The official OpenAPI documents, where they lie beside the project, and requests checked against them."""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema_rs import Draft202012Validator

from tests.support.shared import SHARED

PATH = SHARED / "api" / "memory_v1.json"
CONVERSATIONS_PATH = SHARED / "api" / "conversations_v2.json"
ABSENT = f"the OpenAPI document is not at {PATH.parent.name}/{PATH.name} beside the project"

Validator = Callable[[str, str, str, dict[str, str], bytes], Sequence[str]]


@cache
def read_document(path: Path = PATH) -> dict[str, Any]:
    """A document, with OpenAPI's ``nullable`` written as JSON Schema has it; nobody changes it."""
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


@cache
def request_validator() -> Validator:
    """What ``memory_import.emulator.app.create_app(validator=...)`` takes: it finds where a request breaks
    the documents."""
    documents = {"v1": _Document(read_document()), "v2": _Document(read_document(CONVERSATIONS_PATH))}

    def find_violations(
        method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> list[str]:
        document = documents.get(path.split("/")[1], documents["v1"])
        found = document.find_operation(method.lower(), path)
        if found is None:
            return [f"{method} is not in the document at this path"]
        operation, parameters, values = found
        given = {"path": values, "query": dict(parse_qsl(query)), "header": headers}
        problems = [problem for each in parameters for problem in _check_parameter(document, each, given)]
        return problems + _check_body(document, operation, headers, body)

    return find_violations


class _Document:
    """A document whose operations and schemas are made ready once."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        fixed_first = sorted(content["paths"], key=lambda template: template.count("{"))
        self._paths = [(_template_pattern(template), content["paths"][template]) for template in fixed_first]
        self._validators: dict[int, Draft202012Validator] = {}

    def find_operation(self, method: str, path: str) -> tuple[Any, list[Any], dict[str, str]] | None:
        """What the document says of an operation, of its parameters, and the values in the path."""
        for pattern, item in self._paths:
            match = pattern.fullmatch(path)
            if match and method in item:
                operation = item[method]
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                return operation, parameters, match.groupdict()
        return None

    def resolve(self, node: Any) -> Any:
        """A part of the document, or the one that it refers to."""
        while "$ref" in node:
            found: Any = self.content
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node

    def check(self, schema: Any, value: object, place: str) -> list[str]:
        """Where a value breaks a schema of this document, and what it breaks."""
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**schema, "components": self.content["components"]}
            validator = Draft202012Validator(whole, validate_formats=True)
            self._validators[id(schema)] = validator
        return [
            f"{'.'.join([place, *map(str, error.instance_path)])}: {error.kind.name}"
            for error in validator.iter_errors(value)
        ]


def _template_pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def _check_parameter(document: _Document, parameter: Any, given: dict[str, dict[str, str]]) -> list[str]:
    parameter = document.resolve(parameter)
    place, name = parameter["in"], parameter["name"]
    value: Any = given[place].get(name.lower() if place == "header" else name)
    if value is None:
        return [f"{place} parameter {name} is missing"] if parameter.get("required") else []
    schema = document.resolve(parameter["schema"])
    if schema.get("type") in {"integer", "boolean"}:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return [f"{place} parameter {name} is no {schema['type']}"]
    return document.check(schema, value, f"{place} parameter {name}")


def _check_body(document: _Document, operation: Any, headers: dict[str, str], body: bytes) -> list[str]:
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
    return document.check(declared["content"]["application/json"]["schema"], parsed, "body")
