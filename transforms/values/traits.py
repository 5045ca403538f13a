"""One trait read from its cells: the first valid value counts, what stands beside it is told apart."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from memory_import.columns import CODE, COLUMN, VALUE
from memory_import.transforms.codes import Reason
from memory_import.transforms.emails import split_emails
from memory_import.transforms.judgements import judge_distinct, judgements_from_codes
from memory_import.transforms.limits import IDENTIFIER_CHARACTERS
from memory_import.transforms.phones import split_phones
from memory_import.transforms.placeholders import TEMPLATE, is_placeholder
from memory_import.transforms.plan import NO_STEPS, TraitPlan, TraitType
from memory_import.transforms.values.arrays import judge_arrays
from memory_import.transforms.values.numerals import (
    NumberStyle,
    judge_booleans,
    judge_integers,
    judge_numbers,
)
from memory_import.transforms.values.steps import take_steps, write_constant
from memory_import.transforms.values.text import judge_texts
from memory_import.transforms.values.times import judge_dates, judge_datetimes

_FURTHER_SCHEMA = {"row": pl.UInt32, COLUMN: pl.String, VALUE: pl.String, CODE: pl.String}


@dataclass(frozen=True, kw_only=True)
class JudgedTrait:
    """What a trait's cells say, row for row.

    `values` (String): the first valid value. `codes` (String): what was changed in it, a `Change`; where
    there is no value, why it was refused, a `Reason`; null in both where nothing was stated. `places`
    (UInt8): of several columns the number, from 0, of that which value and code are of; else None.
    `others`, sparse and in the order of rows and cells: `row` UInt32, `column`, `value`, `code` String of
    what else the row states: further valid values, distinct in a row, and what was refused (no value).
    `reasons`: for each source column, why its cell was refused where it holds no valid value.
    """

    trait: TraitPlan
    values: pl.Series
    codes: pl.Series
    places: pl.Series | None
    others: pl.DataFrame
    reasons: tuple[tuple[str, pl.Series], ...]

    @property
    def is_refused(self) -> pl.Series:
        """Where something was stated and nothing valid was found."""
        return self.values.is_null() & self.codes.is_not_null()


@dataclass(frozen=True)
class _Cells:
    """A column's judgements, and the further parts of its cells: `row` UInt32, `value`, `code` String."""

    column: str
    first: pl.DataFrame
    parts: pl.DataFrame | None = None


def judge_trait(
    rows: pl.DataFrame, trait: TraitPlan, regions: pl.Series, *, is_identifier: bool = False
) -> JudgedTrait:
    """Reads a trait from rows of text; a value that is to be an identifier keeps to the limit of those, too,
    and is no placeholder.

    `regions` is ISO alpha-2 or null for each row; only phones ask for it. Further valid values count as such
    where they can identify and the trait asks for all; else they are refused as `further_value_left_out`.
    """
    if trait.constant is not None:
        cells = [_read_cells("", write_constant(rows, trait.constant), trait, regions)]
    else:
        cells = _read_columns(rows, trait, regions)
    if is_identifier:
        cells = [_limit_identifiers(cell, trait.type) for cell in cells]
    if len(cells) == 1:
        values, codes, places = cells[0].first["value"], _join_codes(cells[0].first), None
    else:
        values = pl.select(pl.coalesce(pl.lit(cell.first["value"]) for cell in cells)).to_series()
        codes, places = _find_codes(cells), _find_places(cells)
    return JudgedTrait(
        trait=trait,
        values=values,
        codes=codes,
        places=places,
        others=_list_others(
            cells,
            values,
            are_kept=is_identifier and trait.several == "all",
            ignores_case=trait.type == TraitType.EMAIL,
        ),
        reasons=tuple((cell.column, cell.first["reason"]) for cell in cells),
    )


def _read_columns(rows: pl.DataFrame, trait: TraitPlan, regions: pl.Series) -> list[_Cells]:
    """The columns of a trait, read as if they stood below each other: to read one has its price."""
    if len(trait.columns) == 1:
        column = trait.columns[0]
        return [_read_cells(column, rows[column], trait, regions)]
    texts = pl.concat([rows[column].rename("") for column in trait.columns], rechunk=True)
    regions = pl.concat([regions] * len(trait.columns), rechunk=True)
    read = _read_cells("", texts, trait, regions)
    return [
        _take_cells(read, column, number * rows.height, rows.height)
        for number, column in enumerate(trait.columns)
    ]


def _take_cells(read: _Cells, column: str, start: int, height: int) -> _Cells:
    """The cells from `start` on, numbered from there."""
    first = read.first.slice(start, height)
    if read.parts is None:
        return _Cells(column, first)
    row = pl.col("row")
    parts = read.parts.filter(row.is_between(start, start + height, closed="left"))
    return _Cells(column, first, parts.with_columns(row - pl.lit(start, pl.UInt32)))


def _read_cells(column: str, cells: pl.Series, trait: TraitPlan, regions: pl.Series) -> _Cells:
    """A column after the steps of the trait, judged as its type."""
    if trait.steps == NO_STEPS:
        return _name_placeholders(_judge(column, cells, trait, regions), cells)
    taken = take_steps(cells, trait)
    judged = _name_placeholders(_judge(column, taken["value"], trait, regions), taken["value"])
    first = judged.first.with_columns(
        reason=pl.coalesce(pl.lit(taken["reason"]), "reason"),
        change=pl.when(pl.col("value").is_not_null()).then(pl.coalesce("change", pl.lit(taken["change"]))),
    )
    return _Cells(column, first, judged.parts)


def _judge(column: str, texts: pl.Series, trait: TraitPlan, regions: pl.Series) -> _Cells:
    if trait.type == TraitType.EMAIL:
        split = split_emails(
            texts, case="lower" if trait.steps.case == "lower" else None, separator=trait.separator
        )
        return _as_cells(column, *split)
    if trait.type == TraitType.PHONE:
        split = split_phones(
            texts, regions, repair=trait.repair, vanity=trait.vanity, separator=trait.separator
        )
        return _as_cells(column, *split)
    return _Cells(column, JUDGES[trait.type](texts, trait))


def _as_cells(column: str, first: pl.DataFrame, others: pl.DataFrame) -> _Cells:
    """Verdicts with one code (see `SplitCells`) as judgements."""
    value = first.columns[0]
    parts = others.select("row", pl.col(value).alias(VALUE), CODE) if others.height else None
    return _Cells(column, judgements_from_codes(first[value], first["code"]), parts)


def _name_placeholders(cells: _Cells, texts: pl.Series) -> _Cells:
    """What was refused for being no number, date and so on has its own code where it is a placeholder."""
    reasons = cells.first["reason"]
    if reasons.null_count() == len(reasons):
        return cells
    refused = reasons.is_not_null().arg_true()
    named = refused.filter(texts.gather(refused).str.strip_chars().str.contains(TEMPLATE))
    if named.is_empty():
        return cells
    reasons = reasons.cast(pl.String).scatter(named, Reason.PLACEHOLDER.value)
    return _Cells(cells.column, cells.first.with_columns(reasons.alias("reason")), cells.parts)


def _join_codes(first: pl.DataFrame) -> pl.Series:
    """The reason or the change of each cell; most columns have neither."""
    if first["reason"].null_count() == first.height:
        return first["change"]
    return first.select(pl.coalesce("reason", "change")).to_series()


def _find_codes(cells: list[_Cells]) -> pl.Series:
    """The change of the first cell with a value; where none has one, the reason of the first that was
    refused."""
    code = pl.coalesce(pl.lit(cell.first["reason"]) for cell in cells)
    for cell in reversed(cells):
        is_valid = pl.lit(cell.first["value"]).is_not_null()
        code = pl.when(is_valid).then(pl.lit(cell.first["change"])).otherwise(code)
    return pl.select(code).to_series()


def _find_places(cells: list[_Cells]) -> pl.Series:
    """Which cell `_find_codes` speaks of."""
    place = pl.lit(None, pl.UInt8)
    for kind in ("reason", "value"):
        for number, cell in reversed(list(enumerate(cells))):
            is_meant = pl.lit(cell.first[kind]).is_not_null()
            place = pl.when(is_meant).then(pl.lit(number, pl.UInt8)).otherwise(place)
    return pl.select(place).to_series()


def _list_others(
    cells: list[_Cells], values: pl.Series, *, are_kept: bool, ignores_case: bool
) -> pl.DataFrame:
    """What the cells state beside the value of the row, as `JudgedTrait.others`."""
    if len(cells) == 1 and cells[0].parts is None:
        return pl.DataFrame(schema=_FURTHER_SCHEMA)
    found = []
    has_value = values.is_not_null()
    is_taken = pl.repeat(value=False, n=len(values), eager=True)  # the cell that the trait's own fate is of
    for cell in cells:
        first = cell.first
        if len(cells) > 1:
            is_valid, is_stated = first["value"].is_not_null(), first["value"].is_not_null()
            is_stated |= first["reason"].is_not_null()
            is_own = ~is_taken & (is_valid | (is_stated & ~has_value))
            found.append(
                _further(cell.column, first.filter(is_stated & ~is_own), (is_stated & ~is_own).arg_true())
            )
            is_taken |= is_own
        if cell.parts is not None and cell.parts.height:
            found.append(cell.parts.select("row", pl.lit(cell.column).alias(COLUMN), VALUE, CODE))
    others = pl.concat([frame for frame in found if frame.height] or [pl.DataFrame(schema=_FURTHER_SCHEMA)])
    if others.is_empty():
        return others
    others = others.sort("row", maintain_order=True)
    own = values.gather(others["row"])
    others = others.with_columns(same=VALUE, own=own)
    if ignores_case:
        others = others.with_columns(pl.col("same", "own").str.to_lowercase())
    is_repeated = (pl.col("same") == pl.col("own")) | ~pl.struct("row", "same").is_first_distinct()
    others = others.filter(pl.col(VALUE).is_null() | ~is_repeated).drop("same", "own")
    if are_kept:
        return others
    left_out = pl.lit(Reason.FURTHER_VALUE_LEFT_OUT.value)
    return others.with_columns(
        pl.when(pl.col(VALUE).is_null()).then(CODE).otherwise(left_out).alias(CODE),
        pl.lit(None, pl.String).alias(VALUE),
    )


def _further(column: str, first: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    return first.select(
        rows.cast(pl.UInt32).alias("row"),
        pl.lit(column).alias(COLUMN),
        pl.col("value").alias(VALUE),
        pl.coalesce("reason", "change").alias(CODE),
    )


Judgement = Callable[[pl.Series, TraitPlan], pl.DataFrame]

JUDGES: dict[TraitType, Judgement] = {
    TraitType.STRING: lambda texts, _trait: judge_texts(texts),
    TraitType.INTEGER: lambda texts, trait: judge_integers(texts, _style_of(trait)),
    TraitType.NUMBER: lambda texts, trait: judge_numbers(texts, _style_of(trait)),
    TraitType.BOOLEAN: lambda texts, trait: judge_distinct(
        texts, lambda distinct: judge_booleans(distinct, trait.true, trait.false)
    ),
    TraitType.DATE: lambda texts, trait: judge_distinct(
        texts, lambda distinct: judge_dates(distinct, trait.formats)
    ),
    TraitType.DATETIME: lambda texts, trait: judge_distinct(
        texts, lambda distinct: judge_datetimes(distinct, trait.formats, trait.timezone)
    ),
    TraitType.ARRAY: lambda texts, trait: judge_distinct(
        texts, lambda distinct: judge_arrays(distinct, trait.separator, trait.items, trait.steps.strip)
    ),
}


def _style_of(trait: TraitPlan) -> NumberStyle:
    return NumberStyle(decimal=trait.decimal, thousands=trait.thousands)


def _limit_identifiers(cell: _Cells, kind: TraitType) -> _Cells:
    """Without values that are too long to identify, or stand in place of one."""
    if kind in {TraitType.STRING, TraitType.INTEGER, TraitType.NUMBER}:
        cell = _refuse_placeholders(cell)
    is_too_long = pl.col("value").str.len_chars() > IDENTIFIER_CHARACTERS
    if not cell.first.select(is_too_long.any()).item():
        return cell
    limited = cell.first.select(
        value=pl.when(~is_too_long).then(pl.col("value")),
        reason=pl.when(is_too_long)
        .then(pl.lit(Reason.IDENTIFIER_TOO_LONG.value))
        .otherwise(pl.col("reason")),
        change=pl.when(~is_too_long).then(pl.col("change")),
    )
    return _Cells(cell.column, limited, cell.parts)


def _refuse_placeholders(cell: _Cells) -> _Cells:
    is_one = is_placeholder(cell.first["value"]).fill_null(value=False)
    if not is_one.any():
        return cell
    refused = cell.first.select(
        value=pl.when(~pl.lit(is_one)).then(pl.col("value")),
        reason=pl.when(pl.lit(is_one)).then(pl.lit(Reason.PLACEHOLDER.value)).otherwise(pl.col("reason")),
        change=pl.when(~pl.lit(is_one)).then(pl.col("change")),
    )
    return _Cells(cell.column, refused, cell.parts)
