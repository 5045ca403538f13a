"""Every code that a report can hold, with the sentence a person reads beside it.

A `Reason` says why a value was refused; a `Change` says what was repaired in a value that was kept.
Tests and reports assert codes; people read the wording.
"""

from enum import StrEnum

from memory_import.transforms.limits import (
    ARRAY_ITEMS,
    CONTENT_CHARACTERS,
    CONVERSATIONS_PER_OBSERVATION,
    IDENTIFIER_CHARACTERS,
    IDENTIFIERS_PER_TYPE,
    INTEGER_MAX,
    INTEGER_MIN,
    MEMORIES_PER_PROFILE,
    STRING_CHARACTERS,
)


class Reason(StrEnum):
    """Why a value, or the row that holds it, was refused."""

    PHONE_NOT_A_NUMBER = "phone_not_a_number"
    PHONE_NO_REGION = "phone_no_region"
    PHONE_INVALID_COUNTRY_CODE = "phone_invalid_country_code"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_INVALID_LENGTH = "phone_invalid_length"
    PHONE_NO_AREA_CODE = "phone_no_area_code"
    PHONE_SPREADSHEET_DAMAGE = "phone_spreadsheet_damage"
    PHONE_INVALID = "phone_invalid_for_region"
    PHONE_HOLDS_LETTERS = "phone_holds_letters"
    PHONE_MASKED = "phone_masked"
    PHONE_IS_FAX = "phone_is_fax"
    PHONE_OUT_OF_USE = "phone_out_of_use"
    PHONE_SEVERAL_READINGS = "phone_several_readings"
    PHONE_AMBIGUOUS = "phone_ambiguous"
    EMAIL_NO_AT_SIGN = "email_no_at_sign"
    EMAIL_BAD_LOCAL_PART = "email_bad_local_part"
    EMAIL_BAD_DOMAIN = "email_bad_domain"
    EMAIL_SPECIAL_USE_DOMAIN = "email_special_use_domain"
    EMAIL_WIDE_AT_SIGN = "email_wide_at_sign"
    EMAIL_MASKED = "email_masked"
    EMAIL_TOO_LONG = "email_too_long"
    EMAIL_INVALID = "email_invalid"
    STRING_TOO_LONG = "string_too_long"
    INTEGER_INVALID = "integer_invalid"
    INTEGER_OUT_OF_RANGE = "integer_out_of_range"
    NUMBER_INVALID = "number_invalid"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    BOOLEAN_INVALID = "boolean_invalid"
    DATE_INVALID = "date_invalid"
    DATETIME_INVALID = "datetime_invalid"
    DATETIME_NO_TIMEZONE = "datetime_no_timezone"
    DATETIME_SKIPPED = "datetime_skipped_by_clock"
    ARRAY_TOO_LONG = "array_too_long"
    ARRAY_ITEM_TOO_LONG = "array_item_too_long"
    PLACEHOLDER = "placeholder"
    PATTERN_NOT_FOUND = "pattern_not_found"
    NOT_IN_MAP = "not_in_map"
    FURTHER_VALUE_LEFT_OUT = "further_value_left_out"
    IDENTIFIER_TOO_LONG = "identifier_too_long"
    NO_IDENTIFIER = "no_identifier"
    TOO_MANY_IDENTIFIERS = "too_many_identifiers"
    IDENTIFIER_BLOCKED = "identifier_blocked"
    IDENTIFIER_SHARED = "identifier_shared"
    IDENTIFIER_CONTESTED = "identifier_contested"
    IDENTIFIER_UNTIED = "identifier_untied"
    ONLY_SHARED_IDENTIFIERS = "only_shared_identifiers"
    CONTENT_MISSING = "content_missing"
    CONTENT_TOO_LONG = "content_too_long"
    OCCURRED_AT_MISSING = "occurred_at_missing"
    PROFILE_ID_INVALID = "profile_id_invalid"
    CONVERSATION_ID_INVALID = "conversation_id_invalid"
    CONVERSATION_ID_MISSING = "conversation_id_missing"
    TOO_MANY_CONVERSATIONS = "too_many_conversations"
    TOO_MANY_FOR_PROFILE = "too_many_for_profile"
    PROFILE_NOT_FOUND = "profile_not_found"
    PROFILE_AMBIGUOUS = "profile_ambiguous"
    PROFILE_REJECTED = "profile_rejected"


class Change(StrEnum):
    """What was repaired in a value that was kept."""

    PHONE_ONE_OF_SEVERAL = "phone_one_of_several"
    PHONE_EXTENSION_DROPPED = "phone_extension_dropped"
    PHONE_LABEL_DROPPED = "phone_label_dropped"
    PHONE_NOTE_DROPPED = "phone_note_dropped"
    PHONE_BROUGHT_UP_TO_DATE = "phone_brought_up_to_date"
    PHONE_LETTERS_CHANGED = "phone_letters_changed"
    PHONE_APOSTROPHE_DROPPED = "phone_apostrophe_dropped"
    PHONE_COUNTRY_CODE_ADDED = "phone_country_code_added"
    PHONE_PLUS_ADDED = "phone_plus_added"
    PHONE_INTERNATIONAL_PREFIX_REPLACED = "phone_international_prefix_replaced"
    PHONE_REFORMATTED = "phone_reformatted"
    PHONE_FIGURE_UNDONE = "phone_figure_undone"
    PHONE_PLUS_RESTORED = "phone_plus_restored"
    PHONE_LEADING_ZERO_RESTORED = "phone_leading_zero_restored"
    EMAIL_ONE_OF_SEVERAL = "email_one_of_several"
    EMAIL_SURROUNDINGS_DROPPED = "email_surroundings_dropped"
    EMAIL_TRIMMED = "email_trimmed"
    EMAIL_LOWERCASED = "email_lowercased"
    EMAIL_UNICODE_NORMALISED = "email_unicode_normalised"
    EXTRA_IDENTIFIER = "extra_identifier"
    TEXT_TRIMMED = "text_trimmed"
    INVISIBLE_CHARACTERS_REMOVED = "invisible_characters_removed"
    PART_TAKEN = "part_taken"
    VALUE_MAPPED = "value_mapped"
    CASE_CHANGED = "case_changed"
    NUMBER_SIGNS_TAKEN_OFF = "number_signs_taken_off"
    INTEGER_FRACTION_DROPPED = "integer_fraction_dropped"
    DATETIME_EARLIER_TAKEN = "datetime_earlier_taken"
    CONTENT_SPLIT = "content_split"
    PROFILE_CREATED = "profile_created"
    COUNTRY_UNKNOWN = "country_unknown"


LEFT_OUT: frozenset[str] = frozenset(
    {
        Reason.IDENTIFIER_BLOCKED,
        Reason.IDENTIFIER_SHARED,
        Reason.IDENTIFIER_CONTESTED,
        Reason.IDENTIFIER_UNTIED,
    }
)
"""Reasons for which an identifier is left out for a person's sake: nothing of the spec would mend it."""

DROPPED = "dropped_"
"""Before the code of a reason: the value was refused and left out, the row was kept."""


WORDING: dict[str, str] = {
    Reason.PHONE_NOT_A_NUMBER: "the text cannot be read as one phone number",
    Reason.PHONE_NO_REGION: "the phone number has no country code, and no country is known for it",
    Reason.PHONE_INVALID_COUNTRY_CODE: "the phone number begins with a country code that does not exist",
    Reason.PHONE_TOO_SHORT: "the phone number has too few digits for its country",
    Reason.PHONE_TOO_LONG: "the phone number has too many digits for its country",
    Reason.PHONE_INVALID_LENGTH: "no phone number of its country has this many digits",
    Reason.PHONE_NO_AREA_CODE: "the phone number lacks its area code",
    Reason.PHONE_SPREADSHEET_DAMAGE: "a spreadsheet turned the phone number into a figure; restore it",
    Reason.PHONE_INVALID: "the phone number is in no range that its country has assigned",
    Reason.PHONE_HOLDS_LETTERS: (
        "the cell holds letters that are no label before and no extension or note after a phone number; "
        "`vanity: true` reads letters as digits"
    ),
    Reason.PHONE_MASKED: "signs such as XXX or *** hide a part of the phone number",
    Reason.PHONE_IS_FAX: "the number is that of a fax, which identifies nobody",
    Reason.PHONE_OUT_OF_USE: "the cell says that the number is wrong, or no longer the customer's",
    Reason.PHONE_SEVERAL_READINGS: (
        "the cell may hold one phone number or several; put one in a cell, or name the `separator`"
    ),
    Reason.PHONE_AMBIGUOUS: (
        "the digits are one phone number as they stand and another behind a plus; write the plus, or the zero"
    ),
    Reason.EMAIL_NO_AT_SIGN: "the email address has no @",
    Reason.EMAIL_BAD_LOCAL_PART: "the part of the email address before the @ is not valid",
    Reason.EMAIL_BAD_DOMAIN: "the domain of the email address is not valid",
    Reason.EMAIL_SPECIAL_USE_DOMAIN: "the domain of the email address is reserved and receives no mail",
    Reason.EMAIL_WIDE_AT_SIGN: "the email address is written with a full-width @; expected an ordinary @",
    Reason.EMAIL_MASKED: "asterisks hide a part of the email address",
    Reason.EMAIL_TOO_LONG: "the email address is longer than the 254 bytes that mail servers accept",
    Reason.EMAIL_INVALID: "the email address is not valid",
    Reason.STRING_TOO_LONG: f"the text is longer than the {STRING_CHARACTERS:,} characters the API accepts",
    Reason.INTEGER_INVALID: "not a whole number; expected digits, a sign at most, no thousands separators",
    Reason.INTEGER_OUT_OF_RANGE: f"the API accepts integers from {INTEGER_MIN:,} to {INTEGER_MAX:,}",
    Reason.NUMBER_INVALID: "not a number; expected digits with a decimal point, no thousands separators",
    Reason.NUMBER_OUT_OF_RANGE: f"the API accepts numbers from {INTEGER_MIN:,} to {INTEGER_MAX:,}",
    Reason.BOOLEAN_INVALID: "neither true nor false; expected true/false, yes/no, t/f, y/n or 1/0",
    Reason.DATE_INVALID: "not a date in the expected format",
    Reason.DATETIME_INVALID: "not a date and time in the expected format",
    Reason.DATETIME_NO_TIMEZONE: "the time states no offset, and the spec names no timezone for it",
    Reason.DATETIME_SKIPPED: "this local time never was: the clocks were set forward over it",
    Reason.ARRAY_TOO_LONG: f"the array has more than the {ARRAY_ITEMS} items that the API accepts",
    Reason.ARRAY_ITEM_TOO_LONG: (
        f"an item of the array is longer than the {STRING_CHARACTERS:,} characters that the API accepts"
    ),
    Reason.PLACEHOLDER: "what a template or a spreadsheet writes in place of a value",
    Reason.PATTERN_NOT_FOUND: "the spec's `pattern` does not match the text",
    Reason.NOT_IN_MAP: "the spec's `map` does not have the text, and there is no `else`",
    Reason.FURTHER_VALUE_LEFT_OUT: "the row holds another valid value, which was taken",
    Reason.IDENTIFIER_TOO_LONG: (
        f"the identifier is longer than the {IDENTIFIER_CHARACTERS} characters that the API accepts"
    ),
    Reason.NO_IDENTIFIER: "no value is left that identifies a profile; the API needs at least one",
    Reason.TOO_MANY_IDENTIFIERS: (
        f"rows linked by shared identifiers hold more values of one type than a profile can keep "
        f"({IDENTIFIERS_PER_TYPE}); most likely they share a value of no one person, such as a switchboard"
    ),
    Reason.IDENTIFIER_BLOCKED: (
        "the value identifies nobody: a dummy number or address, or one that the spec blocks"
    ),
    Reason.IDENTIFIER_SHARED: (
        "the value belongs to more people than `persons.max_people_per_value` allows; it identifies nobody"
    ),
    Reason.IDENTIFIER_CONTESTED: (
        "people whose names disagree claim the value; see conflicts.csv and `persons.on_conflict` of the spec"
    ),
    Reason.IDENTIFIER_UNTIED: (
        "the person has another value of the same trait and nothing else that identifies it: sent alone, "
        "it would make a second profile; map a trait that every row of a person has, such as a customer id"
    ),
    Reason.ONLY_SHARED_IDENTIFIERS: "every value that would identify the row is shared, contested or blocked",
    Reason.CONTENT_MISSING: "there is no content; the API needs at least one character",
    Reason.CONTENT_TOO_LONG: (
        f"the content is longer than the {CONTENT_CHARACTERS:,} characters that the API accepts; "
        "`too_long: split` sends it in numbered parts"
    ),
    Reason.OCCURRED_AT_MISSING: "there is no time; the API needs to know when it happened",
    Reason.PROFILE_ID_INVALID: "not the id of a profile; expected mem_profile_ and 26 characters",
    Reason.CONVERSATION_ID_INVALID: (
        "not the id of a conversation; expected conv_conversation_ and 26 characters"
    ),
    Reason.CONVERSATION_ID_MISSING: "there is no conversation; the API needs to know which one is summed up",
    Reason.TOO_MANY_CONVERSATIONS: (
        f"more than the {CONVERSATIONS_PER_OBSERVATION} conversations that the API accepts"
    ),
    Reason.TOO_MANY_FOR_PROFILE: (
        f"the input holds more for this profile than the {MEMORIES_PER_PROFILE} that the API keeps"
    ),
    Reason.PROFILE_NOT_FOUND: "no profile in the store has any of the row's identifiers",
    Reason.PROFILE_AMBIGUOUS: "several profiles in the store have this identifier",
    Reason.PROFILE_REJECTED: "the row that holds this profile was rejected in the same run",
    Change.PHONE_ONE_OF_SEVERAL: "the cell holds several phone numbers; the first valid one counts",
    Change.PHONE_LABEL_DROPPED: "the label before the phone number was left out",
    Change.PHONE_NOTE_DROPPED: "the note beside the phone number was left out",
    Change.PHONE_BROUGHT_UP_TO_DATE: "a digit that numbers of its country no longer have was left out",
    Change.PHONE_EXTENSION_DROPPED: "the extension was left out of the phone number",
    Change.PHONE_LETTERS_CHANGED: "letters in the phone number were turned into digits",
    Change.PHONE_APOSTROPHE_DROPPED: "the apostrophe before the phone number was left out",
    Change.PHONE_COUNTRY_CODE_ADDED: "the country code was added to a national phone number",
    Change.PHONE_PLUS_ADDED: "the plus was added to an international phone number",
    Change.PHONE_INTERNATIONAL_PREFIX_REPLACED: "the dialling prefix of the phone number became a plus",
    Change.PHONE_REFORMATTED: "spaces, punctuation or a national prefix were taken out of the phone number",
    Change.PHONE_FIGURE_UNDONE: "a figure that a spreadsheet had made of the phone number was undone",
    Change.PHONE_PLUS_RESTORED: "the plus that the phone number had lost was restored",
    Change.PHONE_LEADING_ZERO_RESTORED: "the zero that the phone number had lost at its start was restored",
    Change.EMAIL_ONE_OF_SEVERAL: "the cell holds several email addresses; the first valid one counts",
    Change.EMAIL_SURROUNDINGS_DROPPED: (
        "what stood around the email address was left out: a name, a label, a note, quotes, brackets"
    ),
    Change.EMAIL_TRIMMED: "whitespace around the email address was removed",
    Change.EMAIL_LOWERCASED: (
        "capitals of the email address were lowered: those of the domain and of mailboxes such as Info, "
        "where case means nothing; with `case: lower` all of them"
    ),
    Change.EMAIL_UNICODE_NORMALISED: "the email address was brought into its normal Unicode form",
    Change.EXTRA_IDENTIFIER: "an earlier phone or email of the person was sent beside the one that counts",
    Change.TEXT_TRIMMED: "whitespace around the text was removed",
    Change.INVISIBLE_CHARACTERS_REMOVED: "invisible control characters were removed from the text",
    Change.PART_TAKEN: "a part of the text was taken, as the spec's `pattern` or `name` says",
    Change.VALUE_MAPPED: "the text was replaced by what the spec's `map` has for it",
    Change.CASE_CHANGED: "letters were written as the spec's `case` says",
    Change.NUMBER_SIGNS_TAKEN_OFF: "a currency sign, a percent sign or brackets were taken off the number",
    Change.INTEGER_FRACTION_DROPPED: "a fraction of zeros was dropped from a whole number",
    Change.DATETIME_EARLIER_TAKEN: "the local time came twice as clocks were set back; the earlier was taken",
    Change.CONTENT_SPLIT: "content that was too long was split into numbered parts",
    Change.PROFILE_CREATED: "a profile was created from its identifier, as there was none",
    Change.COUNTRY_UNKNOWN: "no country has this name; national phone numbers of such rows have no region",
}
