"""The keys and values of a spec: everything that its model refuses, in words for the person who wrote it."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from memory_import.spec.configuration import NAME_PATTERN
from memory_import.spec.model import Spec
from memory_import.transforms.names import nearest

_EXPECTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "too_short": "at least one entry",
}
_TEXT_RULES = {"string_too_short", "string_too_long", "string_pattern_mismatch"}
_PATTERNS = {NAME_PATTERN: "letters, digits, spaces, hyphens and underscores"}
_USUAL_PATTERN = "letters, digits and hyphens"
_STORE = "the id of a store, or a mapping with its name"
_SHORT_FORMS = {"occurred_at", "conversation_ids", "latest"}
_LISTS = {
    "column": "a column or a list of columns",
    **dict.fromkeys(("format", "true", "false"), "a text or a list of texts"),
}
_DEEPEST_PLACE = 7  # an entry of a list of columns, counted from the document down

Place = tuple[Any, ...]


def check_shape(document: dict[str, Any]) -> tuple[Spec | None, list[str]]:
    """The spec in a document and what is wrong with its keys and values.

    A spec with mistakes comes without the parts that hold them, so that the rest can be looked at too; it is
    None when too little is left. The document is taken apart on the way.
    """
    problems = []
    for place, model in list(_unknown_places(document, Spec, ())):
        problems.append(f"unknown key {dotted(place)}{suggest(str(place[-1]), _fields_of(model))}")
        _remove(document, place)
    try:
        return Spec.model_validate(document), problems
    except ValidationError as error:
        mistakes = [(details, _place(details)) for details in error.errors() if not _is_first_arm(details)]
    problems += [_describe(details, place) for details, place in mistakes]
    return _without_mistakes(document, [place for _, place in mistakes]), problems


def suggest(name: str, choices: Iterable[Any]) -> str:
    """How a sentence about a wrong name ends: with the nearest right one, or with all of them."""
    names = [str(choice) for choice in choices]
    match = nearest(name, names)
    if match is None:
        return f"; expected one of: {', '.join(names)}."
    return f"; did you mean {ascii(match) if _looks_alike(name, match) else repr(match)}?"


def _looks_alike(name: str, other: str) -> bool:
    """Whether two names may print alike: composed otherwise, or with letters of another alphabet."""
    if unicodedata.normalize("NFKC", name) == unicodedata.normalize("NFKC", other):
        return True
    return _alphabets(name) != _alphabets(other)


def _alphabets(name: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()}


def dotted(place: Sequence[Any]) -> str:
    """A place in the spec as people write it."""
    return ".".join(str(part) for part in place)


def _unknown_places(value: Any, annotation: Any, place: Place) -> Iterator[tuple[Place, type[BaseModel]]]:
    """Every key that its model does not have, with that model."""
    if not isinstance(value, dict):
        return
    model = _model_of(annotation)
    if model is not None:
        for key, item in value.items():
            field = _fields_of(model).get(key)
            if field is None:
                yield (*place, key), model
            else:
                yield from _unknown_places(item, field.annotation, (*place, key))
    elif get_origin(annotation) is dict:
        for key, item in value.items():
            yield from _unknown_places(item, get_args(annotation)[1], (*place, key))


def _fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by their keys in the spec."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType} or hasattr(annotation, "__metadata__"):
        return next((model for part in get_args(annotation) if (model := _model_of(part))), None)
    return None


def _model_at(place: Place) -> type[BaseModel] | None:
    """The model of what stands at a place of a spec."""
    model: type[BaseModel] | None = Spec
    for key in place:
        field = None if model is None else _fields_of(model).get(key)
        model = None if field is None else _model_of(field.annotation)
    return model


def _remove(document: Any, place: Place) -> None:
    """Take a place out of a document, if it is there."""
    for key in place[:-1]:
        document = document.get(key) if isinstance(document, dict) else None
    if isinstance(document, dict):
        document.pop(place[-1], None)


def _without_mistakes(document: dict[str, Any], places: Sequence[Place]) -> Spec | None:
    """The spec in what is left when the mistakes are taken out, and then whatever cannot be without them."""
    traits = _names_of_traits(document)
    for _ in range(_DEEPEST_PLACE):
        for place in places:
            _leave_out(document, place)
        if _names_of_traits(document) != traits:
            _remove(document, ("profiles", "identifiers"))  # they may name a trait that was taken out
        try:
            spec = Spec.model_validate({"version": 1, **document})
        except ValidationError as error:
            places = [_place(details)[:-1] for details in error.errors()]
        else:
            return spec if spec.sources else None
    return None


def _leave_out(document: dict[str, Any], place: Place) -> None:
    """Take a mistake out; with it go all options of its trait, whose meaning may hang on it."""
    if place[-1:] == ("[key]",):
        _remove(document, place[:-1])
    elif place[:2] == ("profiles", "traits") and len(place) == 5 and place[4] != "column":
        trait = document["profiles"]["traits"][place[2]][place[3]]
        for option in trait.keys() - {"column"}:
            del trait[option]
    elif place:
        _remove(document, place)


def _names_of_traits(document: dict[str, Any]) -> set[Place]:
    profiles = document.get("profiles")
    traits = profiles.get("traits") if isinstance(profiles, dict) else None
    groups = traits.items() if isinstance(traits, dict) else ()
    return {(group, name) for group, names in groups if isinstance(names, dict) for name in names}


def _is_first_arm(details: Any) -> bool:
    """`column` is a text or a list; where it is neither, pydantic reports it once for each."""
    return _is_column(details["loc"]) and details["loc"][5] == "str"


def _is_column(loc: Place) -> bool:
    return len(loc) > 5 and loc[:2] == ("profiles", "traits") and loc[4] == "column"


def _place(details: Any) -> Place:
    loc: Place = details["loc"]
    if loc[0] == "store":  # an id or a mapping: which of them stands at 1
        return (*loc[:1], *loc[2:])
    return (*loc[:5], *loc[6:]) if _is_column(loc) else loc


def _describe(details: Any, place: Place) -> str:
    kind, found = details["type"], details["input"]
    if kind == "missing":
        return f"{dotted(place)} is missing."
    if kind == "column_or_value":
        if not {"column", "value"} & found.keys():
            return f"{dotted(place)}.column is missing."
        return f"{dotted(place)} has a column and a value; expected one of them."
    if kind == "extra_forbidden" or place[-1] == "[key]":
        return _describe_key(details, place)
    if kind == "enum" and isinstance(found, str):
        choices = details["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"{dotted(place)} is {found!r}{suggest(found, choices)}"
    expected = _STORE if place == ("store",) else _expected(kind, place, details)
    return f"{dotted(place)} is {_shown(found)}; expected {expected}."


def _describe_key(details: Any, place: Place) -> str:
    """What is wrong with a key that no model could be asked for: of an entry of a list, or of a mapping."""
    if details["type"] == "extra_forbidden":
        return f"unknown key {dotted(place)}."
    if details["type"] == "literal_error":
        return f"unknown key {dotted(place[:-1])}; expected {details['ctx']['expected']}."
    return f"{dotted(place[:-1])} is no name; put it in quotes if it is meant to be one."


def _expected(kind: str, place: Place, details: Any) -> str:
    if kind in _TEXT_RULES:
        return _expected_text(**details["ctx"])
    if kind == "model_type" and place[-1] == "source":
        return "a path or a mapping"
    has_short_form = len(place) == 4 or "profile" in place[1:2] or place[-1] in _SHORT_FORMS
    if kind == "model_type" and has_short_form:
        return "a column or a mapping"
    if kind == "tuple_type" and place[-1] in _LISTS:
        return _LISTS[place[-1]]
    if kind == "model_type" and (model := _model_at(place)) is not None:
        return f"a mapping with any of: {', '.join(_fields_of(model))}"
    message: str = details["msg"]
    return _EXPECTED.get(kind, message.removeprefix("Input should be "))


def _expected_text(min_length: int = 1, max_length: int | None = None, pattern: str | None = None) -> str:
    """The form of a text, of which a model states the least or the most length, or the letters."""
    if pattern is not None:
        return _PATTERNS.get(pattern, _USUAL_PATTERN)
    if max_length is None:
        return "a text" if min_length == 1 else f"at least {min_length} characters"
    return "one character" if max_length == 1 else f"at most {max_length} characters"


def _shown(found: Any) -> str:
    match found:
        case None | [] | {}:
            return "empty"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return repr(found) if isinstance(found, (str, int, float, bool)) else str(found)
