"""Trait groups: how they are declared, and whether a profile's traits fit the declarations."""

import re
from collections.abc import Mapping
from typing import NamedTuple, cast

from memory_import.emulator.engine import limits
from memory_import.emulator.engine.checks import (
    Check,
    Json,
    checked_settings,
    integer,
    mapping,
    number,
    one_of,
    record,
    text,
)
from memory_import.emulator.engine.errors import TRAIT_GROUP_MISSING, TRAIT_UPSERT_FAILED, invalid
from memory_import.emulator.engine.state import (
    Identifiers,
    IdentitySettings,
    Promotion,
    TraitCheck,
    TraitGroup,
)

GROUP_NAME_PATTERN = r"[a-zA-Z0-9_\-\.]+"
_TRAIT_NAME_PATTERN = re.compile(r"[a-z][a-zA-Z0-9]*", re.ASCII)


class RowProblem(NamedTuple):
    """Why a profile cannot be taken: Twilio's code and where the trouble is, without its value."""

    code: int
    message: str


_RULES: dict[str, Check] = {
    "STRING": record(
        {
            "ruleType": one_of("STRING"),
            "pattern": text(high=1000),
            "minLength": integer(low=0),
            "maxLength": integer(low=1),
        },
        required=["ruleType"],
    ),
    "NUMBER": record(
        {"ruleType": one_of("NUMBER"), "min": number(), "max": number()},
        required=["ruleType"],
    ),
    "BOOLEAN": record({"ruleType": one_of("BOOLEAN")}, required=["ruleType"]),
    "ARRAY": record(
        {"ruleType": one_of("ARRAY"), "minItems": integer(low=0), "maxItems": integer(low=0)},
        required=["ruleType"],
    ),
}


def _check_rule(value: object, place: str) -> None:
    rule_type = value.get("ruleType") if isinstance(value, dict) else None
    if not isinstance(rule_type, str) or rule_type not in _RULES:
        raise invalid(f"{place}.ruleType must be one of {', '.join(_RULES)}.")
    _RULES[rule_type](value, place)
    pattern = cast(Json, value).get("pattern")
    if isinstance(pattern, str):
        _compile_pattern(pattern, place)


def _compile_pattern(pattern: str, place: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise invalid(f"{place}.pattern is not a regular expression: {error.msg}.") from error


def _definition(*data_types: str) -> Check:
    return record(
        {
            "dataType": one_of(*data_types),
            "description": text(high=limits.MAX_DESCRIPTION_CHARACTERS),
            "validationRule": _check_rule,
            "idTypePromotion": text(high=limits.MAX_ID_TYPE_CHARACTERS),
        },
        required=["dataType"],
    )


_CREATE = record(
    {
        "displayName": text(low=1, high=limits.MAX_NAME_CHARACTERS, pattern=GROUP_NAME_PATTERN),
        "description": text(high=limits.MAX_DESCRIPTION_CHARACTERS),
        "traits": mapping(
            _definition("STRING", "NUMBER", "BOOLEAN", "ARRAY"), high=limits.MAX_TRAITS_PER_GROUP
        ),
    },
    required=["displayName"],
)
_PATCH = record(
    {
        "description": text(high=limits.MAX_DESCRIPTION_CHARACTERS),
        "traits": mapping(
            _definition("STRING", "NUMBER", "BOOLEAN", "ARRAY", ""), high=limits.MAX_TRAITS_PER_GROUP
        ),
    },
)


def read_declaration(body: object) -> Json:
    """The body of a new trait group, once it fits the document and names its traits lowerCamelCase."""
    declaration = checked_settings(body, _CREATE)
    _check_definitions(cast(dict[str, Json], declaration.get("traits", {})))
    return declaration


def read_change(body: object) -> Json:
    """The body of a change to a trait group; a ``dataType`` of "" marks a trait for removal."""
    change = checked_settings(body, _PATCH)
    _check_definitions(cast(dict[str, Json], change.get("traits", {})))
    return change


def _check_definitions(definitions: Mapping[str, Json]) -> None:
    for name, definition in definitions.items():
        place = f"body.traits.{name}"
        if len(name) > limits.MAX_NAME_CHARACTERS or not _TRAIT_NAME_PATTERN.fullmatch(name):
            raise invalid(f"{place}: trait names are lowerCamelCase, at most 64 letters and digits.")
        rule = definition.get("validationRule")
        if isinstance(rule, dict) and definition["dataType"] and rule["ruleType"] != definition["dataType"]:
            raise invalid(f"{place}.validationRule is not for {definition['dataType']}.")


def changed_definitions(group: TraitGroup, change: Json) -> dict[str, Json]:
    """The group's definitions after ``change``: named ones replaced or added, those marked "" left out."""
    named = cast(dict[str, Json], change.get("traits", {}))
    merged = {**group.definitions, **named}
    return {name: definition for name, definition in merged.items() if definition["dataType"] != ""}


def compile_group(group: TraitGroup) -> TraitGroup:
    """``group`` with the checks and promotions that its definitions stand for."""
    group.checks = {name: _compile_check(definition) for name, definition in group.definitions.items()}
    group.promotions = [
        Promotion(group.name, name, cast(str, definition["idTypePromotion"]))
        for name, definition in group.definitions.items()
        if definition.get("idTypePromotion")
    ]
    return group


def _compile_check(definition: Json) -> TraitCheck:
    rule = cast(Json, definition.get("validationRule") or {})
    match definition["dataType"]:
        case "STRING":
            return _string_check(rule)
        case "NUMBER":
            return _number_check(rule)
        case "BOOLEAN":
            return _boolean_problem
        case _:
            return _array_check(rule)


def _string_check(rule: Json) -> TraitCheck:
    if len(rule) <= 1:
        return _string_problem
    low, high = cast(int, rule.get("minLength", 0)), cast(float, rule.get("maxLength", float("inf")))
    pattern = re.compile(cast(str, rule.get("pattern", "")))

    def check(value: object) -> str | None:
        problem = _string_problem(value)
        if problem:
            return problem
        string = cast(str, value)
        if low <= len(string) <= high and pattern.search(string):
            return None
        return "breaks its validation rule"

    return check


def _string_problem(value: object) -> str | None:
    if type(value) is not str:
        return "must be a string"
    return None if len(value) <= limits.MAX_STRING_CHARACTERS else "has more than 1,024 characters"


def _number_check(rule: Json) -> TraitCheck:
    low = max(cast(float, rule.get("min", limits.MIN_INTEGER)), limits.MIN_INTEGER)
    high = min(cast(float, rule.get("max", limits.MAX_INTEGER)), limits.MAX_INTEGER)

    def check(value: object) -> str | None:
        if type(value) is not int and type(value) is not float:
            return "must be a number"
        return None if low <= value <= high else "is outside its range"

    return check


def _boolean_problem(value: object) -> str | None:
    return None if type(value) is bool else "must be true or false"


def _array_check(rule: Json) -> TraitCheck:
    low = cast(int, rule.get("minItems", 0))
    high = min(cast(int, rule.get("maxItems", limits.MAX_ARRAY_ITEMS)), limits.MAX_ARRAY_ITEMS)

    def check(value: object) -> str | None:
        if type(value) is not list:
            return "must be an array"
        if not low <= len(value) <= high:
            return f"must have {low} to {high} items"
        return next((problem for item in value if (problem := _item_problem(item))), None)

    return check


def _item_problem(value: object) -> str | None:
    if type(value) is str:
        return _string_problem(value)
    if type(value) is bool:
        return None
    if type(value) is int:
        return None if limits.MIN_INTEGER <= value <= limits.MAX_INTEGER else "holds a number outside int32"
    return "may hold strings, integers and booleans only"


def find_problem(groups: Mapping[str, TraitGroup], traits: object, *, nulls: bool) -> RowProblem | None:
    """What keeps ``traits`` out of a store with these groups, or None; ``nulls`` lets null stand."""
    if type(traits) is not dict:
        return RowProblem(TRAIT_UPSERT_FAILED, "traits must be an object of trait groups")
    for group_name, values in traits.items():
        group = groups.get(group_name)
        if group is None:
            return RowProblem(TRAIT_GROUP_MISSING, f"trait group {group_name} is not declared")
        if type(values) is not dict:
            return RowProblem(TRAIT_UPSERT_FAILED, f"{group_name} must be an object of traits")
        checks = group.checks
        for name, value in values.items():
            check = checks.get(name)
            if check is None:
                return RowProblem(TRAIT_UPSERT_FAILED, f"trait {group_name}.{name} is not declared")
            if value is None and nulls:
                continue
            problem = check(value)
            if problem is not None:
                return RowProblem(TRAIT_UPSERT_FAILED, f"{group_name}.{name} {problem}")
    return None


def all_promotions(groups: Mapping[str, TraitGroup]) -> list[Promotion]:
    return [promotion for group in groups.values() for promotion in group.promotions]


def read_identifiers(
    traits: Mapping[str, Mapping[str, object]], promotions: list[Promotion], identity: IdentitySettings
) -> tuple[Identifiers, list[Promotion]]:
    """The identifiers that ``traits`` carry, normalised, and the promoted traits that gave none."""
    found: Identifiers = []
    skipped: list[Promotion] = []
    normalisers = identity.normalisers
    for promotion in promotions:
        group, trait, id_type = promotion
        values = traits.get(group)
        if values is None:
            continue
        value = values.get(trait)
        if value is None:
            continue
        normalise = normalisers.get(id_type)
        normalised = normalise(value if type(value) is str else _as_text(value)) if normalise else None
        if normalised:
            found.append((id_type, normalised))
        else:
            skipped.append(promotion)
    return found, skipped


def _as_text(value: object) -> str:
    """A number as its digits; other types identify nobody."""
    return str(value) if type(value) in (int, float) else ""
