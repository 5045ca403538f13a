"""Which values of a person's rows give way to those of a later row."""

import polars as pl

from memory_import.columns import POS, REPRESENTATIVE
from memory_import.transforms.plan import ProfilePlan


def find_superseded(rows: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """`_pos` and for each trait, by its path, whether a later row of the person has a value (Boolean).

    `rows`: `_representative`, `_pos` and the value columns of whole persons, the rows of each in the order in
    which the later one wins. Rows of which nothing gives way are left out.
    """
    place = pl.int_range(pl.len())
    gave_way = rows.select(
        POS,
        *(
            (place < pl.when(pl.col(trait.value_column).is_not_null()).then(place).max().over(REPRESENTATIVE))
            .and_(pl.col(trait.value_column).is_not_null())
            .fill_null(value=False)
            .alias(trait.path)
            for trait in plan.traits
        ),
    )
    return gave_way.filter(pl.any_horizontal(trait.path for trait in plan.traits))
