"""What the column engine asks of the numbering plans: joined patterns and look-up tables, made once per process.

Territories are known by their index. Tables are Series to gather from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock

import phonenumbers
import polars as pl

from transforms.phone_patterns import LONGEST_LENGTH, join_by_tag, length_letter
from transforms.phone_territories import Territory, Transform, carry_territories, read_metadata

LENGTHS = LONGEST_LENGTH + 1
FITS, SHORT, LONG, LOCAL, BETWEEN = range(5)  # what a number's length says, as `is_possible_number` would


@dataclass(frozen=True)
class PhoneRules:
    """The compiled numbering plans.

    By territory index: `tags`, `calling_codes` (String), `main` (index of the main territory of the calling code),
    `claims_by_digits` (whether leading digits alone claim a number). By region index (the physical value of
    `regions`): `territory_of_region`, null where the library has to decide. By a number's first three digits:
    `called`, the main territory, null where there is none. By `territory * LENGTHS + digits`: `fits`.
    By `2 * main + contested`: `claimants`, one Series per turn, null when there are no more.

    The patterns are asked about subjects (see `transforms.phone_patterns`): `general` and `numbers` of whole
    numbers, the others of their beginning. `contested` tells of a main territory's number that the leading digits
    of some territory of the same calling code match.
    """

    regions: pl.Enum
    tags: pl.Series
    calling_codes: pl.Series
    main: pl.Series
    claims_by_digits: pl.Series
    territory_of_region: pl.Series
    called: pl.Series
    fits: pl.Series
    claimants: list[pl.Series]
    general: str
    numbers: str
    international_prefix: str
    national_prefix: str
    leading_digits: str
    contested: str
    transforms: dict[int, Transform]
    letters: pl.Series


_compiling = Lock()


def installed_rules() -> PhoneRules:
    """The rules of the installed `phonenumbers`, compiled on first use; safe to call from any thread."""
    with _compiling:
        return _compile_installed_rules()


@cache
def _compile_installed_rules() -> PhoneRules:
    return compile_rules(carry_territories(read_metadata()), sorted(phonenumbers.SUPPORTED_REGIONS))


def compile_rules(plans: list[list[Territory]], regions: list[str]) -> PhoneRules:
    """Rules from the territories of each calling code (main one first); `regions` are all that the library knows."""
    territories = [territory for plan in plans for territory in plan]
    index = {territory.tag: number for number, territory in enumerate(territories)}
    mains = {territory.tag: index[plan[0].tag] for plan in plans for territory in plan}
    return PhoneRules(
        regions=pl.Enum(regions),
        tags=pl.Series([territory.tag for territory in territories], dtype=pl.String),
        calling_codes=pl.Series([str(territory.calling_code) for territory in territories], dtype=pl.String),
        main=pl.Series([mains[territory.tag] for territory in territories], dtype=pl.UInt32),
        claims_by_digits=pl.Series([t.leading_digits is not None for t in territories], dtype=pl.Boolean),
        territory_of_region=pl.Series([index.get(region) for region in regions], dtype=pl.UInt32),
        called=_table_calling_codes({plan[0].calling_code: index[plan[0].tag] for plan in plans}),
        fits=_table_lengths(territories),
        claimants=_order_claimants(plans, index),
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
        letters=pl.Series([length_letter(length) for length in range(LENGTHS)]),
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


def _order_claimants(plans: list[list[Territory]], index: dict[str, int]) -> list[pl.Series]:
    """Who may claim a number, turn by turn: the territories of its calling code in the library's order.

    Where no leading digits match (not contested), the territories that claim by them have no turn.
    """
    turns = max(map(len, plans), default=0)
    table: list[list[int | None]] = [[None] * (2 * len(index)) for _ in range(turns)]
    for plan in plans:
        everyone = [index[territory.tag] for territory in plan]
        by_number = [index[territory.tag] for territory in plan if territory.leading_digits is None]
        for contested, order in enumerate((by_number, everyone)):
            for turn, claimant in enumerate(order):
                table[turn][2 * everyone[0] + contested] = claimant
    return [pl.Series(turn, dtype=pl.UInt32) for turn in table]
