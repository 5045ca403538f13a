"""What a spec says of persons, ready to be used."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from memory_import.columns import ID_TYPE, VALUE, schema
from memory_import.errors import UsageProblem
from memory_import.run.loads.suppressed import find_missed, load_suppressed
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.identity.persons import PersonPolicy
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.suppression import read_suppressed

_IDENTIFIERS = schema(ID_TYPE, VALUE)


@dataclass(frozen=True, kw_only=True)
class PersonRules:
    """What decides about persons beside the rows: `block` and `suppressed` have `id_type`, `value` String.
    `is_renaming`: a known person may come back under another name. `clears`, `replaces`: traits that are
    blank are to be removed, former identifier values to be replaced."""

    policy: PersonPolicy = field(default_factory=PersonPolicy)
    block: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_IDENTIFIERS))
    suppressed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_IDENTIFIERS))
    is_renaming: bool = False
    clears: bool = False
    replaces: bool = False


def load_rules(spec: ProfilesSpec, folder: Path, plan: ProfilePlan) -> PersonRules:
    """The rules of a spec; `UsageProblem` where a value that it blocks or suppresses cannot be read."""
    persons = spec.persons
    return PersonRules(
        policy=PersonPolicy(max_people=persons.max_people_per_value, on_conflict=persons.on_conflict),
        block=_read_blocked(persons.block, plan),
        is_renaming=persons.on_renamed == "same",
        clears=spec.sync.on_blank == "clear",
        replaces=spec.sync.former == "replace",
        suppressed=load_suppressed(spec, folder, plan).select("id_type", "value"),
    )


def _read_blocked(block: tuple[str, ...], plan: ProfilePlan) -> pl.DataFrame:
    """`id_type`, `value` of the values that a spec blocks."""
    values = pl.Series(block, dtype=pl.String)
    found = read_suppressed(values, plan)
    missed = values.filter(find_missed(values, found, plan))
    if len(missed):
        types = " or ".join(dict.fromkeys(identifier.id_type for identifier in plan.identifiers))
        raise UsageProblem(
            f"profiles.persons.block: {', '.join(map(repr, missed))} is no identifier; expected one of type "
            f"{types}, phones with their plus."
        )
    return found.select("id_type", "value")
