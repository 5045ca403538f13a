"""From digits to verdicts in columns: `phonenumbers.parse` and `is_valid_number` for plain numbers."""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.phones.library import CODES
from memory_import.transforms.phones.patterns import START_BYTES
from memory_import.transforms.phones.rules import FITS, LONG, PhoneRules, ask_about, measure
from memory_import.transforms.phones.texts import PlainNumbers
from memory_import.transforms.phones.validity import find_valid

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


class Numbers(NamedTuple):
    """Numbers in no order.

    `row` (UInt32) names the input row, `territory` (UInt32) the plan that reads the number, `subject`
    (String) is the number as its patterns want it, and `change` (CODES) what was done to it so far. A number
    that no territory reads has neither territory nor subject; the next test of the subject leaves it out.
    """

    row: pl.Series
    territory: pl.Series
    subject: pl.Series
    change: pl.Series

    def where(self, mask: pl.Series) -> "Numbers":
        return Numbers(*(column.filter(mask) for column in self))

    def note(self, change: Change) -> "Numbers":
        """Names the change where none is named."""
        return self._replace(change=self.change.fill_null(pl.lit(change, CODES)))


def _join(parts: Iterable[Numbers]) -> Numbers:
    return Numbers(*(pl.concat(columns, rechunk=True) for columns in zip(*parts, strict=True)))


def read_numbers(rules: PhoneRules, plain: PlainNumbers, regions: pl.Series) -> Numbers:
    """Splits plain numbers into territory and national number.

    `regions` (UInt32) has the index of each row's region, or null. Left out, or null, are numbers without a
    region, with an unassigned calling code, or of territories that could not be carried.
    """
    plus, local = plain.where(plain.plus), plain.where(~plain.plus)
    readings = [_split_calling_code(rules, plus.row, plus.digits, plus.change)]
    if not local.row.is_empty():
        territory = rules.territory_of_region[regions[local.row]]
        subject = ask_about(rules, territory, local.digits)
        readings += _read_local(rules, Numbers(local.row, territory, subject, local.change))
    return _strip_where_possible(rules, _join(readings))


def judge_numbers(rules: PhoneRules, numbers: Numbers) -> pl.DataFrame:
    """`row`, `e164` and `code` of the numbers read; those the library has to decide are left out."""
    digits = numbers.subject.str.len_bytes() - START_BYTES
    numbers = numbers.where((digits >= 2) & (digits <= _LONGEST_NATIONAL_NUMBER))
    row, territory, subject, change = _turn_to_main(rules, numbers)
    valid = find_valid(rules, territory, subject)
    reason = _REASON_OF_LENGTH[measure(rules, territory, subject)]
    e164 = rules.e164_starts[territory] + subject.str.slice(START_BYTES)
    return pl.select(
        row=row, e164=pl.when(valid).then(e164), code=pl.when(valid).then(change).otherwise(reason)
    )


def _turn_to_main(rules: PhoneRules, numbers: Numbers) -> Numbers:
    """The numbers put to the main territories of their calling codes."""
    main = rules.main[numbers.territory]
    is_main = main == numbers.territory
    others, main = numbers.where(~is_main), main.filter(~is_main)
    subject = ask_about(rules, main, others.subject.str.slice(START_BYTES))
    return _join([numbers.where(is_main), others._replace(territory=main, subject=subject)])


def _split_calling_code(rules: PhoneRules, row: pl.Series, digits: pl.Series, change: pl.Series) -> Numbers:
    """Reads digits that begin with a calling code."""
    territory = rules.called[digits.str.slice(0, 3).cast(pl.UInt32)]
    subject = ask_about(rules, territory, digits.str.slice(rules.code_digits[territory]))
    return Numbers(row, territory, subject, change)


def _read_local(rules: PhoneRules, numbers: Numbers) -> list[Numbers]:
    """Reads the subjects as they are dialled in their territories: abroad, or with or without its own
    calling code."""
    dialled, numbers = _split_dialled(rules, numbers)
    digits, code = numbers.subject.str.slice(START_BYTES), rules.calling_codes[numbers.territory]
    begins = digits.str.starts_with(pl.lit(code))
    prefixed, national = _split_own_calling_code(rules, numbers.where(begins))
    return [
        dialled.note(Change.PHONE_INTERNATIONAL_PREFIX_REPLACED),
        prefixed.note(Change.PHONE_PLUS_ADDED),
        national.note(Change.PHONE_COUNTRY_CODE_ADDED),
        numbers.where(~begins).note(Change.PHONE_COUNTRY_CODE_ADDED),
    ]


def _split_dialled(rules: PhoneRules, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Numbers behind their territory's international prefix, read from there on, and the others.

    A calling code never begins with 0, so a prefix before a 0 is none. What is too short for a calling code
    is in neither.
    """
    may_be_dialled = numbers.subject.str.contains(rules.international_prefix)
    candidates = numbers.where(may_be_dialled)
    rest = candidates.subject.str.replace(rules.international_prefix, "")
    is_dialled = ~rest.str.starts_with("0")
    is_read = is_dialled & (rest.str.len_bytes() > 2)
    dialled = candidates.where(is_read)
    others = _join([numbers.where(~may_be_dialled), candidates.where(~is_dialled)])
    return _split_calling_code(rules, dialled.row, rest.filter(is_read), dialled.change), others


def _split_own_calling_code(rules: PhoneRules, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Of numbers that begin with their territory's calling code: those behind it, and the national ones.

    The digits are taken for a calling code where only what follows it looks like a number of the territory,
    or where the whole is too long for one.
    """
    territory, whole = numbers.territory, numbers.subject
    after = whole.str.slice(rules.code_digits[territory] + START_BYTES)
    after = _strip_national_prefix(rules, territory, ask_about(rules, territory, after))
    gains = ~rules.general.match(territory, whole) & rules.general.match(territory, after)
    is_prefixed = gains | (measure(rules, territory, whole) == LONG)
    prefixed = numbers._replace(subject=after).where(is_prefixed)
    return _turn_to_main(rules, prefixed), numbers.where(~is_prefixed)


def _strip_where_possible(rules: PhoneRules, numbers: Numbers) -> Numbers:
    """Removes the national prefix unless what remains has a length that is too short or local."""
    begins = numbers.subject.str.contains(rules.national_prefix)
    others, numbers = numbers.where(~begins), numbers.where(begins)
    rest = _strip_national_prefix(rules, numbers.territory, numbers.subject)
    fits = measure(rules, numbers.territory, rest)
    goes = ((fits == FITS) | (fits == LONG)) & (rest != numbers.subject)
    stripped = numbers._replace(subject=rest).where(goes).note(Change.PHONE_REFORMATTED)
    return _join([others, numbers.where(~goes), stripped])


def _strip_national_prefix(rules: PhoneRules, territory: pl.Series, subject: pl.Series) -> pl.Series:
    """The subjects without the national prefix, removed or rewritten, unless that would spoil a number that
    looked right before."""
    rest = ask_about(rules, territory, _cut_national_prefix(rules, territory, subject))
    looks_right = rules.general.match(territory, subject)
    spoils = ~rules.general.match(territory.filter(looks_right), rest.filter(looks_right))
    keeps = looks_right.clone().scatter(looks_right.arg_true(), spoils)
    return subject.zip_with(keeps, rest)


def _cut_national_prefix(rules: PhoneRules, territory: pl.Series, subject: pl.Series) -> pl.Series:
    """The digits behind the prefix. Those that it captured stay, behind the territory's constant."""
    rest = subject.str.replace(rules.start_and_prefix, "")
    constant = rules.constants[territory]
    rewrites = constant.is_not_null()
    if not rewrites.any():
        return rest
    captured = subject.filter(rewrites).str.replace(rules.rewriting, rules.captures)
    is_rewritten = captured.str.len_bytes() > rest.filter(rewrites).str.len_bytes()
    rewritten = (constant.filter(rewrites) + captured).zip_with(is_rewritten, captured)
    return rest.scatter(rewrites.arg_true(), rewritten)
