"""Reads a spec file: YAML, `${NAME}` from the environment, and all its mistakes at once."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_import.errors import UsageProblem
from memory_import.sources.opened import Sources
from memory_import.spec.columns import check_columns
from memory_import.spec.memories import check_memories
from memory_import.spec.messages import check_shape, suggest
from memory_import.spec.model import ProfilesSpec, Spec
from memory_import.spec.plans import trait_plans
from memory_import.spec.rows import MomentSpec, RegionSpec
from memory_import.spec.setup import check_setup
from memory_import.spec.traits import TraitSpec
from memory_import.spec.yaml import parse_yaml
from memory_import.transforms.countries.regions import find_region
from memory_import.transforms.names import (
    check_group_name,
    check_sizes,
    check_trait_name,
)
from memory_import.transforms.plan import TraitType
from memory_import.transforms.values.steps import check_pattern
from memory_import.transforms.values.times import check_time_format, check_timezone

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FILE = "file"
_LARGEST_BYTES = 4 * 1024 * 1024  # of a spec: the largest store has 4,750 traits, a few lines each
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|API_KEY", re.IGNORECASE)
_SHORTEST_SECRET = 16
_SECRET_VALUE = re.compile(r"\bSK[0-9a-f]{32}\b")


def load_spec(
    path: Path,
    variables: Mapping[str, str],
    *,
    is_emulator: bool,
    sources: Sources | None,
    without: Collection[str] = (),
) -> Spec:
    """Read, check and return a spec; `UsageProblem` holds everything that is wrong with it.

    In the emulator the store is the emulator's own: the spec's is left out. Columns are looked for in
    the inputs that `sources` opens, those of the loads `without` left out; nowhere without `sources`.
    """
    text = _read(path)
    _check_secrets(text, variables)
    document = parse_yaml(text, path.name)
    if is_emulator:
        document.pop("store", None)
    problems: list[str] = []
    spec, mistakes = check_shape(_interpolate(document, variables, problems))
    problems += mistakes
    if spec is not None:
        problems += _check_values(spec)
        problems += check_columns(spec, path.parent, sources, without) if sources else ()
    if problems or spec is None:
        raise UsageProblem([f"{path.name}: {problem}" for problem in problems])
    return spec


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise UsageProblem(
                f"{path} is larger than any spec ({_LARGEST_BYTES:,} bytes). If it is your data, "
                f"`memory-import init {path.name}` writes a spec for it."
            )
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageProblem(
            f"There is no spec file {path}. `memory-import init FILE` writes one from your data."
        ) from None
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
    """The text with the values of its names; a secret or unset name stays as it is written."""
    values = {}
    for name in _VARIABLE.findall(text):
        if name == _FILE:
            continue  # the name of a row's file, in a trait's `value`
        if _SECRET_NAME.search(name):
            problems.append(f"${{{name}}} is a secret; the spec has no use for it: take it out.")
        elif name not in variables:
            problems.append(f"${{{name}}} is not set in the environment: set it, or write the value.")
        else:
            values[name] = variables[name]
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


def _check_secrets(text: str, variables: Mapping[str, str]) -> None:
    """Refuse a text that holds a secret, before anything of it can come into a message."""
    secrets = (value for name, value in variables.items() if _SECRET_NAME.search(name))
    if _SECRET_VALUE.search(text) or any(
        secret in text for secret in secrets if len(secret) >= _SHORTEST_SECRET
    ):
        raise UsageProblem("The spec holds a secret; secrets belong into the environment: take it out.")


def _check_values(spec: Spec) -> Iterator[str]:
    if not spec.sources:
        yield "there is nothing to import; expected profiles, observations or summaries."
    if spec.profiles is not None:
        yield from _check_profiles(spec.profiles)
        yield from _check_region("profiles", spec.profiles.region)
        if spec.profiles.sync.gone == "delete" and spec.name is None:
            yield (
                "profiles.sync.gone: delete goes by what is known under the spec's name, and there is none; "
                "expected a name, such as name: crm-customers."
            )
    for name, load in spec.memories.items():
        yield from check_memories(name, load)
        yield from _check_region(name, load.region)
    yield from check_setup(spec)


def _check_region(load: str, region: RegionSpec) -> Iterator[str]:
    if region.default is not None and find_region(region.default) is None:
        yield (
            f"{load}.region.default is {region.default!r}; expected a country's name or ISO code, such as US."
        )


def _check_profiles(profiles: ProfilesSpec) -> Iterator[str]:
    for oversize in check_sizes({group: len(traits) for group, traits in profiles.traits.items()}):
        yield f"profiles.traits: {oversize}."
    for group, traits in profiles.traits.items():
        if problem := check_group_name(group):
            yield f"profiles.traits.{group}: {problem}"
        for name in traits:
            if problem := check_trait_name(name):
                yield f"profiles.traits.{group}.{name}: {problem}"
    paths = [plan.path for plan in trait_plans(profiles)]
    for identifier in profiles.identifiers or ():
        if identifier not in paths:
            yield f"profiles.identifiers: {identifier} is not among the traits{suggest(identifier, paths)}"
    for name in profiles.persons.names or ():
        if name not in paths:
            yield f"profiles.persons.names: {name} is not among the traits{suggest(name, paths)}"
    yield from _check_trait_options(profiles)
    if profiles.latest is not None:
        yield from (f"profiles.latest: {problem}." for problem in _check_times(profiles.latest))


_NUMBERS = (TraitType.NUMBER, TraitType.INTEGER)
_OPTIONS: dict[str, tuple[TraitType, ...]] = {
    "format": (TraitType.DATE, TraitType.DATETIME),
    "timezone": (TraitType.DATETIME,),
    "separator": (TraitType.ARRAY, TraitType.PHONE, TraitType.EMAIL),
    "repair": (TraitType.PHONE,),
    "vanity": (TraitType.PHONE,),
    "decimal": _NUMBERS,
    "thousands": _NUMBERS,
    "true": (TraitType.BOOLEAN,),
    "false": (TraitType.BOOLEAN,),
    "name": (TraitType.STRING,),
    "case": (TraitType.STRING, TraitType.EMAIL),
}
"""The options of a trait that belong to some types only."""


def _check_trait_options(profiles: ProfilesSpec) -> Iterator[str]:
    for group, traits in profiles.traits.items():
        for name, trait in traits.items():
            place = f"profiles.traits.{group}.{name}"
            for option, kinds in _OPTIONS.items():
                if getattr(trait, option) and trait.type not in kinds:
                    names = " or ".join(kind.value for kind in kinds)
                    yield f"{place}.{option} is for type {names}, not for {trait.type.value}."
            yield from (f"{place}: {problem}." for problem in _check_trait(trait))


def _check_times(spec: TraitSpec | MomentSpec) -> Iterator[str]:
    for format in spec.format:
        is_moment = isinstance(spec, MomentSpec) or spec.type != TraitType.DATE
        if problem := check_time_format(format, is_moment=is_moment):
            yield problem
    if spec.timezone is not None and (problem := check_timezone(spec.timezone)):
        yield problem


def _check_trait(trait: TraitSpec) -> Iterator[str]:
    yield from _check_times(trait)
    if trait.type == TraitType.EMAIL and trait.case not in {None, "lower"}:
        yield f"case is {trait.case!r}; an email may be put in lower case only"
    both = {text.strip().lower() for text in trait.true} & {text.strip().lower() for text in trait.false}
    if both:
        yield f"true and false both have {min(both)!r}; expected a text in one of them"
    if trait.thousands is not None and (trait.thousands.isalnum() or trait.thousands in "+-"):
        yield f"thousands is {trait.thousands!r}; expected a sign that is no part of a number"
    if trait.decimal is not None and trait.decimal == trait.thousands:
        yield f"decimal and thousands are both {trait.decimal!r}; expected two different signs"
    if trait.otherwise is not None and not trait.map:
        yield "else is for what a map does not have; there is no map"
    if trait.pattern is not None and (problem := check_pattern(trait.pattern)):
        yield problem
