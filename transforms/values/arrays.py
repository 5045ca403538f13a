"""Arrays read from one cell: the items of a list, or between separators."""

import polars as pl

from memory_import.transforms.alignment import align_verdicts
from memory_import.transforms.codes import Reason
from memory_import.transforms.judgements import NO_CODE, code_where
from memory_import.transforms.limits import ARRAY_ITEMS
from memory_import.transforms.payloads import encode_json
from memory_import.transforms.plan import ItemType, TraitType
from memory_import.transforms.values.numerals import judge_booleans, judge_integers
from memory_import.transforms.values.text import clean_texts, judge_texts

_text = pl.col("text")

_ESCAPE = r'\\(?:["\\/bfnrt]|u(?:[0-9a-cefA-CEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))'  # no half of a pair
_JSON_STRING = rf'"(?:[^"\\\x00-\x1f]|{_ESCAPE})*"'
_JSON_NUMBER = r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?"
_JSON_ITEM = f"[ \t\r\n]*(?:{_JSON_STRING}|{_JSON_NUMBER}|true|false|null)[ \t\r\n]*"
_JSON_LIST = rf"^\[(?:{_JSON_ITEM}(?:,{_JSON_ITEM})*|[ \t\r\n]*)\]$"


def judge_arrays(
    texts: pl.Series,
    separator: str | None = None,
    items: ItemType = TraitType.STRING,
    strip: str | None = None,
) -> pl.DataFrame:
    """Judgements on arrays; the value is their JSON text, `["a","b"]`. `strip`: characters to take off both
    ends of each item.

    Items, as `list_items` finds them, are read as their type; blank ones are left out, and an array of
    nothing else is blank. One invalid item refuses the array with the item's reason.
    """
    cells = clean_texts(texts)
    items_of = pl.DataFrame({"item": list_items(cells, separator)}).with_row_index("row")
    exploded = items_of.filter(cells.is_not_null()).explode("item", empty_as_null=True)
    if strip is not None:
        exploded = exploded.with_columns(pl.col("item").str.strip_chars(strip + " "))
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
    return align_verdicts(judged, len(cells))


def list_items(cells: pl.Series, separator: str | None) -> pl.Series:
    """The items (List of String) of each cell: those of a JSON list, which is what a list in Parquet is read
    as; else the texts between separators, or the whole cell where there is no separator."""
    frame = cells.to_frame("text")
    whole = pl.concat_list(_text) if separator is None else _text.str.split(separator)
    is_list = frame.select(_text.str.contains(_JSON_LIST)).to_series()
    if not is_list.any():
        return frame.select(whole).to_series()
    lists = pl.when(is_list).then(_text).str.json_decode(pl.List(pl.String))
    return frame.select(pl.when(is_list).then(lists).otherwise(whole)).to_series()


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
