"""The form that every judgement of a column of text takes.

A frame of judgements has one row for each text and three String columns:
`value`: the value as it will be sent, written as text; null when there is none.
`reason`: a `Reason` when the text says something that was refused, else null; then `value` is null.
`change`: a `Change` when the value was kept but repaired, else null.
A blank text has three nulls.
"""

from collections.abc import Callable

import polars as pl

from memory_import.transforms.alignment import align_verdicts

Judge = Callable[[pl.Series], pl.DataFrame]

NO_CODE = pl.lit(None, dtype=pl.String)


def code_where(condition: pl.Expr, code: str) -> pl.Expr:
    """The code where the condition holds, null elsewhere."""
    return pl.when(condition).then(pl.lit(code))


def judge_rest(texts: pl.Series, values: pl.Series, judge: Judge) -> pl.DataFrame:
    """Judgements where `values` has what could be read at once; `judge` is asked about the other texts."""
    if values.null_count() == texts.null_count():
        return values.alias("value").to_frame().with_columns(reason=NO_CODE, change=NO_CODE)
    rest = (texts.is_not_null() & values.is_null()).arg_true()
    judged = align_verdicts(judge(texts.gather(rest)).with_columns(row=rest), len(texts))
    return judged.with_columns(value=pl.coalesce(values, "value"))


def judge_distinct(texts: pl.Series, judge: Judge) -> pl.DataFrame:
    """What `judge` finds of texts; where few are distinct it is asked once about each."""
    distinct = texts.drop_nulls().unique()
    if len(distinct) > len(texts) / 4:
        return judge(texts)
    places = texts.cast(pl.Enum(distinct)).to_physical().cast(pl.UInt32)
    return pl.DataFrame([column[places] for column in judge(distinct)])


def judgements_from_codes(values: pl.Series, codes: pl.Series) -> pl.DataFrame:
    """Judgements from values with one code: a change where there is a value, a reason where there is none."""
    frame = pl.DataFrame({"value": values, "code": codes}, schema={"value": pl.String, "code": pl.String})
    kept = pl.col("value").is_not_null()
    return frame.select(
        "value", reason=pl.when(~kept).then(pl.col("code")), change=pl.when(kept).then(pl.col("code"))
    )
