"""Which rows stay as they are, as nothing that they say and nobody whom they meet has changed.

A row was left as it was read because its hash is known. That holds for a person as a whole only: where one of
its rows is new, changed or gone, or their order is another, all of them are prepared after all. So are those
of a person that holds a value which another row of the input states, or which is suppressed: whoever meets
somebody is looked at again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from memory_import.columns import KNOWN_PERSON, POS, REPRESENTATIVE, ROW, ROW_HASH, schema
from memory_import.ledger.staging.layout import OTHERS_SCHEMA, within
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.known_persons.lookup import FoundPeople
from memory_import.run.loads.known_persons.row_hashes import RememberedRows
from memory_import.transforms.prepare import Prepared

_SKIPPED = schema(POS, KNOWN_PERSON, ROW_HASH)
PrepareAgain = Callable[[pl.DataFrame, pl.Series], Prepared]
"""A staged part, and the positions of rows of which nothing was made: the same, with these rows prepared."""


@dataclass(frozen=True)
class SkippedRows:
    """`rows`: `_pos`, `_known_person`, `_row_hash` of what stays as it is. `changes`: the changes made to
    rows that were prepared after all, by code."""

    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SKIPPED))
    changes: Counter[str] = field(default_factory=Counter)

    @cached_property
    def members(self) -> pl.DataFrame:
        """`_pos`, `_representative`: the last row stands for a person, as it does where rows are merged."""
        persons, positions = self.rows[KNOWN_PERSON], self.rows[POS]
        if persons.is_empty():
            return pl.DataFrame(schema=schema(POS, REPRESENTATIVE))
        first, last = persons.min(), persons.max()
        assert isinstance(first, int)  # noqa: S101 - as numbers of persons are
        assert isinstance(last, int)  # noqa: S101 - as numbers of persons are
        # A group-by takes ten times as long. Rows are in order: the last one of a person stays.
        stands = pl.zeros(last - first + 1, dtype=pl.Int64, eager=True).scatter(persons - first, positions)
        return pl.DataFrame({POS: positions, REPRESENTATIVE: stands.gather(persons - first)})

    @property
    def persons(self) -> pl.DataFrame:
        """`_pos`, `person`."""
        return self.rows.select(POS, pl.col(KNOWN_PERSON).alias("person"))

    @property
    def present(self) -> pl.DataFrame:
        """`person`, each once."""
        stands = self.members[POS] == self.members[REPRESENTATIVE]
        return self.persons.filter(stands).select("person")


NOTHING_SKIPPED = SkippedRows()


def settle_skipped(
    staging: Staging, remembered: RememberedRows, prepare: PrepareAgain, find: Callable[[], FoundPeople]
) -> tuple[SkippedRows, FoundPeople]:
    """Prepare those rows after all that do not stay as they are; with the known people that hold a value of
    the rows that are prepared, as `find` gives them."""
    skipped = read_skipped(staging)
    if skipped.is_empty():
        return NOTHING_SKIPPED, find()
    changes: Counter[str] = Counter()
    skipped = _prepare(staging, skipped, find_changed(skipped, remembered), prepare, changes)
    found = find()
    met = found.own.filter(found.own.is_in(skipped[KNOWN_PERSON].unique().implode()))
    if len(met):
        skipped = _prepare(staging, skipped, met, prepare, changes)
        found = find()
    return SkippedRows(skipped, changes), found


def _prepare(
    staging: Staging,
    skipped: pl.DataFrame,
    persons: pl.Series,
    prepare: PrepareAgain,
    changes: Counter[str],
) -> pl.DataFrame:
    """Prepare the rows of these persons; the others."""
    if persons.is_empty():
        return skipped
    is_wanted = pl.col(KNOWN_PERSON).is_in(persons.implode())
    wanted = skipped.filter(is_wanted).sort(POS)
    for part, positions in staging.positions.items():
        here = within(wanted, positions)[POS]
        if here.is_empty():
            continue
        prepared = prepare(staging.read(part, *staging.columns(part)), here)
        others = prepared.others.join(
            prepared.frame.filter(pl.col(POS).is_in(here.implode())).select(ROW, POS), on=ROW
        )
        staging.replace_part(part, prepared.frame, here, others.select(list(OTHERS_SCHEMA)))
        changes.update(prepared.changes)
    return skipped.filter(~is_wanted)


def read_skipped(staging: Staging) -> pl.DataFrame:
    """`_pos`, `_known_person`, `_row_hash` of the rows of which nothing was made."""
    marked = [part for part in staging.parts if KNOWN_PERSON in staging.columns(part)]
    rows = [staging.read(part, *_SKIPPED).filter(pl.col(KNOWN_PERSON).is_not_null()) for part in marked]
    return pl.concat([pl.DataFrame(schema=_SKIPPED), *rows])


def find_changed(skipped: pl.DataFrame, remembered: RememberedRows) -> pl.Series:
    """The persons whose rows are not those of last time, in the same order. `skipped`: `_pos`,
    `_known_person`, `_row_hash`."""
    is_same = skipped[ROW_HASH].equals(remembered.rows["hash"])
    if is_same and skipped[KNOWN_PERSON].equals(remembered.rows["person"]):
        return pl.Series("person", dtype=pl.Int64)
    here = skipped.select(pl.col(KNOWN_PERSON).alias("person"), pl.col(ROW_HASH).alias("hash"), POS)
    here = here.sort("person", POS).drop(POS)
    rows = remembered.rows.filter(pl.col("person").is_in(here["person"].unique().implode()))
    before = rows.select("person", "hash", "at").sort("person", "at").drop("at")
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
