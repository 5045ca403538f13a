"""One trait read from its columns: the first that holds a valid value counts."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from memory_import.transforms.codes import Reason
from memory_import.transforms.emails.normalise import normalise_emails
from memory_import.transforms.judgements import judge_distinct, judgements_from_codes
from memory_import.transforms.limits import IDENTIFIER_CHARACTERS
from memory_import.transforms.phones.normalise import normalise_phones
from memory_import.transforms.phones.repair import repair_phones
from memory_import.transforms.plan import TraitPlan, TraitType
from memory_import.transforms.values.arrays import judge_arrays
from memory_import.transforms.values.numerals import judge_booleans, judge_integers, judge_numbers
from memory_import.transforms.values.text import judge_texts
from memory_import.transforms.values.times import judge_dates, judge_datetimes


@dataclass(frozen=True, kw_only=True)
class JudgedTrait:
    """A trait's values, row for row, and what was said about them on the way.

    `values` and `changes` (String) belong to the column that counted. `reasons` has, for each source column,
    the refusals of what it held where no column before it held a valid value.
    """

    trait: TraitPlan
    values: pl.Series
    changes: pl.Series
    reasons: tuple[tuple[str, pl.Series], ...]

    @property
    def is_refused(self) -> pl.Series:
        """Where something was stated and nothing valid was found."""
        refused = pl.any_horizontal(pl.lit(reason).is_not_null() for _, reason in self.reasons)
        return pl.select(pl.lit(self.values).is_null() & refused).to_series()


def judge_trait(
    rows: pl.DataFrame, trait: TraitPlan, regions: pl.Series, *, is_identifier: bool = False
) -> JudgedTrait:
    """Reads a trait from rows of text; a value that is to be an identifier keeps to the limit of those, too.

    `regions` is ISO alpha-2 or null for each row; only phones ask for it.
    """
    first, *others = (rows[column] for column in trait.columns)
    found = _judge_column(first, trait, regions, is_identifier=is_identifier)
    reasons = [(first.name, found["reason"])]
    for column in others:
        open_cells = pl.select(pl.when(found["value"].is_null()).then(column)).to_series()
        further = _judge_column(open_cells, trait, regions, is_identifier=is_identifier)
        reasons.append((column.name, further["reason"]))
        found = pl.select(
            value=pl.coalesce(found["value"], further["value"]),
            change=pl.coalesce(found["change"], further["change"]),
        )
    return JudgedTrait(trait=trait, values=found["value"], changes=found["change"], reasons=tuple(reasons))


def _judge_column(
    texts: pl.Series, trait: TraitPlan, regions: pl.Series, *, is_identifier: bool
) -> pl.DataFrame:
    judgements = JUDGES[trait.type](texts, trait, regions)
    return _limit_identifiers(judgements) if is_identifier else judgements


JUDGES: dict[TraitType, Callable[[pl.Series, TraitPlan, pl.Series], pl.DataFrame]] = {
    TraitType.STRING: lambda texts, _trait, _regions: judge_texts(texts),
    TraitType.INTEGER: lambda texts, _trait, _regions: judge_integers(texts),
    TraitType.NUMBER: lambda texts, _trait, _regions: judge_numbers(texts),
    TraitType.BOOLEAN: lambda texts, _trait, _regions: judge_distinct(texts, judge_booleans),
    TraitType.DATE: lambda texts, trait, _regions: judge_distinct(
        texts, lambda distinct: judge_dates(distinct, trait.format)
    ),
    TraitType.DATETIME: lambda texts, trait, _regions: judge_distinct(
        texts, lambda distinct: judge_datetimes(distinct, trait.format, trait.timezone)
    ),
    TraitType.ARRAY: lambda texts, trait, _regions: judge_distinct(
        texts, lambda distinct: judge_arrays(distinct, trait.separator, trait.items)
    ),
    TraitType.PHONE: lambda texts, trait, regions: judgements_from_codes(
        *(repair_phones if trait.repair else normalise_phones)(texts, regions)
    ),
    TraitType.EMAIL: lambda texts, _trait, _regions: judgements_from_codes(*normalise_emails(texts)),
}


def _limit_identifiers(judgements: pl.DataFrame) -> pl.DataFrame:
    is_too_long = pl.col("value").str.len_chars() > IDENTIFIER_CHARACTERS
    if not judgements.select(is_too_long.any()).item():
        return judgements
    return judgements.select(
        value=pl.when(~is_too_long).then(pl.col("value")),
        reason=pl.when(is_too_long)
        .then(pl.lit(Reason.IDENTIFIER_TOO_LONG.value))
        .otherwise(pl.col("reason")),
        change=pl.when(~is_too_long).then(pl.col("change")),
    )
