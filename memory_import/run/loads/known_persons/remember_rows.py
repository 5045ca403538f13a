"""Remembers by a hash the rows of persons who landed, or were known, with all that their rows state."""

import shutil
from collections.abc import Iterator

import polars as pl

from memory_import.columns import (
    ERROR_CODE,
    KNOWN_PERSON,
    LINE_HASH,
    POS,
    ROW_CODES,
    ROW_HASH,
    STATED,
    schema,
)
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import ROWS, KnownSpec
from memory_import.ledger.known.table import AT, PLACES_SCHEMA, SEGMENT, Table
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.known_persons.judged import JudgedPersons
from memory_import.run.loads.known_persons.skipped import find_skipped

_READ = (POS, ROW_HASH, ROW_CODES, LINE_HASH, STATED, KNOWN_PERSON, ERROR_CODE)
_NOBODY = pl.Series("person", dtype=pl.Int64)


def remember_rows(persons: JudgedPersons, landed: pl.Series, *, before: int, settled: pl.Series) -> None:
    """Keep the rows of persons of whom all was sent and landed and of those of whom nothing had to be; those
    of persons that are `settled` go: whoever is known no longer is one of them. `landed`: the number of the
    person (Int64) by the position of the row that stands for it, null elsewhere.

    Rows stay where they were left as they are, unless they stand on other lines than last time: those are
    remembered in their place. `before`: the generation of the persons before the run changed
    them. To do it twice is to do it once.
    """
    mapping = persons.staging.mapping
    if mapping is None:
        forget_rows(persons.run.known, persons.table, before=before, settled=settled)
        return
    table = _open(persons.run.known)
    numbers = _number(persons, landed)
    is_same = table.facts.get("mapping") == mapping and table.facts.get("persons") == before
    moved = _find_other_lines(persons.staging, table) if is_same else _NOBODY
    gone = pl.concat([settled, numbers.drop_nulls(), moved]).unique() if is_same else None
    table.change(
        added=_chain(_list_rows(persons.staging, numbers), _list_left(persons.staging, moved)),
        voided=_find(table, gone),
        facts={"mapping": mapping, "persons": persons.table.generation},
    )


def forget_rows(known: KnownSpec, persons: Table, *, before: int, settled: pl.Series = _NOBODY) -> None:
    """Forget the rows of persons who are `settled`, or known no longer; all, where they were not of the
    persons of that generation."""
    table = _open(known)
    if table.rows:
        gone = settled if table.facts.get("persons") == before else None
        facts = {**table.facts, "persons": persons.generation}
        table.change(added=[], voided=_find(table, gone, persons), facts=facts)


def _open(known: KnownSpec) -> Table:
    try:
        return known.rows
    except KnownDamaged:
        shutil.rmtree(known.folder / "rows")
        return known.rows


def _number(persons: JudgedPersons, landed: pl.Series) -> pl.Series:
    """The same with those of whom nothing had to be sent; null where their rows are not to be remembered, be
    it that something of them was left out."""
    staging = persons.staging
    is_made = ~find_skipped(staging)
    unchanged = staging.unchanged_persons.filter(is_made.gather(staging.unchanged[POS]))
    unchanged = unchanged.filter(unchanged[POS] == staging.representatives.gather(unchanged[POS]))
    numbers = landed.scatter(unchanged[POS], unchanged["person"])
    lost = pl.concat([staging.left_out[POS], *(_find_lost(staging, part) for part in staging.parts)])
    return numbers.scatter(staging.representatives.gather(lost.unique()), None)


def _find_lost(staging: Staging, part: str) -> pl.Series:
    """`_pos` of rows that were prepared, and of which something did not become a value."""
    rows = staging.read(part, POS, ROW_HASH, KNOWN_PERSON, ERROR_CODE)
    is_kept = pl.col(ERROR_CODE).is_null() & pl.col(KNOWN_PERSON).is_null()
    return rows.filter(is_kept & pl.col(ROW_HASH).is_null())[POS]


def _list_rows(staging: Staging, numbers: pl.Series) -> Iterator[pl.DataFrame]:
    for part in staging.parts:
        rows = staging.read(part, *_READ)
        made = rows.filter(pl.col(ERROR_CODE).is_null() & pl.col(KNOWN_PERSON).is_null())
        if made.is_empty():
            continue
        stands = staging.representatives.gather(made[POS])
        listed = made.select(
            hash=ROW_HASH, person=numbers.gather(stands), codes=ROW_CODES, line=LINE_HASH, stated=STATED
        )
        yield listed.drop_nulls("person").select(list(ROWS))


def _find_other_lines(staging: Staging, table: Table) -> pl.Series:
    """The persons of rows that were left as they are, and are lines that are not remembered."""
    found = [pl.DataFrame(schema=schema(KNOWN_PERSON, LINE_HASH))]
    for part in staging.parts:
        read = staging.cells(part, POS)[POS] - staging.positions[part].start
        rows = staging.read(part, KNOWN_PERSON, LINE_HASH, at=read) if len(read) else found[0]
        found.append(rows.filter(pl.col(KNOWN_PERSON) >= 0).drop_nulls())
    rows = pl.concat(found)
    for remembered in table.scan("line") if rows.height else ():
        rows = rows.filter(~pl.col(LINE_HASH).is_in(remembered["line"].implode()))
    return rows[KNOWN_PERSON].unique().rename("person")


def _list_left(staging: Staging, persons: pl.Series) -> Iterator[pl.DataFrame]:
    """The rows of these persons, which were left as they are."""
    for part in staging.parts if len(persons) else ():
        rows = staging.read(part, *_READ).filter(pl.col(KNOWN_PERSON).is_in(persons.implode()))
        yield rows.select(hash=ROW_HASH, person=KNOWN_PERSON, codes=ROW_CODES, line=LINE_HASH, stated=STATED)


def _chain(*parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    for part in parts:
        yield from part


def _find(table: Table, gone: pl.Series | None, persons: Table | None = None) -> pl.DataFrame:
    """Where the rows are of persons that are gone (None: all), or known no longer (None: nobody else is)."""
    nothing = pl.DataFrame(schema={**PLACES_SCHEMA, "person": pl.Int64})
    if gone is not None and gone.is_empty() and persons is None:
        return nothing.drop("person")
    rows = pl.concat([nothing, *(part.select(nothing.columns) for part in table.scan("person"))])
    if gone is None:
        return rows.select(SEGMENT, AT)
    is_gone = pl.col("person").is_in(gone.implode())
    if persons is not None:
        known = pl.concat([_NOBODY, *(part["person"] for part in persons.scan("person"))])
        is_gone |= ~pl.col("person").is_in(known.implode())
    return rows.filter(is_gone).select(SEGMENT, AT)
