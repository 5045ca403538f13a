"""The columns that are ours: their names and dtypes, in one place. Columns of the input keep their own names.

Those of ours that stand beside columns of an input begin with an underscore. So may others of an input, as
long as they have no name of ours: see `is_ours`.
"""

from enum import StrEnum

import polars as pl


class Exclusion(StrEnum):
    """Why a row is left out without being wrong.

    A staged row says so in `_error_code`, where others say why they are rejected: such a row is not sent, and
    its outcome is `excluded` instead of `rejected`. It has this one code and no other reason.
    """

    WHERE = "where"  # the spec's `where` does not let it through
    SUPPRESS = "suppress"  # its person is one that the spec's `suppress` lists
    FOOTER = "footer"  # a line after the data, with the spec's `footer: ignore`
    EMPTY_ROW = "empty_row"  # no cell of it holds anything


EXCLUSION_WORDING: dict[str, str] = {
    Exclusion.WHERE: "left out: the spec's `where` does not let the row through",
    Exclusion.SUPPRESS: "left out: the person is on the spec's `suppress` list",
    Exclusion.FOOTER: "left out: a line after the data, which the spec's `footer: ignore` passes over",
    Exclusion.EMPTY_ROW: "left out: no cell of the row holds anything",
}
"""Every exclusion has its sentence."""


class Dispute(StrEnum):
    """Why `conflicts.csv` lists a row and a value of its."""

    NAMES_DISAGREE = "names_disagree"  # rows of different people claim the value
    CLAIMED_BEFORE = "claimed_before"  # people of earlier runs claim it, who are not in the input
    KNOWN_UNDER_OTHER_NAME = "known_under_other_name"  # somebody else is known to hold it
    WAS_MERGED = "was_merged"  # a known person holds it that is in the input and states it no more
    MERGES_KNOWN = "merges_known"  # known people are one person by this row; their names agree


DISPUTE_WORDING: dict[str, str] = {
    Dispute.NAMES_DISAGREE: "rows of people with different names claim the value",
    Dispute.CLAIMED_BEFORE: (
        "people of other names claimed the value in earlier runs, got it no more than this row does, and are "
        "not in the input"
    ),
    Dispute.KNOWN_UNDER_OTHER_NAME: (
        "somebody else is known to hold the value, and states it still or is not in the input"
    ),
    Dispute.WAS_MERGED: (
        "somebody else holds the value who is in the input and states it no more: it was given to another "
        "customer, or rows that were one person were taken apart"
    ),
    Dispute.MERGES_KNOWN: "the row makes one person of several known ones, whose names agree",
}
"""Every dispute has its sentence."""


class Kept(StrEnum):
    """Why a profile is left alone that was to be deleted (`deletions.csv`), to lose traits (`cleared.csv`) or
    a former identifier value (`former.csv`)."""

    SHOWS_PRESENT = "shows_present"
    SEVERAL_PROFILES = "several_profiles"
    MERGED_ELSEWHERE = "merged_elsewhere"
    SHOWS_OTHER_IDENTIFIERS = "shows_other_identifiers"
    NOT_LOOKED_UP = "not_looked_up"
    NO_SUCCESSOR = "no_successor"
    STATED_ELSEWHERE = "stated_elsewhere"
    SUCCESSOR_NOT_SHOWN = "successor_not_shown"


KEPT_WORDING: dict[str, str] = {
    Kept.SHOWS_PRESENT: "left alone: the profile of the person shows somebody else who is present",
    Kept.SEVERAL_PROFILES: "left alone: the identifiers of the person lead to several profiles",
    Kept.MERGED_ELSEWHERE: "left alone: the profile of the person became a part of another one",
    Kept.SHOWS_OTHER_IDENTIFIERS: (
        "left alone: of some type the profile shows no identifier that is known of the person"
    ),
    Kept.NOT_LOOKED_UP: "left alone: the service does not look up an identifier of the person",
    Kept.NO_SUCCESSOR: (
        "left alone: the rows do not state the former identifier value any more, and no one new value of its "
        "type that could take its place"
    ),
    Kept.STATED_ELSEWHERE: (
        "left alone: another spec knows somebody who has the former identifier value and not the new one"
    ),
    Kept.SUCCESSOR_NOT_SHOWN: "left alone: the profile does not show the new identifier value yet",
}
"""Every reason has its sentence."""

FILE = "_file"
"""The file that a row was read from."""
ROW = "_row"
"""The number of a row in its file, from 1."""
POS = "_pos"
"""The position of a row in its whole load, from 0."""
ERROR_CODE = "_error_code"
"""Why a row is rejected: all its codes, joined."""
ERROR_FIELD = "_error_field"
"""What of the row is wrong: columns or traits, joined."""
ERROR_MESSAGE = "_error_message"
"""The sentences for a person."""
PAYLOAD = "_payload"
"""The JSON text that is sent for an entry; of memories a list of them, one for each part of the content."""
BYTES = "_bytes"
"""The length of a payload in bytes of UTF-8."""
REPRESENTATIVE = "_representative"
"""The position of the row that stands for a group of rows of one person."""
ROUND = "_round"
"""When an entry is sent, after the rounds before it have ended; from 0."""
IS_FINAL = "_is_final"
"""Whether an entry decides about the outcome of its row."""
PROFILE_ID = "_profile_id"
"""The service's id of the profile that a memory belongs to."""
MOMENT = "_moment"
"""When a memory happened, in milliseconds since the epoch."""
LATEST = "_latest"
"""When a row was last changed, in milliseconds since the epoch: of a person the row with the latest wins."""
PIECES = "_pieces"
"""The number of entries that a row is sent as."""
COPIES = "_copies"
"""How many copies of an entry its profile certainly held before anything of the load was sent: earlier runs
brought them, or they were read."""
POSSIBLE_COPIES = "_possible_copies"
"""How many more it may have held: earlier runs brought them to a profile that may be a part of it by now."""
FORMER = "_former"
"""The hash of what a memory that is to be changed says today."""
ROW_HASH = "_row_hash"
"""The hash of what a row says in the columns that the spec uses; null where it is not to be known by it."""
LINE_HASH = "_line_hash"
"""The hash of the line of text that a row is in a CSV file; null where it is not one whole line."""
STATED = "_stated"
"""Which traits a row has a value of: a bit for each, the first trait the lowest; null where unknown."""
ROW_CODES = "_row_codes"
"""All that was said of a row in codes, as one text; see `row_codes`."""
KNOWN_PERSON = "_known_person"
"""The known person that a row is of which nothing was made, as it says what it said last time."""
PARTITION = "_partition"
"""The file that a row is put into while rows that belong together are brought together; from 0."""
TRAIT = "trait"
"""The path of a trait, `Group.name`."""
COLUMN = "column"
"""The column of the input that a value comes from."""
VALUE = "value"
CODE = "code"
"""What was changed in a value, or why it was dropped."""
ID_TYPE = "id_type"
"""The type of an identifier, as the store calls it."""
OUTCOME = "outcome"
"""What became of a row: one of `Outcome`."""
SENT_AS = "_sent_as"
"""The outcome of what holds a row's values: its own, or that of the row it was merged into."""
MERGED_INTO_FILE = "merged_into_file"
MERGED_INTO_ROW = "merged_into_row"
"""The row that a merged row went into."""

VALUE_PREFIX = "_value."
"""Before the path of a trait: its values."""

CODE_PREFIX = "_code."
"""Before the path of a trait: what was changed in its values, or why there is none."""

PLACE_PREFIX = "_place."
"""Before the path of a trait: from which of several columns its values come."""

ID_PREFIX = "_identifier."
"""Before the type of an identifier: its values; a further trait of that type has a number behind it."""

HASH_PREFIX = "_hash."
"""Before the same: the hashes of these values."""

PLACE = (FILE, ROW)
"""Where a row was read from."""
ERRORS = (ERROR_CODE, ERROR_FIELD, ERROR_MESSAGE)
"""The verdict on a rejected row."""

DTYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    FILE: pl.String,
    ROW: pl.Int64,
    POS: pl.Int64,
    **dict.fromkeys(ERRORS, pl.String),
    PAYLOAD: pl.String,
    REPRESENTATIVE: pl.Int64,
    ROUND: pl.Int64,
    IS_FINAL: pl.Boolean,
    PROFILE_ID: pl.String,
    MOMENT: pl.Int64,
    LATEST: pl.Int64,
    PIECES: pl.Int64,
    **dict.fromkeys((COPIES, POSSIBLE_COPIES), pl.UInt32),
    FORMER: pl.UInt64,
    ROW_HASH: pl.UInt64,
    LINE_HASH: pl.UInt64,
    STATED: pl.UInt32,
    ROW_CODES: pl.String,
    KNOWN_PERSON: pl.Int64,
    **dict.fromkeys((TRAIT, COLUMN, VALUE, CODE, ID_TYPE), pl.String),
    OUTCOME: pl.String,
    SENT_AS: pl.String,
    MERGED_INTO_FILE: pl.String,
    MERGED_INTO_ROW: pl.Int64,
}


def schema(*names: str) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The dtypes of some of our columns, in this order."""
    return {name: DTYPES[name] for name in names}


_OURS = frozenset((*(name for name in DTYPES if name.startswith("_")), BYTES, PARTITION))
_PREFIXES = (VALUE_PREFIX, CODE_PREFIX, PLACE_PREFIX, ID_PREFIX, HASH_PREFIX)


def is_ours(column: str) -> bool:
    """Whether a column of ours may be called so; a spec cannot use one of an input that is."""
    return column in _OURS or column.startswith(_PREFIXES)
