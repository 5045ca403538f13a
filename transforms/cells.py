"""Cells of text that hold more than a value, or several: the first that is valid counts, the others are kept
beside it."""

from typing import NamedTuple

import polars as pl

Schema = dict[str, type[pl.DataType]]

INVISIBLE = r"[[\p{Cf}\p{Cc}]--[\t\n\x0B\f\r\x{85}]]"
"""Zero-width and bidi characters, soft hyphens, byte-order marks; control characters that are no space."""
LINE_END = r"[\n\x0B\f\r\x{85}\x{2028}\x{2029}]"
OTHER_SPACE = r"[\t\p{Zs}]"


class SplitCells(NamedTuple):
    """What the cells of a column hold.

    `first`: row for row, the value (`e164` or `email`) and `code` of each cell: of the first valid value, or
    where there is none the reason why the first was refused. `others`: `row` (UInt32, the place of the cell),
    value and `code` of what else a cell holds, in the order of rows and in the cell. One with a value is a
    further value, distinct in its cell; one without was refused for the reason in `code`.
    """

    first: pl.DataFrame
    others: pl.DataFrame


def pick_first(parts: pl.DataFrame, *, same: pl.Expr, several: str) -> SplitCells:
    """The verdicts on parts of cells, brought together by cell. `first` has a `row`, too, and any order.

    `parts` has `row`, the value and `code`, with the parts of a cell in order. Values for which `same` is
    equal are one. The values of a cell that holds more than one thing have the code `several`.
    """
    is_alone = parts["row"].is_unique()
    if is_alone.all():
        return SplitCells(parts, parts.clear())
    value = pl.col(parts.columns[1])
    shared = parts.filter(~is_alone).with_row_index("place").with_columns(same=same)
    is_repeated = value.is_not_null() & ~_is_first("row", "same")
    listed = shared.filter(~is_repeated).sort("row", value.is_null(), "place")
    is_one_of_several = value.is_not_null() & (pl.len().over("row") > 1)
    coded = listed.with_columns(code=pl.when(is_one_of_several).then(pl.lit(several)).otherwise("code"))
    first = coded.filter(_is_first("row")).select(parts.columns)
    others = coded.filter(~_is_first("row")).sort("place").select(parts.columns)
    return SplitCells(pl.concat([parts.filter(is_alone), first]), others)


def _is_first(*columns: str) -> pl.Expr:
    return pl.struct(columns).is_first_distinct()


def join_chunks(chunks: list[SplitCells], schema: Schema) -> SplitCells:
    """The cells of one column from those of its chunks, in order; `schema` is that of `first`."""
    first, others = [pl.DataFrame(schema=schema)], [pl.DataFrame(schema={"row": pl.UInt32, **schema})]
    start = 0
    for chunk in chunks:
        others.append(chunk.others.with_columns(pl.col("row") + pl.lit(start, pl.UInt32)))
        first.append(chunk.first)
        start += chunk.first.height
    return SplitCells(pl.concat(first), pl.concat(others))
