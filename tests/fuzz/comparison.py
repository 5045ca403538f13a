"""The columns beside the libraries, row by row, on generated input."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, TypeVar

import email_validator
import phonenumbers
import polars as pl

from memory_import.transforms.codes import Change
from memory_import.transforms.emails.library import judge_email
from memory_import.transforms.emails.normalise import normalise_by
from memory_import.transforms.phones.library import judge_phone
from memory_import.transforms.phones.normalise import normalise_by_rules
from memory_import.transforms.phones.rules import PhoneRules, installed_rules
from tests.fuzz.addresses import generate_addresses
from tests.fuzz.numbers import generate_numbers

PART_ROWS = 100_000
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)

Verdict = tuple[str | None, str | None]
NOTHING: Verdict = (None, None)
Input = TypeVar("Input")


@dataclass
class Comparison:
    """How many rows were compared, how many the columns left to a library, and which differ.

    A difference is the input, the verdict of the columns, and that of the library.
    """

    rows: int = 0
    left_to_library: int = 0
    differences: list[tuple[object, Verdict, Verdict]] = field(default_factory=list)

    def add(self, inputs: list[Input], columns: list[Verdict], ask: Callable[[Input], Verdict]) -> None:
        self.rows += len(inputs)
        verdicts = zip(inputs, columns, map(ask, inputs), strict=True)
        self.differences += [row for row in verdicts if row[1] != row[2]]

    def count(self, judge: Callable[..., Verdict]) -> Callable[..., Verdict]:
        """The judge, with a note of each question."""

        def counted(*question: str | None) -> Verdict:
            self.left_to_library += 1
            return judge(*question)

        return counted


def compare_phones(rules: PhoneRules, inputs: Iterable[tuple[str, str | None]]) -> Comparison:
    """The verdicts of the columns beside those of `phonenumbers`, for pairs of number and region."""
    result = Comparison()
    for pairs in _split(inputs):
        frame = pl.DataFrame(pairs, schema={"number": pl.String, "region": pl.String}, orient="row")
        columns = normalise_by_rules(frame["number"], frame["region"], rules, result.count(judge_phone))
        result.add(pairs, columns.rows(), lambda pair: ask_phonenumbers(*pair))
    return result


def compare_emails(inputs: Iterable[str], judge: Callable[[str], Verdict] = judge_email) -> Comparison:
    """The verdicts of the columns, with this judge for the rest, beside those of `email-validator`."""
    result = Comparison()
    for addresses in _split(inputs):
        columns = normalise_by(pl.Series(addresses, dtype=pl.String), result.count(judge))
        result.add(addresses, columns.rows(), ask_email_validator)
    return result


def compare_generated(kind: Literal["numbers", "addresses"], count: int, seed: int) -> Comparison:
    """`count` generated values by the installed libraries' rules."""
    if kind == "numbers":
        return compare_phones(installed_rules(), generate_numbers(count, seed))
    return compare_emails(generate_addresses(count, seed))


def _split(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    iterator = iter(inputs)
    return iter(lambda: list(islice(iterator, PART_ROWS)), [])


def ask_phonenumbers(number: str, region: str | None) -> Verdict:
    """E.164 by the library's public functions alone, and the code of the judge."""
    if not number.strip(WHITE_SPACE):
        return NOTHING
    _, code = judge_phone(number, region)
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None, code
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return (e164 if phonenumbers.is_valid_number(parsed) else None), code


def ask_email_validator(given: str) -> Verdict:
    """The library's normalised address, and the code of the judge or that space was trimmed."""
    address = given.strip(WHITE_SPACE)
    if not address:
        return NOTHING
    _, code = judge_email(address)
    try:
        email = email_validator.validate_email(address, check_deliverability=False).normalized
    except email_validator.EmailNotValidError:
        return None, code
    return email, code if code or email == given else Change.EMAIL_TRIMMED
