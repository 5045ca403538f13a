"""Values that are not a row's to send are taken out of it; what else it states takes their place."""

import polars as pl

from memory_import.columns import POS, TRAIT, VALUE
from memory_import.transforms.plan import ProfilePlan


def leave_out(
    rows: pl.DataFrame, further: pl.DataFrame, left_out: pl.DataFrame, plan: ProfilePlan
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows and their further identifiers without the values of `left_out` (`_pos`, `trait`, `value`).

    `rows` has `_pos`, the value columns and the identifier columns of the plan, `further` has `_pos`,
    `trait`, `id_type`, `value`. Where the value of a trait is left out, the first further one of the row
    that is not becomes its value, so that the trait identifies its person still.
    """
    further = further.join(left_out, on=[POS, TRAIT, VALUE], how="anti", maintain_order="left")
    for column, identifier in plan.identifier_columns.items():
        lost = left_out.filter(pl.col(TRAIT) == identifier.trait).select(POS, lost=VALUE)
        if lost.is_empty():
            continue
        stated = rows.select(POS, column).join(lost, on=POS).filter(pl.col(column) == pl.col("lost"))
        is_lost = pl.col(POS).is_in(stated[POS].implode())
        next_best = (
            further.filter(pl.col(TRAIT) == identifier.trait)
            .group_by(POS, maintain_order=True)
            .agg(_next=pl.col(VALUE).first())
        )
        found = rows.select(POS).join(next_best, on=POS, how="left", maintain_order="left")["_next"]
        value = plan.trait(identifier.trait).value_column
        rows = rows.with_columns(
            pl.when(is_lost).then(pl.lit(found)).otherwise(name).alias(name) for name in (value, column)
        )
    return rows, further
