"""Lines of a CSV file that were read before need not be read again: whoever read them says what they are.

A regular row that is one physical line is the same row wherever it stands in a file with the same header: it
ends where it began, outside quotes. What stands between such lines is proved regular on its own.
"""

from dataclasses import dataclass
from typing import Protocol

import polars as pl

from memory_import.sources.csv.blocks import CsvShape, RegularBlock, find_regular_block, split_rows

_SEPARATOR = b"\1"
_MOST_UNKNOWN = 0.9  # of the lines: beyond that it is quicker to read all of them


class KnownLines(Protocol):
    """What is known of the lines of files of one kind."""

    def find(self, lines: pl.Series) -> pl.DataFrame:
        """What is known of these lines (String, without line ends), row for row; null in the first column
        where a line has to be read."""
        ...


@dataclass(frozen=True, slots=True)
class PartlyKnown:
    """Whole lines at the start of a text, and how many rows they are. `known`: what is known of those that
    need not be read, with `_line`, the places of their rows; `unknown` and `places`: the others, proved
    regular, and theirs."""

    text: bytes
    rows: int
    lines: int
    known: pl.DataFrame
    unknown: RegularBlock
    places: pl.Series


LINE = "_line"
_NOTHING = RegularBlock(b"", 0, 0, has_quoted_empty=False)


def split_lines(text: bytes) -> pl.Series | None:
    """The physical lines (String, without line ends) of UTF-8 text that ends with one; null where one is
    empty. None where nobody can say."""
    if _SEPARATOR in text or b"\0" in text:
        return None
    try:
        lines = pl.read_csv(
            text,
            has_header=False,
            schema={LINE: pl.String},
            separator=_SEPARATOR.decode(),
            quote_char=None,
            infer_schema=False,
        )[LINE]
    except pl.exceptions.PolarsError:
        return None
    return lines if len(lines) == text.count(b"\n") else None


def split_whole_lines(text: bytes, rows: int) -> pl.Series | None:
    """The lines (String, without line ends) of so many rows of regular text; null of rows of several lines.
    None where nobody can say."""
    lines = split_lines(text)
    if lines is None or len(lines) == rows:
        return lines
    texts = [row[:-1].removesuffix(b"\r") for row in split_rows(text)]
    return pl.Series([None if b"\n" in line else line.decode() for line in texts], dtype=pl.String)


def find_known(text: bytes, shape: CsvShape, known: KnownLines, most_rows: int) -> PartlyKnown | None:
    """The whole lines of a text that starts on a record border, at most `most_rows` of them, if some of them
    are known and the others are rows of one line each; else None."""
    text = text[: text.rfind(b"\n") + 1]
    lines = split_lines(text)
    while lines is not None and len(lines) > most_rows:
        text = text[: text.rfind(b"\n", 0, len(text) // 2) + 1]
        lines = split_lines(text)
    if lines is None or len(lines) < 2:
        return None
    found = known.find(lines)
    is_known = found.to_series().is_not_null()
    unknown = lines.filter(~is_known).fill_null("")
    if len(unknown) > _MOST_UNKNOWN * len(lines):
        return None
    block = _prove(unknown, shape)
    if block is None:
        return None
    begins = pl.Series([True]).new_from_index(0, len(lines))
    if block.rows != len(unknown):
        several = _find_beginnings(lines, is_known)
        if b"\r" in text or several is None or several.filter(~is_known).sum() != block.rows:
            return None
        begins = several
    places = begins.cum_sum() - 1
    kept = found.with_columns(places.alias(LINE)).filter(is_known)
    rows = int(begins.sum())
    return PartlyKnown(text, rows, len(lines), kept, block, places.filter(~is_known & begins))


def _prove(lines: pl.Series, shape: CsvShape) -> RegularBlock | None:
    """These lines as text, if it is regular."""
    if lines.is_empty():
        return _NOTHING
    text = "\n".join([*lines.to_list(), ""]).encode()
    block = find_regular_block(text, shape)
    return block if block is not None and block.text == text else None


def _find_beginnings(lines: pl.Series, is_known: pl.Series) -> pl.Series | None:
    """Whether a row begins with each line, where all between known lines is regular on its own; else None."""
    quotes = lines.str.count_matches('"', literal=True).fill_null(0).cast(pl.Int64)
    counted = pl.DataFrame({"run": is_known.cum_sum(), "quotes": quotes.zip_with(~is_known, quotes * 0)})
    counted = counted.with_columns(before=pl.col("quotes").cum_sum().over("run") - pl.col("quotes"))
    is_closed = counted.group_by("run").agg(pl.col("quotes").sum() % 2 == 0)["quotes"].all()
    return (counted["before"] % 2 == 0) | is_known if is_closed else None
