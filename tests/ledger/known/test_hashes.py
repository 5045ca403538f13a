"""Hashes that are kept for years: the same every time, and said when they are not."""

import json
import stat
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.hashes import KeyedHash, open_hash

# By the reference implementation of xxHash (XXH3_64bits_withSeed), version 0.8.3.
REFERENCE = [("", 0, 0x2D06800538D394C2), ("", 1, 0x4DC5B0CC826F6703)]


@pytest.mark.parametrize(("text", "seed", "expected"), REFERENCE)
def test_the_hash_is_the_reference(text: str, seed: int, expected: int) -> None:
    assert pl.select(KeyedHash(seed).wide(pl.lit(text))).item() == expected


def test_null_has_no_hash_and_a_narrow_hash_is_half_of_a_wide_one() -> None:
    texts = pl.DataFrame({"text": ["Ana", None, "李"]})
    wide, narrow = (
        texts.select(make(pl.col("text"))).to_series() for make in (KeyedHash(7).wide, KeyedHash(7).narrow)
    )
    assert wide[1] is None
    assert narrow.to_list() == [None if value is None else value & 0xFFFF_FFFF for value in wide]


def test_the_key_is_made_once_and_belongs_to_its_owner(tmp_path: Path) -> None:
    made = open_hash(tmp_path / "target")
    assert open_hash(tmp_path / "target") == made
    assert open_hash(tmp_path / "other") != made
    assert stat.S_IMODE((tmp_path / "target" / "hash.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"canary": "0123456789abcdef"}, "another hash"),
        ({"hash": "wyhash"}, "another hash"),
        ({"seed": 5}, "another hash"),
        ({"seed": "five"}, "cannot be read"),
    ],
)
def test_a_hash_that_is_not_what_it_was_is_told(tmp_path: Path, change: dict[str, object], said: str) -> None:
    open_hash(tmp_path / "target")
    path = tmp_path / "target" / "hash.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(KnownDamaged, match=said):
        open_hash(tmp_path / "target")


def test_a_key_that_was_lost_is_told_where_something_was_kept_under_it(tmp_path: Path) -> None:
    open_hash(tmp_path / "target")
    (tmp_path / "target" / "spec").mkdir()
    (tmp_path / "target" / "hash.json").unlink()
    with pytest.raises(KnownDamaged, match="missing"):
        open_hash(tmp_path / "target")
