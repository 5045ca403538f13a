"""Columns that have a type of their own, as those of Parquet files: what a spec says of texts must not read
their numbers and times as something else, nor compare their cells with texts that none of them can be."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import polars as pl

from memory_import.sources.tabular import Source, Table
from memory_import.spec.model import Spec
from memory_import.spec.plans import latest_plan, value_plans
from memory_import.spec.rows import Where
from memory_import.transforms.plan import TraitPlan, TraitType
from memory_import.transforms.values.times import ISO_DATE, judge_dates, judge_datetimes
from memory_import.transforms.values.traits import JUDGES

_NUMBERS = (TraitType.NUMBER, TraitType.INTEGER)
_TIMES = (TraitType.DATE, TraitType.DATETIME)


def styled_values(spec: Spec, load: str) -> Iterator[tuple[str, TraitPlan]]:
    """What a load reads by a format or a way to write numbers, with the place in the spec that says so."""
    profiles = spec.profiles if load == "profiles" else None
    place = load if profiles is None else f"{load}.traits"
    plans = {f"{place}.{plan.path}": plan for plan in value_plans(spec, load)}
    if profiles is not None and (latest := latest_plan(profiles.latest)) is not None:
        plans[f"{load}.latest"] = latest.field
    for place, plan in plans.items():
        if (plan.type in _TIMES and plan.formats) or (
            plan.type in _NUMBERS and (plan.decimal or plan.thousands)
        ):
            yield place, plan


def find_misreading(plan: TraitPlan, text: str) -> str | None:
    """What to do about options of a trait by which a number or a time of a typed column, which is this as
    text, is read as another one or not at all; None where they do no harm."""
    texts = pl.Series([text])
    if plan.type in _NUMBERS:
        stated, own = (_read_number(texts, each) for each in (plan, _without_style(plan)))
        return None if stated == own else "leave out `decimal` and `thousands`"
    if judge_dates(texts)["value"][0] is None:
        return None  # a number: only formats of numbers read it
    own, zone = judge_datetimes(texts, (), plan.timezone)["value"][0], plan.timezone
    is_date_read = judge_dates(texts, plan.formats)["value"][0] == judge_dates(texts)["value"][0]
    is_time_read = own is None or own == judge_datetimes(texts, plan.formats, zone)["value"][0]
    is_read = is_date_read if plan.type == TraitType.DATE else is_date_read and is_time_read
    if is_read:
        return None
    is_date = plan.type == TraitType.DATETIME and judge_dates(texts, [ISO_DATE])["value"][0] is not None
    return f'write `format: "{ISO_DATE}"`' if is_date else "leave out `format`"


def check_conditions(source: Source, where: Where) -> Iterator[str]:
    """What is wrong with conditions on columns of a readable type: a sentence for each column of lists and
    for each text that no cell can be, though one may say the same in other words."""
    for column, condition in where.items():
        texts = dict.fromkeys(text for text in (*(condition.one_of or ()), *condition.none_of) if text)
        files = {file: table for file, table in source.tables.items() if column in table.columns}
        found = {file: table for file, table in files.items() if table.unreadable(column) is None}
        lists = next(((file, kind) for file, table in found.items() if (kind := table.lists(column))), None)
        if lists is not None and texts:
            yield (
                f"profiles.where.{column}: {lists[0]} has {column!r} as {lists[1]}; a condition compares "
                "single values, and of lists only whether they are blank: have what decides exported as a "
                "column of its own."
            )
        elif lists is None:
            for text in texts:
                if problem := _find_unmet(found, column, text, texts):
                    yield f"profiles.where.{column}: {problem}"


def _find_unmet(tables: Mapping[str, Table], column: str, text: str, texts: Collection[str]) -> str | None:
    """What to do about a text of a condition that a column of the first such file never has."""
    written = {file: table.as_cell(column, text) for file, table in tables.items()}
    for file, (kind, cell) in written.items():
        if cell is not None and cell not in texts:
            return f"{file} has {column!r} as {kind}, where {text!r} stands as {cell!r}: write that."
    is_twin = text.endswith(".0") and text.removesuffix(".0") in texts  # the other text of a number of YAML
    if not written or is_twin or any(cell is not None for _, cell in written.values()):
        return None
    file, (kind, _) = next(iter(written.items()))
    return f"{file} has {column!r} as {kind}, in which no cell is {text!r}: write what its cells are."


def _read_number(texts: pl.Series, plan: TraitPlan) -> str | None:
    value: str | None = JUDGES[TraitType.NUMBER](texts, plan)["value"][0]
    return value


def _without_style(plan: TraitPlan) -> TraitPlan:
    return replace(plan, decimal=None, thousands=None)
