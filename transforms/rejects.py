"""All reasons of rejected rows, joined for people."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from memory_import.columns import ERROR_CODE, ERROR_FIELD, ERROR_MESSAGE
from memory_import.transforms.alignment import align_verdicts
from memory_import.transforms.codes import WORDING

SEPARATOR = " | "
COLUMNS = (ERROR_CODE, ERROR_FIELD, ERROR_MESSAGE)


@dataclass(frozen=True, kw_only=True)
class RowReasons:
    """One reason at most for each row (`codes`, String), and the field that it is about."""

    field: str
    codes: pl.Series


def explain_rows(rejected: pl.Series, reasons: list[RowReasons]) -> pl.DataFrame:
    """COLUMNS (String), row for row: the reasons of rejected rows, in the order given, joined with
    `SEPARATOR`; null in other rows."""
    if not rejected.any():
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String)).clear(len(rejected))
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
    return align_verdicts(joined, len(rejected))


def _explain(codes: pl.Expr) -> pl.Expr:
    return codes.replace_strict(
        [str(code) for code in WORDING], list(WORDING.values()), return_dtype=pl.String
    )


def _join(parts: Iterable[pl.Expr]) -> pl.Expr:
    return pl.concat_str(list(parts), separator=SEPARATOR, ignore_nulls=True)
