"""Which numbers are valid: `is_valid_number` in columns.

The territories of a calling code are asked in the library's order, and the first one that claims a number
decides. A territory claims by its leading digits, or, where it has none, by having such a number.
"""

import polars as pl

from memory_import.transforms.phones.patterns import START_BYTES
from memory_import.transforms.phones.rules import FITS, PhoneRules, ask_about, index_length, measure


def find_valid(rules: PhoneRules, territory: pl.Series, subject: pl.Series) -> pl.Series:
    """Whether each number is valid, by the main territory of its calling code and its subject there."""
    claimed, valid = _ask(rules, territory, subject)
    valid &= claimed
    later = (~claimed & rules.fits_later[index_length(territory, subject)]).arg_true()
    if later.is_empty():
        return valid
    return valid.scatter(_find_valid_later(rules, later, territory[later], subject[later]), True)


def _find_valid_later(rules: PhoneRules, place: pl.Series, main: pl.Series, subject: pl.Series) -> pl.Series:
    """The places of the numbers that a territory after the main one claims and has."""
    contested = subject.str.contains(rules.contested)
    digits = subject.str.slice(START_BYTES)
    unclaimed = pl.DataFrame({"place": place, "main": main, "digits": digits, "contested": contested})
    asked = unclaimed.join(rules.later_claimants, on=["main", "contested"])
    subject = ask_about(rules, asked["claimant"], asked["digits"])
    claimed, valid = _ask(rules, asked["claimant"], subject)
    claims = asked.select_seq("place", "turn", valid=valid).filter(claimed)
    return claims.sort("turn").unique("place", keep="first", maintain_order=True).filter("valid")["place"]


def _ask(rules: PhoneRules, territory: pl.Series, subject: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whether each territory claims the number, and whether it has such a number."""
    fits = measure(rules, territory, subject) == FITS
    valid = fits & rules.general.match(territory, subject) & rules.numbers.match(territory, subject)
    by_digits = rules.claims_by_digits[territory]
    if not by_digits.any():
        return valid, valid
    claims = subject.filter(by_digits).str.contains(rules.leading_digits)
    return valid.clone().scatter(by_digits.arg_true(), claims), valid
