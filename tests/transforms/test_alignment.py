"""What was found in any order, brought back to its rows; and values among others that are in order."""

import polars as pl
import pytest

from memory_import.transforms.alignment import is_among


@pytest.mark.parametrize("others", [[], [5], [1, 3, 3, 7], [-4, 0, 2, 2**40]], ids=str)
def test_a_value_is_among_others_where_a_set_has_it(others: list[int]) -> None:
    values = [2**40, 7, 3, 0, -4, -5, 5, 8, 3, 2**41]
    found = is_among(pl.Series(values, dtype=pl.Int64), pl.Series(others, dtype=pl.Int64))
    assert found.to_list() == [value in others for value in values]


def test_nothing_is_among_others() -> None:
    assert is_among(pl.Series(dtype=pl.Int64), pl.Series([1])).to_list() == []
