"""Rows that say what they said when they landed, recognised by a hash before anything is made of them."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, reduce
from importlib.metadata import version
from operator import add
from typing import Any

import polars as pl

from memory_import.columns import FILE, KNOWN_PERSON, ROW_CODES, ROW_HASH, schema
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.hashes import KeyedHash
from memory_import.ledger.known.store import ROWS, KnownSpec
from memory_import.ledger.known.table import Table
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.alignment import is_among
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan
from memory_import.transforms.values.steps import FILE_NAME

DEFERRED = -1
"""In place of a known person: the row is new or changed and stands among known ones. To prepare a few rows
takes nearly as long as many: they are prepared together, once all rows are read."""

_DECIDING = ("memory-import", "babel", "email-validator", "phonenumbers", "polars", "pycountry", "tzdata")
"""The libraries that have a say in what is made of a row."""


def describe_mapping(spec: ProfilesSpec, identifiers: Sequence[IdentifierPlan]) -> str:
    """A hash of all that decides, beside a row itself and the people it meets, what is made of the row."""
    aside: dict[str, Any] = {"source": {"path", "min_rows"}, "suppress": True}  # see `settle_skipped`
    facts = {
        "spec": spec.model_dump(mode="json", exclude=aside),
        "identifiers": [asdict(identifier) for identifier in identifiers],
        "versions": {name: version(name) for name in _DECIDING},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class RowHash:
    """The hash of rows as they were read, over the columns that the spec uses."""

    keyed: KeyedHash
    columns: tuple[str, ...]

    def of_lines(self, kind: str, file: str) -> KeyedHash:
        """The hash of lines of a file of a kind: it tells all that `hash` is made of."""
        return self.keyed.of_kind(
            json.dumps(("line", kind, self.columns, file if FILE in self.columns else ""))
        )

    def hash(self, rows: pl.DataFrame) -> pl.Series:
        """UInt64 of each row; a cell in another column, or a blank one, makes another hash."""
        hashed = (
            keyed.wide(pl.col(column)).fill_null(0)
            for column, keyed in zip(self.columns, self._of_columns, strict=True)
        )
        return rows.select(reduce(add, hashed)).to_series()

    @cached_property
    def _of_columns(self) -> list[KeyedHash]:
        return [self.keyed.of_kind(column) for column in self.columns]


def make_row_hash(keyed: KeyedHash, plan: ProfilePlan, used: Sequence[str]) -> RowHash:
    """The hash of rows by a plan; the name of the file counts where a trait says it."""
    says_file = any(FILE_NAME in (trait.constant or "") for trait in plan.traits)
    return RowHash(keyed, (*sorted(used), *([FILE] if says_file else [])))


_ONE_BY_ONE = 8  # to sort all hashes takes as long as to look for hundreds
_REMEMBERED = {**ROWS, "codes": pl.Categorical}


@dataclass
class RememberedRows:
    """Rows of people who are known as these rows state them. `rows`: as ROWS; the rows of a person are in the
    order of the input."""

    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_REMEMBERED))

    def release(self) -> pl.DataFrame:
        """Hold no rows any more, as all were looked for; gives their `person` and `hash`."""
        rows = self.rows
        vars(self).clear()  # and what was sorted of them
        self.rows = rows.clear()
        return rows.select("person", "hash")

    def find(self, hashes: pl.Series) -> pl.DataFrame:
        """`_row_hash`, `_known_person`, `_row_codes` of rows with these hashes (UInt64); of rows that are not
        remembered the last two are null."""
        if self.rows.is_empty() or hashes.is_empty():
            none = pl.DataFrame(schema=schema(KNOWN_PERSON, ROW_CODES)).clear(len(hashes))
            return none.insert_column(0, hashes.alias(ROW_HASH))
        found = self._find_run(hashes)
        if found is None:
            found = self.rows[self._hashes.find(hashes)]
        person, codes = found["person"].alias(KNOWN_PERSON), found["codes"].cast(pl.String).alias(ROW_CODES)
        return pl.DataFrame([hashes.alias(ROW_HASH), person, codes])

    def _find_run(self, hashes: pl.Series) -> pl.DataFrame | None:
        """Rows that stand one after another, as they did last time; None where they do not."""
        start = self.rows["hash"].index_of(hashes[0])
        run = None if start is None else self.rows[start : start + len(hashes)]
        return run if run is not None and run["hash"].equals(hashes) else None

    @cached_property
    def lines(self) -> "Hashes":
        """The hashes of lines."""
        return Hashes(self.rows["line"])

    @cached_property
    def _hashes(self) -> "Hashes":
        return Hashes(self.rows["hash"])


@dataclass
class Hashes:
    """Hashes (UInt64) of rows, of which the places of some are found."""

    all: pl.Series

    def find(self, wanted: pl.Series) -> pl.Series:
        """The places (UInt32) of these hashes, each the first one; null where there is none."""
        places = pl.repeat(None, len(wanted), dtype=pl.UInt32, eager=True)
        asked = self._find_known(wanted) if len(wanted) > _ONE_BY_ONE else wanted.is_not_null().arg_true()
        known = wanted.gather(asked)
        if len(known) <= _ONE_BY_ONE:
            found = pl.Series([self.all.index_of(one) for one in known], dtype=pl.UInt32)
        else:
            found = self._index["at"].gather(self._index["hash"].search_sorted(known))
        return places.scatter(asked, found)

    def find_first(self, wanted: pl.Series) -> tuple[int, int] | None:
        """The first of these hashes that is one of them, as its number and its place; None where none is."""
        asked = self._find_known(wanted)
        if asked.is_empty():
            return None
        place = self.all.index_of(wanted[asked[0]])
        assert place is not None  # noqa: S101 - it is known
        return asked[0], place

    def _find_known(self, wanted: pl.Series) -> pl.Series:
        """The numbers of the hashes that are some of these. Most are not, as their rows are new or changed:
        to know that takes half the memory of an index."""
        asked = wanted.is_not_null().arg_true()
        if asked.is_empty():
            return asked
        order = self._index["hash"] if "_index" in vars(self) else self._order
        return asked.filter(is_among(wanted.gather(asked), order))

    @cached_property
    def _order(self) -> pl.Series:
        return self.all.drop_nulls().sort()

    @cached_property
    def _index(self) -> pl.DataFrame:
        """`hash`, sorted, and `at`, its place."""
        vars(self).pop("_order", None)  # the index has it
        listed = self.all.to_frame("hash").with_row_index("at").drop_nulls()
        return listed.sort("hash", maintain_order=True)


def gather_rows(frames: Iterable[pl.DataFrame]) -> RememberedRows:
    """Frames of ROWS, to be found by their hashes; codes take little memory: there are few texts of them."""
    nothing = pl.DataFrame(schema=_REMEMBERED)
    listed = [frame.select(pl.col(name).cast(_REMEMBERED[name]) for name in ROWS) for frame in frames]
    return RememberedRows(pl.concat([nothing, *listed]))


def open_rows(spec: KnownSpec, persons: Table, mapping: str) -> RememberedRows:
    """What is remembered of rows under this mapping; nothing where it is damaged, or not of these persons as
    they are known now: then rows are prepared and compared, which finds the same."""
    try:
        table = spec.rows
    except KnownDamaged:
        return RememberedRows()
    if table.facts.get("mapping") != mapping or table.facts.get("persons") != persons.generation:
        return RememberedRows()
    return gather_rows(table.scan(*ROWS))
