"""From digits to verdicts in columns: `phonenumbers.parse` and `is_valid_number` for plain numbers.

Frames here have a `row` that names the input row; they keep no order. `territory` is the index of the plan
that reads the digits.
"""

import polars as pl

from transforms.phone_judge import CODES
from transforms.phone_rules import FITS, LONG, PhoneRules, ask_about, is_viable, measure
from transforms.phone_territories import Transform
from transforms.phone_validity import find_valid
from transforms.reasons import Change, Reason

_REASON_OF_LENGTH = pl.Series(
    [
        Reason.PHONE_INVALID,
        Reason.PHONE_TOO_SHORT,
        Reason.PHONE_TOO_LONG,
        Reason.PHONE_NO_AREA_CODE,
        Reason.PHONE_INVALID_LENGTH,
    ],
    dtype=CODES,
)  # in the order of FITS, SHORT, LONG, LOCAL, BETWEEN
_LONGEST_NATIONAL_NUMBER = 17  # digits; more are refused before the territory's lengths are asked


def read_numbers(rules: PhoneRules, rows: pl.DataFrame) -> pl.DataFrame:
    """Splits numbers into territory and national number.

    Takes what `transforms.phone_texts.read_digits` gives, with `row` and `region` (UInt32: the region's
    index, or null). Gives `row`, `territory`, `digits` (now the national number), `is_e164` and `change`.
    Left out are numbers without a region, with an unassigned calling code, or of territories that could not
    be carried.
    """
    plus, local = rows.filter("plus").drop("region", "plus"), rows.filter(~pl.col("plus")).drop("plus")
    local = local.with_columns(territory=rules.territory_of_region.gather(local["region"]))
    local = local.drop("region").drop_nulls("territory")
    dialled, local = _split_dialled(rules, local)
    prefixed, national = _split_own_calling_code(rules, local)
    readings = [
        _note(_split_calling_code(rules, plus), Change.PHONE_REFORMATTED),
        _note(_split_calling_code(rules, dialled), Change.PHONE_INTERNATIONAL_PREFIX_REPLACED),
        _note(prefixed, Change.PHONE_PLUS_ADDED),
        _note(national, Change.PHONE_COUNTRY_CODE_ADDED),
    ]
    columns = ["row", "territory", "digits", "is_e164", "change"]
    numbers = pl.concat([reading.select(columns) for reading in readings])
    return _strip_where_possible(rules, numbers.sort("territory"))  # neighbours share what the patterns cache


def judge_numbers(rules: PhoneRules, numbers: pl.DataFrame) -> pl.DataFrame:
    """`row`, `e164` and `code` of the numbers read; those the library has to decide are left out."""
    has_length = pl.col("digits").str.len_bytes().is_between(2, _LONGEST_NATIONAL_NUMBER)
    numbers = numbers.with_columns(territory=rules.main.gather(numbers["territory"])).filter(has_length)
    valid, invalid = find_valid(rules, numbers)
    fits = measure(rules, invalid["territory"], invalid["digits"])
    codes = rules.calling_codes.gather(valid["territory"])
    changes = pl.when(~pl.col("is_e164")).then("change")
    return pl.concat(
        [
            valid.select("row", e164=pl.concat_str(pl.lit("+"), codes, "digits"), code=changes),
            invalid.select("row", e164=pl.lit(None, pl.String), code=_REASON_OF_LENGTH.gather(fits)),
        ]
    )


def _note(rows: pl.DataFrame, change: Change) -> pl.DataFrame:
    return rows.with_columns(change=pl.col("change").fill_null(pl.lit(change, CODES)))


def _split_calling_code(rules: PhoneRules, rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers that begin with a calling code; those whose code is unknown are left out."""
    start = rows["digits"].str.slice(0, 3).cast(pl.UInt32)
    rows = rows.with_columns(territory=rules.called.gather(start)).drop_nulls("territory")
    code_digits = rules.calling_codes.gather(rows["territory"]).str.len_bytes()
    return rows.with_columns(digits=pl.col("digits").str.slice(code_digits))


def _split_dialled(rules: PhoneRules, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Numbers behind the region's international prefix (which is removed), and the others.

    A calling code never begins with 0, so a prefix before a 0 is none. What is too short for a calling code
    is in neither.
    """
    subject = ask_about(rules, rows["territory"], rows["digits"])
    may_be_dialled = subject.str.contains(rules.international_prefix)
    candidates = rows.filter(may_be_dialled).with_columns(
        rest=subject.filter(may_be_dialled).str.replace(rules.international_prefix, "")
    )
    is_dialled = ~pl.col("rest").str.starts_with("0")
    dialled = candidates.filter(is_dialled & (pl.col("rest").str.len_bytes() > 2))
    others = pl.concat([rows.filter(~may_be_dialled), candidates.filter(~is_dialled).drop("rest")])
    return dialled.with_columns(digits="rest"), others


def _split_own_calling_code(rules: PhoneRules, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Numbers that begin with their region's calling code without a plus (which is removed), and the others.

    The digits are taken for a calling code where only what follows it looks like a number of the region, or
    where the whole is too long for one.
    """
    codes = rules.calling_codes.gather(rows["territory"])
    begins = pl.select(pl.lit(rows["digits"]).str.starts_with(pl.lit(codes))).to_series()
    candidates = rows.filter(begins).with_columns(
        whole="digits", digits=pl.col("digits").str.slice(codes.filter(begins).str.len_bytes())
    )
    candidates = _strip_national_prefix(rules, candidates)
    territory, whole = candidates["territory"], candidates["whole"]
    gains = ~is_viable(rules, territory, whole) & is_viable(rules, territory, candidates["digits"])
    is_prefixed = gains | (measure(rules, territory, whole) == LONG)
    prefixed = candidates.filter(is_prefixed)
    prefixed = prefixed.with_columns(territory=rules.main.gather(prefixed["territory"]))
    national = candidates.filter(~is_prefixed).with_columns(digits="whole")
    return prefixed, pl.concat([rows.filter(~begins), national.drop("whole")])


def _strip_where_possible(rules: PhoneRules, numbers: pl.DataFrame) -> pl.DataFrame:
    """Removes the national prefix unless what remains has a length that is too short or local."""
    stripped = _strip_national_prefix(rules, numbers.with_columns(whole="digits"))
    fits = measure(rules, stripped["territory"], stripped["digits"])
    goes = (fits == FITS) | (fits == LONG)
    stripped = stripped.with_columns(digits=pl.when(goes).then("digits").otherwise("whole"))
    is_whole = pl.col("digits") == pl.col("whole")
    return stripped.with_columns(is_e164=pl.col("is_e164") & is_whole).drop("whole")


def _strip_national_prefix(rules: PhoneRules, rows: pl.DataFrame) -> pl.DataFrame:
    """Removes or rewrites the national prefix unless that would spoil a number that looked right before."""
    subject = ask_about(rules, rows["territory"], rows["digits"])
    begins = subject.str.contains(rules.national_prefix)
    subject = subject.filter(begins)
    candidates = rows.filter(begins).with_columns(rest=subject.str.replace(rules.national_prefix, ""))
    candidates = _rewrite(rules, candidates)
    territory = candidates["territory"]
    spoils = ~is_viable(rules, territory, candidates["rest"])
    suspects = candidates.filter(spoils)
    keeps = is_viable(rules, suspects["territory"], suspects["digits"])
    stripped = pl.concat([candidates.filter(~spoils), suspects.filter(~keeps)])
    return pl.concat(
        [
            rows.filter(~begins),
            suspects.filter(keeps).drop("rest"),
            stripped.with_columns(digits="rest").drop("rest"),
        ]
    )


def _rewrite(rules: PhoneRules, candidates: pl.DataFrame) -> pl.DataFrame:
    """Puts the digits that a prefix captured, and the territory's constant, before the rest."""
    rewrites = rules.rewrites.gather(candidates["territory"])
    parts = candidates.filter(rewrites).partition_by("territory")
    rewritten = [_rewrite_part(rules.transforms[part["territory"][0]], part) for part in parts]
    return pl.concat([candidates.filter(~rewrites), *rewritten])


def _rewrite_part(transform: Transform, part: pl.DataFrame) -> pl.DataFrame:
    captured = pl.col("digits").str.extract(transform.pattern, transform.group)
    rewritten = pl.concat_str(pl.lit(transform.constant), captured, "rest")  # null where nothing was captured
    return part.with_columns(rest=pl.coalesce(rewritten, "rest"))
