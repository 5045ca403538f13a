"""Phone numbers as columns: E.164 exactly as `phonenumbers` says, and a code for what was changed or refused.

Plain numbers are decided by the installed metadata compiled to Polars; whatever is not provably plain goes to the
library, each distinct value once.
"""

from collections.abc import Callable

import polars as pl

from transforms.phone_judge import judge_phone
from transforms.phone_numbers import judge_numbers, read_numbers
from transforms.phone_rules import PhoneRules, installed_rules
from transforms.phone_texts import holds_no_number, read_digits, spot_damage
from transforms.reasons import Reason

CHUNK_ROWS = 250_000
FEWEST_ROWS_TO_COMPILE_FOR = 1_000  # below, the library alone is as fast as the columns

Judge = Callable[[str, str | None], tuple[str | None, str | None]]
_VERDICT = {"e164": pl.String, "code": pl.String}


def normalise_phones(numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    """Each number's E.164 form, exactly as `phonenumbers` has it: parse with the region, then `is_valid_number`.

    `numbers` is String; `regions` is String of the same length: ISO 3166 alpha-2 in capitals. A region that is null
    or unknown leaves only numbers that begin with `+` and their country code.

    Gives `e164` (String) and `code` (String), row for row. A null or blank number has neither. A refused number
    has no `e164`, and a `Reason`. A kept number has a `Change`, or no code where it was E.164 as it stood.
    """
    judged = [
        _normalise_chunk(numbers.slice(start, CHUNK_ROWS), regions.slice(start, CHUNK_ROWS))
        for start in range(0, len(numbers), CHUNK_ROWS)
    ]
    return pl.concat(judged) if judged else pl.DataFrame(schema=_VERDICT)


def _normalise_chunk(numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    if len(numbers) < FEWEST_ROWS_TO_COMPILE_FOR:
        rows = _state_rows(numbers, regions)
        return _align(rows, _judge_each(rows, judge_phone))
    return normalise_by_rules(numbers, regions, installed_rules(), judge_phone)


def normalise_by_rules(
    numbers: pl.Series, regions: pl.Series, rules: PhoneRules, judge: Judge
) -> pl.DataFrame:
    """`normalise_phones` by these rules, asking `judge` (number, region -> e164, code) about all they leave open."""
    rows = _state_rows(numbers, regions)
    decided = _decide(rules, rows)
    open_rows = rows.join(decided, on="row", how="anti")
    return _align(rows, decided, _judge_each(open_rows, judge))


def _state_rows(numbers: pl.Series, regions: pl.Series) -> pl.DataFrame:
    rows = pl.DataFrame([numbers.cast(pl.String).alias("number"), regions.cast(pl.String).alias("region_code")])
    return rows.with_row_index("row")


def _decide(rules: PhoneRules, rows: pl.DataFrame) -> pl.DataFrame:
    """`row`, `e164` and `code` of the rows that need no library."""
    region = rows["region_code"].cast(rules.regions, strict=False).to_physical().cast(pl.UInt32)
    stated = rows.with_columns(region=region).filter(_is_stated())
    plain = read_digits(stated)
    read = judge_numbers(rules, read_numbers(rules, plain)).join(plain.select("row", "number"), on="row")
    needs_region = plain.filter(~pl.col("plus") & pl.col("region").is_null())
    others = stated.join(plain, on="row", how="anti").filter(holds_no_number())
    return pl.concat(
        [
            read.select("row", "e164", code=_finish_code()),
            _refuse(needs_region, spot_damage(pl.lit(Reason.PHONE_NO_REGION.value))),
            _refuse(others, pl.lit(Reason.PHONE_NOT_A_NUMBER.value)),
        ]
    )


def _is_stated() -> pl.Expr:
    return pl.col("number").str.strip_chars() != ""


def _finish_code() -> pl.Expr:
    is_refused = pl.col("e164").is_null()
    is_changed = pl.col("e164") != pl.col("number")
    return pl.when(is_refused).then(spot_damage(pl.col("code"))).when(is_changed).then("code")


def _refuse(rows: pl.DataFrame, reason: pl.Expr) -> pl.DataFrame:
    return rows.select("row", e164=pl.lit(None, pl.String), code=reason)


def _judge_each(rows: pl.DataFrame, judge: Judge) -> pl.DataFrame:
    """Asks the library about each distinct number and region once."""
    key = ["number", "region_code"]
    stated = rows.filter(_is_stated())
    distinct = stated.select(key).unique()
    verdicts = [judge(number, region) for number, region in zip(*distinct.get_columns(), strict=True)]
    judged = distinct.hstack(pl.DataFrame(verdicts, schema=_VERDICT, orient="row"))
    return stated.join(judged, on=key, nulls_equal=True).select("row", *_VERDICT)


def _align(rows: pl.DataFrame, *verdicts: pl.DataFrame) -> pl.DataFrame:
    """The verdicts in the order of the rows; null where a row has none."""
    return rows.select("row").join(pl.concat(verdicts), on="row", how="left", maintain_order="left").drop("row")
