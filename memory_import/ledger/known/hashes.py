"""Keyed hashes of values: the same with every version of every library, and meaningless without the key.

XXH3 with a secret seed is no message authentication code: it keeps values from being read, not from being
forged. What is kept under it is private to its owner all the same.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from memory_import.ledger.files import private_directory, write_json
from memory_import.ledger.known.damage import KnownDamaged

_NAME = "xxh3_64"
_CANARY = "memory-import canary ÄÖÜ"
_SEED_BITS = 63  # what every reader of JSON takes for a whole number


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """A keyed hash of texts; null is hashed to null."""

    seed: int

    def wide(self, text: pl.Expr) -> pl.Expr:
        """UInt64 of a String expression."""
        from polars_hash import NonCryptographicHashingNameSpace

        return NonCryptographicHashingNameSpace(text).xxh3_64(seed=self.seed)

    def of_kind(self, kind: str) -> "KeyedHash":
        """The hash of texts of one kind: the same text of another kind has another hash."""
        return KeyedHash(pl.select(self.wide(pl.lit(kind))).item() >> 1)

    def narrow(self, text: pl.Expr) -> pl.Expr:
        """UInt32 of a String expression: the low half of the wide hash."""
        return (self.wide(text) & 0xFFFF_FFFF).cast(pl.UInt32)


def open_hash(folder: Path) -> KeyedHash:
    """The hash of everything that is kept in a folder; its key is made when the folder is new.

    `KnownDamaged` where the key cannot be read, or where the hash is not what it was: a canary is kept beside
    the key, and hashed again.
    """
    path = folder / "hash.json"
    if not path.exists():
        if folder.exists() and any(folder.iterdir()):
            raise KnownDamaged(f"{path} is missing")
        return _make(path)
    try:
        kept = json.loads(path.read_text())
        keyed = KeyedHash(int(kept["seed"]))
        name, canary = kept["hash"], kept["canary"]
    except (ValueError, KeyError, TypeError):
        raise KnownDamaged(f"{path} cannot be read") from None
    if name != _NAME or canary != _hash_canary(keyed):
        raise KnownDamaged(f"{path} was made with another hash than the one that is installed")
    return keyed


def _make(path: Path) -> KeyedHash:
    keyed = KeyedHash(secrets.randbits(_SEED_BITS))
    private_directory(path.parent.parent)
    private_directory(path.parent)
    write_json({"hash": _NAME, "seed": keyed.seed, "canary": _hash_canary(keyed)}, path)
    return keyed


def _hash_canary(keyed: KeyedHash) -> str:
    return f"{pl.select(keyed.wide(pl.lit(_CANARY))).item():016x}"
