"""What was found in parts and in any order, brought back to the rows it is about."""

import polars as pl


def align_verdicts(found: pl.DataFrame, height: int) -> pl.DataFrame:
    """`found` in the order of its `row` (UInt32, below `height`, each at most once) and without it.

    Gives `height` rows; those that nothing was found for are null.
    """
    places = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
    places = places.scatter(found["row"], pl.int_range(found.height, dtype=pl.UInt32, eager=True))
    return pl.DataFrame([column[places] for column in found.drop("row")])


def is_among(values: pl.Series, ordered: pl.Series) -> pl.Series:
    """Whether each of these values (integers, none of them null) is one of others, which are in ascending
    order: with far less memory than a set of the others takes."""
    if ordered.is_empty():
        return pl.repeat(value=False, n=len(values), eager=True)
    places = ordered.search_sorted(values).clip(upper_bound=len(ordered) - 1)
    return ordered.gather(places) == values


def gather_lists(at: pl.Series, values: pl.Series, height: int) -> pl.Series:
    """For each of `height` rows the list of its values. `at`: the row of each value (an integer, from 0), in
    ascending order.

    A group-by that puts structs or numbers into lists takes ten times as long.
    """
    import pyarrow as pa

    runs = at.rle().struct.unnest()
    sizes = pl.zeros(height, dtype=pl.Int64, eager=True)
    sizes = sizes.scatter(runs["value"], runs["len"].cast(pl.Int64))
    offsets = pl.concat([pl.Series([0], dtype=pl.Int64), sizes.cum_sum()])
    views = values.to_arrow(compat_level=pl.CompatLevel.newest())  # texts stay where they are
    lists = pa.LargeListArray.from_arrays(offsets.to_arrow(), views)
    table = pa.table(
        {values.name: lists}
    )  # for an array alone Polars loads pyarrow.compute, which takes long
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - as a table always is
    return frame.to_series().cast(pl.List(values.dtype))
