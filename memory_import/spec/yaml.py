"""YAML as people mean it: no key twice, `NO` is Norway, and where it breaks is said without a traceback."""

import json
import re
from collections.abc import Hashable
from typing import Any

import yaml

from memory_import.errors import UsageProblem


class _Loader(yaml.SafeLoader):
    """Booleans are `true` and `false` only, and a key may stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a plain text", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """The mapping that a YAML text holds; `UsageProblem` with line and column when it holds none."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader, only stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise UsageProblem(f"{name} is not valid YAML at {where}: {error.problem}.") from None
    except yaml.YAMLError:
        raise UsageProblem(f"{name} is not a YAML text file.") from None
    if _is_endless(document):
        raise UsageProblem(f"{name} holds an alias (*name) inside of what it stands for: write it out.")
    if not isinstance(document, dict):
        raise UsageProblem(f"{name} holds no mapping; a spec begins with `version: 1`.")
    return document


def _is_endless(document: object) -> bool:
    try:
        json.dumps(document, skipkeys=True, default=str)
    except ValueError:
        return True
    return False
