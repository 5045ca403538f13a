"""Writes the pages that are made from the program: `python docs/generate.py` (or `make docs`).

`spec.md` comes from the model of the spec, `codes.md` from the tables of codes and their sentences.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_import.run.explain import code_tables, describe_code
from memory_import.spec.model import json_schema

FOLDER = Path(__file__).parent
_GENERATED = "<!-- Made by `make docs`; a test holds it against the program. -->\n"


def render_spec() -> str:
    """The reference of every key, section by section, in the order of the model."""
    schema = json_schema()
    lines = [
        "# The spec, key by key",
        "",
        _GENERATED,
        "A spec is a YAML file. Unknown keys, columns that are not in the file and names that the API would",
        "refuse are all reported at once, each with the nearest valid choice. `${NAME}` is taken from the",
        "environment; a secret in the file is an error. For editors: `memory_import/spec/spec.schema.json`.",
        "",
        *_section("The file", schema, schema["$defs"]),
    ]
    for name, model in schema["$defs"].items():
        if "properties" in model:
            lines += _section(_title(name), model, schema["$defs"])
    return "\n".join(lines).rstrip() + "\n"


def _section(title: str, model: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    if "$defs" not in model and model.get("description"):
        yield f"{model['description']}\n"
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    required = model.get("required", ())
    for key, field in model["properties"].items():
        default = "required" if key in required else _default(field)
        meaning = " ".join(field.get("description", "").split())
        yield _row(f"`{key}`", _type(field, models), default, meaning)
    yield ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    if default in (None, [], {}):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _type(field: Mapping[str, Any], models: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one return per form of JSON Schema
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return (
            _type(models[name], models) if "enum" in models[name] else f"[{_title(name)}](#{_anchor(name)})"
        )
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    if "anyOf" in field or "oneOf" in field:
        listed = field.get("anyOf") or field["oneOf"]
        choices = [_type(choice, models) for choice in listed if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(choices))
    match field.get("type"):
        case "array":
            return f"list of {_type(field.get('items', {}), models)}"
        case "object":
            values = field.get("additionalProperties")
            return f"mapping to {_type(values, models)}" if isinstance(values, dict) else "mapping"
        case None:
            return "any"
        case plain:
            return {"string": "text", "boolean": "true or false"}.get(plain, plain)


def _title(name: str) -> str:
    return f"`{name.removesuffix('Spec').lower()}`" if name.endswith("Spec") else name


def _anchor(name: str) -> str:
    return name.removesuffix("Spec").lower()


def render_codes() -> str:
    """Every code that a report can hold: its sentence, an example, and what to do about it."""
    lines = [
        "# Codes",
        "",
        _GENERATED,
        "A report counts these codes; `memory-import explain CODE` says the same in the terminal. Any other",
        "code in a report is the service's own: its words are in the file of rejected rows.",
        "",
    ]
    for title, codes in code_tables().items():
        lines += [f"## {title}", "", "| code | meaning | example | what to do |", "|---|---|---|---|"]
        lines += [_code_row(code) for code in codes]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _code_row(code: str) -> str:
    document, _ = describe_code(code)
    example, result = document["example"] or "", document["result"]
    example += f" becomes `{result}`" if result else ""
    return _row(f"`{code}`", document["meaning"], example, document["what_to_do"])


PAGES = {"spec.md": render_spec, "codes.md": render_codes}


def main() -> int:
    """Write all pages."""
    for name, render in PAGES.items():
        (FOLDER / name).write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
