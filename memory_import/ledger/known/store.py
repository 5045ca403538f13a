"""What is known of one target: a folder of tables for each spec that was run into it.

    STATE_DIR/known/TARGET/hash.json            the key of all hashes; see `hashes`
    STATE_DIR/known/TARGET/SPEC/persons/        PERSONS and a column for each trait
    STATE_DIR/known/TARGET/SPEC/rows/           ROWS
    STATE_DIR/known/TARGET/SPEC/held/           HELD
    STATE_DIR/known/TARGET/SPEC/contested/      CONTESTED
    STATE_DIR/known/TARGET/SPEC/observations/   MEMORIES
    STATE_DIR/known/TARGET/SPEC/summaries/

TARGET and SPEC are hashes of the address and store, and of the spec's name. All of it is readable by its
owner only.
"""

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.hashes import KeyedHash, open_hash
from memory_import.ledger.known.table import PLACES_SCHEMA, Schema, Table
from memory_import.loads import MEMORY_LOADS

MEMORIES: Schema = {
    "profile": pl.String,
    "reference": pl.UInt64,
    "is_own_key": pl.Boolean,
    "key": pl.UInt64,
    "nth": pl.UInt32,
    "content": pl.List(pl.UInt64),
}
"""A memory that the service took: the profile that it went to and the hash of the identifier that found it;
the hash of its key and its number among equals, from 0; and a hash for each of its parts.

A key is the spec's own, or it is made of source, time and content and belongs to the profile. A row without a
key says that the profile may hold more than is known: what its `content` names was read there, and was not
known; null: nobody knows what.

The fact `has_gaps` beside them says that a profile of which nothing is known may hold some all the same."""


IDENTIFIER = pl.Struct({"id_type": pl.String, "value": pl.String})
WORD = pl.Struct(dict.fromkeys(("word", "first", "third"), pl.UInt32))
"""The hashes of a word of a name, of its first letter and of its first three; see `WordHashes`."""

PERSONS: Schema = {
    "person": pl.Int64,
    "identifiers": pl.List(IDENTIFIER),
    "words": pl.List(WORD),
    "run": pl.String,
    "last_run": pl.String,
    "missed": pl.String,
    "profile": pl.String,
}
"""A person that the service took. `person` is a number, larger for whoever came later; `identifiers` are all
that its profile is known to hold; `words` are those of its name; `run` is the last one that sent something of
it. `last_run` is the last run whose input has the person; null: the last run that read all of its input.
`missed` is the first run with a complete input since then, which does not have the person; null: none.
`profile` is the id of its profile, where it was seen. A column `trait_column` of each trait has the hash
(UInt64) of what is known of its value, null where nothing is."""

ROWS: Schema = {
    "hash": pl.UInt64,
    "person": pl.Int64,
    "codes": pl.String,
    "line": pl.UInt64,
    "stated": pl.UInt32,
}
"""A row whose person the service took as its rows state it: the hash of what the row says, the number of the
person, and all that was said of the row in codes; the rows of a person in the order of the input. Of a row
that was one line of text the hash of that (null: it was not), and which traits it has a value of, as STATED.

They mean something under the mapping and beside the persons that the facts name: `mapping`, a hash, and
`persons`, the generation of that table."""

HELD: Schema = {"id_type": pl.String, "value": pl.String, "words": pl.List(WORD), "run": pl.String}
"""An identifier value that left, or was about to, and of which nobody knows whether it arrived; `words` of
the name that it left under."""

CONTESTED: Schema = {
    "claim": pl.Int64,
    "id_type": pl.String,
    "value": pl.String,
    "words": pl.List(WORD),
    "own": pl.List(IDENTIFIER),
    "run": pl.String,
}
"""A claim on an identifier value that nobody got, as people disagree about it or are too many: its number,
`words` of the claimant's name, some of the identifiers that it keeps (`own`), and the run that last saw
it."""


_REPETITIVE = ("identifiers.list.element.id_type", "id_type", "run", "last_run")


def trait_column(path: str) -> str:
    """The column of a trait, by its path."""
    return f"trait.{path}"


@dataclass(frozen=True)
class KnownSpec:
    """What earlier runs of one spec have brought into one target."""

    folder: Path
    target: "KnownTarget"

    @property
    def hash(self) -> KeyedHash:
        """The hash of everything that is kept here; its key is made when there is none."""
        return self.target.hash

    def persons(self, traits: Iterable[str] = ()) -> Table:
        """What is known of persons, with the hashes of these traits."""
        schema = {**PERSONS, **{trait_column(path): pl.UInt64 for path in traits}}
        return Table(self.folder / "persons", schema, _REPETITIVE)

    def persons_as_kept(self) -> Table:
        """The same with the hashes of all traits that are kept, whatever the spec says of them by now."""
        files = sorted((self.folder / "persons").glob("rows-*.parquet"))
        names = {name for path in files for name in pl.read_parquet_schema(path)}
        prefix = trait_column("")
        return self.persons(name.removeprefix(prefix) for name in sorted(names) if name.startswith(prefix))

    @property
    def rows(self) -> Table:
        """The rows whose persons are known as these rows state them."""
        return Table(self.folder / "rows", ROWS, ("codes", "stated"))

    @property
    def held(self) -> Table:
        """The identifier values that left and are not known to have arrived."""
        return Table(self.folder / "held", HELD, _REPETITIVE)

    @property
    def contested(self) -> Table:
        """The claims on values that nobody got."""
        return Table(self.folder / "contested", CONTESTED)

    def others(self) -> list["KnownSpec"]:
        """What runs of other specs have brought into the same target."""
        siblings = self.folder.parent.iterdir() if self.folder.parent.exists() else ()
        folders = sorted(path for path in siblings if path.is_dir() and path != self.folder)
        return [KnownSpec(folder, self.target) for folder in folders]

    def memories(self, load: str) -> Table:
        """What is known of observations or summaries."""
        return Table(self.folder / load, MEMORIES, ("profile",))

    def begin_memories_anew(self, load: str) -> Table:
        """The same with nothing in it; what there was is lost."""
        shutil.rmtree(self.folder / load, ignore_errors=True)
        table = self.memories(load)
        table.change(added=[], voided=pl.DataFrame(schema=PLACES_SCHEMA), facts={"has_gaps": True})
        return table


@dataclass(frozen=True)
class KnownTarget:
    """What earlier runs have brought into one target. Opening makes nothing; `hash` makes its key."""

    folder: Path

    @cached_property
    def hash(self) -> KeyedHash:
        """The hash of everything that is kept here."""
        return open_hash(self.folder)

    @property
    def has_hash(self) -> bool:
        """Whether there is a key of hashes."""
        return (self.folder / "hash.json").exists()

    def begin_anew_if_damaged(self) -> None:
        """Have a key of hashes that can be used; what means nothing without the one that was is removed."""
        try:
            _ = self.hash
        except KnownDamaged:
            lost = [path for load in MEMORY_LOADS for path in self.folder.glob(f"*/{load}")]
            shutil.rmtree(self.folder)
            _ = self.hash
            for path in lost:
                KnownSpec(path.parent, self).begin_memories_anew(path.name)

    def spec(self, name: str) -> KnownSpec:
        """What is known under the name of a spec."""
        return KnownSpec(self.folder / _short(name), self)


def open_target(root: Path, *, api_url: str, store_id: str) -> KnownTarget:
    """What is known of a store at an address; nothing is made."""
    return KnownTarget(root / _short(f"{api_url}\n{store_id}"))


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]
