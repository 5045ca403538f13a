"""Which numbers are valid: `is_valid_number` in columns.

The territories of a calling code are asked in the library's order, and the first one that claims a number
decides. A territory claims by its leading digits, or, where it has none, by having such a number.
"""

import polars as pl

from transforms.phone_rules import FITS, PhoneRules, ask_about, measure


def find_valid(rules: PhoneRules, numbers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Valid and invalid numbers, by `territory` (the main one of the calling code) and national `digits`."""
    claimed, valid = _ask(rules, numbers["territory"], numbers["digits"])
    unclaimed = numbers.filter(~claimed)
    is_valid_later = unclaimed["row"].is_in(_find_valid_later(rules, unclaimed).implode())
    return (
        pl.concat([numbers.filter(claimed & valid), unclaimed.filter(is_valid_later)]),
        pl.concat([numbers.filter(claimed & ~valid), unclaimed.filter(~is_valid_later)]),
    )


def _find_valid_later(rules: PhoneRules, unclaimed: pl.DataFrame) -> pl.Series:
    """The `row`s of numbers that a territory after the main one claims and has."""
    contested = ask_about(rules, unclaimed["territory"], unclaimed["digits"]).str.contains(rules.contested)
    asked = unclaimed.select("row", "digits", main="territory", contested=contested).join(
        rules.later_claimants, on=["main", "contested"]
    )
    claimed, valid = _ask(rules, asked["claimant"], asked["digits"])
    claims = asked.select("row", "turn", valid=valid).filter(claimed)
    return claims.sort("turn").unique("row", keep="first", maintain_order=True).filter("valid")["row"]


def _ask(rules: PhoneRules, territory: pl.Series, digits: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whether each territory claims the number, and whether it has such a number."""
    subject = ask_about(rules, territory, digits)
    fits = measure(rules, territory, digits) == FITS
    valid = fits & subject.str.contains(rules.general) & subject.str.contains(rules.numbers)
    by_digits = rules.claims_by_digits.gather(territory)
    claims = subject.filter(by_digits).str.contains(rules.leading_digits)
    return valid.clone().scatter(by_digits.arg_true(), claims), valid
