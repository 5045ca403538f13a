"""The columns beside the libraries, row by row, on generated input."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, TypeVar

import email_validator
import phonenumbers
import polars as pl

from memory_import.transforms.codes import Change
from memory_import.transforms.emails.library import judge_email
from memory_import.transforms.emails.normalise import split_by
from memory_import.transforms.phones.judgement import judge_by_rules
from memory_import.transforms.phones.library import judge_phone
from memory_import.transforms.phones.rules import PhoneRules, installed_rules
from tests.fuzz.addresses import generate_addresses
from tests.fuzz.numbers import generate_numbers

PART_ROWS = 100_000
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)

_EMAIL_DRESSING = re.compile(
    r"""[\s<>()\[\]"`´‘’‚‛“”„‟«»‹›＂＇;；؛,，،、|｜:：\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2060\ufeff＠﹫]|^['•·]|['.。]$|\*\*|@.*@"""
)
Verdict = tuple[str | None, str | None]
NOTHING: Verdict = (None, None)
PART: Verdict = ("an address that stands in the cell", None)
Input = TypeVar("Input")


@dataclass
class Comparison:
    """How many rows were compared, how many the columns left to a library, and which differ.

    A difference is the input, the verdict of the columns, and that of the library.
    """

    rows: int = 0
    left_to_library: int = 0
    differences: list[tuple[object, Verdict, Verdict]] = field(default_factory=list)

    def add(self, inputs: list[Input], columns: list[Verdict], expected: Iterable[Verdict]) -> None:
        verdicts = zip(inputs, columns, expected, strict=True)
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
        result.rows += len(pairs)
        columns = judge_by_rules(frame["number"], frame["region"], rules, result.count(judge_phone))
        result.add(pairs, columns.rows(), (ask_phonenumbers(*pair) for pair in pairs))
    return result


def compare_emails(inputs: Iterable[str], judge: Callable[[str], Verdict] = judge_email) -> Comparison:
    """The verdicts of the columns, with this judge for the rest, beside those of `email-validator`.

    Of a cell that holds nothing beside an address they are to be the same. Of others an address is to be what
    the library gives for a part of the cell, with nothing beside it that may belong to an address.
    """
    result = Comparison()
    for addresses in _split(inputs):
        cells = split_by(pl.Series(addresses, dtype=pl.String), result.count(judge))
        result.rows += len(addresses)
        verdicts = [*cells.first.rows(), *cells.others.drop("row").rows()]
        given = [*addresses, *(addresses[row] for row in cells.others["row"])]
        result.add(given, verdicts, map(expect_email, given, verdicts))
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


def expect_email(given: str, verdict: Verdict) -> Verdict:
    """What is right for a cell: the library's word, or the verdict itself where it is right about a part."""
    whole = ask_email_validator(given)
    if verdict == whole or not _EMAIL_DRESSING.search(given.strip(WHITE_SPACE)):
        return whole
    email, code = verdict
    return verdict if code and (email is None or _is_part(email, given)) else PART


def _is_part(email: str, given: str) -> bool:
    """Whether the address is the library's word on a part of the cell that cannot have been longer."""
    if ask_email_validator(email) != (email, None):
        return False
    visible = "".join(
        letter for letter in given if letter.isspace() or unicodedata.category(letter) not in ("Cf", "Cc")
    )
    text = unicodedata.normalize("NFC", visible).lower()
    local_part = email.partition("@")[0].lower()
    return re.search(rf"(?<![\w.!#$%*+=?^{{}}~-]){re.escape(local_part)}\s*@", text) is not None


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
