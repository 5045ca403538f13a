"""Claims on identifier values, with numbers in place of the values.

Numbers are joined and counted in a fraction of the time that texts take. They are hashes, but of equal ones
the values themselves are compared: should two of them differ, all are hashed anew by another seed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from memory_import.transforms.identity.components import link_equals, roots_of
from memory_import.transforms.identity.names import is_name

CONTACT_TYPES = ("phone", "email", "whatsapp", "whatsappid", "chat")
"""Types whose values people share; a value of any other type is one customer's."""

HashValues = Callable[[pl.Expr, int], pl.Expr]
"""Values and a seed to hashes (UInt64), row for row."""


@dataclass(frozen=True, kw_only=True)
class CodedClaims:
    """`every`: `claimant`, `place` UInt64, `contact` (Boolean: of a type whose values people share) of every
    claim, once; equal values of one type have one place. `several`: those of them whose place several
    claimants have, by place: nearly all values have one, and link nobody. `values`: `place`, `id_type`,
    `value` of all that `several` are about."""

    every: pl.DataFrame
    several: pl.DataFrame
    values: pl.DataFrame

    def without(self, claimants: pl.Series) -> "CodedClaims":
        """The same without some claimants and all others that share a value with them."""
        is_other = ~pl.col("claimant").is_in(claimants.implode())
        return replace(self, every=self.every.filter(is_other), several=self.several.filter(is_other))


def _hash_values(values: pl.Expr, seed: int) -> pl.Expr:
    return values.hash(seed)


def code_claims(claims: pl.DataFrame, hash_values: HashValues = _hash_values) -> CodedClaims:
    """The same claims (`claimant`, `id_type` String, `value` of any type), coded."""
    seed = 0
    alone, repeated = _place(claims, hash_values, seed)
    while _is_mixed(repeated):
        seed += 1
        alone, repeated = _place(claims, hash_values, seed)
    coded = ["claimant", "place", "contact"]
    is_again = repeated.select(_is_same("place") & _is_same("claimant")).to_series()
    stated = several = repeated.select(coded)
    if is_again.any():
        stated = stated.filter(~is_again)
        several = stated.filter(pl.len().over("place") > 1)
    return CodedClaims(
        every=pl.concat([alone.select(coded), stated]),
        several=several,
        values=repeated.filter(~_is_same("place")).select("place", "id_type", "value"),
    )


def _place(claims: pl.DataFrame, hash_values: HashValues, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The claims with `place` and `contact`: those whose place stands once, and the others, by place."""
    place = hash_values(pl.col("value"), seed) ^ pl.col("id_type").hash(seed)
    placed = claims.with_columns(place=place, contact=pl.col("id_type").is_in(CONTACT_TYPES))
    is_repeated = placed["place"].is_duplicated()
    return placed.filter(~is_repeated), placed.filter(is_repeated).sort("place", "claimant")


def _is_mixed(repeated: pl.DataFrame) -> bool:
    """Whether different values have one place, of claims by place."""
    is_same_value = _is_same("id_type") & _is_same("value")
    return bool(repeated.select((_is_same("place") & ~is_same_value).any()).item())


def _is_same(column: str) -> pl.Expr:
    """Whether a row has the same value as the row before it."""
    return (pl.col(column) == pl.col(column).shift(1)).fill_null(value=False)


def find_undisputed(claims: CodedClaims, names: pl.DataFrame) -> pl.DataFrame:
    """`claimant`, `person` of rows that share values with rows alone whose name is spelled as theirs is.

    The rule makes one person of them whatever the name is, so it need not be read; and there are many such.
    `names`: `claimant`, `name` String of rows.
    """
    spelled = names.select("claimant", pl.col("name").str.to_lowercase())
    hashed = spelled.select("claimant", hash=pl.col("name").hash())
    several = claims.several.join(hashed, on="claimant", how="left", maintain_order="left")
    others = several.filter(_is_same("place"), pl.col("hash").ne_missing(pl.col("hash").shift(1)))
    is_alike = ~pl.col("place").is_in(others["place"].unique().implode())
    disputing = several.filter(~is_alike)["claimant"]
    several = several.filter(is_alike, pl.col("hash").is_not_null())
    claimants = several["claimant"].unique()
    roots = roots_of(claimants, link_equals(several, "claimant", "place"))
    named = pl.DataFrame({"claimant": claimants, "person": roots}).with_columns(
        is_disputing=pl.col("claimant").is_in(disputing.implode())
    )
    alike = (
        named.join(spelled, on="claimant")
        .group_by("person")
        .agg(pl.col("name").first(), pl.col("is_disputing").any(), names=pl.col("name").n_unique())
        .filter(~pl.col("is_disputing"), pl.col("names") == 1, is_name(pl.col("name")))
    )
    return named.select("claimant", "person").join(alike, on="person", how="semi")
