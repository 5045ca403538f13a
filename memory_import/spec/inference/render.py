"""The draft as a YAML file that a person reads: every line with how full its column is and how it looks."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memory_import.spec.inference.choice import Choice
from memory_import.spec.inference.draft import Draft
from memory_import.spec.inference.traits import Trait

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ./()-]*[A-Za-z0-9_)]|[A-Za-z]")
_WORDS = frozenset({"true", "false", "yes", "no", "null", "on", "off", "y", "n", "nan", "inf"})
_COMMENT_AT = 64


def render_spec(draft: Draft, name: str, *, has_store: bool = False) -> str:
    """The text of a spec; `name` is what is known is kept under.

    `has_store`: the environment names the store, which the spec then takes; else it is known by a name.
    """
    lines = [
        "version: 1",
        f"name: {_value(name)}",
        "store: ${MEMORY_STORE_ID}" if has_store else _store(name),
    ]
    if draft.user_id:
        line = f"setup: {_value({'identifiers': {'user_id': draft.user_id}})}"
        lines.append(_commented(line, "the customer's own id identifies, too"))
    if draft.source:
        lines += _profiles(draft)
    if draft.observations:
        lines += _observations(draft.observations)
    return "\n".join(lines) + "\n"


def _store(name: str) -> str:
    """A store called like the spec, in the letters that a store's name may have."""
    letters = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")[:64]
    line = f"store: {_value({'name': letters or 'customers'})}"
    return _commented(line, "`memory-import setup` makes it; or the id of a store")


def _profiles(draft: Draft) -> Iterator[str]:
    yield "profiles:"
    yield f"  source: {_value(draft.source['path'] if list(draft.source) == ['path'] else draft.source)}"
    if draft.region:
        line = f"  region: {_value(draft.region)}"
        yield _commented(line, "check: where most of these people are") if draft.region_is_guessed else line
    if draft.where:
        yield f"  where: {_value(draft.where)}"
    for column, proposal in draft.hints.items():
        rule, _, reason = proposal.partition("  # ")
        yield f"  # where: {{{_value(column)}: {rule}}}  # {reason}"
    if draft.latest:
        yield f"  latest: {_value(draft.latest)}"
    yield "  traits:"
    for group in dict.fromkeys(trait.group for trait in draft.traits):
        yield f"    {group}:"
        for trait in draft.traits:
            if trait.group == group:
                yield _trait_line(trait)
    if draft.left_out:
        yield "  # Not imported:"
        yield from (left_out_line(choice) for choice in draft.left_out)


def _trait_line(trait: Trait) -> str:
    return _commented(f"      {trait.name}: {_value(trait_value(trait))}", _describe(trait))


def trait_value(trait: Trait) -> Any:
    """The value of a trait's key: a column, or a mapping."""
    column: Any = trait.columns[0] if len(trait.columns) == 1 else list(trait.columns)
    return column if not trait.options and isinstance(column, str) else {"column": column, **trait.options}


def left_out_line(choice: Choice) -> str:
    """The comment about a column that is not mapped."""
    return f"  #   {_one_line(choice.column)}: {choice.reason}"


def _describe(trait: Trait) -> str:
    seen = ", ".join(f"{choice.evidence.fill:.0%}" for choice in trait.choices)
    example = next((choice.evidence.example for choice in trait.choices), "")
    doubts = "".join(f"; check: {doubt}" for doubt in trait.doubts)
    return f"{seen} filled, e.g. {example}{doubts}"


def _observations(section: Mapping[str, Any]) -> Iterator[str]:
    yield "observations:"
    for key, value in section.items():
        simple = value["path"] if key == "source" and list(value) == ["path"] else value
        line = f"  {key}: {_value(simple)}"
        yield (
            _commented(line, "check: which time zone?")
            if key == "occurred_at" and "timezone" in value
            else line
        )


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_COMMENT_AT}}  # {_one_line(comment)}"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _value(value: Any) -> str:
    """A value in YAML's flow style."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{_value(k)}: {_value(v)}" for k, v in value.items()) + "}"
        case str():
            return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
        case Sequence():
            return "[" + ", ".join(map(_value, value)) + "]"
        case _:
            return json.dumps(value)


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS
