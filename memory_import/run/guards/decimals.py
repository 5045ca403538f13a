"""The guard of numbers: a point that separates thousands must not pass for a decimal mark."""

from dataclasses import dataclass

import polars as pl

from memory_import.columns import FILE, ROW
from memory_import.errors import BudgetExceeded
from memory_import.ledger.report.traits import MappedTrait, read_cells, read_trait
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.stored_values import mapped_traits
from memory_import.spec.plans import trait_plans
from memory_import.transforms.codes import Reason
from memory_import.transforms.plan import TraitPlan, TraitType
from memory_import.transforms.values.mending import describe_text, has_decimal_comma

_GROUP_OF_THREE = r"(?:^|[^0-9.,])[1-9][0-9]{0,2}\.[0-9]{3}[^0-9.,]*$"
"""What is a fraction or a whole number, by what the point is taken for."""
_REFUSED = [Reason.NUMBER_INVALID.value, Reason.INTEGER_INVALID.value]


@dataclass(frozen=True, slots=True)
class _Found:
    """How many cells there are of a kind, and the first: its file, its row and the shape of its text."""

    count: int = 0
    first: str = ""

    def __add__(self, other: "_Found") -> "_Found":
        return _Found(self.count + other.count, self.first or other.first)


def check_decimals(run: RunContext) -> None:
    """`BudgetExceeded` when a number trait without `decimal` has cells such as `1.234`, and the file shows
    that the comma is its decimal mark.

    It shows it by a cell of the trait (`1.234,56`); where no cell of the trait says otherwise (`12.5`), by
    those of another trait, by the `decimal` of another trait, or by semicolons between its cells.
    """
    if run.spec.profiles is None or run.ledger.load(run.run_id, PROFILES) is None:
        return
    staging = run.staging(PROFILES)
    plans = {plan.path: plan for plan in trait_plans(run.spec.profiles)}
    numbers = [
        (trait, plans[trait.path])
        for trait in mapped_traits(run.spec, PROFILES)
        if plans[trait.path].type in {TraitType.NUMBER, TraitType.INTEGER} and trait.columns
    ]
    commas = {trait.path: _find_commas(staging, trait, plan) for trait, plan in numbers if not plan.decimal}
    elsewhere = _find_elsewhere(run, plans, commas)
    problems, spec_lines = [], []
    for trait, plan in numbers:
        is_open = plan.type == TraitType.NUMBER and not plan.decimal and not plan.thousands
        evidence = commas.get(trait.path, _Found())
        if is_open and (evidence.count or elsewhere):
            groups, points = _find_points(staging, trait)
            if groups.count and (evidence.count or not points):
                shown = f"a cell of the column ({evidence.first})" if evidence.count else elsewhere
                problems.append(_describe(plan, groups, shown))
                spec_lines.append(f'`decimal: ","` or `decimal: "."` in profiles.traits.{plan.path}')
    if problems:
        raise BudgetExceeded(
            [*problems, "Nothing was sent. Say in the spec which it is, and run it again."],
            spec_lines=spec_lines,
        )


def _find_elsewhere(run: RunContext, plans: dict[str, TraitPlan], commas: dict[str, _Found]) -> str:
    """What shows, beside the trait itself, that the file writes a decimal comma; "" if nothing does."""
    stated = [plan.path for plan in plans.values() if plan.decimal == ","]
    seen = [f"{path} ({found.first})" for path, found in commas.items() if found.count]
    if stated or seen:
        return f"the trait {(seen or stated)[0]}"
    return "the semicolon between cells" if run.originals(PROFILES).delimiter == ";" else ""


def _find_commas(staging: Staging, trait: MappedTrait, plan: TraitPlan) -> _Found:
    """Cells that were refused and have a decimal comma."""
    found = _Found()
    for part in staging.parts:
        if trait.code_column not in staging.columns(part):
            continue
        has_value, codes = read_trait(staging, part, trait)
        rows = (~has_value & codes.cast(pl.String).is_in(_REFUSED).fill_null(value=False)).arg_true()
        if len(rows):
            cells = read_cells(staging, part, trait, rows)["value"]
            found += _locate(staging, part, rows, cells, has_decimal_comma(cells, plan))
    return found


def _find_points(staging: Staging, trait: MappedTrait) -> tuple[_Found, int]:
    """Cells that may mean thousands, and how many there are whose point is a decimal mark for sure."""
    groups, points = _Found(), 0
    for part in staging.parts:
        has_value, _ = read_trait(staging, part, trait)
        cells = read_cells(staging, part, trait, has_value.arg_true())["value"]
        is_group = cells.str.contains(_GROUP_OF_THREE).fill_null(value=False)
        groups += _locate(staging, part, has_value.arg_true(), cells, is_group)
        points += int((cells.str.contains(".", literal=True) & ~is_group).sum())
    return groups, points


def _locate(staging: Staging, part: str, rows: pl.Series, cells: pl.Series, is_meant: pl.Series) -> _Found:
    """The cells that are meant, among those of some rows of a part."""
    count = int(is_meant.sum())
    if not count:
        return _Found()
    at = int(is_meant.arg_true()[0])
    file, row = staging.read(part, FILE, ROW).row(int(rows[at]))
    return _Found(count, f"row {row} of {file}: a text like {describe_text(cells[at])!r}")


def _describe(plan: TraitPlan, groups: _Found, shown: str) -> str:
    return (
        f"profiles.traits.{plan.path}: {groups.count:,} values would be sent with a fraction of three digits "
        f"({groups.first}), but {shown} shows that the comma is the decimal mark here, and the point "
        'separates thousands. This would read them so: `decimal: ","`. If the point is a decimal mark in '
        'this column, say `decimal: "."`.'
    )
