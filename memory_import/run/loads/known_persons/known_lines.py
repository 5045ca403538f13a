"""Lines of text that say what they said when their rows landed, recognised before they are read."""

from dataclasses import dataclass, field
from itertools import count

import polars as pl

from memory_import.columns import KNOWN_PERSON, LINE_HASH, ROW_CODES, ROW_HASH, STATED
from memory_import.ledger.known.hashes import KeyedHash
from memory_import.run.loads.known_persons.row_hashes import RememberedRows

MOST_TRAITS = 32
"""Of so many traits it is known which a row has a value of."""

_KNOWN = {
    KNOWN_PERSON: "person",
    ROW_HASH: "hash",
    ROW_CODES: "codes",
    LINE_HASH: "line",
    STATED: "stated",
}
_FEWEST_STRETCHES = 4
_SHORTEST = 100  # lines, on average: below it is quicker to look for each of them
_NEAR = 500
_MOST_OTHERS = 4  # one after another: lines were put in or taken out rather than changed


@dataclass
class RememberedLines:
    """The lines of rows that are remembered; `keyed` is the hash of the lines of the file that is read."""

    remembered: RememberedRows
    keyed: KeyedHash
    _next: int = field(default=0, init=False)

    def find(self, lines: pl.Series) -> pl.DataFrame:
        """`_known_person`, `_row_hash`, `_row_codes`, `_line_hash`, `_stated` of the rows that these lines
        were; null where they are not remembered."""
        hashes = hash_lines(self.keyed, lines)
        rows, start = self.remembered.rows, self._next
        run = rows[start : start + len(hashes)]
        if run["line"].equals(hashes, null_equal=False):
            self._next += run.height
            return _describe(run)
        places = self._search(hashes, start)
        if places.null_count() < len(places):
            self._next = int(places.drop_nulls()[-1]) + 1
        return _describe(rows[places])

    def _search(self, hashes: pl.Series, start: int) -> pl.Series:
        """The places (UInt32) of lines with these hashes; null where there is none. Most of them stand one
        after another from `start` on, as they did last time, or from another place on behind lines that are
        new or gone."""
        lines, found, at = self.remembered.lines, [pl.Series(dtype=pl.UInt32)], 0
        for stretches in count(1):
            stretch = _follow(lines.all[start : start + len(hashes) - at], hashes[at:], start)
            found.append(stretch)
            at += len(stretch)
            is_worth_it = stretches < _FEWEST_STRETCHES or at > stretches * _SHORTEST
            first = self._find_next(hashes[at:], start + len(stretch)) if is_worth_it else None
            if first is None:
                break
            unknown, start = first
            found.append(_nowhere(unknown))
            at += unknown
        places = pl.concat([*found, _nowhere(len(hashes) - at)])
        others = places.is_null().arg_true()
        return places.scatter(others, lines.find(hashes.gather(others)))

    def _find_next(self, hashes: pl.Series, start: int) -> tuple[int, int] | None:
        """The first of these hashes that is remembered, as its number and its place: nearly always it is
        near `start`. None where none is."""
        lines = self.remembered.lines
        near = lines.all[start : start + _NEAR]
        is_near = hashes[:_NEAR].is_in(near.implode()).fill_null(value=False)
        if not is_near.any():
            return lines.find_first(hashes)
        first = int(is_near.arg_max() or 0)
        return first, start + int(near.index_of(hashes[first]) or 0)


def _follow(run: pl.Series, hashes: pl.Series, start: int) -> pl.Series:
    """The places of hashes that stand as those of `run` do, which begins at `start`: null for single ones
    that are others, up to where too many of them follow one another."""
    is_other = (run != hashes[: len(run)]).fill_null(value=True)
    runs = is_other.rle().struct.unnest()
    is_lost = runs["value"] & (runs["len"] > _MOST_OTHERS)
    height = int(runs["len"][: is_lost.arg_max() if is_lost.any() else None].sum())
    places = pl.int_range(start, start + height, dtype=pl.UInt32, eager=True)
    return places.scatter(is_other[:height].arg_true(), None)


def _nowhere(count: int) -> pl.Series:
    return pl.repeat(None, count, dtype=pl.UInt32, eager=True)


def hash_lines(keyed: KeyedHash, lines: pl.Series) -> pl.Series:
    """UInt64 of each line (String, without its end)."""
    return lines.to_frame("line").select(keyed.wide(pl.col("line"))).to_series()


def _describe(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).alias(column) for column, name in _KNOWN.items())
