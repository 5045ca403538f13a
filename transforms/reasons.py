"""Every code that a report can hold, with the sentence a person reads beside it.

A `Reason` says why a value was refused; a `Change` says what was repaired in a value that was kept.
Tests and reports assert codes; people read the wording.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a value, or the row that holds it, was refused."""

    PHONE_NOT_A_NUMBER = "phone_not_a_number"
    PHONE_NO_REGION = "phone_no_region"
    PHONE_INVALID_COUNTRY_CODE = "phone_invalid_country_code"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_INVALID = "phone_invalid_for_region"
    EMAIL_INVALID = "email_invalid"


class Change(StrEnum):
    """What was repaired in a value that was kept."""

    PHONE_REFORMATTED = "phone_reformatted"
    EMAIL_LOWERCASED = "email_lowercased"
