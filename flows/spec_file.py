"""Reads a spec file: YAML, `${NAME}` from the environment, and all its mistakes at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from flows.errors import UsageProblem
from flows.spec import ProfilesSpec, Spec, columns_used, source_options, trait_plans
from flows.spec_yaml import parse_yaml
from sources.errors import SourceError
from sources.tabular import open_source
from transforms.headers import check_group_name, check_trait_name, nearest
from transforms.plan import TraitType

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|API_KEY", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"\bSK[0-9a-f]{32}\b")


def load_spec(
    path: Path, variables: Mapping[str, str], *, is_emulator: bool, with_source: bool = True
) -> Spec:
    """Read, check and return a spec; `UsageProblem` holds everything that is wrong with it.

    In the emulator the store is the emulator's own: the spec's is left out. `with_source` looks for the
    columns in the input.
    """
    document = parse_yaml(_read(path), path.name)
    if is_emulator:
        document.pop("store", None)
    problems: list[str] = []
    document = _interpolate(document, variables, problems)
    problems += _unknown_keys(document)
    spec = _validate(_without_unknown_keys(document), problems)
    if spec is not None:
        problems += _check_profiles(spec.profiles)
        problems += _check_columns(spec.profiles, path.parent) if with_source else ()
    if problems or spec is None:
        raise UsageProblem([f"{path.name}: {problem}" for problem in problems])
    return spec


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageProblem(f"There is no spec file {path}.") from None
    except IsADirectoryError:
        raise UsageProblem(f"{path} is a folder; name the spec file in it.") from None
    except (OSError, UnicodeDecodeError):
        raise UsageProblem(f"{path} cannot be read as UTF-8 text.") from None


def _interpolate(value: Any, variables: Mapping[str, str], problems: list[str]) -> Any:
    match value:
        case dict():
            return {key: _interpolate(item, variables, problems) for key, item in value.items()}
        case list():
            return [_interpolate(item, variables, problems) for item in value]
        case str():
            return _interpolate_text(value, variables, problems)
        case _:
            return value


def _interpolate_text(text: str, variables: Mapping[str, str], problems: list[str]) -> str:
    if _SECRET_VALUE.search(text):
        problems.append(
            "it holds an API key. Secrets belong into the environment, never into a spec: take it out."
        )
    for name in _VARIABLE.findall(text):
        if _SECRET_NAME.search(name):
            problems.append(f"${{{name}}} is a secret; the spec has no use for it: take it out.")
        elif name not in variables:
            problems.append(f"${{{name}}} is not set in the environment: set it, or write the value.")
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)


def _unknown_keys(document: Mapping[str, Any]) -> list[str]:
    return [
        f"unknown key {_dotted(place)}{_suggest(str(place[-1]), model.model_fields)}"
        for place, model in _extra_places(document)
    ]


def _extra_places(document: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], type[BaseModel]]]:
    """Every key that its model does not have, with that model."""
    yield from _walk(document, Spec, ())


def _walk(
    value: Any, annotation: Any, place: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], type[BaseModel]]]:
    if not isinstance(value, dict):
        return
    model = _model_of(annotation)
    if model is not None:
        for key, item in value.items():
            field = model.model_fields.get(key)
            if field is None:
                yield (*place, key), model
            else:
                yield from _walk(item, field.annotation, (*place, key))
    elif get_origin(annotation) is dict:
        for key, item in value.items():
            yield from _walk(item, get_args(annotation)[1], (*place, key))


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType} or hasattr(annotation, "__metadata__"):
        return next((model for part in get_args(annotation) if (model := _model_of(part))), None)
    return None


def _without_unknown_keys(document: dict[str, Any]) -> dict[str, Any]:
    for place, _ in list(_extra_places(document)):
        parent = document
        for key in place[:-1]:
            parent = parent[key]
        del parent[place[-1]]
    return document


def _validate(document: Mapping[str, Any], problems: list[str]) -> Spec | None:
    try:
        return Spec.model_validate(document)
    except ValidationError as error:
        problems += [_describe(details) for details in error.errors()]
        return None


def _describe(details: Any) -> str:
    place = tuple(part for part in details["loc"] if part not in {"str", "tuple[str, ...]"})
    if details["type"] == "missing":
        return f"{_dotted(place)} is missing."
    found = details["input"]
    if details["type"] == "enum" and isinstance(found, str):
        return f"{_dotted(place)} is {found!r}{_suggest(found, [kind.value for kind in TraitType])}"
    shown = f"is {found!r}" if isinstance(found, (str, int, float, bool)) else f"is a {type(found).__name__}"
    return f"{_dotted(place)} {shown}: {details['msg'][0].lower()}{details['msg'][1:]}."


def _check_profiles(profiles: ProfilesSpec) -> Iterator[str]:
    for group, traits in profiles.traits.items():
        if problem := check_group_name(group):
            yield f"profiles.traits.{group}: {problem}"
        for name in traits:
            if problem := check_trait_name(name):
                yield f"profiles.traits.{group}.{name}: {problem}"
    paths = [plan.path for plan in trait_plans(profiles)]
    for identifier in profiles.identifiers or ():
        if identifier not in paths:
            yield f"profiles.identifiers: {identifier} is not among the traits{_suggest(identifier, paths)}"
    yield from _check_trait_options(profiles)


def _check_trait_options(profiles: ProfilesSpec) -> Iterator[str]:
    belongs = {
        "format": (TraitType.DATE, TraitType.DATETIME),
        "timezone": (TraitType.DATETIME,),
        "separator": (TraitType.ARRAY,),
    }
    for plan in trait_plans(profiles):
        for option, kinds in belongs.items():
            if getattr(plan, option) is not None and plan.type not in kinds:
                names = " or ".join(kind.value for kind in kinds)
                yield f"profiles.traits.{plan.path}.{option} is for type {names}, not for {plan.type.value}."


def _check_columns(profiles: ProfilesSpec, folder: Path) -> Iterator[str]:
    try:
        source = open_source(source_options(profiles.source, folder))
    except SourceError as error:
        yield f"profiles.source: {error}"
        return
    for column, place in columns_used(profiles).items():
        for file in source.files:
            if column not in source.columns_of[file]:
                yield f"{place}: {file} has no column {column!r}{_suggest(column, source.columns_of[file])}"


def _suggest(name: str, choices: Any) -> str:
    names = [str(choice) for choice in choices]
    match = nearest(name, names)
    return f"; did you mean {match!r}?" if match else f"; expected one of: {', '.join(names)}."


def _dotted(place: Sequence[Any]) -> str:
    return ".".join(str(part) for part in place)
