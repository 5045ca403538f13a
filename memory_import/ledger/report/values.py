"""The fate of every value: one for each row and trait, counted part by part; the dropped ones in a file.

    blank       nothing was stated
    sent        as it stood            changed     with a code, and sent
    dropped     with a code            superseded  a later row of the person won
    not_sent    its row was not sent or is not decided; each value of a row that could not be read

The fates of a trait sum to the rows read. What a row states of a trait beside its value is counted apart.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

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
    SENT_AS,
    TRAIT,
    VALUE,
    Exclusion,
)
from memory_import.ledger.report.outcomes import DELIVERED
from memory_import.ledger.staging.layout import within
from memory_import.ledger.staging.staged import Staging

DROPPED_COLUMNS = ("_file", "_row", "_trait", "_column", "_value", "_code")
FIRST_ROWS = 3  # of each code, that a report names
_DROPPED = {POS: pl.Int64, **dict.fromkeys((TRAIT, COLUMN, VALUE, CODE), pl.String)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedTrait:
    """Where the staged rows have a trait: `value_column`, or the first of `columns` where that is not
    written; `code_column`; and the columns of the input, without those of `null_texts`, that it was read
    from."""

    path: str
    value_column: str
    code_column: str
    columns: tuple[str, ...]
    null_texts: frozenset[str] = frozenset()


@dataclass(slots=True)
class Fates:
    """The fates of one trait's values. `examples`: the first rows, `(file, row)`, by code of dropped ones."""

    read: int = 0
    blank: int = 0
    sent: int = 0
    superseded: int = 0
    not_sent: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    others_sent: int = 0
    others_dropped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The sum of all fates, which has to be `read`."""
        known = self.blank + self.sent + self.superseded + self.not_sent
        return known + self.changed.total() + self.dropped.total()

    def to_json(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "read": self.read,
            "blank": self.blank,
            "filled": self.read - self.blank,
            "sent": self.sent,
            "changed": dict(sorted(self.changed.items())),
            "dropped": dict(sorted(self.dropped.items())),
            "superseded": self.superseded,
            "not_sent": self.not_sent,
            "others": {"sent": self.others_sent, "dropped": dict(sorted(self.others_dropped.items()))},
        }


def read_trait(staging: Staging, part: str, trait: MappedTrait) -> tuple[pl.Series, pl.Series]:
    """Whether each row of a part has a value (Boolean), and its code (null where it has none)."""
    written = staging.columns(part)
    stored = trait.value_column if trait.value_column in written else trait.columns[0]
    has_value = staging.read(part, stored)[stored].is_not_null()
    if trait.code_column not in written:
        return has_value, pl.repeat(None, len(has_value), dtype=pl.String, eager=True)
    return has_value, staging.read(part, trait.code_column)[trait.code_column]


def read_cells(staging: Staging, part: str, trait: MappedTrait, rows: pl.Series) -> pl.DataFrame:
    """`column`, `value` of the first cell that states something, at places in a part; null where none
    does."""
    if not trait.columns:  # a constant: it states the same everywhere, in no column
        return pl.DataFrame(schema={COLUMN: pl.String, VALUE: pl.String}).clear(len(rows))
    cells = staging.read(part, *trait.columns)[rows]
    stated = [
        pl.when(
            (pl.col(name).str.strip_chars() != "")
            & ~pl.col(name).str.strip_chars().is_in(sorted(trait.null_texts))
        ).then(name)
        for name in trait.columns
    ]
    names = [
        pl.when(cell.is_not_null()).then(pl.lit(name))
        for name, cell in zip(trait.columns, stated, strict=True)
    ]
    return cells.select(pl.coalesce(names).alias(COLUMN), pl.coalesce(stated).alias(VALUE))


class ValueAccount:
    """Counts the fates of all traits, part by part, and writes the dropped values as it goes."""

    def __init__(self, staging: Staging, traits: Sequence[MappedTrait], stream: BinaryIO) -> None:
        self._staging = staging
        self._traits = {trait.path: trait for trait in traits}
        self._stream = stream
        self.fates = {trait.path: Fates() for trait in traits}
        stream.write((",".join(DROPPED_COLUMNS) + "\n").encode())

    def add(self, part: str, rows: pl.DataFrame) -> None:
        """Count a part; `rows` as `row_outcomes` gives them."""
        positions = self._staging.positions[part]
        is_delivered = rows[SENT_AS].is_in(list(DELIVERED))
        is_unread, is_broken = _find_unread(self._staging, part)
        superseded = within(self._staging.superseded, positions)
        others = self._staging.others(part)
        left_out = within(self._staging.left_out, positions)
        unsent = within(self._staging.unsent, positions)
        of_rows = unsent.filter(pl.col(VALUE).is_null())
        late_others = left_out.join(
            others.filter(pl.col(VALUE).is_not_null()), on=(POS, TRAIT, VALUE), how="semi"
        )
        late_own = left_out.join(late_others, on=(POS, TRAIT, VALUE), how="anti").unique(
            (POS, TRAIT), keep="first"
        )
        dropped = [pl.DataFrame(schema=_DROPPED)]
        for path, trait in self._traits.items():
            late = late_own.filter(pl.col(TRAIT) == path)
            is_late = _mark(late[POS], positions)
            gave_way = superseded.filter(path)[POS] if path in superseded.columns else superseded[POS].clear()
            unread = self._count_unread(part, trait, is_unread, is_broken)
            is_known = _mark(of_rows.filter(pl.col(TRAIT) == path)[POS], positions)
            is_gone = _mark(gave_way, positions)
            dropped += self._count(
                part, trait, is_delivered & (~is_known | is_gone), is_gone, is_late, unread
            )
            if late.height:
                dropped.append(self._drop(part, trait, late[POS] - positions.start, late[CODE]))
        others_unsent = unsent.filter(pl.col(VALUE).is_not_null())
        dropped += self._count_others(part, others, late_others, others_unsent, is_delivered)
        self._write(pl.concat(dropped), rows)

    def _count(
        self,
        part: str,
        trait: MappedTrait,
        is_delivered: pl.Series,
        gave_way: pl.Series,
        is_late: pl.Series,
        unread: int,
    ) -> Iterator[pl.DataFrame]:
        """Count one trait of a part, `unread` values of which were never judged; its dropped values, if there
        are any."""
        fates = self.fates[trait.path]
        has_value, codes = read_trait(self._staging, part, trait)
        has_code = codes.is_not_null()
        is_empty = ~has_value & ~has_code
        is_kept = has_value & is_delivered & ~is_late
        is_sent = is_kept & ~gave_way
        is_dropped = ~has_value & has_code
        fates.read += len(has_value)
        fates.blank += _sum(is_empty) - unread
        fates.sent += _sum(is_sent & ~has_code)
        fates.superseded += _sum(is_kept & gave_way)
        fates.not_sent += _sum(has_value & ~is_delivered & ~is_late) + unread
        fates.changed.update(_count_codes(codes.filter(is_sent)))
        if is_dropped.any():
            yield self._drop(part, trait, is_dropped.arg_true(), codes.filter(is_dropped))

    def _count_unread(self, part: str, trait: MappedTrait, is_unread: pl.Series, is_broken: pl.Series) -> int:
        """How many values of a trait were never judged: what rows state that were left out before, and one
        of each row that could not be read."""
        rows = is_unread.arg_true()
        stated = read_cells(self._staging, part, trait, rows)[VALUE].count() if len(rows) else 0
        return stated + _sum(is_broken)

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
        kept = others.filter(pl.col(ID_TYPE).is_not_null()).join(late, on=(POS, TRAIT, VALUE), how="anti")
        kept = kept.join(unsent, on=(POS, TRAIT, VALUE), how="anti")
        kept = kept.filter(is_delivered.gather(kept[POS] - start))
        for path, count in kept[TRAIT].value_counts(name="count").iter_rows():
            self.fates[path].others_sent += count
        left_out = others.drop(CODE).join(late, on=(POS, TRAIT, VALUE))
        refused = others.filter(pl.col(VALUE).is_null())
        dropped = pl.concat([refused, left_out.select(refused.columns)])
        for path, code, count in dropped.group_by(TRAIT, CODE).len().iter_rows():
            self.fates[path].others_dropped[code] += count
        for (column,), frame in dropped.group_by(COLUMN, maintain_order=True):
            cells = self._staging.read(part, str(column))[str(column)]
            yield frame.select(POS, TRAIT, COLUMN, cells.gather(frame[POS] - start).alias(VALUE), CODE)

    def _write(self, dropped: pl.DataFrame, rows: pl.DataFrame) -> None:
        if dropped.is_empty():
            return
        ordered = dropped.sort(POS, maintain_order=True).join(
            rows.select(POS, FILE, ROW), on=POS, how="left", maintain_order="left"
        )
        first = ordered.group_by(TRAIT, CODE, maintain_order=True).head(FIRST_ROWS)
        for path, code, file, row in first.select(TRAIT, CODE, FILE, ROW).iter_rows():
            listed = self.fates[path].examples.setdefault(code, [])
            if len(listed) < FIRST_ROWS:
                listed.append((file, row))
        written = ordered.select(FILE, ROW, TRAIT, COLUMN, VALUE, CODE)
        written.write_csv(self._stream, include_header=False)


def _find_unread(staging: Staging, part: str) -> tuple[pl.Series, pl.Series]:
    """Rows of a part (Boolean) that were left out before their values were judged, and those that could not
    be read: what is wrong with them is in no field."""
    staged = staging.read(part, ERROR_CODE, ERROR_FIELD)
    code = pl.col(ERROR_CODE)
    is_left_out = code.is_in([Exclusion.WHERE.value, Exclusion.EMPTY_ROW.value]).fill_null(value=False)
    found = staged.select(
        unread=is_left_out, broken=code.is_not_null() & pl.col(ERROR_FIELD).is_null() & ~is_left_out
    )
    return found["unread"], found["broken"]


def _mark(positions: pl.Series, inside: range) -> pl.Series:
    """True at these positions of a part."""
    marked = pl.repeat(value=False, n=len(inside), eager=True)
    return marked.scatter(positions - inside.start, True) if len(positions) else marked


def _sum(conditions: pl.Series) -> int:
    return int(conditions.sum() or 0)


def _count_codes(codes: pl.Series) -> Mapping[str, int]:
    if codes.null_count() == len(codes):
        return {}
    counted = codes.drop_nulls().value_counts(name="count")
    return {str(code): count for code, count in counted.iter_rows()}
