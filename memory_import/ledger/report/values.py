"""The fate of every value: one for each row and trait, counted part by part; the dropped ones in a file.

    blank       nothing was stated
    sent        as it stood            changed     with a code, and sent
    dropped     with a code            superseded  a later row of the person won
    not_sent    its row was not sent or is not decided; each value of a row that could not be read; what says
                which row of a person wins

The fates of a trait sum to the rows read. What a row states of a trait beside its value is counted apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO

import polars as pl

from memory_import.columns import (
    CODE,
    COLUMN,
    ERROR_CODE,
    ERROR_FIELD,
    FILE,
    ID_TYPE,
    POS,
    ROW,
    TRAIT,
    VALUE,
    Exclusion,
)
from memory_import.ledger.report.fates import FIRST_ROWS, Fates
from memory_import.ledger.report.traits import MappedTrait, read_cells, read_filled
from memory_import.ledger.staging.layout import within
from memory_import.ledger.staging.staged import Staging

DROPPED_COLUMNS = ("_file", "_row", "_trait", "_column", "_value", "_code")
_IS_DELIVERED = "_is_delivered"
_DROPPED = {POS: pl.Int64, **dict.fromkeys((TRAIT, COLUMN, VALUE, CODE), pl.String)}


class _Marks:
    """Whose value of a trait gave way to that of a later row, whose was left out for a person's sake, and
    whose was not sent because it is known.

    `superseded`, `late` and `unsent` are of the rows of a part, at `positions`.
    """

    def __init__(
        self, positions: range, superseded: pl.DataFrame, late: pl.DataFrame, unsent: pl.DataFrame
    ) -> None:
        paths = [path for path in superseded.columns if path != POS and superseded[path].any()]
        marked = {f"_gave_way {path}": superseded[POS].filter(superseded[path]) for path in paths}
        marked |= {f"_is_late {path}": rows[POS] for (path,), rows in late.group_by(TRAIT)}
        known = unsent.filter(pl.col(VALUE).is_null())
        marked |= {f"_is_known {path}": rows[POS] for (path,), rows in known.group_by(TRAIT)}
        self.series = [_mark(rows, positions).alias(name) for name, rows in marked.items()]
        self._names = frozenset(marked)

    def gave_way(self, path: str) -> pl.Expr:
        """Whether each row's value gave way."""
        return self._of(f"_gave_way {path}")

    def is_late(self, path: str) -> pl.Expr:
        """Whether each row's value was left out."""
        return self._of(f"_is_late {path}")

    def is_known(self, path: str) -> pl.Expr:
        """Whether each row's value is known."""
        return self._of(f"_is_known {path}")

    def _of(self, name: str) -> pl.Expr:
        return pl.col(name) if name in self._names else pl.lit(value=False)


class ValueAccount:
    """Counts the fates of all traits, part by part, and writes the dropped values as it goes."""

    def __init__(self, staging: Staging, traits: Sequence[MappedTrait], stream: BinaryIO) -> None:
        self._staging = staging
        self._traits = traits
        self._stream = stream
        self.fates = {trait.path: Fates() for trait in traits}
        stream.write((",".join(DROPPED_COLUMNS) + "\n").encode())

    def count(self, part: str, is_delivered: pl.Series) -> "PartValues":
        """Count a part, which changes nothing yet; `is_delivered` (Boolean): whether the values of each row
        went into the store."""
        values = PartValues(self._staging, self._traits)
        values.count(part, is_delivered)
        return values

    def add(self, values: "PartValues") -> None:
        """Add what was counted of a part."""
        for path, fates in values.fates.items():
            self.fates[path].add(fates)
        self._stream.write(values.dropped.getbuffer())


class PartValues:
    """The fates of all traits in one part, and the lines of the dropped values."""

    def __init__(self, staging: Staging, traits: Sequence[MappedTrait]) -> None:
        self._staging = staging
        self._traits = {trait.path: trait for trait in traits}
        self.fates = {trait.path: Fates() for trait in traits}
        self.dropped = BytesIO()

    def count(self, part: str, is_delivered: pl.Series) -> None:
        """Count the part; `is_delivered` (Boolean): whether the values of each row went into the store."""
        positions = self._staging.positions[part]
        unread, broken = _find_unread(self._staging, part)
        others = self._staging.others(part)
        left_out = within(self._staging.left_out, positions)
        unsent = within(self._staging.unsent, positions)
        late_others = late_own = left_out
        if left_out.height:
            stated = others.filter(pl.col(VALUE).is_not_null())
            late_others = left_out.join(stated, on=(POS, TRAIT, VALUE), how="semi")
            late_own = left_out.join(late_others, on=(POS, TRAIT, VALUE), how="anti").unique(
                (POS, TRAIT), keep="first"
            )
        marks = _Marks(positions, within(self._staging.superseded, positions), late_own, unsent)
        dropped = [pl.DataFrame(schema=_DROPPED), *self._count(part, is_delivered, marks)]
        for path, trait in self._traits.items():
            is_judged = trait.number is None or len(unread) == 0
            unjudged = broken + (0 if is_judged else _count_stated(self._staging, part, trait, unread))
            self.fates[path].blank -= unjudged
            self.fates[path].not_sent += unjudged
            late = late_own.filter(pl.col(TRAIT) == path) if late_own.height else late_own
            if late.height:
                dropped.append(self._drop(part, trait, late[POS] - positions.start, late[CODE]))
        others_unsent = unsent.filter(pl.col(VALUE).is_not_null())
        dropped += self._count_others(part, others, late_others, others_unsent, is_delivered)
        self._write(pl.concat(dropped), part)

    def _count(self, part: str, is_delivered: pl.Series, marks: _Marks) -> Iterator[pl.DataFrame]:
        """Count the traits of a part, all in one go; the dropped values of those that have any."""
        if not self._traits:
            return
        staged, codes = self._read(part)
        staged = staged.with_columns(is_delivered.alias(_IS_DELIVERED), *marks.series)
        conditions = {path: self._conditions(path, codes, marks) for path in self._traits}
        counts = staged.select(
            pl.struct(*(condition.sum().alias(name) for name, condition in of_trait.items())).alias(path)
            for path, of_trait in conditions.items()
        ).row(0, named=True)
        for path, of_trait in conditions.items():
            fates, counted = self.fates[path], counts[path]
            fates.read += staged.height
            for name in ("blank", "sent", "superseded", "not_sent"):
                setattr(fates, name, getattr(fates, name) + counted[name])
            if counted.get("changed"):
                changed = staged.select(pl.col(codes[path]).filter(of_trait["changed"]))
                fates.changed.update(_count_codes(changed.to_series()))
            if counted.get("dropped"):
                rows = staged.select(of_trait["dropped"].arg_true()).to_series()
                yield self._drop(part, self._traits[path], rows, staged[codes[path]][rows])

    def _read(self, part: str) -> tuple[pl.DataFrame, dict[str, str]]:
        """Whether the rows of a part have a value of each trait, by its path, and their codes; the names of
        the codes' columns, of those that are written."""
        written = self._staging.columns(part)
        traits = list(self._traits.values())
        codes = {trait.path: trait.code_column for trait in traits if trait.code_column in written}
        filled = read_filled(self._staging, part, traits)
        return (filled.hstack(self._staging.read(part, *codes.values())) if codes else filled), codes

    def _conditions(self, path: str, codes: Mapping[str, str], marks: _Marks) -> dict[str, pl.Expr]:
        """Which rows have each fate of a trait."""
        has_value = pl.col(path)
        has_code = pl.col(codes[path]).is_not_null() if path in codes else pl.lit(value=False)
        is_late, gave_way = marks.is_late(path), marks.gave_way(path)
        is_kept = has_value & pl.col(_IS_DELIVERED) & ~is_late
        is_unsent = ~pl.col(_IS_DELIVERED) | (marks.is_known(path) & ~gave_way)
        if self._traits[path].number is None:
            is_unsent = pl.lit(value=True)
        is_sent = is_kept & ~gave_way & ~is_unsent
        coded = {"changed": is_sent & has_code, "dropped": ~has_value & has_code} if path in codes else {}
        return coded | {
            "blank": ~has_value & ~has_code,
            "sent": is_sent & ~has_code,
            "superseded": is_kept & gave_way,
            "not_sent": has_value & is_unsent & ~is_late,
        }

    def _drop(self, part: str, trait: MappedTrait, rows: pl.Series, codes: pl.Series) -> pl.DataFrame:
        self.fates[trait.path].dropped.update(_count_codes(codes))
        cells = read_cells(self._staging, part, trait, rows)
        return cells.select(
            (rows.cast(pl.Int64) + self._staging.positions[part].start).alias(POS),
            pl.lit(trait.path).alias(TRAIT),
            COLUMN,
            VALUE,
            codes.cast(pl.String).alias(CODE),
        )

    def _count_others(
        self,
        part: str,
        others: pl.DataFrame,
        late: pl.DataFrame,
        unsent: pl.DataFrame,
        is_delivered: pl.Series,
    ) -> Iterator[pl.DataFrame]:
        """Count what rows state beside their values; what is dropped of it."""
        if others.is_empty():
            return
        start = self._staging.positions[part].start
        kept = others.filter(pl.col(ID_TYPE).is_not_null())
        for listed in filter(len, (late, unsent)):
            kept = kept.join(listed, on=(POS, TRAIT, VALUE), how="anti")
        kept = kept.filter(is_delivered.gather(kept[POS] - start))
        for path, count in kept[TRAIT].value_counts(name="count").iter_rows():
            self.fates[path].others_sent += count
        dropped = others.filter(pl.col(VALUE).is_null())
        if late.height:
            left_out = others.drop(CODE).join(late, on=(POS, TRAIT, VALUE))
            dropped = pl.concat([dropped, left_out.select(dropped.columns)])
        for path, code, count in dropped.group_by(TRAIT, CODE).len().iter_rows():
            self.fates[path].others_dropped[code] += count
        for frame in dropped.partition_by(COLUMN):
            column = frame[COLUMN][0]
            cells = self._staging.read(part, column, at=frame[POS] - start)[column]
            yield frame.select(POS, TRAIT, COLUMN, cells.alias(VALUE), CODE)

    def _write(self, dropped: pl.DataFrame, part: str) -> None:
        if dropped.is_empty():
            return
        ordered = dropped.sort(POS, maintain_order=True)
        at = ordered[POS] - self._staging.positions[part].start
        ordered = ordered.hstack(self._staging.read(part, FILE, ROW, at=at))
        first = ordered.group_by(TRAIT, CODE, maintain_order=True).head(FIRST_ROWS)
        for path, code, file, row in first.select(TRAIT, CODE, FILE, ROW).iter_rows():
            listed = self.fates[path].examples.setdefault(code, [])
            if len(listed) < FIRST_ROWS:
                listed.append((file, row))
        written = ordered.select(FILE, ROW, TRAIT, COLUMN, VALUE, CODE)
        written.write_csv(self.dropped, include_header=False)


def _find_unread(staging: Staging, part: str) -> tuple[pl.Series, int]:
    """The places of the rows of a part that were left out before their values were judged, and how many could
    not be read: what is wrong with them is in no field, and one value of each trait counts for it."""
    if ERROR_CODE not in staging.columns(part):
        return pl.Series(dtype=pl.UInt32), 0
    code = pl.col(ERROR_CODE)
    is_left_out = code.is_in([Exclusion.WHERE.value, Exclusion.EMPTY_ROW.value]).fill_null(value=False)
    is_broken = code.is_not_null() & pl.col(ERROR_FIELD).is_null() & ~is_left_out
    staged = staging.read(part, ERROR_CODE, ERROR_FIELD)
    found = staged.select(unread=is_left_out, broken=is_broken)
    return found["unread"].arg_true(), int(found["broken"].sum())


def _count_stated(staging: Staging, part: str, trait: MappedTrait, rows: pl.Series) -> int:
    """How many rows of a part, at these places, state something of a trait."""
    return read_cells(staging, part, trait, rows)[VALUE].count()


def _mark(positions: pl.Series, inside: range) -> pl.Series:
    """True at these positions of a part."""
    marked = pl.Series([False]).new_from_index(0, len(inside))
    return marked.scatter(positions - inside.start, True) if len(positions) else marked


def _count_codes(codes: pl.Series) -> Mapping[str, int]:
    if codes.null_count() == len(codes):
        return {}
    counted = codes.drop_nulls().value_counts(name="count")
    return {str(code): count for code, count in counted.iter_rows()}
