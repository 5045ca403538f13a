"""A run's folder: the prepared rows of each load, readable by their owner only.

    STATE_DIR/runs/RUN_ID/
        profiles/part-00000.arrow     every input row in order: place, used columns as read, reasons,
                                      and what was made of it: position, values, size, identifiers
        profiles/cells-00000.arrow    where lines of its rows are known: cells, values and what else was made
                                      of the other rows; the part has the rest of all rows
        profiles/others-00000.arrow   what its rows state of a trait beside its value
        profiles/superseded.arrow     which values of which rows gave way to a later row of the person
        profiles/left_out.arrow       identifiers that were left out for a person's sake
        profiles/shared.arrow         values that belong to too many people
        profiles/conflicts.arrow      rows that claim a value about which people disagree
        profiles/original-part-00000.text   the text of these rows in a CSV file, as it stands there; how many
                                      rows and bytes its runs have is in original-part-00000.arrow
        profiles/mapping.json         the hash of the mapping under which hashes of rows mean something
        profiles/input.json           what has to be known of the input to write its rejected rows
        profiles/hashes/  partitions/      rows by what they may have in common, as long as they are grouped
        profiles/members.arrow        _pos, _representative of the rows in identity groups of two or more
        profiles/claims.arrow         who claims a value that nobody got
        profiles/withdrawn.arrow      which claims of earlier runs count no more
        profiles/merged-00000.arrow   what is sent for those groups, in rounds
        profiles/late_rejects.parquet rows of groups that hold more identifiers than one profile can keep
        profiles/persons-00000.arrow  what becomes known of those groups once they landed
        profiles/present.arrow        the known people that the input has
        profiles/gone.arrow           what the known people hold that it does not have
        profiles/due.arrow            those of them who are to be deleted
        profiles/presence.json        how whole the input is
        profiles/emptied.arrow        what is known of people in the input whose rows have no value of it
        profiles/cleared.arrow        which traits are to be removed
        profiles/former.arrow         identifier values that known people do not state any more
        profiles/holdings.arrow       all identifiers of people whose profiles are to be changed so
        profiles/unsent.arrow         what is known of people of whom something else is sent
        profiles/refusals.jsonl       the server's words about rows it refused
        profiles/manifest.json        written last
        observations/…, summaries/…   the same parts; then, once the profiles they belong to are found:
        observations/unsorted/        rows by profile, as long as they are ordered
        observations/sorted-00000.arrow  what is sent, profile by profile, in the order of time
        observations/updates-00000.arrow  what memories that the store holds are to say
        observations/late_rejects.parquet   rows that have no profile, or one that is full
        observations/foreseen.arrow   of a plan, what would become of each row that was kept
        */compared.arrow              what is remembered of each row once it landed
        */unchanged.arrow             _pos of the rows that are not sent because they are known; of profiles
                                      with the known person
        lookups.key                   what makes hashes of identifiers mean something; see
        `memory_import.ledger.database.identifier_hashes` report.json  report.md  report.html  rejects.csv
        outcomes.parquet

Parquet is small; what is grouped and sent is in Arrow files, uncompressed, and is mapped into memory.
Files that are sent from are known by their names without a suffix: `part-00000`, `merged-00000`.
`_pos` is the position of a row in the whole load, counted from 0.
"""

from zlib import crc32

import polars as pl

from memory_import.columns import (
    CODE,
    CODE_PREFIX,
    COLUMN,
    DTYPES,
    ERRORS,
    ID_TYPE,
    KNOWN_PERSON,
    LINE_HASH,
    PIECES,
    PLACE,
    PLACE_PREFIX,
    POS,
    REPRESENTATIVE,
    ROW_CODES,
    ROW_HASH,
    STATED,
    TRAIT,
    VALUE,
    schema,
)

_OF_EVERY_ROW = frozenset((*PLACE, *ERRORS, POS, ROW_HASH, ROW_CODES, KNOWN_PERSON, LINE_HASH, STATED))
MEMBERS_SCHEMA = schema(POS, REPRESENTATIVE)
LATE_ERRORS_SCHEMA = schema(POS, *ERRORS)
OTHERS_SCHEMA = schema(POS, TRAIT, COLUMN, VALUE, CODE, ID_TYPE)
LEFT_OUT_SCHEMA = schema(POS, TRAIT, VALUE, CODE)
SHARED_SCHEMA = {**schema(ID_TYPE, VALUE), "rows": pl.UInt32, "people": pl.UInt32}
CONFLICTS_SCHEMA = {**schema(POS, ID_TYPE, VALUE), "name": pl.String, "reason": pl.String}
UNSENT_SCHEMA = schema(POS, TRAIT, VALUE)
PRESENT_SCHEMA = {"person": pl.Int64}
GONE_SCHEMA = {**PRESENT_SCHEMA, **schema(ID_TYPE, VALUE), "last_run": pl.String}
EMPTIED_SCHEMA = {**schema(POS), **PRESENT_SCHEMA, **schema(TRAIT), "hash": pl.UInt64}
"""What is known of a person of which none of its rows has a value: `_pos` of the row that stands for it, and
the hash that is known; `SOMETHING` where nobody can say which value it is."""
SOMETHING = 0
"""In place of the hash of a trait: the profile may have a value of it, nobody knows which."""
CLEARED_SCHEMA = {**schema(POS), **PRESENT_SCHEMA, **schema(TRAIT)}
FORMER_SCHEMA = {**schema(POS), **PRESENT_SCHEMA, **schema(ID_TYPE, VALUE), "successor": pl.String}
"""An identifier value of a known person that none of its rows states; `successor` takes its place, null:
nothing does."""
HOLDINGS_SCHEMA = {**PRESENT_SCHEMA, **schema(ID_TYPE, VALUE)}
FORESEEN_SCHEMA = {
    **schema(POS),
    "profile": pl.String,
    "fate": pl.String,
    **schema(PIECES),
    "bytes": pl.Int64,
    "is_read": pl.Boolean,
}
"""What a plan says of a memory: whose it is, where that is known; `sent`, `updated`, `unchanged`, or
`surplus` where its profile takes no more; its entries and bytes; whether what the store holds decides."""
UNCLAIMED_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "profile": pl.String,
    "content": pl.List(pl.UInt64),
}
"""What a profile that was read holds beside the memories that are known or are rows of the input: a hash of
each; none where that is all."""
WITHDRAWN_SCHEMA = {"claim": pl.Int64}
CLAIMS_SCHEMA = {
    **schema(ID_TYPE, VALUE),
    "name": pl.String,
    "words": pl.List(pl.Struct(dict.fromkeys(("word", "first", "third"), pl.UInt32))),
    "own": pl.List(pl.Struct(schema(ID_TYPE, VALUE))),
}
REFUSALS_SCHEMA = {"batch_id": pl.Int64, "code": pl.Int64, "message": pl.String}

_EDITION = 1  # raised where a file is to hold something else under the same names and dtypes
_SCHEMAS = sorted((name, repr(value)) for name, value in globals().items() if name.endswith("_SCHEMA"))
LAYOUT = f"{_EDITION}-{crc32(repr((_SCHEMAS, DTYPES)).encode()):08x}"
"""Which version of all this a manifest is of: another one is not read."""


def part_name(number: int) -> str:
    """The name of a staged part."""
    return f"part-{number:05d}"


def cells_name(part: str) -> str:
    """The name of the file with the cells of a part, where they were read of some rows alone."""
    return part.replace("part-", "cells-") + ".arrow"


def is_of_every_row(column: str) -> bool:
    """Whether a column of a part is written of rows, too, whose cells were not read."""
    return column in _OF_EVERY_ROW or column.startswith((CODE_PREFIX, PLACE_PREFIX))


def is_merged(part: str) -> bool:
    """Whether a staged file holds what is sent for identity groups."""
    return part.startswith("merged-")


def within(rows: pl.DataFrame, positions: range) -> pl.DataFrame:
    """Those of the rows, which are ordered by `_pos`, that stand at some positions."""
    if rows.is_empty():  # as most that is staged of rows is of a first run
        return rows
    start, stop = rows[POS].search_sorted(pl.Series([positions.start, positions.stop]))
    return rows[start:stop]
