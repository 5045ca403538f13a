"""All reasons of rejected rows, joined for people and counted for the report."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from transforms.alignment import align_verdicts
from transforms.reasons import WORDING

SEPARATOR = " | "
COLUMNS = ("_error_code", "_error_field", "_error_message")


@dataclass(frozen=True, kw_only=True)
class RowReasons:
    """One reason at most for each row (`codes`, String), and the field that it is about."""

    field: str
    codes: pl.Series


@dataclass(frozen=True, kw_only=True)
class ExplainedRows:
    """`columns`: those of COLUMNS, String, row for row. `counts`: how often each reason was given."""

    columns: pl.DataFrame
    counts: dict[str, int]


def explain_rows(rejected: pl.Series, reasons: list[RowReasons]) -> ExplainedRows:
    """Joins the reasons of rejected rows, in the order given, with `SEPARATOR`; other rows have nulls."""
    if not rejected.any():
        nothing = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String)).clear(len(rejected))
        return ExplainedRows(columns=nothing, counts={})
    given = [reason for reason in reasons if reason.codes.null_count() < len(rejected)]
    codes = pl.DataFrame([reason.codes.filter(rejected).alias(str(n)) for n, reason in enumerate(given)])
    joined = codes.select(
        _error_code=_join(pl.col(name) for name in codes.columns),
        _error_field=_join(
            pl.when(pl.col(name).is_not_null()).then(pl.lit(reason.field))
            for name, reason in zip(codes.columns, given, strict=True)
        ),
        _error_message=_join(_explain(pl.col(name)) for name in codes.columns),
        row=rejected.arg_true(),
    )
    return ExplainedRows(columns=align_verdicts(joined, len(rejected)), counts=_count(codes))


def _explain(codes: pl.Expr) -> pl.Expr:
    return codes.replace_strict(
        [str(code) for code in WORDING], list(WORDING.values()), return_dtype=pl.String
    )


def _join(parts: Iterable[pl.Expr]) -> pl.Expr:
    return pl.concat_str(list(parts), separator=SEPARATOR, ignore_nulls=True)


def _count(codes: pl.DataFrame) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for column in codes:
        counts.update(dict(zip(*column.drop_nulls().value_counts(name="count"), strict=True)))
    return dict(sorted(counts.items()))
