"""Arrays read from one cell: the items between separators."""

import polars as pl

from transforms.alignment import align_verdicts
from transforms.judgements import NO_CODE, code_where
from transforms.limits import ARRAY_ITEMS
from transforms.numerals import judge_booleans, judge_integers
from transforms.payloads import encode_json
from transforms.plan import ItemType, TraitType
from transforms.reasons import Reason
from transforms.text import clean_texts, judge_texts

_text = pl.col("text")


def judge_arrays(
    texts: pl.Series, separator: str | None = None, items: ItemType = TraitType.STRING
) -> pl.DataFrame:
    """Judgements on arrays; the value is their JSON text, `["a","b"]`.

    Items are read as their type; blank ones are left out, and an array of nothing else is blank. One invalid
    item refuses the array with the item's reason. A null separator makes the whole cell one item.
    """
    cells = clean_texts(texts).to_frame().with_row_index("row")
    pieces = pl.concat_list(_text) if separator is None else _text.str.split(separator)
    exploded = cells.drop_nulls().select("row", item=pieces).explode("item", empty_as_null=True)
    judged = (
        exploded.hstack(_judge_items(exploded["item"], items))
        .group_by("row")
        .agg(
            value="[" + pl.col("value").drop_nulls().str.join(",") + "]",
            size=pl.col("value").count(),
            reason=pl.col("reason").drop_nulls().first(),
        )
        .select("row", *_judge_whole(), change=NO_CODE)
    )
    return align_verdicts(judged, cells.height)


def _judge_items(texts: pl.Series, items: ItemType) -> pl.DataFrame:
    if items == TraitType.INTEGER:
        return judge_integers(texts)
    if items == TraitType.BOOLEAN:
        return judge_booleans(texts)
    too_long = {Reason.STRING_TOO_LONG.value: Reason.ARRAY_ITEM_TOO_LONG.value}
    judged = judge_texts(texts)
    return judged.with_columns(
        encode_json(pl.col("value")).alias("value"), pl.col("reason").replace(too_long)
    )


def _judge_whole() -> tuple[pl.Expr, pl.Expr]:
    is_too_long = pl.col("size") > ARRAY_ITEMS
    reason = pl.coalesce("reason", code_where(is_too_long, Reason.ARRAY_TOO_LONG))
    value = pl.when(reason.is_null() & (pl.col("size") > 0)).then(pl.col("value"))
    return value.alias("value"), reason.alias("reason")
