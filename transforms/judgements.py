"""The form that every judgement of a column of text takes.

A frame of judgements has one row for each text and three String columns:
`value`: the value as it will be sent, written as text; null when there is none.
`reason`: a `Reason` when the text says something that was refused, else null; then `value` is null.
`change`: a `Change` when the value was kept but repaired, else null.
A blank text has three nulls.
"""

import polars as pl

NO_CODE = pl.lit(None, dtype=pl.String)


def code_where(condition: pl.Expr, code: str) -> pl.Expr:
    """The code where the condition holds, null elsewhere."""
    return pl.when(condition).then(pl.lit(code))


def judgements_from_codes(values: pl.Series, codes: pl.Series) -> pl.DataFrame:
    """Judgements from values with one code: a change where there is a value, a reason where there is none."""
    frame = pl.DataFrame({"value": values, "code": codes}, schema={"value": pl.String, "code": pl.String})
    kept = pl.col("value").is_not_null()
    return frame.select(
        "value", reason=pl.when(~kept).then(pl.col("code")), change=pl.when(kept).then(pl.col("code"))
    )
