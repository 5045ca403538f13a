"""New columns brought into a spec that a person has changed: what is there stays as it is."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from memory_import.errors import UsageProblem
from memory_import.spec.inference.draft import Draft
from memory_import.spec.inference.render import trait_value
from memory_import.spec.inference.traits import Trait


def extend_spec(path: Path, draft: Draft) -> tuple[str, tuple[Trait, ...]]:
    """The text of the spec with the traits added that it lacks, and these traits.

    A column that the spec mentions anywhere, in a comment too, was decided about and is left alone.
    """
    text = path.read_text(encoding="utf-8")
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 200
    try:
        document = yaml.load(text)
    except YAMLError as error:
        raise UsageProblem(f"{path.name} is not valid YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(document, dict) or not isinstance(document.get("profiles"), dict):
        raise UsageProblem(f"{path.name} has no section `profiles` to add to.")
    mentioned = set(_texts(document)) | set(_commented_columns(text))
    added = tuple(trait for trait in draft.traits if not mentioned & set(trait.columns))
    traits = document["profiles"].setdefault("traits", CommentedMap())
    for trait in added:
        group = traits.setdefault(trait.group, CommentedMap())
        name = trait.name if trait.name not in group else f"{trait.name}2"
        group[name] = _flow(trait_value(trait))
    if not added:
        return text, ()
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue(), added


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _texts(key)
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case str():
            yield str(value)


def _commented_columns(text: str) -> Iterator[str]:
    """The columns that lines such as `#   Column: the reason` name."""
    for line in text.splitlines():
        if line.strip().startswith("#"):
            yield line.strip().lstrip("#").rpartition(": ")[0].strip()


def _flow(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    mapping = CommentedMap(value)
    mapping.fa.set_flow_style()
    return mapping
