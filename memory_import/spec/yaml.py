"""YAML 1.2: no key twice, `NO` is Norway, and where it breaks is said without a traceback."""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from memory_import.errors import UsageProblem

MOST_VALUES = 100_000
"""What a spec may hold once its aliases are written out; the largest store has 4,750 traits."""

_MERGE = "tag:yaml.org,2002:merge"
_BOOL = "tag:yaml.org,2002:bool"
_TEXT = "tag:yaml.org,2002:str"


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """The mapping that a YAML text holds; `UsageProblem` with line and column when it holds none."""
    reader = YAML(typ="safe", pure=True)
    try:
        root = reader.compose(text)
        if root is not None:
            _check_node(root)
        document = reader.constructor.construct_document(root) if root is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise UsageProblem(f"{name} is not valid YAML at {where}: {error.problem}.") from None
    except YAMLError:
        raise UsageProblem(f"{name} is not a YAML text file.") from None
    except _AliasProblem as problem:
        raise UsageProblem(f"{name} {problem}") from None
    except RecursionError:
        raise UsageProblem(f"{name} is nested more deeply than any spec has to be.") from None
    if not isinstance(document, dict):
        raise UsageProblem(f"{name} holds no mapping; a spec begins with `version: 1`.")
    return document


class _AliasProblem(Exception):
    """The aliases of a document cannot be written out."""


def _check_node(root: Node) -> None:
    """Refuse, before anything is built of it, what has a key twice or one that is no text, and aliases that
    stand inside of themselves or for more than `MOST_VALUES`."""
    sizes: dict[int, int] = {}
    _measure(root, sizes, set())


def _measure(node: Node, sizes: dict[int, int], above: set[int]) -> int:
    """How many values a node is, aliases written out; each node is looked at once."""
    key = id(node)
    if key in above:
        raise _AliasProblem("holds an alias (*name) inside of what it stands for: write it out.")
    if key not in sizes:
        if isinstance(node, MappingNode):
            _check_keys(node)
        above.add(key)
        sizes[key] = 1 + sum(_measure(child, sizes, above) for child in _children(node))
        above.discard(key)
        if sizes[key] > MOST_VALUES:
            raise _AliasProblem(
                f"has aliases (*name) that stand for more than {MOST_VALUES:,} values: write them out."
            )
    return sizes[key]


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        yield from (child for pair in node.value for child in pair)
    elif isinstance(node, CollectionNode):
        yield from node.value


def _check_keys(mapping: MappingNode) -> None:
    """Refuse keys that stand twice or are no texts; the keys `true` and `false` are texts."""
    seen: set[tuple[str | None, str]] = set()
    for key, _ in mapping.value:
        if not isinstance(key, ScalarNode):
            raise MarkedYAMLError(problem="a key must be a plain text", problem_mark=key.start_mark)
        if key.tag == _BOOL:
            key.tag = _TEXT
        if (key.tag, key.value) in seen and key.tag != _MERGE:
            raise MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
        seen.add((key.tag, key.value))
