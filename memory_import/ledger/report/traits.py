"""Where the staged rows have the traits of the spec, and what they state of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from memory_import.columns import COLUMN, STATED, VALUE
from memory_import.ledger.staging.staged import Staging


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedTrait:
    """Where the staged rows have a trait, the `number`th of its load: `value_column`, or the first of
    `columns` where that is not written; `code_column`; and the columns of the input, without those of
    `null_texts`, that it was read from, of several the number in `place_column`. What is read and never sent
    has no number: its values are the cells without a code."""

    path: str
    number: int | None
    value_column: str
    code_column: str
    columns: tuple[str, ...]
    place_column: str | None = None
    null_texts: frozenset[str] = frozenset()


def read_trait(staging: Staging, part: str, trait: MappedTrait) -> tuple[pl.Series, pl.Series]:
    """Whether each row of a part has a value (Boolean), and its code (null where it has none)."""
    filled = read_filled(staging, part, [trait])[trait.path]
    if trait.code_column not in staging.columns(part):
        return filled, pl.Series([None], dtype=pl.String).new_from_index(0, len(filled))
    return filled, staging.read(part, trait.code_column)[trait.code_column]


def count_filled(staging: Staging, trait: MappedTrait) -> int:
    """How many rows of all parts have a value of the trait."""
    return sum(int(read_filled(staging, part, [trait])[trait.path].sum()) for part in staging.parts)


def read_filled(staging: Staging, part: str, traits: Sequence[MappedTrait]) -> pl.DataFrame:
    """Whether each row of a part has a value of each trait: Boolean, by the path of the trait."""
    guiding = [_read_stated(staging, part, trait) for trait in traits if trait.number is None]
    numbered = {trait: trait.number for trait in traits if trait.number is not None}
    if not numbered:
        return pl.DataFrame(guiding)
    if staging.has_cells_apart(part):
        stated = pl.col(STATED).fill_null(0)
        filled = staging.read(part, STATED).select(
            (stated & (1 << number) != 0).alias(trait.path) for trait, number in numbered.items()
        )
        return filled.hstack(guiding)
    written = staging.columns(part)
    stored = {
        trait.path: trait.value_column if trait.value_column in written else trait.columns[0]
        for trait in numbered
    }
    values = staging.read(part, *dict.fromkeys(stored.values()))
    return values.select(pl.col(name).is_not_null().alias(path) for path, name in stored.items()).hstack(
        guiding
    )


def _read_stated(staging: Staging, part: str, trait: MappedTrait) -> pl.Series:
    """Where a cell states something and has no code."""
    (column,) = trait.columns
    text = pl.col(column).str.strip_chars()
    is_stated = (text.is_not_null() & (text != "") & ~text.is_in(sorted(trait.null_texts))).alias(trait.path)
    stated = staging.read(part, column).select(is_stated.fill_null(value=False)).to_series()
    if trait.code_column in staging.columns(part):
        stated &= staging.read(part, trait.code_column)[trait.code_column].is_null()
    return stated


def read_cells(staging: Staging, part: str, trait: MappedTrait, rows: pl.Series) -> pl.DataFrame:
    """`column`, `value` of the cell that the trait was read from, or of the first that states something, at
    places in a part; null where none does."""
    if not trait.columns:  # a constant: it states the same everywhere, in no column
        return pl.DataFrame(schema={COLUMN: pl.String, VALUE: pl.String}).clear(len(rows))
    cells = staging.read(part, *trait.columns, at=rows)
    place = pl.lit(None, pl.UInt8)
    if trait.place_column and trait.place_column in staging.columns(part):
        place = pl.lit(staging.read(part, trait.place_column, at=rows)[trait.place_column])
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
