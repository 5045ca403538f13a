"""Verdicts found in parts and in any order, brought back to the rows they are about."""

import polars as pl


def align_verdicts(found: pl.DataFrame, height: int) -> pl.DataFrame:
    """`found` in the order of its `row` (UInt32, below `height`, each at most once) and without it.

    Gives `height` rows; those that nothing was found for are null.
    """
    places = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
    places = places.scatter(found["row"], pl.int_range(found.height, dtype=pl.UInt32, eager=True))
    return pl.DataFrame([column[places] for column in found.drop("row")])
