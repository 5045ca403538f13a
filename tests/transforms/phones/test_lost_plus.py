"""Digits that lost their plus are never taken for another number."""

import pytest

from memory_import.transforms.codes import Reason
from tests.fuzz.lost_plus import cut_plus, draw_valid_numbers

NUMBERS_A_REGION = 75


@pytest.mark.parametrize("repair", [False, True], ids=["as it stands", "repaired"])
def test_no_valid_number_of_any_region_becomes_another_for_want_of_its_plus(repair):
    drawn = draw_valid_numbers(NUMBERS_A_REGION, seed=20_261_128)
    assert drawn["region"].n_unique() == 245
    assert drawn.height > 0.99 * 245 * NUMBERS_A_REGION

    wrong, counts = cut_plus(drawn, repair=repair)
    print(counts)  # noqa: T201  # how many were refused is worth reading

    assert wrong.rows() == []
    assert sum(counts.values()) == drawn.height
    assert counts[Reason.PHONE_AMBIGUOUS] < 0.02 * drawn.height
    assert counts["kept"] > 0.98 * drawn.height
