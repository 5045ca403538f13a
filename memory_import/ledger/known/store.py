"""What is known of one target: a folder of tables for each spec that was run into it.

    STATE_DIR/known/TARGET/hash.json            the key of all hashes; see `hashes`
    STATE_DIR/known/TARGET/SPEC/persons/        PERSONS and a column for each trait
    STATE_DIR/known/TARGET/SPEC/observations/   MEMORIES
    STATE_DIR/known/TARGET/SPEC/summaries/

TARGET and SPEC are hashes of the address and store, and of the spec's name. All of it is readable by its
owner only.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from memory_import.ledger.known.hashes import KeyedHash, open_hash
from memory_import.ledger.known.table import Schema, Table

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
key says that the profile may hold more than is known."""


@dataclass(frozen=True)
class KnownSpec:
    """What earlier runs of one spec have brought into one target."""

    folder: Path
    hash: KeyedHash = field(repr=False)

    def memories(self, load: str) -> Table:
        """What is known of observations or summaries."""
        return Table(self.folder / load, MEMORIES)


@dataclass(frozen=True)
class KnownTarget:
    """What earlier runs have brought into one target. Opening makes nothing; `hash` makes its key."""

    folder: Path

    @cached_property
    def hash(self) -> KeyedHash:
        """The hash of everything that is kept here."""
        return open_hash(self.folder)

    def spec(self, name: str) -> KnownSpec:
        """What is known under the name of a spec."""
        return KnownSpec(self.folder / _short(name), self.hash)


def open_target(root: Path, *, api_url: str, store_id: str) -> KnownTarget:
    """What is known of a store at an address; nothing is made."""
    return KnownTarget(root / _short(f"{api_url}\n{store_id}"))


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]
