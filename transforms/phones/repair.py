"""Phone numbers that a spreadsheet took for figures, given back the plus or the zero that they lost.

A spreadsheet reads `+4915112345678` as 4915112345678 and `0612345678` as 612345678, and may write
4915112345678.0 or 4.915112345678E+12. No digit is guessed: a figure has to state them all, what was lost can
only have stood before the first, and `phonenumbers` judges every reading.
"""

import polars as pl

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.phones.judgement import judge_phones

_SPACE = r"[ \t\r\n\x{A0}]*"
_WRITTEN = rf"^{_SPACE}'?[ \x{{A0}}\x{{2010}}-\x{{2015}}./()\[\]0-9-]+{_SPACE}$"
_FIGURE = (
    rf"^{_SPACE}'?(?<plus>\+)?(?<whole>[0-9]+)(?:[.,](?<fraction>[0-9]+))?"
    rf"(?:[eE]\+?(?<exponent>[0-9]{{1,2}}))?{_SPACE}$"
)

REPAIRS = {
    "digits": Change.PHONE_FIGURE_UNDONE,
    "plus": Change.PHONE_PLUS_RESTORED,
    "zero": Change.PHONE_LEADING_ZERO_RESTORED,
}
"""By the reading that makes it. Where several readings are one number, the first of them names the repair."""


def repair_phones(verdicts: pl.DataFrame, numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    """The verdicts (the last columns are `e164` and `code`) after a second look at the digits of what was
    refused, row for row.

    They are read with a plus before them, with a zero before them and, where they come from a figure, as they
    are: Germany's 4915112345678.0 may be a mobile without its plus, and a landline of Leer as well. Where all
    the readings that are valid are one number, the row has that number and a `Change` that names the repair.
    Where none is valid, or two differ, the refusal stays with its reason.
    """
    is_certain = verdicts["code"].is_in([Reason.PHONE_AMBIGUOUS.value]).fill_null(value=False)
    refused = (verdicts["e164"].is_null() & verdicts["code"].is_not_null() & ~is_certain).arg_true()
    if refused.is_empty():
        return verdicts
    found = _read_again(numbers.gather(refused), regions.gather(refused))
    is_found = found["e164"].is_not_null()
    rows, repaired = refused.filter(is_found), found.filter(is_found)
    return verdicts.with_columns(
        verdicts["e164"].scatter(rows, repaired["e164"]), verdicts["code"].scatter(rows, repaired["code"])
    )


def _read_again(numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    """`e164` and `code` of each number (no nulls); `e164` is null unless the readings come to one."""
    readings = _list_readings(numbers)
    valid = pl.DataFrame({name: judge_phones(readings[name], regions)["e164"] for name in REPAIRS})
    e164, other = pl.min_horizontal(*REPAIRS), pl.max_horizontal(*REPAIRS)
    repairs = [pl.when(pl.col(name).is_not_null()).then(pl.lit(code.value)) for name, code in REPAIRS.items()]
    return valid.select(e164=pl.when(e164 == other).then(e164), code=pl.coalesce(repairs))


def _list_readings(numbers: pl.Series) -> pl.DataFrame:
    """What each number may have been, by the names of `REPAIRS`; null where that makes no sense.

    Digits that begin with a zero have lost nothing: no spreadsheet took them for a figure.
    """
    figures = _undo_figures(numbers)
    written = pl.when(numbers.str.contains(_WRITTEN)).then(numbers.str.replace_all("[^0-9]", ""))
    stated = pl.when("is_figure").then("digits").otherwise(written)
    digits = pl.when(stated.str.contains("^[1-9]")).then(stated)
    return figures.select(
        digits=pl.when("is_figure").then(pl.coalesce("plus", pl.lit("")) + digits),
        plus=pl.lit("+") + digits,
        zero=pl.when(pl.col("plus").is_null()).then(pl.lit("0") + digits),
    )


def _undo_figures(numbers: pl.Series) -> pl.DataFrame:
    """`is_figure` (Boolean), and the `digits` (String) of a figure that states all of them, else null; the
    `plus` that stands before it, if any.

    A figure has an exponent, or a fraction of one zero or two. It states all digits when it has as many as
    the exponent calls for and only zeros beyond them.
    """
    parts = numbers.str.extract_groups(_FIGURE).struct.unnest()
    stated = pl.col("whole") + pl.col("fraction").fill_null("")
    size = pl.col("whole").str.len_chars() + pl.col("exponent").cast(pl.UInt32).fill_null(0)
    is_stated = (stated.str.len_chars() >= size) & stated.str.slice(size).str.contains("^0*$")
    is_figure = pl.col("exponent").is_not_null() | pl.col("fraction").is_in(["0", "00"])
    return parts.select(
        "plus",
        is_figure=is_figure.fill_null(value=False),
        digits=pl.when(is_stated).then(stated.str.slice(0, size)),
    )
