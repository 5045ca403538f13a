"""One phone number put before `phonenumbers`: its E.164 form, and why it was changed or refused.

Every verdict here is the library's own. The column engine in `memory_import.transforms.phones.judgement` must
agree with it on both values, and hands over whatever it cannot prove.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import phonenumbers
import polars as pl
from phonenumbers import CountryCodeSource, NumberParseException, PhoneNumberFormat, ValidationResult

from memory_import.transforms.codes import Change, Reason

# Python's own cache of patterns is too small for the plans of many regions.
if enable_pattern_cache := getattr(phonenumbers, "enable_pattern_cache", None):  # 9.0.43 and later
    enable_pattern_cache()

CODES = pl.Enum([member.value for kind in (Change, Reason) for member in kind])

_SPACE = r"[ \t\r\n\xa0]*"
_SPREADSHEET_DAMAGE = re.compile(rf"{_SPACE}'?[0-9]+(?:(?:[.,][0-9]+)?[eE]\+?[0-9]+|\.0){_SPACE}")
_APOSTROPHE = re.compile(rf"{_SPACE}'")
_DIGITS = re.compile("[0-9]+")
_LETTER = re.compile(r"[^\W\d_]")

_PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: Reason.PHONE_INVALID_COUNTRY_CODE,
    NumberParseException.NOT_A_NUMBER: Reason.PHONE_NOT_A_NUMBER,
    NumberParseException.TOO_SHORT_AFTER_IDD: Reason.PHONE_TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: Reason.PHONE_TOO_SHORT,
    NumberParseException.TOO_LONG: Reason.PHONE_TOO_LONG,
}
_POSSIBILITY_REASONS = {
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Reason.PHONE_NO_AREA_CODE,
    ValidationResult.INVALID_COUNTRY_CODE: Reason.PHONE_INVALID_COUNTRY_CODE,
    ValidationResult.TOO_SHORT: Reason.PHONE_TOO_SHORT,
    ValidationResult.TOO_LONG: Reason.PHONE_TOO_LONG,
    ValidationResult.INVALID_LENGTH: Reason.PHONE_INVALID_LENGTH,
}
_SOURCE_CHANGES = {
    CountryCodeSource.FROM_NUMBER_WITH_IDD: Change.PHONE_INTERNATIONAL_PREFIX_REPLACED,
    CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN: Change.PHONE_PLUS_ADDED,
    CountryCodeSource.FROM_DEFAULT_COUNTRY: Change.PHONE_COUNTRY_CODE_ADDED,
}


def judge_phone(number: str, region: str | None) -> tuple[str | None, str | None]:
    """`(e164, code)` of one number: parse with the region, `is_valid_number`, format as E.164.

    A number that is refused has no `e164` and a `Reason`; one that is kept has a `Change`, or no code when it
    was E.164 already. The region is ISO 3166 alpha-2 in capitals; null or unknown means that the number must
    begin with its country code.
    """
    try:
        parsed = phonenumbers.parse(number, region, keep_raw_input=True)
    except NumberParseException as refusal:
        return None, _explain_unparsed(number, region, refusal.error_type)
    if not phonenumbers.is_valid_number(parsed):
        return None, _explain_invalid(number, parsed)
    parsed.raw_input = None  # the library would give it back for a number of zeros alone
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return e164, None if e164 == number else _explain_change(number, parsed)


def _explain_unparsed(number: str, region: str | None, error_type: int) -> Reason:
    if _SPREADSHEET_DAMAGE.fullmatch(number):
        return Reason.PHONE_SPREADSHEET_DAMAGE
    reason = _PARSE_REASONS[error_type]
    is_homeless = region not in phonenumbers.SUPPORTED_REGIONS and not _names_a_country(number)
    is_about_country = reason == Reason.PHONE_INVALID_COUNTRY_CODE
    return Reason.PHONE_NO_REGION if is_about_country and is_homeless else reason


def _names_a_country(number: str) -> bool:
    """Whether a plus is the first character that can begin a number; `parse` ignores what is before."""
    start = re.search(r"[+＋\d]", number)
    return start is not None and start.group() in "+＋"


def _explain_invalid(number: str, parsed: phonenumbers.PhoneNumber) -> Reason:
    if _SPREADSHEET_DAMAGE.fullmatch(number):
        return Reason.PHONE_SPREADSHEET_DAMAGE
    return _POSSIBILITY_REASONS.get(phonenumbers.is_possible_number_with_reason(parsed), Reason.PHONE_INVALID)


def _explain_change(number: str, parsed: phonenumbers.PhoneNumber) -> Change:
    """The change that says most about what was lost or assumed. The columns apply the same order."""
    if parsed.extension:
        return Change.PHONE_EXTENSION_DROPPED
    if _LETTER.search(number):
        return Change.PHONE_LETTERS_CHANGED
    if _APOSTROPHE.match(number):
        return Change.PHONE_APOSTROPHE_DROPPED
    return _SOURCE_CHANGES.get(parsed.country_code_source, Change.PHONE_REFORMATTED)


def find_usual_region(numbers: Sequence[str], regions: Sequence[str]) -> str | None:
    """The region whose people write their numbers as most of these stand, or at least group their digits so;
    None where several or none do."""
    for form in (str.strip, _DIGITS.findall):
        counts = Counter(
            region for number in numbers for region in regions if _is_usual(number, region, form)
        )
        most = max(counts.values(), default=0)
        usual = [region for region, count in counts.items() if count == most]
        if len(usual) == 1 and most * 2 > len(numbers):
            return usual[0]
    return None


def _is_usual(number: str, region: str, form: Callable[[str], object]) -> bool:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return False
    written = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return phonenumbers.region_code_for_number(parsed) == region and form(written) == form(number)
