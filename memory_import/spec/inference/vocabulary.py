"""What columns of customer exports are called, in English, German, French, Spanish, Portuguese, Italian and
Dutch.

A phrase is written as the words of a header are compared: small letters without diacritics. Which concept a
header names is decided in `headers`: the longest phrase that it holds wins.
"""

from enum import StrEnum
from pathlib import Path

from ruamel.yaml import YAML


class Concept(StrEnum):
    """What a column says of a customer."""

    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    FULL_NAME = "full name"
    NAME_PART = "a part of the name"
    EMAIL = "email address"
    PHONE = "phone number"
    FAX = "fax number"
    CUSTOMER_ID = "id of the customer"
    OTHER_ID = "id of something else"
    OWNER = "owner"
    COMPANY = "company"
    JOB_TITLE = "job title"
    CITY = "city"
    POSTAL_CODE = "postal code"
    COUNTRY = "country"
    STATE = "state"
    STREET = "street"
    BIRTHDAY = "birthday"
    CREATED = "created"
    MODIFIED = "last modified"
    ACTIVITY = "activity"
    EMAIL_OPT_OUT = "email opt-out"
    EMAIL_OPT_IN = "email opt-in"
    SMS_OPT_OUT = "SMS opt-out"
    SMS_OPT_IN = "SMS opt-in"
    PHONE_OPT_OUT = "phone opt-out"
    DELETED = "deleted"
    STATUS = "status"
    LEAD_SOURCE = "lead source"
    TRACKING = "attribution of a tracker"
    TAGS = "tags"
    INTERESTS = "interests"
    NOTE = "note"
    OCCURRED = "when it happened"
    LINK = "link"
    TECHNICAL = "technical"
    LABEL = "label of another column"
    LANGUAGE = "language"


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.replace("\n", ",").split(",") if phrase.strip())


PHRASES: dict[Concept, tuple[str, ...]] = {
    Concept(concept): _phrases(phrases)
    for concept, phrases in YAML(typ="safe").load(Path(__file__).with_name("phrases.yaml")).items()
}
"""The phrases of `phrases.yaml` beside this file, by concept."""

TRAITS: dict[Concept, tuple[str, str]] = {
    Concept.FIRST_NAME: ("Contact", "firstName"),
    Concept.LAST_NAME: ("Contact", "lastName"),
    Concept.EMAIL: ("Contact", "email"),
    Concept.PHONE: ("Contact", "phone"),
    Concept.CUSTOMER_ID: ("Crm", "externalId"),
    Concept.OWNER: ("Crm", "owner"),
    Concept.COMPANY: ("Crm", "company"),
    Concept.JOB_TITLE: ("Crm", "jobTitle"),
    Concept.CITY: ("Crm", "city"),
    Concept.POSTAL_CODE: ("Crm", "postalCode"),
    Concept.COUNTRY: ("Crm", "country"),
    Concept.BIRTHDAY: ("Crm", "birthday"),
    Concept.CREATED: ("Crm", "createdAt"),
    Concept.EMAIL_OPT_OUT: ("Crm", "emailOptOut"),
    Concept.EMAIL_OPT_IN: ("Crm", "emailOptIn"),
    Concept.SMS_OPT_OUT: ("Crm", "smsOptOut"),
    Concept.SMS_OPT_IN: ("Crm", "smsOptIn"),
    Concept.STATUS: ("Crm", "status"),
    Concept.LEAD_SOURCE: ("Crm", "source"),
    Concept.TAGS: ("Crm", "tags"),
    Concept.INTERESTS: ("Crm", "interests"),
    Concept.LANGUAGE: ("Crm", "language"),
}
"""The trait group and the trait that a concept is kept in; a concept without one takes its name from the
header."""

LEFT_OUT: dict[Concept, str] = {
    Concept.NAME_PART: "a part of the name that nobody is addressed or found by",
    Concept.FAX: "a fax number identifies nobody",
    Concept.OTHER_ID: "the id of something else than the customer",
    Concept.STATE: "a part of the address; the country and the city are kept",
    Concept.STREET: "a part of the address; the country and the city are kept",
    Concept.ACTIVITY: "the system's own figure, which changes without the customer",
    Concept.PHONE_OPT_OUT: "no channel that a memory is used for",
    Concept.TRACKING: "a tracker's own attribution",
    Concept.NOTE: "free text; notes with their time belong into a load of observations",
    Concept.LINK: "a link",
    Concept.TECHNICAL: "of the exporting system, not of the customer",
    Concept.LABEL: "names the column beside it",
    Concept.MODIFIED: "decides which row of a person wins (`latest`)",
}
"""Why columns of a concept are not mapped."""

OPT_OUTS = (Concept.EMAIL_OPT_OUT, Concept.SMS_OPT_OUT)
SWITCHES = (*OPT_OUTS, Concept.EMAIL_OPT_IN, Concept.SMS_OPT_IN, Concept.DELETED)
"""Concepts whose cells say yes or no."""

NOTHING = (
    "\\N",
    "NULL",
    "null",
    "N/A",
    "n/a",
    "#N/A",
    "NA",
    "None",
    "none",
    "nan",
    "NaN",
    "-",
    "--",
    "(null)",
    "(blank)",
    "unknown",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "00/00/0000",
    "00.00.0000",
    "0.0.00",
    "0/0/00",
)
"""Texts that exports write where a cell is empty."""
