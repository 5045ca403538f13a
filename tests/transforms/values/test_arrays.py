"""Arrays in one cell."""

import polars as pl
import pytest

from memory_import.transforms.plan import TraitType
from memory_import.transforms.values.arrays import judge_arrays

STRING, INTEGER, BOOLEAN = TraitType.STRING, TraitType.INTEGER, TraitType.BOOLEAN
CASES = {
    "items": (";", STRING, "a;b", '["a","b"]', None),
    "items are trimmed": (";", STRING, " a ; b ", '["a","b"]', None),
    "blank items are left out": (";", STRING, ";a;; ;b;", '["a","b"]', None),
    "one item": (";", STRING, "a", '["a"]', None),
    "repeated items stay": (";", STRING, "a;a", '["a","a"]', None),
    "escapes": (",", STRING, 'a"b,c\\d', '["a\\"b","c\\\\d"]', None),
    "a longer separator": (" | ", STRING, "a | b|c", '["a","b|c"]', None),
    "no separator": (None, STRING, "a;b", '["a;b"]', None),
    "nothing but blank items": (";", STRING, "; ;", None, None),
    "blank": (";", STRING, " ", None, None),
    "null": (";", STRING, None, None, None),
    "integers": (",", INTEGER, "1, 2,+3", "[1,2,3]", None),
    "booleans": (",", BOOLEAN, "yes,no", "[true,false]", None),
    "an invalid integer": (",", INTEGER, "1,x", None, "integer_invalid"),
    "an integer out of range": (",", INTEGER, "1,9999999999", None, "integer_out_of_range"),
    "a JSON list": (";", STRING, ' ["a;b", "c" , "\\u00e9\\"\\n"]', '["a;b","c","é\\""]', None),
    "a JSON list without a separator": (None, STRING, '["a","b"]', '["a","b"]', None),
    "a JSON list with nulls and blanks": (None, STRING, '["a",null," "]', '["a"]', None),
    "a JSON list of numbers as texts": (",", STRING, "[1,-2.5,1e3]", '["1","-2.5","1000"]', None),
    "a JSON list of integers": (None, INTEGER, "[1, 2,null]", "[1,2]", None),
    "a JSON list of booleans": (None, BOOLEAN, "[true,false]", "[true,false]", None),
    "an empty JSON list": (";", STRING, "[]", None, None),
    "a JSON list with an invalid integer": (None, INTEGER, '[1,"x"]', None, "integer_invalid"),
    "a list of lists is text": (";", STRING, "[[1]]", '["[[1]]"]', None),
    "brackets alone make no list": (";", STRING, "[vip];[b]", '["[vip]","[b]"]', None),
    "half of a surrogate pair is text": (None, STRING, '["\\ud800"]', '["[\\"\\\\ud800\\"]"]', None),
    "a number out of every range is text": (None, STRING, "[1e999]", '["[1e999]"]', None),
    "100 items": (",", INTEGER, ",".join(["7"] * 100), "[" + ",".join(["7"] * 100) + "]", None),
    "101 items": (",", STRING, ",".join(["a"] * 101), None, "array_too_long"),
    "an item of 1,024 characters": (",", STRING, "é" * 1024 + ",b", f'["{"é" * 1024}","b"]', None),
    "an item of 1,025 characters": (",", STRING, "é" * 1025 + ",b", None, "array_item_too_long"),
}


@pytest.mark.parametrize(("separator", "items", "text", "value", "reason"), CASES.values(), ids=CASES)
def test_an_array_is_read_item_by_item(separator, items, text, value, reason):
    texts = pl.Series([text, None, text, "1"], dtype=pl.String)

    verdicts = judge_arrays(texts, separator, items)

    assert verdicts.row(0) == verdicts.row(2) == (value, reason, None)
    assert verdicts.row(1) == (None, None, None)
    assert verdicts.height == 4


def test_lists_and_separated_items_stand_side_by_side():
    verdicts = judge_arrays(pl.Series(["a;b", '["c;d"]', None, "[", '["e","f"]']), ";")
    assert verdicts["value"].to_list() == ['["a","b"]', '["c;d"]', None, '["["]', '["e","f"]']


def test_no_cells_have_no_arrays():
    assert judge_arrays(pl.Series([], dtype=pl.String), ";").shape == (0, 3)
    assert judge_arrays(pl.Series([None], dtype=pl.String), ";").row(0) == (None, None, None)
