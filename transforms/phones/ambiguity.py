"""Digits that `phonenumbers` reads as one number and that may be meant as another."""

import phonenumbers
import polars as pl

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.phones.judgement import judge_phones

_CALLING_CODES = {
    region: str(code)
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    for region in regions
    if region in phonenumbers.SUPPORTED_REGIONS
}
AMERICAN_REGIONS = sorted(region for region, code in _CALLING_CODES.items() if code == "1")
"""Regions in which every national number has its area code."""

# Behind the first digit of a calling code, a number without plus that begins with the same.
_BEGINS_ALIKE = f"^(?:{'|'.join(f'{digit}[^0-9+]*{digit}' for digit in range(1, 10))})"
_MEXICAN = r"^(?:\+|00)52(1)[0-9]{10}$"
_MEXICAN_AT_HOME = r"^521[0-9]{10}$"


def refuse_ambiguous(verdicts: pl.DataFrame, questions: pl.Series, regions: pl.Series) -> pl.DataFrame:
    """The verdicts (`e164`, `code`), those refused that are valid behind a plus, too, and another number.

    Such are digits that begin with the calling code of their own country: Germany's 4915112345678 may be a
    mobile without its plus, and a landline of Leer.
    """
    possible = (verdicts["e164"].str.slice(1, 1) + questions).str.contains(_BEGINS_ALIKE).arg_true()
    candidates = pl.DataFrame(
        {
            "row": possible,
            "question": questions.gather(possible),
            "region": regions.gather(possible),
            "e164": verdicts["e164"].gather(possible),
            "code": verdicts["code"].gather(possible),
        }
    )
    candidates = candidates.filter(pl.col("code") != Change.PHONE_PLUS_ADDED.value).with_columns(
        digits=pl.col("question").str.replace_all("[^0-9]", ""),
        calling_code=pl.col("region").replace_strict(_CALLING_CODES, default=None, return_dtype=pl.String),
    )
    begun = candidates.filter(
        pl.col("digits").str.starts_with(pl.col("calling_code"))
        & (pl.col("e164") != pl.lit("+") + pl.col("digits"))
    )
    if begun.is_empty():
        return verdicts
    behind_plus = judge_phones(("+" + begun["digits"]), begun["region"])["e164"]
    ambiguous = begun["row"].filter(behind_plus.is_not_null() & (behind_plus != begun["e164"]))
    return _replace(verdicts, ambiguous, None, Reason.PHONE_AMBIGUOUS)


def bring_up_to_date(verdicts: pl.DataFrame, questions: pl.Series, regions: pl.Series) -> pl.DataFrame:
    """The verdicts, refused Mexican mobiles without the 1 that stood behind +52 until 2019.

    WhatsApp still sends it.
    """
    refused = verdicts["e164"].is_null().arg_true()
    digits = questions.gather(refused).str.replace_all("[^0-9+]", "")
    is_old = digits.str.contains(_MEXICAN) | (
        digits.str.contains(_MEXICAN_AT_HOME) & (regions.gather(refused) == "MX")
    )
    old = refused.filter(is_old.fill_null(value=False))
    if old.is_empty():
        return verdicts
    updated = "+52" + questions.gather(old).str.replace_all("[^0-9]", "").str.tail(10)
    e164 = judge_phones(updated, regions.gather(old))["e164"]
    return _replace(
        verdicts, old.filter(e164.is_not_null()), e164.drop_nulls(), Change.PHONE_BROUGHT_UP_TO_DATE
    )


def _replace(
    verdicts: pl.DataFrame, rows: pl.Series, e164: pl.Series | None, code: Change | Reason
) -> pl.DataFrame:
    return verdicts.with_columns(
        verdicts["e164"].scatter(rows, e164), verdicts["code"].scatter(rows, code.value)
    )
