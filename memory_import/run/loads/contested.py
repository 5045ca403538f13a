"""A trait of which people who disagree claim most values is most likely read from the wrong column."""

from collections.abc import Iterator, Sequence

import polars as pl

from memory_import.columns import CODE, POS, TRAIT
from memory_import.ledger.report.traits import MappedTrait, count_filled
from memory_import.ledger.staging.staged import Staging
from memory_import.transforms.codes import Reason

_FEWEST_ROWS = 100
_SHARE = 0.5


def remark_contested(staging: Staging, traits: Sequence[MappedTrait]) -> Iterator[str]:
    """A sentence for each trait of which at least 100 rows, and half of those that fill it, hold a value that
    was left out because people claim it whose names disagree."""
    contested = staging.left_out.filter(pl.col(CODE) == Reason.IDENTIFIER_CONTESTED)
    rows = dict(contested.group_by(TRAIT).agg(pl.col(POS).n_unique()).iter_rows())
    for trait in traits:
        count = rows.get(trait.path, 0)
        if count < _FEWEST_ROWS:
            continue
        filled = count_filled(staging, trait)
        if count >= _SHARE * filled:
            yield (
                f"profiles.traits.{trait.path}: {count:,} of {filled:,} rows hold a value that people claim "
                "whose names disagree, and go without it. Is this the wrong column, with an owner's address "
                "or a branch's phone? See conflicts.csv."
            )
