"""Which rows stay as they are, as nothing that they say and nobody whom they meet has changed.

A row was left as it was read because its hash is known. That holds for a person as a whole only: where one of
its rows is new, changed or gone, or their order is another, all of them are prepared after all. So are those
of a person that holds a value which another row of the input states, or which is suppressed: whoever meets
somebody is looked at again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import polars as pl

from memory_import.columns import (
    FILE,
    KNOWN_PERSON,
    LINE_HASH,
    POS,
    REPRESENTATIVE,
    ROW,
    ROW_CODES,
    ROW_HASH,
    schema,
)
from memory_import.ledger.files import copy_texts
from memory_import.ledger.staging.layout import OTHERS_SCHEMA, PRESENT_SCHEMA, is_of_every_row, within
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.known_persons.lookup import FoundPeople
from memory_import.run.loads.known_persons.row_hashes import DEFERRED, RememberedRows
from memory_import.transforms.prepare import Prepared

_SKIPPED = schema(POS, KNOWN_PERSON, ROW_HASH)
_IS_SKIPPED = pl.col(KNOWN_PERSON) != DEFERRED
_ROWS_AT_ONCE = 50_000
_ROWS_PER_SLICE = 1_000_000
_WORKERS = 2
_SPARSE = 8  # numbers of persons that there could be for each row


class RowPreparer(Protocol):
    """Prepares rows after all of which nothing was made."""

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that the spec uses."""
        ...

    @property
    def remembered(self) -> RememberedRows:
        """The rows that are known."""
        ...

    def prepare_again(self, rows: pl.DataFrame) -> Prepared:
        """Staged rows, prepared; `_row` of `others` is `_pos`."""
        ...

    def put_back(self, part: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
        """A staged part with such rows in their places."""
        ...


@dataclass(frozen=True)
class SkippedRows:
    """`rows`: `_pos`, `_known_person` of what stays as it is, in order. `changes`: the changes made to
    rows that were prepared after all, by code."""

    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=schema(POS, KNOWN_PERSON)))
    changes: Counter[str] = field(default_factory=Counter)

    @property
    def members(self) -> pl.DataFrame:
        """`_pos`, `_representative`: the last row stands for a person, as it does where rows are merged."""
        first, width = self._span
        if width > _SPARSE * self.rows.height:
            return self.rows.select(POS, pl.col(POS).max().over(KNOWN_PERSON).alias(REPRESENTATIVE))
        # Ten times as fast where the numbers of persons are dense. Rows are in order: the last one stays.
        places = (self.rows[KNOWN_PERSON] - first).cast(pl.UInt32)
        stands = pl.zeros(width, dtype=pl.Int64, eager=True).scatter(places, self.rows[POS])
        return pl.DataFrame({POS: self.rows[POS], REPRESENTATIVE: stands.gather(places)})

    @property
    def persons(self) -> pl.DataFrame:
        """`_pos`, `person`."""
        return self.rows.select(POS, pl.col(KNOWN_PERSON).alias("person"))

    @property
    def present(self) -> pl.DataFrame:
        """`person`, each once, in order."""
        first, width = self._span
        if width > _SPARSE * self.rows.height:
            return self.rows.select(pl.col(KNOWN_PERSON).unique().sort().alias("person"))
        nobody = pl.repeat(value=False, n=width, eager=True)
        places = nobody.scatter(self.rows[KNOWN_PERSON] - first, True).arg_true()
        return pl.DataFrame({"person": places.cast(pl.Int64) + first}, schema=PRESENT_SCHEMA)

    @property
    def _span(self) -> tuple[int, int]:
        """The least number of a person, and how many there could be from there on."""
        person = pl.col(KNOWN_PERSON)
        first, last = self.rows.select(first=person.min(), last=person.max()).row(0)
        return (0, 0) if first is None else (first, last - first + 1)


NOTHING_SKIPPED = SkippedRows()


def settle_skipped(
    staging: Staging, preparer: RowPreparer, find: Callable[[], FoundPeople]
) -> tuple[SkippedRows, FoundPeople]:
    """Prepare those rows after all that do not stay as they are; with the known people that hold a value of
    the rows that are prepared, as `find` gives them."""
    before = preparer.remembered.release()
    deferred, skipped = _read_marked(staging)
    if deferred.is_empty() and skipped.is_empty():
        return NOTHING_SKIPPED, find()
    changes: Counter[str] = Counter()
    changed = find_changed(skipped, before)
    del before
    skipped = skipped.drop(ROW_HASH).rechunk()  # so that no part is held for some of its columns
    again, skipped = _take_out(skipped, pl.col(KNOWN_PERSON).is_in(changed.implode()))
    _prepare(staging, pl.concat([deferred, again.select(POS)]).sort(POS), preparer, changes)
    found = find()
    met, skipped = _take_out(skipped, pl.col(KNOWN_PERSON).is_in(found.own.implode()))
    if met.height:
        _prepare(staging, met.select(POS), preparer, changes)
        found = find()
    return SkippedRows(skipped, changes), found


def _take_out(rows: pl.DataFrame, is_taken: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that are taken, and the others: of many, none of which is taken, there is no copy."""
    taken = rows.filter(is_taken)
    return taken, rows.filter(~is_taken) if taken.height else rows


def _prepare(staging: Staging, wanted: pl.DataFrame, preparer: RowPreparer, changes: Counter[str]) -> None:
    """Prepare rows (`_pos`, in order), as many parts at once as have few of them."""
    with ThreadPoolExecutor(_WORKERS) as workers:
        prepare = partial(_prepare_parts, staging, preparer)
        for made in workers.map(prepare, _share_out(staging, wanted)):
            changes.update(made)


def _share_out(staging: Staging, wanted: pl.DataFrame) -> Iterator[dict[str, pl.DataFrame]]:
    """The wanted rows of some parts at a time."""
    waiting: dict[str, pl.DataFrame] = {}
    for part, positions in staging.positions.items():
        here = within(wanted, positions)
        if here.height:
            waiting[part] = here
        if sum(rows.height for rows in waiting.values()) >= _ROWS_AT_ONCE:
            yield waiting
            waiting = {}
    if waiting:
        yield waiting


def _prepare_parts(
    staging: Staging, preparer: RowPreparer, wanted: Mapping[str, pl.DataFrame]
) -> Mapping[str, int]:
    """Prepare the wanted rows of these parts, and write the parts anew; the changes made."""
    columns = (FILE, ROW, *preparer.used, ROW_HASH, ROW_CODES, LINE_HASH)
    before = [
        here.hstack(copy_texts(staging.read(part, *columns, at=here[POS] - staging.positions[part].start)))
        for part, here in wanted.items()
    ]
    prepared = preparer.prepare_again(pl.concat(before))
    others = prepared.others.rename({ROW: POS}).select(list(OTHERS_SCHEMA))
    for part, here in wanted.items():
        positions = staging.positions[part]
        made = within(prepared.frame, positions)
        if staging.has_cells_apart(part):
            own = [name for name in made.columns if is_of_every_row(name)]
            rows = staging.read(part, *(name for name in staging.columns(part) if is_of_every_row(name)))
            rows = rows.filter(~pl.col(POS).is_in(made[POS].implode()))
            rows = pl.concat([rows, made.select(own)], how="diagonal_relaxed").sort(POS)
            of_made = made.select(POS, *(name for name in made.columns if name not in own))
            cells = preparer.put_back(staging.cells(part), of_made)
        else:
            rows, cells = preparer.put_back(staging.cells(part), made), None
        staging.replace_part(part, rows, cells, here[POS], within(others, positions))
    return prepared.changes


def find_skipped(staging: Staging) -> pl.Series:
    """Whether each row stays as it is, and nothing was made of it (Boolean)."""
    found = [pl.Series(dtype=pl.Boolean)]
    for part, positions in staging.positions.items():
        if KNOWN_PERSON in staging.columns(part):
            found.append(
                staging.read(part, KNOWN_PERSON).select(_IS_SKIPPED.fill_null(value=False)).to_series()
            )
        else:
            found.append(pl.repeat(value=False, n=len(positions), eager=True))
    return pl.concat(found)


def _read_marked(staging: Staging) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`_pos` of the rows that are deferred; `_pos`, `_known_person`, `_row_hash` of those that are not and
    nothing was made of."""
    deferred, skipped = [pl.DataFrame(schema=schema(POS))], [pl.DataFrame(schema=_SKIPPED)]
    for part in staging.parts:
        if KNOWN_PERSON in staging.columns(part):
            rows = staging.read(part, *_SKIPPED)
            deferred.append(rows.filter(pl.col(KNOWN_PERSON) == DEFERRED).select(POS))
            skipped.append(rows.filter(_IS_SKIPPED))
    return pl.concat(deferred), pl.concat(skipped)


def find_changed(skipped: pl.DataFrame, before: pl.DataFrame) -> pl.Series:
    """The persons whose rows are not those of last time, in the same order. `skipped`: `_pos`,
    `_known_person`, `_row_hash`; `before`: `person`, `hash` of the rows that are remembered."""
    here = skipped.select(person=KNOWN_PERSON, hash=ROW_HASH)
    slices = max(1, here.height // _ROWS_PER_SLICE)
    if here.height == before.height and all(
        here[start : start + _ROWS_PER_SLICE].equals(before[start : start + _ROWS_PER_SLICE])
        for start in range(0, here.height, _ROWS_PER_SLICE)
    ):
        return pl.Series("person", dtype=pl.Int64)
    of_slice = [pl.col("person") % slices == number for number in range(slices)]
    return pl.concat(_compare(here.filter(one), before.filter(one)) for one in of_slice)


def _compare(here: pl.DataFrame, before: pl.DataFrame) -> pl.Series:
    """The persons of `here` whose rows (`person`, `hash`) are others than before, or in another order."""
    here = here.sort("person", maintain_order=True)
    before = before.filter(pl.col("person").is_in(here["person"].unique().implode()))
    before = before.sort("person", maintain_order=True)
    if here.equals(before):
        return pl.Series("person", dtype=pl.Int64)
    counts = (
        here.group_by("person").len().join(before.group_by("person").len(), on="person", suffix=":before")
    )
    differing = counts.filter(pl.col("len") != pl.col("len:before"))["person"].implode()
    of_same = ~pl.col("person").is_in(differing)
    here, before = here.filter(of_same), before.filter(of_same)
    other = here.filter(pl.lit(before["hash"]) != pl.col("hash"))["person"]
    return pl.concat([differing.explode(), other]).unique()
