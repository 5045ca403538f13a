"""Where the staged rows have the traits of the spec, and what they state of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from memory_import.columns import COLUMN, VALUE
from memory_import.ledger.staging.staged import Staging


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedTrait:
    """Where the staged rows have a trait: `value_column`, or the first of `columns` where that is not
    written; `code_column`; and the columns of the input, without those of `null_texts`, that it was read
    from, of several the number in `place_column`."""

    path: str
    value_column: str
    code_column: str
    columns: tuple[str, ...]
    place_column: str | None = None
    null_texts: frozenset[str] = frozenset()


def read_trait(staging: Staging, part: str, trait: MappedTrait) -> tuple[pl.Series, pl.Series]:
    """Whether each row of a part has a value (Boolean), and its code (null where it has none)."""
    written = staging.columns(part)
    stored = stored_column(trait, written)
    if trait.code_column not in written:
        values = staging.read(part, stored)[stored]
        return values.is_not_null(), pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    read = staging.read(part, stored, trait.code_column)
    return read[stored].is_not_null(), read[trait.code_column]


def count_filled(staging: Staging, trait: MappedTrait) -> int:
    """How many rows of all parts have a value of the trait."""
    return sum(int(read_trait(staging, part, trait)[0].sum()) for part in staging.parts)


def stored_column(trait: MappedTrait, written: Sequence[str]) -> str:
    """The column that has the values of a trait, of those that are written of a part."""
    return trait.value_column if trait.value_column in written else trait.columns[0]


def read_cells(staging: Staging, part: str, trait: MappedTrait, rows: pl.Series) -> pl.DataFrame:
    """`column`, `value` of the cell that the trait was read from, or of the first that states something, at
    places in a part; null where none does."""
    if not trait.columns:  # a constant: it states the same everywhere, in no column
        return pl.DataFrame(schema={COLUMN: pl.String, VALUE: pl.String}).clear(len(rows))
    cells = staging.read(part, *trait.columns)[rows]
    place = pl.lit(None, pl.UInt8)
    if trait.place_column and trait.place_column in staging.columns(part):
        place = pl.lit(staging.read(part, trait.place_column)[trait.place_column][rows])
    stated = [
        pl.when(
            (pl.col(name).str.strip_chars() != "")
            & ~pl.col(name).str.strip_chars().is_in(sorted(trait.null_texts))
            & (place.is_null() | (place == number))
        ).then(name)
        for number, name in enumerate(trait.columns)
    ]
    names = [
        pl.when(cell.is_not_null()).then(pl.lit(name))
        for name, cell in zip(trait.columns, stated, strict=True)
    ]
    return cells.select(pl.coalesce(names).alias(COLUMN), pl.coalesce(stated).alias(VALUE))
