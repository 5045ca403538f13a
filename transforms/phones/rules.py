"""What the columns ask of the numbering plans: joined patterns and look-up tables, made once per process.

Territories are known by their index. Tables are Series to gather from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock

import phonenumbers
import polars as pl

from memory_import.transforms.phones.patterns import (
    START_BYTES,
    JoinedRules,
    join_by_territory,
    or_start,
    subject_start,
)
from memory_import.transforms.phones.territories import Territory, carry_territories, read_metadata

LENGTHS = 64  # of digits, from 0, that the tables know
FITS, SHORT, LONG, LOCAL, BETWEEN = range(5)  # what a number's length says, as `is_possible_number` would


@dataclass(frozen=True)
class PhoneRules:
    """The compiled numbering plans.

    By territory index: `calling_codes` (String), `code_digits` (UInt32: how many those have), `e164_starts`
    (String: plus and calling code), `main` (index of the main territory of the calling code), `constants`
    (String: what is put before the digits that a national prefix captured; null where it captures none) and
    `claims_by_digits` (whether leading digits alone claim a number). By region index (the physical value of
    `regions`): `territory_of_region`, null where the library has to decide. By a number's first three digits:
    `called`, the main territory, null where there is none. By `territory * LENGTHS + digits`:
    `subject_starts`, `fits` and `fits_later` (whether the length is possible in some territory of the same
    calling code after the main one).

    `later_claimants` has the territories that may claim a number after the main one: `main`, `contested`
    (Boolean), `turn` and `claimant`.

    The rules are asked about subjects (see `memory_import.transforms.phones.patterns`): `general` and
    `numbers` of whole numbers, the other patterns of their beginning. `contested` tells of a main territory's
    number that the leading digits of some territory of the same calling code match. `start_and_prefix` is
    what to cut off for the digits behind a national prefix, or for all digits; `rewriting` is the same for
    territories with a constant, and of its groups (`captures`) at most one takes part.
    """

    regions: pl.Enum
    calling_codes: pl.Series
    code_digits: pl.Series
    e164_starts: pl.Series
    main: pl.Series
    constants: pl.Series
    claims_by_digits: pl.Series
    territory_of_region: pl.Series
    called: pl.Series
    subject_starts: pl.Series
    fits: pl.Series
    fits_later: pl.Series
    later_claimants: pl.DataFrame
    general: JoinedRules
    numbers: JoinedRules
    international_prefix: str
    national_prefix: str
    start_and_prefix: str
    leading_digits: str
    contested: str
    rewriting: str
    captures: str


_compiling = Lock()


def installed_rules() -> PhoneRules:
    """The rules of the installed `phonenumbers`, compiled on first use; safe to call from any thread."""
    with _compiling:
        return _compile_installed_rules()


def are_rules_compiled() -> bool:
    """Whether `installed_rules` costs nothing any more."""
    return _compile_installed_rules.cache_info().currsize > 0


@cache
def _compile_installed_rules() -> PhoneRules:
    return compile_rules(carry_territories(read_metadata()), sorted(phonenumbers.SUPPORTED_REGIONS))


def compile_rules(plans: list[list[Territory]], regions: list[str]) -> PhoneRules:
    """Rules from the territories of each calling code, main one first, and all regions the library knows."""
    territories = [territory for plan in plans for territory in plan]
    index = {territory.tag: number for number, territory in enumerate(territories)}
    rewritings = [(number, t.rewriting) for number, t in enumerate(territories) if t.rewriting]
    mains = {territory.tag: index[plan[0].tag] for plan in plans for territory in plan}
    calling_codes = [str(territory.calling_code) for territory in territories]
    national_prefix = _join(territories, lambda territory: territory.national_prefix)
    return PhoneRules(
        regions=pl.Enum(regions),
        calling_codes=pl.Series(calling_codes, dtype=pl.String),
        code_digits=pl.Series(map(len, calling_codes), dtype=pl.UInt32),
        e164_starts=pl.Series([f"+{code}" for code in calling_codes], dtype=pl.String),
        main=pl.Series([mains[territory.tag] for territory in territories], dtype=pl.UInt32),
        constants=pl.Series([t.rewriting and t.rewriting.constant for t in territories], dtype=pl.String),
        claims_by_digits=pl.Series([t.leading_digits is not None for t in territories], dtype=pl.Boolean),
        territory_of_region=pl.Series([index.get(region) for region in regions], dtype=pl.UInt32),
        called=_table_calling_codes({plan[0].calling_code: index[plan[0].tag] for plan in plans}),
        subject_starts=_table_subject_starts(len(territories)),
        fits=_table_lengths(territories),
        fits_later=_table_later_lengths(plans),
        later_claimants=_order_later_claimants(plans, index),
        general=JoinedRules([territory.general for territory in territories]),
        numbers=JoinedRules([territory.numbers for territory in territories]),
        international_prefix=_join(territories, lambda territory: territory.international_prefix),
        national_prefix=national_prefix,
        start_and_prefix=or_start(national_prefix),
        leading_digits=_join(territories, lambda territory: territory.leading_digits),
        contested=join_by_territory(
            (index[plan[0].tag], territory.leading_digits)
            for plan in plans
            if len(plan) > 1
            for territory in plan
            if territory.leading_digits
        ),
        rewriting=or_start(join_by_territory((number, rewriting.prefix) for number, rewriting in rewritings)),
        captures="".join(
            f"${{{group}}}" for group in range(1, 1 + sum(t.rewriting is not None for t in territories))
        ),
    )


def _join(territories: list[Territory], rule_of: Callable[[Territory], str | None]) -> str:
    rules = enumerate(map(rule_of, territories))
    return join_by_territory((territory, rule) for territory, rule in rules if rule)


def _table_calling_codes(mains: dict[int, int]) -> pl.Series:
    starts = [f"{start:03d}" for start in range(1000)]
    return pl.Series([_find_called(start, mains) for start in starts], dtype=pl.UInt32)


def _find_called(start: str, mains: dict[int, int]) -> int | None:
    """The shortest calling code that begins these digits; none begins with a zero."""
    codes = (int(start[:length]) for length in range(1, len(start) + 1) if start[0] != "0")
    return next((mains[code] for code in codes if code in mains), None)


def _table_subject_starts(territories: int) -> pl.Series:
    starts = [subject_start(index, length) for index in range(territories) for length in range(LENGTHS)]
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


def _table_later_lengths(plans: list[list[Territory]]) -> pl.Series:
    possible = [{n for later in plan[1:] for n in later.possible_lengths} for plan in plans for _ in plan]
    return pl.Series([length in lengths for lengths in possible for length in range(LENGTHS)])


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
    return rules.subject_starts[territory * LENGTHS + digits.str.len_bytes()] + digits


def measure(rules: PhoneRules, territory: pl.Series, subject: pl.Series) -> pl.Series:
    """What the lengths (FITS, SHORT, ...) of the numbers in these subjects say in these territories."""
    return rules.fits[index_length(territory, subject)]


def index_length(territory: pl.Series, subject: pl.Series) -> pl.Series:
    """Where the tables by territory and length have these subjects."""
    return territory * LENGTHS + (subject.str.len_bytes() - START_BYTES)
