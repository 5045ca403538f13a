"""What can be wrong with an input: as a whole (`SourceError`) or with one of its rows (`RejectCode`)."""

from enum import StrEnum


class SourceError(Exception):
    """The input cannot be read; nothing of it may be used.

    The message is one line: what was found, what was expected, what to do. It never holds row data.
    """


class RejectCode(StrEnum):
    """Why one data row could not be taken as it stands."""

    RAGGED_ROW = "ragged_row"
    UNCLOSED_QUOTE = "unclosed_quote"
    TEXT_AFTER_QUOTE = "text_after_quote"
    INVALID_BYTES = "invalid_bytes"
    NUL_BYTE = "nul_byte"
    UNREADABLE_VALUE = "unreadable_value"


REJECT_WORDING: dict[str, str] = {
    RejectCode.RAGGED_ROW: "the row has more or fewer fields than the header",
    RejectCode.UNCLOSED_QUOTE: "a quoted field of the row is not closed",
    RejectCode.TEXT_AFTER_QUOTE: "text follows the quote that closes a field of the row",
    RejectCode.INVALID_BYTES: "the row holds bytes that are no text in the file's encoding",
    RejectCode.NUL_BYTE: "the row holds a NUL byte",
    RejectCode.UNREADABLE_VALUE: "a value of the row is beyond what its type can say",
}
"""Every code has its sentence."""


def one_line(error: object) -> str:
    """The first line of a library's message, without its trailing full stop or colon."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".: ")[:300]
