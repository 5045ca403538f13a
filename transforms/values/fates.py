"""Which values of a person's rows give way to those of a later row."""

import polars as pl

from memory_import.columns import POS, REPRESENTATIVE
from memory_import.transforms.plan import ProfilePlan


def find_superseded(rows: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """`_pos` and for each trait, by its path, whether a later row of the person has a value (Boolean).

    `rows`: `_representative`, `_pos` and the value columns of whole persons, the rows of each in the order in
    which the later one wins. Rows of which nothing gives way are left out.
    """
    filled = {trait.path: pl.col(trait.value_column).is_not_null() for trait in plan.traits}
    stated = rows.select(
        POS,
        REPRESENTATIVE,
        *(pl.when(has_value).then(pl.int_range(pl.len())).alias(path) for path, has_value in filled.items()),
    )
    last = stated.group_by(REPRESENTATIVE).agg(pl.col(path).max().alias(f"{path}:last") for path in filled)
    gave_way = stated.join(last, on=REPRESENTATIVE, how="left", maintain_order="left").select(
        POS, *((pl.col(path) < pl.col(f"{path}:last")).fill_null(value=False) for path in filled)
    )
    return gave_way.filter(pl.any_horizontal(list(filled)))
