"""An example of each code, and what to do about it; the sentence that says what it means lies elsewhere."""

from dataclasses import dataclass

from memory_import.columns import Dispute, Exclusion, Kept
from memory_import.sources.errors import RejectCode
from memory_import.transforms.codes import Change, Reason


@dataclass(frozen=True, slots=True)
class Advice:
    """`remedy`: what to do. `example`: a cell that gets the code; empty where the meaning says enough.

    `result` is what an example's cell was turned into; None where its value was refused.
    """

    remedy: str
    example: str = ""
    result: str | None = None


CELLS: dict[str, tuple[str, str | None]] = {
    Reason.PHONE_NOT_A_NUMBER: ("not known", None),
    Reason.PHONE_NO_REGION: ("202 555 0101", None),
    Reason.PHONE_INVALID_COUNTRY_CODE: ("+999 12345678", None),
    Reason.PHONE_TOO_SHORT: ("+1 202", None),
    Reason.PHONE_TOO_LONG: ("+1 202 555 0101 2345678", None),
    Reason.PHONE_NO_AREA_CODE: ("5550101", None),
    Reason.PHONE_SPREADSHEET_DAMAGE: ("1.20256E+10", None),
    Reason.PHONE_INVALID: ("+1 555 555 0100", None),
    Reason.PHONE_HOLDS_LETTERS: ("+1 202 JKL 0101", None),
    Reason.PHONE_MASKED: ("202 555 XXXX", None),
    Reason.PHONE_IS_FAX: ("Fax: 202 555 0101", None),
    Reason.PHONE_OUT_OF_USE: ("202 555 0101 (wrong number)", None),
    Reason.PHONE_SEVERAL_READINGS: ("202 555 0101/02", None),
    Reason.EMAIL_NO_AT_SIGN: ("ada.example.com", None),
    Reason.EMAIL_BAD_LOCAL_PART: ("a..b@example.com", None),
    Reason.EMAIL_BAD_DOMAIN: ("ada@example", None),
    Reason.EMAIL_SPECIAL_USE_DOMAIN: ("ada@example.test", None),
    Reason.EMAIL_MASKED: ("a***@example.com", None),
    Change.PHONE_EXTENSION_DROPPED: ("+1 202 555 0101 ext. 7", "+12025550101"),
    Change.PHONE_APOSTROPHE_DROPPED: ("'+12025550101", "+12025550101"),
    Change.PHONE_COUNTRY_CODE_ADDED: ("202 555 0101", "+12025550101"),
    Change.PHONE_PLUS_ADDED: ("12025550101", "+12025550101"),
    Change.PHONE_INTERNATIONAL_PREFIX_REPLACED: ("011 49 30 901820", "+4930901820"),
    Change.PHONE_REFORMATTED: ("+1 (202) 555-0101", "+12025550101"),
    Change.EMAIL_ONE_OF_SEVERAL: ("ada@example.com; bob@example.com", "ada@example.com"),
    Change.EMAIL_SURROUNDINGS_DROPPED: ("Ada <ada@example.com>", "ada@example.com"),
    Change.EMAIL_TRIMMED: (" ada@example.com ", "ada@example.com"),
    Change.EMAIL_LOWERCASED: ("Ada@Example.com", "Ada@example.com"),
}
"""A cell of a row in the US (of no known country for `phone_no_region`), and what becomes of it."""

_EXAMPLES: dict[str, str] = {
    Reason.PHONE_AMBIGUOUS: "`4915112345678` in a row of Germany",
    Change.PHONE_LETTERS_CHANGED: "`1-800-FLOWERS` with `vanity: true`",
    Reason.INTEGER_INVALID: "`1,000` in an integer trait",
    Reason.NUMBER_INVALID: '`12,50` in a number trait without `decimal: ","`',
    Reason.BOOLEAN_INVALID: "`maybe` in a boolean trait",
    Reason.DATE_INVALID: '`31.01.2024` where the spec says `format: "%Y-%m-%d"`',
    Reason.DATETIME_INVALID: '`yesterday` where the spec says `format: "%Y-%m-%d %H:%M"`',
    Reason.DATETIME_NO_TIMEZONE: "`2024-01-31 10:00` without `timezone` in the spec",
    Reason.DATETIME_SKIPPED: "`2024-03-31 02:30` in Europe/Berlin",
    Reason.PLACEHOLDER: "`#N/A`",
    Reason.NOT_IN_MAP: "`gold` where `map` has `silver` and `bronze` alone",
    Reason.NO_IDENTIFIER: "a row whose phone and email are both blank or refused",
    Reason.IDENTIFIER_BLOCKED: "`noreply@example.com`, `+1 212 555 1212`",
    Reason.IDENTIFIER_SHARED: "a switchboard's number in the rows of 200 people",
    Reason.IDENTIFIER_CONTESTED: "one address in the rows of Ann Lee and Bob Kay",
    Reason.IDENTIFIER_UNTIED: "two email addresses of a person without a phone",
    Reason.ONLY_SHARED_IDENTIFIERS: "a row with `noreply@example.com` and nothing else",
    Reason.PROFILE_NOT_FOUND: "a note for `ada@example.com`, who is not in the store",
    RejectCode.RAGGED_ROW: "a line of four fields under a header of five",
    RejectCode.UNCLOSED_QUOTE: '`Ada,"a note that nobody closed`',
    RejectCode.TEXT_AFTER_QUOTE: '`"Ada" Heron,…`',
    Dispute.NAMES_DISAGREE: "one address in the rows of Ann Lee and Bob Kay",
    Dispute.CLAIMED_BEFORE: "last night Ann Lee and Bob Kay stated one number; tonight Bob Kay is alone",
    Dispute.KNOWN_UNDER_OTHER_NAME: "last night the number was Ann Lee's; tonight Bob Kay's row has it, too",
    Dispute.WAS_MERGED: "last night the number was Ann Lee's; tonight she has another, and Bob Kay has hers",
    Kept.SHOWS_PRESENT: "Ann Lee left, and her profile holds the address of Bob Kay, who did not",
    Kept.SEVERAL_PROFILES: "the phone of Ann Lee, who left, leads to one profile, her address to another",
    Kept.NO_SUCCESSOR: "Ann Lee had two numbers, and her row has neither of them, but a third",
    Kept.STATED_ELSEWHERE: "the shop's file, a day older than the CRM's, has Ann Lee's former number",
    Dispute.MERGES_KNOWN: "a row of Ann Lee with two addresses; each was an Ann Lee of its own so far",
    Exclusion.FOOTER: "`Total: 1,204 rows` after the last row",
}

_REMEDIES: dict[str, str] = {
    Reason.PHONE_NO_REGION: (
        "Name the column that holds the country, or the country of rows without one: "
        "`region: {column: Country, default: US}`."
    ),
    Reason.PHONE_SPREADSHEET_DAMAGE: (
        "Export again with the column formatted as text, or let the import restore it where only one number "
        "comes of it: `repair: true`."
    ),
    Reason.STRING_TOO_LONG: "Shorten the text in the input, or take a part of it with `pattern`.",
    Reason.INTEGER_INVALID: "Map the column as `type: number`, or take it as text.",
    Reason.NUMBER_INVALID: 'Say how the file writes numbers: `decimal: ","`.',
    Reason.BOOLEAN_INVALID: "Say which words mean what: `true: [Allow], false: [Do Not Allow]`.",
    Reason.DATE_INVALID: 'Say how the file writes dates, several if need be: `format: ["%Y-%m-%d", excel]`.',
    Reason.DATETIME_INVALID: 'Say how the file writes times: `format: "%Y-%m-%d %H:%M"`.',
    Reason.DATETIME_NO_TIMEZONE: "Say where the clock hung that wrote them: `timezone: Europe/Berlin`.",
    Reason.ARRAY_TOO_LONG: "Shorten the list in the input.",
    Reason.PLACEHOLDER: "Nothing, if it stands for no value; else put the real value into the input.",
    Reason.NOT_IN_MAP: "Add the text to `map`, or give it an `else`.",
    Reason.PATTERN_NOT_FOUND: "Look at the row's cell and widen `pattern`.",
    Reason.FURTHER_VALUE_LEFT_OUT: "Nothing: the row has another value. Correct it if you need both.",
    Reason.NO_IDENTIFIER: (
        "Give the row a phone or an email in rejects.csv and feed that file back, or map another trait that "
        "the store promotes to an identifier."
    ),
    Reason.IDENTIFIER_BLOCKED: "Nothing, or give the person a value of its own; the row goes by its others.",
    Reason.IDENTIFIER_SHARED: (
        "Look into shared-identifiers.csv. If the value is one person's after all, raise "
        "`persons.max_people_per_value`."
    ),
    Reason.IDENTIFIER_CONTESTED: (
        "Look into conflicts.csv. Correct names that mean one person, or say `persons: {on_conflict: merge}`."
    ),
    Reason.IDENTIFIER_UNTIED: "Map a further identifier, such as a customer id, that ties the two values.",
    Reason.ONLY_SHARED_IDENTIFIERS: (
        "Give the person a value of its own in rejects.csv, and feed that file back."
    ),
    Reason.TOO_MANY_IDENTIFIERS: "Find the value that the rows share, and correct it in the input.",
    Reason.CONTENT_TOO_LONG: "Add `too_long: split`, which sends numbered parts, or shorten it.",
    Reason.PROFILE_NOT_FOUND: "Import the profile first, or correct the phone or email that should find it.",
    Reason.PROFILE_AMBIGUOUS: "Name the profile by its id, or merge the profiles in the store.",
    Reason.PROFILE_REJECTED: "Put the profile's own row right, then feed both reject files back.",
    Reason.TOO_MANY_FOR_PROFILE: "Leave out the oldest for this profile, with `where` or in the input.",
    Change.COUNTRY_UNKNOWN: "Correct the country in the input, or write the phones with their +.",
    Change.EMAIL_ONE_OF_SEVERAL: "Nothing, unless another of the addresses is the one to use: put it first.",
    RejectCode.RAGGED_ROW: "Count the delimiters of the line: a text that holds one needs quotes around it.",
    RejectCode.UNCLOSED_QUOTE: 'Close the quote, or double it where it belongs to the text (`""`).',
    RejectCode.TEXT_AFTER_QUOTE: 'Double inner quotes (`""`), or say `escape: "\\\\"` where fit.',
    RejectCode.INVALID_BYTES: "Say which encoding the file has; the message beside the row proposes one.",
    RejectCode.NUL_BYTE: "Export the file again: it was damaged on its way.",
    Dispute.NAMES_DISAGREE: (
        "Correct names that mean one person, or say `persons: {on_conflict: merge}`; else nothing: each row "
        "goes by its other values."
    ),
    Dispute.CLAIMED_BEFORE: (
        "See whose it is: it is sent once the others come without it. Correct their rows in the CRM, and "
        "import them again."
    ),
    Dispute.KNOWN_UNDER_OTHER_NAME: (
        "If it is the same person under a new name, say `persons: {on_renamed: same}`; else nothing: the "
        "value stays with its holder."
    ),
    Dispute.WAS_MERGED: (
        "Nothing: the service keeps the value with its holder, and cannot take profiles apart. The row goes "
        "by its other values."
    ),
    Dispute.MERGES_KNOWN: (
        "Nothing, if it is one person; the service cannot take profiles apart once they are merged."
    ),
    Kept.SHOWS_PRESENT: (
        "Nothing, if they share it: the service cannot take profiles apart, and it goes once nobody in it is "
        "present. If somebody else was only given the number, delete the profile in the store by hand."
    ),
    Kept.SEVERAL_PROFILES: "See with `memory-import show` which is the person's, and change that by hand.",
    Kept.NO_SUCCESSOR: "Nothing, or take the value off the profile by hand where it is wrong.",
    Kept.STATED_ELSEWHERE: "Nothing: it goes once the other spec's input has the new value, too.",
    Kept.SUCCESSOR_NOT_SHOWN: "Nothing: the next run sends the new value again, and tries again.",
    Kept.MERGED_ELSEWHERE: "Nothing: the next run looks at the profile that it became a part of.",
    Kept.SHOWS_OTHER_IDENTIFIERS: "Look at the profile with `memory-import show`; the next run tries again.",
    Kept.NOT_LOOKED_UP: "See whether the store still has the identifier type; the next run tries again.",
    Exclusion.WHERE: "Nothing, if `where` says what you mean.",
    Exclusion.SUPPRESS: "Nothing: the list is doing its work.",
}

_REFUSED = "Correct the value in the input, or in rejects.csv and feed that file back"
_REMEDY_OF_REASON = f"{_REFUSED}. A value that was only left out is in dropped.csv."
_REMEDY_OF_CHANGE = "Nothing: the value was sent in its new form. The report counts how often that happened."
_REMEDY_OF_ROW = "Correct the row in rejects.csv and feed that file back."


def advise(code: str) -> Advice:
    """What can be said of a code of ours beside its meaning."""
    before, after = CELLS.get(code, ("", None))
    example = f"`{before}`" if before else _EXAMPLES.get(code, "")
    return Advice(_REMEDIES.get(code) or _usual_remedy(code), example, after)


def _usual_remedy(code: str) -> str:
    if code in set(Change):
        return _REMEDY_OF_CHANGE
    if code in set(RejectCode):
        return _REMEDY_OF_ROW
    return "Nothing: there is nothing to import in it." if code in set(Exclusion) else _REMEDY_OF_REASON
