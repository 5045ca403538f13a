"""How many rows are read back, which, and what they say about all of them."""

import polars as pl
import pytest

from memory_import.errors import UsageProblem
from memory_import.run.confidence import USUAL_SAMPLE, bounds, parse_sample
from memory_import.run.verify.sample import draw

CLOPPER_PEARSON = {  # as textbooks have them; none or all wrong: one-sided
    "5 of 100": (5, 100, 0.01643, 0.11283),
    "15 of 300": (15, 300, 0.02825, 0.08112),
    "10 of 20": (10, 20, 0.27196, 0.72804),
    "none of 20": (0, 20, 0.0, 0.13911),
    "all of 20": (20, 20, 0.86089, 1.0),
    "none of none": (0, 0, 0.0, 1.0),
}


@pytest.mark.parametrize(("wrong", "read", "low", "high"), CLOPPER_PEARSON.values(), ids=CLOPPER_PEARSON)
def test_bounds_are_those_of_clopper_and_pearson(wrong: int, read: int, low: float, high: float) -> None:
    assert bounds(wrong, read) == pytest.approx((low, high), abs=2e-5)


def test_the_usual_sample_is_the_smallest_that_shows_less_than_one_percent() -> None:
    assert bounds(0, USUAL_SAMPLE)[1] < 0.01 <= bounds(0, USUAL_SAMPLE - 1)[1]


@pytest.mark.parametrize(("text", "expected"), [(None, 299), ("all", None), (" ALL ", None), ("12", 12)])
def test_a_sample_is_a_number_or_all(text: str | None, expected: int | None) -> None:
    assert parse_sample(text) == expected


@pytest.mark.parametrize("text", ["0", "-3", "5%", "", "some", "1.5"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="number of rows"):
        parse_sample(text)


POPULATION = pl.DataFrame(
    {"_pos": range(10_000), "stratum": ["last" if pos >= 9_997 else "" for pos in range(10_000)]}
)


def test_every_special_kind_is_in_the_sample_beside_those_that_are_drawn_from_all() -> None:
    drawn = draw(POPULATION, 100, "seed")
    assert drawn["is_random"].sum() == 100
    assert {9_997, 9_998, 9_999} <= set(drawn["_pos"])
    assert drawn["_pos"].is_unique().all()


def test_a_sample_is_the_same_for_the_same_seed_alone() -> None:
    assert draw(POPULATION, 100, "a").equals(draw(POPULATION, 100, "a"))
    assert not draw(POPULATION, 100, "a").equals(draw(POPULATION, 100, "b"))


@pytest.mark.parametrize("sample", [None, 10_000, 20_000])
def test_all_are_read_where_all_are_wanted(sample: int | None) -> None:
    assert draw(POPULATION, sample, "seed")["_pos"].to_list() == list(range(10_000))
