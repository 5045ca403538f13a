"""Which rows are read back: all that landed, or a sample that says something about all of them."""

import zlib

import polars as pl

from memory_import.columns import POS

STRATUM = "stratum"
IS_RANDOM = "is_random"
POPULATION = {POS: pl.Int64, STRATUM: pl.String}
"""Rows that landed, each with what is special about it: `changed` (it changes what the store held of a known
person, or a memory), `merged` (it stands for several rows), `split` (its request had to be divided), `last`
(it is of the last request); empty for all others."""

_OF_STRATUM = 5  # rows of each special kind that are read at least, beside those that are drawn from all


def draw(population: pl.DataFrame, sample: int | None, seed: str) -> pl.DataFrame:
    """`_pos`, `is_random` of the rows to read, in order; the same for the same seed.

    `sample` rows are drawn from all; then a few more of each special kind that has too few among them.
    """
    if sample is None or sample >= population.height:
        return population.select(POS, is_random=pl.lit(value=True)).sort(POS)
    shuffled = population.sort(POS).sample(
        fraction=1.0, shuffle=True, seed=zlib.crc32(seed.encode()), with_replacement=False
    )
    drawn, rest = shuffled[:sample], shuffled[sample:]
    chosen = [drawn.select(POS, is_random=pl.lit(value=True))]
    for stratum in sorted(set(population[STRATUM]) - {""}):
        there = drawn.filter(pl.col(STRATUM) == stratum).height
        further = rest.filter(pl.col(STRATUM) == stratum).head(max(0, _OF_STRATUM - there))
        chosen.append(further.select(POS, is_random=pl.lit(value=False)))
    return pl.concat(chosen).sort(POS)
