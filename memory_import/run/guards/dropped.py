"""The guard of values: where most of what a trait states would be dropped, a person should look first."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import polars as pl

from memory_import.columns import FILE, ROW
from memory_import.errors import BudgetExceeded
from memory_import.ledger.report.traits import MappedTrait, read_cells, read_trait
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.stored_values import read_traits
from memory_import.spec.plans import guiding_plans, value_plans
from memory_import.transforms.codes import LEFT_OUT
from memory_import.transforms.countries.regions import find_region
from memory_import.transforms.plan import TraitPlan
from memory_import.transforms.values.mending import (
    Circumstances,
    describe_expected,
    describe_text,
    find_mends,
)

FEWEST_FILLED = 10
_SAMPLE = 200


@dataclass(slots=True)
class _Drops:
    """What would be dropped of a trait; `sample`: some of the cells, `place`: where the first one is; `kept`:
    some of the cells that have a value."""

    filled: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    sample: list[pl.Series] = field(default_factory=list)
    kept: list[pl.Series] = field(default_factory=list)
    place: tuple[str, str, int] | None = None  # column, file, row

    @property
    def texts(self) -> pl.Series:
        """The cells of the sample."""
        return pl.concat(self.sample).head(_SAMPLE)

    @property
    def others(self) -> pl.Series:
        """The cells that have a value."""
        return pl.concat([pl.Series(dtype=pl.String), *self.kept]).head(_SAMPLE)


def check_dropped(run: RunContext) -> None:
    """`BudgetExceeded` when of a trait more values would be dropped than the run allows.

    Its words name for each such trait the count, the first row, what was found, what was expected, and the
    line of the spec that would mend it.
    """
    share = run.budgets.dropped_percent
    problems = dict(_find_problems(run, share))
    if problems:
        raise BudgetExceeded(
            [
                *problems,
                f"Nothing was sent: --max-dropped allows {share:g}% of a trait's values. Mend the spec and "
                "run it again, or go on with a larger --max-dropped.",
            ],
            spec_lines=[*problems.values()],
            option="--max-dropped",
        )


def _find_problems(run: RunContext, share: float) -> Iterator[tuple[str, str]]:
    """What is said of a trait, and the line of the spec that mends it."""
    for load in run.spec.sources:
        if run.ledger.load(run.run_id, load) is None:
            continue
        staging, around = run.staging(load), _find_circumstances(run, load)
        plans = {plan.path: plan for plan in (*value_plans(run.spec, load), *guiding_plans(run.spec, load))}
        for trait in read_traits(run.spec, load):
            drops = _count_drops(staging, trait)
            dropped = drops.codes.total()
            if drops.filled >= FEWEST_FILLED and dropped * 100 > share * drops.filled:
                mends = find_mends(drops.texts, plans[trait.path], replace(around, others=drops.others))
                place = place_of(load, plans[trait.path])
                lines = " or ".join(mend.describe(place, load) for mend in mends)
                said = _describe(drops, plans[trait.path], place, lines)
                yield said, lines or f"another column or type in {place}"


def _find_circumstances(run: RunContext, load: str) -> Circumstances:
    regions = {name: spec.region for name, spec in run.spec.memories.items() if name == load}
    region = next(iter(regions.values()), run.spec.profiles.region if run.spec.profiles else None)
    default = region.default if region else None
    return Circumstances(
        encoding=run.originals(load).encoding, region=find_region(default) if default else None
    )


def _count_drops(staging: Staging, trait: MappedTrait) -> _Drops:
    """Count the values of a trait over all parts, a part at a time; none where nothing is dropped."""
    drops = _Drops()
    if not trait.columns or not any(trait.code_column in staging.columns(part) for part in staging.parts):
        return drops
    for part in staging.parts:
        has_value, codes = read_trait(staging, part, trait)
        is_dropped = ~has_value & codes.is_not_null()
        refused = codes.filter(is_dropped).value_counts(name="count")
        drops.filled += int(has_value.sum()) + int(is_dropped.sum())
        drops.codes.update({code: count for code, count in refused.iter_rows() if code not in LEFT_OUT})
        if sum(map(len, drops.sample)) < _SAMPLE and is_dropped.any():
            rows = is_dropped.arg_true().head(_SAMPLE)
            cells = read_cells(staging, part, trait, rows)
            drops.sample.append(cells["value"].drop_nulls())
            kept = read_cells(staging, part, trait, has_value.arg_true().head(_SAMPLE))
            drops.kept.append(kept["value"].drop_nulls())
            if drops.place is None:
                file, row = staging.read(part, FILE, ROW).row(rows[0])
                drops.place = (cells["column"][0], file, row)
    return drops


def place_of(load: str, plan: TraitPlan) -> str:
    """Where a spec has the trait, or the field of a memory."""
    return f"{load}.traits.{plan.path}" if load == PROFILES and plan.group else f"{load}.{plan.path}"


def _describe(drops: _Drops, plan: TraitPlan, place: str, mends: str) -> str:
    column, file, row = drops.place or ("", "", 0)
    codes = ", ".join(f"{code} {count:,}" for code, count in drops.codes.most_common())
    found = describe_text(drops.texts[0]) if len(drops.texts) else ""
    mend = (
        f"This would read them: {mends}."
        if mends
        else "No other reading that is known fits: is it the right column?"
    )
    return (
        f"{place}: {drops.codes.total():,} of {drops.filled:,} values would be dropped "
        f"({codes}). First in row {row} of {file}, column {column!r}: found a text like {found!r}, expected "
        f"{describe_expected(plan)}. {mend}"
    )
