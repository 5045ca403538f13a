"""The values of profiles, staged: what can be read from other columns is not written a second time."""

import polars as pl

from memory_import.columns import IS_FINAL, PAYLOAD, POS
from memory_import.ledger.report.traits import MappedTrait
from memory_import.ledger.staging.staged import Staging
from memory_import.spec.model import Spec
from memory_import.spec.plans import guiding_plans, value_plans
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import ProfilePlan, TraitPlan


def mapped_traits(spec: Spec, load: str) -> tuple[MappedTrait, ...]:
    """Where the staged rows of a load have the traits of the spec, or the fields of memories."""
    null_texts = spec.sources[load].null_texts
    return tuple(_map(plan, number, null_texts) for number, plan in enumerate(value_plans(spec, load)))


def read_traits(spec: Spec, load: str) -> tuple[MappedTrait, ...]:
    """The same, and what is read of rows and not sent."""
    null_texts = spec.sources[load].null_texts
    guiding = (_map(plan, None, null_texts) for plan in guiding_plans(spec, load))
    return (*mapped_traits(spec, load), *guiding)


def _map(plan: TraitPlan, number: int | None, null_texts: frozenset[str]) -> MappedTrait:
    return MappedTrait(
        path=plan.path,
        number=number,
        value_column=plan.value_column,
        code_column=plan.code_column,
        columns=plan.columns,
        place_column=plan.place_column,
        null_texts=null_texts,
    )


def drop_repeated(rows: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """Prepared rows without identifiers, and without the values of traits that repeat their first column."""
    repeated = [
        trait.value_column
        for trait in plan.traits
        if trait.columns and rows[trait.value_column].equals(rows[trait.columns[0]], null_equal=True)
    ]
    return rows.drop(repeated, plan.identifier_columns)


def read_values(staging: Staging, plan: ProfilePlan, part: str, at: pl.Series | None = None) -> pl.DataFrame:
    """The values of the rows of a part, or of those `at` some places in it, as `prepare_profiles` gave them;
    those of rows that no profile was made of may be anything."""
    written = staging.columns(part)
    places = {
        trait.value_column: trait.value_column if trait.value_column in written else trait.columns[0]
        for trait in plan.traits
    }
    read = staging.read(part, *dict.fromkeys(places.values()), at=at)
    return read.select(pl.col(place).alias(column) for column, place in places.items())


def read_entries(staging: Staging, plan: ProfilePlan, part: str) -> pl.DataFrame:
    """`_payload` and `_is_final` of what is sent from a file, in sending order."""
    if part not in staging.positions:
        return staging.entries(part, PAYLOAD)
    sent = staging.entries(part)
    values = read_values(staging, plan, part, sent[POS] - staging.positions[part].start)
    return sent.select(IS_FINAL, write_payloads(values, plan))
