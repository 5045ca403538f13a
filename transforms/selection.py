"""Which rows the spec lets through, and which row of a person wins."""

from collections.abc import Sequence

import polars as pl

from memory_import.transforms.judgements import judge_distinct
from memory_import.transforms.plan import Condition, MomentPlan
from memory_import.transforms.values.times import judge_dates, judge_datetimes

BLANK = ""
"""In a condition: a blank cell."""


def find_let_through(rows: pl.DataFrame, conditions: Sequence[Condition]) -> pl.Series:
    """Whether a row meets all conditions (Boolean); the texts are compared without whitespace around them."""
    met = pl.repeat(value=True, n=rows.height, eager=True)
    for condition in conditions:
        texts = rows[condition.column].str.strip_chars().fill_null(BLANK)
        if condition.one_of is not None:
            met &= texts.is_in(pl.Series(condition.one_of, dtype=pl.String).implode())
        if condition.none_of:
            met &= ~texts.is_in(pl.Series(condition.none_of, dtype=pl.String).implode())
    return met


def read_moments(rows: pl.DataFrame, plan: MomentPlan) -> tuple[pl.Series, pl.Series]:
    """When each row was last changed, in milliseconds since the epoch (Int64), null where its cell says
    nothing; and why the cell was not understood, a `Reason`.

    Without an offset and a timezone it is read as UTC: the rows of one file are local times of one place.
    """
    judged = judge_distinct(rows[plan.column], lambda distinct: _judge(distinct, plan))
    moments = judged["value"].str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms", strict=True)
    return moments.cast(pl.Int64), judged["reason"]


def _judge(texts: pl.Series, plan: MomentPlan) -> pl.DataFrame:
    """Points in time; a date alone is its beginning."""
    moments = judge_datetimes(texts, plan.formats, plan.timezone or "UTC")
    dates = judge_dates(texts, plan.formats)["value"]
    value = pl.coalesce("value", pl.lit(dates) + "T00:00:00Z")
    return moments.with_columns(value=value, reason=pl.when(value.is_null()).then("reason"))
