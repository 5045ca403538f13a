"""Rows of profiles as they are staged: prepared, or known by their hash and left as they were read."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from memory_import.columns import (
    ERROR_CODE,
    FILE,
    KNOWN_PERSON,
    LINE_HASH,
    POS,
    ROW,
    ROW_CODES,
    ROW_HASH,
    STATED,
    schema,
)
from memory_import.run.loads.known_persons.known_lines import MOST_TRAITS, RememberedLines, hash_lines
from memory_import.run.loads.known_persons.row_codes import read_codes, write_codes
from memory_import.run.loads.known_persons.row_hashes import DEFERRED, RememberedRows, RowHash
from memory_import.run.loads.stored_values import drop_repeated
from memory_import.sources.frames import null_out
from memory_import.transforms.identity.groups import hash_identifiers
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import Prepared, prepare_profiles


@dataclass(frozen=True, kw_only=True)
class ProfileRows:
    """How rows are prepared: by which plan, which columns the spec uses, what is blank, and what is blocked
    (`id_type`, `value`).

    `row_hash` None: nothing is remembered of these rows. `remembered`: what is known of them.
    """

    plan: ProfilePlan
    used: tuple[str, ...]
    null_texts: frozenset[str]
    block: pl.DataFrame
    row_hash: RowHash | None = None
    remembered: RememberedRows = field(default_factory=RememberedRows)

    def prepare(self, rows: pl.DataFrame) -> Prepared:
        """Rows as they were read, prepared; then the hashes of their identifiers, `_row_hash`, `_row_codes`
        and `_known_person`. Of rows that are remembered nothing is made: in place of their values stands what
        they state. So it is with all others where there is such a row; these are marked as DEFERRED."""
        marks = self.remembered.find(self._hash(rows))
        if marks[KNOWN_PERSON].count():
            return self._put_off(rows, marks)
        made = self._make(rows, marks[ROW_HASH])
        return replace(made, frame=drop_repeated(made.frame, self.plan))

    def prepare_few(self, rows: pl.DataFrame) -> Prepared:
        """The same of a few rows between known ones, of which nothing is made, either, be they remembered or
        not."""
        if rows.is_empty():
            return self._nothing_to_say
        return self._put_off(rows, self.remembered.find(self._hash(rows)))

    def _put_off(self, rows: pl.DataFrame, marks: pl.DataFrame) -> Prepared:
        left = self._leave(rows.hstack(marks.with_columns(pl.col(KNOWN_PERSON).fill_null(DEFERRED))))
        frame = pl.concat([self._nothing.frame, left.frame.hstack([self._state(left.frame)])], how="diagonal")
        return replace(left, frame=drop_repeated(frame, self.plan))

    def recall(self, known: pl.DataFrame) -> Prepared:
        """Rows of which nothing was read, as their lines are known: what `find_lines` found of them."""
        return read_codes(known.cast({ROW_CODES: pl.String}), self.plan)

    def find_lines(self, kind: str, file: str) -> RememberedLines | None:
        """What is known of the lines of a file of a kind; None where nothing is."""
        if self.row_hash is None or self.remembered.rows["line"].count() == 0:
            return None
        return RememberedLines(self.remembered, self.row_hash.of_lines(kind, file))

    def hash_lines(self, kind: str, file: str, lines: pl.Series) -> pl.Series | None:
        """The hashes (UInt64) of lines of a file of a kind; None where nothing is remembered of rows."""
        if self.row_hash is None or len(self.plan.traits) > MOST_TRAITS:
            return None
        return hash_lines(self.row_hash.of_lines(kind, file), lines)

    def _state(self, rows: pl.DataFrame) -> pl.Series:
        """`_stated` of rows with values, or with what they state in their place."""
        bits = [
            pl.col(trait.value_column).is_not_null().cast(pl.UInt32) * (1 << number)
            for number, trait in enumerate(self.plan.traits[:MOST_TRAITS])
        ]
        return rows.select(pl.sum_horizontal(bits).cast(pl.UInt32).alias(STATED)).to_series()

    def prepare_again(self, rows: pl.DataFrame) -> Prepared:
        """Staged rows of which nothing was made (`_pos`, `_file`, `_row`, what the spec uses, `_row_hash`,
        `_row_codes`), prepared after all; `_row` of `others` is `_pos`. `changes` are without what was said
        before."""
        nothing = [pl.lit(None, pl.String).alias(trait.value_column) for trait in self.plan.traits]
        numbered = rows.select(FILE, pl.col(POS).alias(ROW), *self.used)
        made = self._make(numbered, rows[ROW_HASH])
        changes = Counter(made.changes)
        changes.subtract(read_codes(rows.with_columns(nothing), self.plan).changes)
        frame = made.frame.with_columns(rows[ROW], rows[POS], rows[LINE_HASH])
        return replace(made, frame=frame, changes=changes)

    def put_back(self, part: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
        """Cells of a staged part (all of their columns) with rows that were prepared again in their place."""
        values = [
            pl.col(trait.columns[0]).alias(trait.value_column)
            for trait in self.plan.traits
            if trait.value_column not in part.columns
        ]
        kept = part.with_columns(values).filter(~pl.col(POS).is_in(made[POS].implode()))
        frame = pl.concat([kept, made], how="diagonal_relaxed").sort(POS)
        return drop_repeated(frame, self.plan)

    def _hash(self, rows: pl.DataFrame) -> pl.Series:
        if self.row_hash is None:
            return pl.repeat(None, rows.height, dtype=pl.UInt64, eager=True)
        return self.row_hash.hash(rows)

    def _make(self, rows: pl.DataFrame, hashes: pl.Series) -> Prepared:
        """Rows prepared; the hash is null where not all that was made of a row can be said again."""
        prepared = prepare_profiles(null_out(rows, self.null_texts), self.plan)
        frame = prepared.frame.with_columns(rows)
        codes = write_codes(prepared, self.plan)
        if self.row_hash is not None:
            hashes = self._null_lost(frame, prepared.aside, hashes)
        nobody = pl.repeat(None, rows.height, dtype=pl.Int64, eager=True)
        marks = [hashes.alias(ROW_HASH), codes, nobody.alias(KNOWN_PERSON), self._state(frame)]
        frame = frame.hstack(hash_identifiers(frame, self.plan, self.block)).hstack(marks)
        return replace(prepared, frame=frame)

    @cached_property
    def _nothing(self) -> Prepared:
        """No rows, prepared."""
        rows = pl.DataFrame(schema={**schema(FILE, ROW), **dict.fromkeys(self.used, pl.String)})
        prepared = prepare_profiles(rows, self.plan)
        marks = pl.DataFrame(schema=schema(ROW_HASH, ROW_CODES, KNOWN_PERSON, STATED))
        frame = prepared.frame.hstack(hash_identifiers(prepared.frame, self.plan, self.block)).hstack(marks)
        return replace(prepared, frame=frame)

    @cached_property
    def _nothing_to_say(self) -> Prepared:
        """No rows, as they are staged."""
        return replace(self._nothing, frame=drop_repeated(self._nothing.frame, self.plan))

    def _leave(self, rows: pl.DataFrame) -> Prepared:
        """Rows of which nothing is made, with what they state in place of the values of traits."""
        nothing = sorted({"", *(text.strip() for text in self.null_texts)})
        columns = dict.fromkeys(column for trait in self.plan.traits for column in trait.columns)
        says = {column: _differs(pl.col(column).str.strip_chars(), nothing) for column in columns}
        is_whole = rows.select(expression.all().alias(column) for column, expression in says.items())
        cells = {
            column: pl.col(column) if is_whole[column][0] else pl.when(says[column]).then(column)
            for column in columns
        }
        stated = rows.select(
            (
                pl.coalesce(cells[column] for column in trait.columns)
                if trait.columns
                else pl.lit(trait.constant, pl.String)
            ).alias(trait.value_column)
            for trait in self.plan.traits
        )
        return read_codes(rows.hstack(stated), self.plan)

    def _null_lost(self, frame: pl.DataFrame, aside: pl.Series, hashes: pl.Series) -> pl.Series:
        """The hashes, null of rejected rows, of those at `aside` (`_row`), and where a cell says something of
        which neither a value nor a code came."""
        is_lost = self._find_lost(frame, lambda cell: cell.is_not_null())
        if is_lost.any():  # a cell may be blank and not null
            columns = [name for trait in self.plan.traits for name in (trait.value_column, trait.code_column)]
            doubtful = frame.filter(is_lost)
            read = null_out(doubtful.select(self.used), self.null_texts).hstack(doubtful.select(columns))
            lost = self._find_lost(read, lambda cell: cell.str.strip_chars() != "")
            is_lost = is_lost.scatter(is_lost.arg_true(), lost)
        is_kept = pl.col(ERROR_CODE).is_null() & ~pl.col(ROW).is_in(aside.implode())
        return frame.select(pl.when(is_kept & ~pl.lit(is_lost)).then(pl.lit(hashes))).to_series()

    def _find_lost(self, frame: pl.DataFrame, says: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
        """Of which rows a trait has neither a value nor a code, though a cell of it `says` something."""
        lost = [
            pl.col(trait.value_column).is_null()
            & pl.col(trait.code_column).is_null()
            & pl.any_horizontal(says(pl.col(name)) for name in trait.columns).fill_null(value=False)
            for trait in self.plan.traits
            if trait.columns
        ]
        return frame.select(pl.any_horizontal(pl.lit(value=False), *lost)).to_series()


def _differs(text: pl.Expr, texts: list[str]) -> pl.Expr:
    """Whether a text is none of these; null where it is null."""
    return text != texts[0] if len(texts) == 1 else ~text.is_in(texts)
