"""The guard of persons: a trait that many people share is most likely read from the wrong column."""

import math
from collections.abc import Iterator

import polars as pl

from memory_import.columns import CODE, POS, TRAIT, VALUE
from memory_import.errors import BudgetExceeded
from memory_import.ledger.report.traits import MappedTrait, count_filled
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.stored_values import mapped_traits
from memory_import.transforms.codes import Reason
from memory_import.transforms.values.mending import describe_text

FEWEST_ROWS = 100
_NAMED = 3


def check_shared(run: RunContext) -> None:
    """`BudgetExceeded` when of the rows that fill a trait more than the spec's `max_shared` hold values of
    too many people.

    Its words name the trait, what the values of most rows look like (logs hold no value of a customer), and
    the line of the spec that lets it pass.
    """
    profiles = run.spec.profiles
    if profiles is None or run.ledger.load(run.run_id, PROFILES) is None:
        return
    traits = mapped_traits(run.spec, PROFILES)
    problems = dict(_find_problems(run.staging(PROFILES), traits, profiles.persons.max_shared))
    if problems:
        raise BudgetExceeded(
            [*problems, "Nothing was sent. Mend the spec and run it again."], spec_lines=[*problems.values()]
        )


def _find_problems(
    staging: Staging, traits: tuple[MappedTrait, ...], most: float
) -> Iterator[tuple[str, str]]:
    """What is said of a trait, and the line of the spec."""
    shared = staging.left_out.filter(pl.col(CODE) == Reason.IDENTIFIER_SHARED).unique([POS, TRAIT, VALUE])
    for trait in traits:
        values = shared.filter(pl.col(TRAIT) == trait.path)
        rows = values[POS].n_unique()
        if rows < FEWEST_ROWS:
            continue
        filled = count_filled(staging, trait)
        if rows * 100 > most * filled:
            yield _describe(trait.path, values, rows, filled, most)


def _describe(path: str, values: pl.DataFrame, rows: int, filled: int, most: float) -> tuple[str, str]:
    counted = values.group_by(VALUE).len().sort("len", VALUE, descending=[True, False])
    named = ", ".join(
        f"{describe_text(value)} in {count:,} rows" for value, count in counted.head(_NAMED).iter_rows()
    )
    more = f" and {counted.height - _NAMED:,} more" if counted.height > _NAMED else ""
    allowed = f"`max_shared: {min(100, math.ceil(rows * 100 / filled))}%` in profiles.persons"
    said = (
        f"profiles.traits.{path}: {rows:,} of {filled:,} rows hold a value of too many people "
        f"({named}{more}; shared-identifiers.csv has them); "
        f"max_shared allows {most:g}%. Most likely the trait is mapped to the wrong column: an owner's "
        f"address, a branch's phone. This would let it pass, without these values: {allowed}."
    )
    return said, f"another column in profiles.traits.{path}, or {allowed}"
