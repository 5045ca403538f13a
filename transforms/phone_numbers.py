"""From digits to verdicts, in columns: the steps of `phonenumbers.parse` and `is_valid_number` for plain numbers.

Frames here have a `row` that names the input row; they keep no order. `territory` is the index of the plan that
reads the digits, `plan` that of the calling code's main territory.
"""

import polars as pl

from transforms.phone_rules import FITS, LENGTHS, LOCAL, LONG, SHORT, PhoneRules
from transforms.reasons import Change, Reason

_REASONS = {
    SHORT: Reason.PHONE_TOO_SHORT,
    LONG: Reason.PHONE_TOO_LONG,
    LOCAL: Reason.PHONE_NO_AREA_CODE,
    FITS: Reason.PHONE_INVALID,
}
_LONGEST_NATIONAL_NUMBER = 17  # digits; more are refused before the territory's lengths are asked


def read_numbers(rules: PhoneRules, rows: pl.DataFrame) -> pl.DataFrame:
    """Splits numbers into territory and national number.

    Takes `row`, `digits`, `plus`, `region` (index of the region, null if none) and `change`; gives `row`, `territory`,
    `digits` (the national number) and `change`. Left out is what the library has to decide: numbers without a
    region, with an unassigned calling code, or of territories that could not be carried.
    """
    plus, local = rows.filter("plus"), rows.filter(~pl.col("plus"))
    local = local.with_columns(territory=rules.territory_of_region.gather(local["region"])).drop_nulls("territory")
    dialled, local = _split_dialled(rules, local)
    prefixed, national = _split_own_calling_code(rules, local)
    readings = [
        _note(_split_calling_code(rules, plus), Change.PHONE_REFORMATTED),
        _note(_split_calling_code(rules, dialled), Change.PHONE_INTERNATIONAL_PREFIX_REPLACED),
        _note(prefixed, Change.PHONE_PLUS_ADDED),
        _note(national, Change.PHONE_COUNTRY_CODE_ADDED),
    ]
    numbers = pl.concat([reading.select("row", "territory", "digits", "change") for reading in readings])
    return _strip_where_possible(rules, numbers)


def judge_numbers(rules: PhoneRules, numbers: pl.DataFrame) -> pl.DataFrame:
    """`row`, `e164` and `code` of the numbers read; those the library has to decide are left out."""
    numbers = numbers.with_columns(plan=rules.main.gather(numbers["territory"])).filter(
        pl.col("digits").str.len_bytes().is_between(2, _LONGEST_NATIONAL_NUMBER)
    )
    valid = numbers.join(_find_valid(rules, numbers), on="row", how="semi")
    invalid = numbers.join(valid, on="row", how="anti")
    fits = _fits(rules, invalid["plan"], invalid["digits"])
    return pl.concat(
        [
            valid.select(
                "row",
                e164=pl.concat_str(pl.lit("+"), rules.calling_codes.gather(valid["plan"]), "digits"),
                code="change",
            ),
            invalid.select(
                "row",
                e164=pl.lit(None, pl.String),
                code=fits.replace_strict(_REASONS, default=Reason.PHONE_INVALID_LENGTH, return_dtype=pl.String),
            ),
        ]
    )


def _note(rows: pl.DataFrame, change: Change) -> pl.DataFrame:
    return rows.with_columns(change=pl.col("change").fill_null(pl.lit(change.value)))


def _split_calling_code(rules: PhoneRules, rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers that begin with a calling code; those whose code is unknown are left out."""
    start = rows["digits"].str.slice(0, 3).cast(pl.UInt32)
    rows = rows.with_columns(territory=rules.called.gather(start)).drop_nulls("territory")
    code_digits = rules.calling_codes.gather(rows["territory"]).str.len_bytes()
    return rows.with_columns(digits=pl.col("digits").str.slice(code_digits))


def _split_dialled(rules: PhoneRules, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Numbers behind the region's international prefix (which is removed), and the others.

    A calling code never begins with 0, so a prefix before a 0 is none. What is too short for a calling code is in
    neither.
    """
    subject = _subject(rules, rows["territory"], rows["digits"])
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

    The digits are taken for a calling code where only what follows it looks like a number of the region, or where
    the whole is too long for one.
    """
    codes = rules.calling_codes.gather(rows["territory"])
    begins = rows.select(pl.col("digits").str.starts_with(codes)).to_series()
    candidates = rows.filter(begins).with_columns(
        whole="digits", digits=pl.col("digits").str.slice(codes.filter(begins).str.len_bytes())
    )
    candidates = _strip_national_prefix(rules, candidates)
    territory, whole = candidates["territory"], candidates["whole"]
    gains = ~_is_viable(rules, territory, whole) & _is_viable(rules, territory, candidates["digits"])
    is_prefixed = gains | (_fits(rules, territory, whole) == LONG)
    prefixed = candidates.filter(is_prefixed)
    prefixed = prefixed.with_columns(territory=rules.main.gather(prefixed["territory"]))
    national = candidates.filter(~is_prefixed).with_columns(digits="whole")
    return prefixed, pl.concat([rows.filter(~begins), national.drop("whole")])


def _strip_where_possible(rules: PhoneRules, numbers: pl.DataFrame) -> pl.DataFrame:
    """Removes the national prefix unless what remains has a length that is too short or local."""
    stripped = _strip_national_prefix(rules, numbers.with_columns(whole="digits"))
    fits = _fits(rules, stripped["territory"], stripped["digits"])
    remains = (fits == FITS) | (fits == LONG)
    return stripped.with_columns(digits=pl.when(remains).then("digits").otherwise("whole")).drop("whole")


def _strip_national_prefix(rules: PhoneRules, rows: pl.DataFrame) -> pl.DataFrame:
    """Removes or rewrites the national prefix unless that would spoil a number that looked right before."""
    subject = _subject(rules, rows["territory"], rows["digits"])
    begins = subject.str.contains(rules.national_prefix)
    subject = subject.filter(begins)
    candidates = rows.filter(begins).with_columns(rest=subject.str.replace(rules.national_prefix, ""))
    candidates = _rewrite(rules, candidates)
    territory = candidates["territory"]
    spoils = ~_is_viable(rules, territory, candidates["rest"])
    suspects = candidates.filter(spoils)
    keeps = _is_viable(rules, suspects["territory"], suspects["digits"])
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
    for territory in set(candidates["territory"].unique()) & rules.transforms.keys():
        transform = rules.transforms[territory]
        captured = pl.col("digits").str.extract(transform.pattern, transform.group)
        rewritten = pl.concat_str(pl.lit(transform.constant), captured, "rest")  # null where nothing was captured
        is_here = pl.col("territory") == territory
        candidates = candidates.with_columns(
            rest=pl.when(is_here).then(pl.coalesce(rewritten, "rest")).otherwise("rest")
        )
    return candidates


def _find_valid(rules: PhoneRules, numbers: pl.DataFrame) -> pl.DataFrame:
    """The `row`s of valid numbers: the first territory of the calling code that claims a number decides.

    A territory claims by its leading digits, or, where it has none, by having such numbers.
    """
    contested = _subject(rules, numbers["plan"], numbers["digits"]).str.contains(rules.contested)
    undecided = numbers.select("row", "digits", slot=2 * pl.col("plan") + contested.cast(pl.UInt32))
    found = [undecided.clear().select("row")]
    for claimants in rules.claimants:
        undecided = undecided.with_columns(territory=claimants.gather(undecided["slot"])).drop_nulls("territory")
        if undecided.is_empty():
            break
        claimed, valid = _ask_claimants(rules, undecided)
        found.append(undecided.filter(claimed & valid).select("row"))
        undecided = undecided.filter(~claimed)
    return pl.concat(found)


def _ask_claimants(rules: PhoneRules, rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    territory, digits = rows["territory"], rows["digits"]
    subject = _subject(rules, territory, digits)
    fits = _fits(rules, territory, digits) == FITS
    valid = fits & subject.str.contains(rules.general) & subject.str.contains(rules.numbers)
    by_digits = rules.claims_by_digits.gather(territory)
    if not by_digits.any():
        return valid, valid
    begins = subject.str.contains(rules.leading_digits)
    return begins.zip_with(by_digits, valid), valid


def _is_viable(rules: PhoneRules, territory: pl.Series, digits: pl.Series) -> pl.Series:
    return _subject(rules, territory, digits).str.contains(rules.general)


def _fits(rules: PhoneRules, territory: pl.Series, digits: pl.Series) -> pl.Series:
    return rules.fits.gather(territory * LENGTHS + digits.str.len_bytes().clip(upper_bound=LENGTHS - 1))


def _subject(rules: PhoneRules, territory: pl.Series, digits: pl.Series) -> pl.Series:
    letters = rules.letters.gather(digits.str.len_bytes().clip(upper_bound=LENGTHS - 1))
    parts = [rules.tags.gather(territory).rename("tag"), letters.rename("letter"), digits.rename("digits")]
    return pl.DataFrame(parts).select(pl.concat_str(pl.all())).to_series()
