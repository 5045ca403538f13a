"""Which known people hold a value of this input: looked up by hashes, and laid beside the rows they belong
to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from memory_import.columns import ID_TYPE, PARTITION, VALUE
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import HELD, IDENTIFIER, WORD, KnownSpec, trait_column
from memory_import.ledger.known.table import Schema, Table
from memory_import.run.loads.known_persons.ahead import make_ahead
from memory_import.run.loads.known_persons.contested import PastClaims, find_past
from memory_import.run.loads.known_persons.people import CLAIMANT, PEOPLE, SAME, KnownPeople
from memory_import.transforms.plan import ProfilePlan

_OTHERS_BELOW = -(1 << 40)
"""Claimants that are no persons of this spec are below it."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known before a load is grouped. `persons` None: nothing; `others`: PEOPLE that hold values
    which this spec's own are not known to, of other specs and in doubt."""

    persons: Table | None = None
    spec: KnownSpec | None = None
    others: tuple[Table, ...] = ()
    contested: Table | None = None
    held: tuple[Table, ...] = ()
    is_resent: bool = False
    remarks: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is known."""
        past = () if self.contested is None else (self.contested,)
        return not any(table.rows for table in (*self._own, *self.others, *self.held, *past))

    @property
    def _own(self) -> tuple[Table, ...]:
        return () if self.persons is None else (self.persons,)

    def people(self, rows: pl.DataFrame, found: "FoundPeople") -> KnownPeople:
        """These rows, which `lay_out` gave, as known people."""
        return KnownPeople(
            rows=rows,
            past=found.past.rows.join(rows, on=CLAIMANT, how="semi"),
            same=found.same.join(rows, on=CLAIMANT, how="semi"),
            keyed=None if self.spec is None else self.spec.hash,
            is_resent=self.is_resent,
        )

    def find(self, wanted: pl.Series) -> "FoundPeople":
        """Those that hold a value with one of these hashes (UInt64, as Polars makes them)."""
        if wanted.is_empty():
            return FoundPeople()
        wanted = wanted.unique()
        links = [pl.DataFrame(schema=_LINKS)]
        known = [pl.Series(VALUE, dtype=pl.UInt64)]
        for rows in make_ahead(self._scan_own("person", "identifiers")):
            listed = rows.select(CLAIMANT, "identifiers").explode("identifiers", empty_as_null=False)
            hashed = listed.select(CLAIMANT, value=pl.col("identifiers").struct.field(VALUE).hash())
            claimants = hashed.filter(pl.col(VALUE).is_in(wanted.implode()))[CLAIMANT].implode()
            links.append(hashed.filter(pl.col(CLAIMANT).is_in(claimants)))
            if self.others or self.held:
                known.append(hashed[VALUE])
        own = pl.concat(links).rename({CLAIMANT: "known"})
        others, same = self._find_others(wanted, pl.concat(known).unique(), own)
        listed = others.select(CLAIMANT, "identifiers").explode("identifiers", empty_as_null=False)
        links.append(listed.select(CLAIMANT, value=pl.col("identifiers").struct.field(VALUE).hash()))
        past = find_past(self.contested, wanted)
        return FoundPeople(links=pl.concat([*links, past.links]), others=others, past=past, same=same)

    def _scan_own(self, *columns: str, among: pl.Series | None = None) -> Iterator[pl.DataFrame]:
        for table in self._own:
            for rows in table.scan(*columns, among=among):
                yield rows.with_columns(claimant=-1 - pl.col("person"))

    def _find_others(
        self, wanted: pl.Series, known: pl.Series, own: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """PEOPLE that hold a wanted value which is not among the known ones; every value has one holder. And
        SAME; `own`: `known`, and the hash of each value it holds (`value`)."""
        claims = [pl.DataFrame(schema=_OTHERS)]
        for table in self.others:
            for rows in table.scan("identifiers", "words"):
                listed = rows.select(_NUMBER, "identifiers", "words")
                claims.append(listed.explode("identifiers", empty_as_null=False))
        for table in self.held:
            for rows in table.scan(*HELD):
                pair = pl.struct(ID_TYPE, VALUE).alias("identifiers")
                claims.append(rows.select(_NUMBER, pair, "words"))
        kept, held = [], [pl.DataFrame(schema=_HELD_TOO)]
        for number, frame in enumerate(claims):
            value = pl.col("identifiers").struct.field(VALUE).hash()
            free = frame.filter(~value.is_in(known.implode()))
            holders = free.filter(value.is_in(wanted.implode()))["at"].implode()
            kept.append(free.filter(pl.col("at").is_in(holders)).with_columns(table=pl.lit(number)))
            theirs = frame.filter(pl.col("at").is_in(holders)).select("at", value=value)
            held.append(theirs.join(own, on=VALUE).select("at", "known", table=pl.lit(number)))
        together = pl.concat(kept).unique("identifiers", keep="first", maintain_order=True)
        people = together.group_by("table", "at", maintain_order=True).agg(
            pl.col("identifiers"), pl.col("words").first()
        )
        numbered = people.with_columns(
            claimant=_OTHERS_BELOW - pl.int_range(pl.len(), dtype=pl.Int64), person=pl.lit(None, pl.Int64)
        )
        same = pl.concat(held).join(numbered, on=["table", "at"]).select(list(SAME)).unique()
        return numbered.select(list(PEOPLE)), same

    def lay_out(self, found: "FoundPeople", numbered: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """PEOPLE, the hashes of traits and `_partition` of all that were found; `numbered`: `claimant`,
        `_partition`."""
        if numbered.is_empty():
            return
        hashes = [trait_column(path) for path in self.traits]
        columns = [*PEOPLE, *hashes, PARTITION]
        own = (-1 - numbered[CLAIMANT]).alias("person")
        for rows in self._scan_own(*(name for name in PEOPLE if name != CLAIMANT), *hashes, among=own):
            yield rows.join(numbered, on=CLAIMANT).select(columns)
        nothing = [pl.lit(None, pl.UInt64).alias(name) for name in hashes]
        for rows in (found.others, found.past.people):
            yield rows.join(numbered, on=CLAIMANT).with_columns(nothing).select(columns)


_LINKS: Schema = {CLAIMANT: pl.Int64, VALUE: pl.UInt64}
_HELD_TOO: Schema = {"at": pl.Int64, "known": pl.Int64, "table": pl.Int32}
_OTHERS: Schema = {"at": pl.Int64, "identifiers": IDENTIFIER, "words": pl.List(WORD)}
_NUMBER = (pl.col("_segment").cast(pl.Int64) * (1 << 32) + pl.col("_at").cast(pl.Int64)).alias("at")


@dataclass(frozen=True)
class FoundPeople:
    """`links`: `claimant`, and the hash of each value it holds; `others`: PEOPLE; `past`: those who claimed a
    value before and did not get it; `same`: SAME."""

    links: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_LINKS))
    others: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PEOPLE))
    past: PastClaims = field(default_factory=PastClaims)
    same: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SAME))

    @property
    def own(self) -> pl.Series:
        """The persons of this spec (Int64)."""
        claimants = self.links.filter(pl.col(CLAIMANT).is_between(_OTHERS_BELOW, -1, closed="right"))
        return claimants.select((-1 - pl.col(CLAIMANT)).unique().alias("person")).to_series()


def open_known(spec: KnownSpec, plan: ProfilePlan, *, is_resent: bool) -> Known:
    """What is known before a load is grouped; what is damaged is left out, and said."""
    traits = tuple(trait.path for trait in plan.traits)
    remarks: list[str] = []
    others = spec.others()
    own = _open("persons", [lambda: spec.persons(traits)], spec, remarks)
    held = _open("values in doubt", [partial(getattr, one, "held") for one in (spec, *others)], spec, remarks)
    contested = _open("contested values", [partial(getattr, spec, "contested")], spec, remarks)
    of_others = _open("other specs' persons", [one.persons for one in others], spec, remarks)
    return Known(
        persons=own[0] if own else None,
        spec=spec,
        others=tuple(of_others),
        held=tuple(held),
        contested=contested[0] if contested else None,
        is_resent=is_resent,
        remarks=tuple(remarks),
        traits=traits,
    )


def _open(what: str, openings: list[Callable[[], Table]], spec: KnownSpec, remarks: list[str]) -> list[Table]:
    """The tables that hold anything and are not damaged."""
    tables = []
    for opening in openings:
        try:
            table = opening()
            if table.rows:
                _ = spec.hash  # without its key it means nothing
                tables.append(table)
        except KnownDamaged as damage:
            remarks.append(f"What is known of {what} cannot be used: {damage}. All of it is sent again.")
    return tables
