"""Which rows are read back: all that are said to be in the store, or a sample that says something of all."""

import zlib

import polars as pl

from memory_import.columns import POS

STRATUM = "stratum"
IS_RANDOM = "is_random"
IS_UNCHANGED = "is_unchanged"
UNCHANGED = "unchanged"
POPULATION = {POS: pl.Int64, STRATUM: pl.String}
"""Rows that are said to be in the store, each with what is special about it. Of what the run has sent:
`changed` (it changes what the store held of a known person, or a memory), `merged` (it stands for several
rows), `split` (its request had to be divided), `last` (it is of the last request); empty for all others.
UNCHANGED: nothing of it was sent, because it is known."""

_OF_STRATUM = 5  # rows of each special kind that are read at least, beside those that are drawn from all


def draw(population: pl.DataFrame, sample: int | None, seed: str) -> pl.DataFrame:
    """`_pos`, `is_random`, `is_unchanged` of the rows to read, in order; the same for the same seed.

    `sample` rows are drawn from what was sent, and as many from what is unchanged: few rows that were sent
    are not lost among many that were not. Then a few more of each special kind that has too few among them.
    """
    is_unchanged = pl.col(STRATUM) == UNCHANGED
    of_kinds = [
        _draw(population.filter(is_of_kind), sample, seed).with_columns(pl.lit(value).alias(IS_UNCHANGED))
        for value, is_of_kind in ((False, ~is_unchanged), (True, is_unchanged))
    ]
    return pl.concat(of_kinds).sort(POS)


def _draw(population: pl.DataFrame, sample: int | None, seed: str) -> pl.DataFrame:
    if sample is None or sample >= population.height:
        return population.select(POS, is_random=pl.lit(value=True))
    shuffled = population.sort(POS).sample(
        fraction=1.0, shuffle=True, seed=zlib.crc32(seed.encode()), with_replacement=False
    )
    drawn, rest = shuffled[:sample], shuffled[sample:]
    chosen = [drawn.select(POS, is_random=pl.lit(value=True))]
    for stratum in sorted(set(population[STRATUM]) - {"", UNCHANGED}):
        there = drawn.filter(pl.col(STRATUM) == stratum).height
        further = rest.filter(pl.col(STRATUM) == stratum).head(max(0, _OF_STRATUM - there))
        chosen.append(further.select(POS, is_random=pl.lit(value=False)))
    return pl.concat(chosen)
