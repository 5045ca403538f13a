"""What the columns ask of the numbering plans: joined patterns and look-up tables, made once per process.

Territories are known by their index. Tables are Series to gather from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock

import phonenumbers
import polars as pl

from transforms.phone_patterns import join_by_tag, length_letter
from transforms.phone_territories import Territory, Transform, carry_territories, read_metadata

LENGTHS = 64  # of digits, from 0, that the tables know
FITS, SHORT, LONG, LOCAL, BETWEEN = range(5)  # what a number's length says, as `is_possible_number` would


@dataclass(frozen=True)
class PhoneRules:
    """The compiled numbering plans.

    By territory index: `calling_codes` (String), `main` (index of the main territory of the calling code),
    `rewrites` (whether it is in `transforms`) and `claims_by_digits` (whether leading digits alone claim a
    number). By region index (the physical value of `regions`): `territory_of_region`, null where the library
    has to decide. By a number's first three digits: `called`, the main territory, null where there is none.
    By `territory * LENGTHS + digits`: `subject_starts` and `fits`.

    `later_claimants` has the territories that may claim a number after the main one: `main`, `contested`
    (Boolean), `turn` and `claimant`.

    The patterns are asked about subjects (see `transforms.phone_patterns`): `general` and `numbers` of whole
    numbers, the others of their beginning. `contested` tells of a main territory's number that the leading
    digits of some territory of the same calling code match.
    """

    regions: pl.Enum
    calling_codes: pl.Series
    main: pl.Series
    rewrites: pl.Series
    claims_by_digits: pl.Series
    territory_of_region: pl.Series
    called: pl.Series
    subject_starts: pl.Series
    fits: pl.Series
    later_claimants: pl.DataFrame
    general: str
    numbers: str
    international_prefix: str
    national_prefix: str
    leading_digits: str
    contested: str
    transforms: dict[int, Transform]


_compiling = Lock()


def installed_rules() -> PhoneRules:
    """The rules of the installed `phonenumbers`, compiled on first use; safe to call from any thread."""
    with _compiling:
        return _compile_installed_rules()


@cache
def _compile_installed_rules() -> PhoneRules:
    return compile_rules(carry_territories(read_metadata()), sorted(phonenumbers.SUPPORTED_REGIONS))


def compile_rules(plans: list[list[Territory]], regions: list[str]) -> PhoneRules:
    """Rules from the territories of each calling code, main one first, and all regions the library knows."""
    territories = [territory for plan in plans for territory in plan]
    index = {territory.tag: number for number, territory in enumerate(territories)}
    mains = {territory.tag: index[plan[0].tag] for plan in plans for territory in plan}
    return PhoneRules(
        regions=pl.Enum(regions),
        calling_codes=pl.Series([str(territory.calling_code) for territory in territories], dtype=pl.String),
        main=pl.Series([mains[territory.tag] for territory in territories], dtype=pl.UInt32),
        rewrites=pl.Series([territory.transform is not None for territory in territories], dtype=pl.Boolean),
        claims_by_digits=pl.Series([t.leading_digits is not None for t in territories], dtype=pl.Boolean),
        territory_of_region=pl.Series([index.get(region) for region in regions], dtype=pl.UInt32),
        called=_table_calling_codes({plan[0].calling_code: index[plan[0].tag] for plan in plans}),
        subject_starts=_table_subject_starts(territories),
        fits=_table_lengths(territories),
        later_claimants=_order_later_claimants(plans, index),
        general=_join(territories, lambda territory: territory.general),
        numbers=_join(territories, lambda territory: territory.numbers),
        international_prefix=_join(territories, lambda territory: territory.international_prefix),
        national_prefix=_join(territories, lambda territory: territory.national_prefix),
        leading_digits=_join(territories, lambda territory: territory.leading_digits),
        contested=join_by_tag(
            (plan[0].tag, territory.leading_digits)
            for plan in plans
            if len(plan) > 1
            for territory in plan
            if territory.leading_digits
        ),
        transforms={index[t.tag]: t.transform for t in territories if t.transform},
    )


def _join(territories: list[Territory], rule_of: Callable[[Territory], str | None]) -> str:
    rules = ((territory.tag, rule_of(territory)) for territory in territories)
    return join_by_tag((tag, rule) for tag, rule in rules if rule)


def _table_calling_codes(mains: dict[int, int]) -> pl.Series:
    starts = [f"{start:03d}" for start in range(1000)]
    return pl.Series([_find_called(start, mains) for start in starts], dtype=pl.UInt32)


def _find_called(start: str, mains: dict[int, int]) -> int | None:
    """The shortest calling code that begins these digits; none begins with a zero."""
    codes = (int(start[:length]) for length in range(1, len(start) + 1) if start[0] != "0")
    return next((mains[code] for code in codes if code in mains), None)


def _table_subject_starts(territories: list[Territory]) -> pl.Series:
    starts = [territory.tag + length_letter(length) for territory in territories for length in range(LENGTHS)]
    return pl.Series(starts, dtype=pl.String)


def _table_lengths(territories: list[Territory]) -> pl.Series:
    return pl.Series(
        [_judge_length(territory, length) for territory in territories for length in range(LENGTHS)],
        dtype=pl.UInt8,
    )


def _judge_length(territory: Territory, length: int) -> int:
    if length in territory.local_lengths:
        return LOCAL
    if length in territory.possible_lengths:
        return FITS
    if length < min(territory.possible_lengths):
        return SHORT
    return LONG if length > max(territory.possible_lengths) else BETWEEN


def _order_later_claimants(plans: list[list[Territory]], index: dict[str, int]) -> pl.DataFrame:
    """The territories of each calling code after the main one, in the library's order.

    Where no leading digits match (not contested), those that claim by them have no turn.
    """
    turns = [
        (index[plan[0].tag], contested, turn, index[territory.tag])
        for plan in plans
        for contested in (False, True)
        for turn, territory in enumerate(plan)
        if turn and (contested or territory.leading_digits is None)
    ]
    schema = {"main": pl.UInt32, "contested": pl.Boolean, "turn": pl.UInt32, "claimant": pl.UInt32}
    return pl.DataFrame(turns, schema=schema, orient="row")


def ask_about(rules: PhoneRules, territory: pl.Series, digits: pl.Series) -> pl.Series:
    """The subjects (String) to ask the patterns about: numbers as these territories would read them."""
    starts = rules.subject_starts.gather(_index_length(territory, digits))
    return pl.select(pl.concat_str(starts, digits)).to_series()


def measure(rules: PhoneRules, territory: pl.Series, digits: pl.Series) -> pl.Series:
    """What the lengths (FITS, SHORT, ...) of national numbers say in these territories."""
    return rules.fits.gather(_index_length(territory, digits))


def is_viable(rules: PhoneRules, territory: pl.Series, digits: pl.Series) -> pl.Series:
    """Whether the digits look like a number of the territory at all: `general_desc`, without its lengths."""
    return ask_about(rules, territory, digits).str.contains(rules.general)


def _index_length(territory: pl.Series, digits: pl.Series) -> pl.Series:
    return territory * LENGTHS + digits.str.len_bytes()
