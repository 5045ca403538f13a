"""Lines of text that say what they said when their rows landed, recognised before they are read."""

from dataclasses import dataclass, field

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
_ONE_BY_ONE = 8  # to sort all lines takes as long as to look for hundreds
_MOST_STRETCHES = 16
_FEW = 0.2  # of the lines: these are looked for one by one


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
        """The places (UInt32) of lines with these hashes; null where there is none. Most of them may stand
        one after another from `start` on, as they did last time, or behind a few others."""
        run = self.remembered.rows["line"][start : start + len(hashes)]
        if len(run) == len(hashes):
            others = (~(run == hashes).fill_null(value=False)).arg_true()
            if len(others) <= _FEW * len(hashes):
                expected = pl.int_range(start, start + len(run), dtype=pl.UInt32, eager=True)
                return expected.scatter(others, self._look_up(hashes.gather(others)))
        return self._follow(hashes, start)

    def _follow(self, hashes: pl.Series, start: int) -> pl.Series:
        """The same, stretch by stretch of lines that stand as they did, as long as there are few of them."""
        lines, found, at = self.remembered.rows["line"], [pl.Series(dtype=pl.UInt32)], 0
        for _ in range(_MOST_STRETCHES):
            run = lines[start : start + len(hashes) - at]
            is_same = (run == hashes[at : at + len(run)]).fill_null(value=False)
            count = len(run) if is_same.all() else int(is_same.arg_min() or 0)
            found.append(pl.int_range(start, start + count, dtype=pl.UInt32, eager=True))
            at, start = at + count, start + count
            if at == len(hashes):
                break
            [place] = self._look_up(hashes[at : at + 1])
            if place is None:
                found.append(pl.Series([None], dtype=pl.UInt32))
                at += 1
            else:
                start = place
        return pl.concat([*found, self._look_up(hashes[at:])])

    def _look_up(self, hashes: pl.Series) -> pl.Series:
        if len(hashes) <= _ONE_BY_ONE:
            lines = self.remembered.rows["line"]
            places = [None if line is None else lines.index_of(line) for line in hashes]
            return pl.Series(places, dtype=pl.UInt32)
        by_line = self.remembered.by_line
        if by_line.is_empty():
            return pl.repeat(None, len(hashes), dtype=pl.UInt32, eager=True)
        found = by_line["line"].search_sorted(hashes.fill_null(0)).clip(upper_bound=by_line.height - 1)
        is_same = by_line["line"].gather(found) == hashes
        return pl.select(pl.when(is_same).then(by_line["at"].gather(found))).to_series()


def hash_lines(keyed: KeyedHash, lines: pl.Series) -> pl.Series:
    """UInt64 of each line (String, without its end)."""
    return lines.to_frame("line").select(keyed.wide(pl.col("line"))).to_series()


def _describe(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).alias(column) for column, name in _KNOWN.items())
