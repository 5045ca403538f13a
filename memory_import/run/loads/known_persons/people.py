"""Known people beside the rows of one partition: what they hold, what they are called, what is known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from memory_import.columns import ID_TYPE, REPRESENTATIVE, VALUE
from memory_import.ledger.known.hashes import KeyedHash
from memory_import.ledger.known.store import IDENTIFIER, PERSONS, WORD, trait_column
from memory_import.ledger.known.table import Schema
from memory_import.transforms.alignment import gather_lists
from memory_import.transforms.identity.inside import find_anchors
from memory_import.transforms.identity.merging import KnownProfiles
from memory_import.transforms.identity.names import (
    KEYS_SCHEMA,
    HashWords,
    Names,
    WordHashes,
    hash_words,
    names_of_hashes,
    no_names,
)
from memory_import.transforms.plan import ProfilePlan

CLAIMANT = "claimant"
PEOPLE: Schema = {CLAIMANT: pl.Int64, **{name: PERSONS[name] for name in ("person", "identifiers", "words")}}
"""A known person as it takes part in finding persons: `claimant` is below 0, larger for whoever came earlier;
`person` is null where it is not one of this spec, but holds values that others sent. Hashes of traits may
follow."""
CONTINUED: Schema = {REPRESENTATIVE: pl.Int64, **PEOPLE}
PAST: Schema = {
    CLAIMANT: pl.Int64,
    "claim": pl.Int64,
    ID_TYPE: pl.String,
    VALUE: pl.String,
    "words": pl.List(WORD),
    "own": pl.List(IDENTIFIER),
}
"""A claim of an earlier run as it takes part in finding persons; all else as in CONTESTED."""
SAME: Schema = {CLAIMANT: pl.Int64, "known": pl.Int64}
"""Who is known by another spec, and a claimant of this one that holds a value of theirs: they are one
profile."""
_CLAIMS = {CLAIMANT: pl.Int64, ID_TYPE: pl.String, VALUE: pl.String}


@dataclass(frozen=True, kw_only=True)
class KnownPeople:
    """Those that hold a value of these rows. `rows`: PEOPLE and the hashes of traits; `past`: of those that
    claimed one before and did not get it, `claimant`, `id_type`, `value`, and as they are kept. `same`: SAME.
    `is_resent`: all is sent again, whatever is known."""

    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PEOPLE))
    past: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAST))
    same: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SAME))
    keyed: KeyedHash | None = None
    is_resent: bool = False

    @cached_property
    def claims(self) -> pl.DataFrame:
        """`claimant`, `id_type`, `value` of all that they hold."""
        listed = self.rows.select(CLAIMANT, "identifiers").explode("identifiers", empty_as_null=False)
        return listed.unnest("identifiers").select(list(_CLAIMS))

    @property
    def names(self) -> Names:
        """Their names, made with `hash_words`."""
        if self.rows.is_empty():
            return no_names()
        named = self.rows.select(CLAIMANT, "words", name=_sum_words(pl.col("words")))
        words = named.select("name", "words").unique("name").explode("words", empty_as_null=False)
        return names_of_hashes(
            named.select(CLAIMANT, "name"),
            words.unnest("words").with_columns(pl.col("word", "first", "third").cast(pl.UInt64)),
        )

    @property
    def hash_words(self) -> HashWords:
        """What names of rows are to be made with, so that they can be compared with those of known people."""
        return hash_words if self.keyed is None else narrow_words(self.keyed)

    def profiles(self, continued: pl.DataFrame, plan: ProfilePlan) -> KnownProfiles:
        """What is known of groups of rows; `continued`: CONTINUED and the hashes of traits, of who goes on
        with whom.

        Of a group that merges known people nothing but identifiers is known: the service chooses which of
        their values it keeps.
        """
        own = continued.drop_nulls("person").sort(CLAIMANT, descending=True)
        first = own.unique(REPRESENTATIVE, keep="first", maintain_order=True)
        alone = first.join(
            continued.group_by(REPRESENTATIVE).len().filter(pl.col("len") == 1), on=REPRESENTATIVE, how="semi"
        )
        held = first.select(REPRESENTATIVE, "identifiers").explode("identifiers", empty_as_null=False)
        return KnownProfiles(
            identifiers=held.unnest("identifiers").select(REPRESENTATIVE, ID_TYPE, VALUE),
            compare=self._comparing(alone, plan),
            is_resent=self.is_resent,
        )

    def _comparing(self, known: pl.DataFrame, plan: ProfilePlan) -> Callable[[pl.DataFrame], pl.DataFrame]:
        def compare(profiles: pl.DataFrame) -> pl.DataFrame:
            if self.keyed is None:
                return profiles.select(pl.lit(value=False).alias(t.value_column) for t in plan.traits)
            hashed = profiles.select(REPRESENTATIVE, *hash_traits(plan, self.keyed))
            paths = [trait.path for trait in plan.traits]
            kept = [trait_column(path) for path in paths if trait_column(path) in known.columns]
            there = hashed.select(REPRESENTATIVE).join(
                known.select(REPRESENTATIVE, *kept), on=REPRESENTATIVE, how="left", maintain_order="left"
            )
            return hashed.select(
                (
                    (pl.col(trait_column(trait.path)) == pl.lit(there[trait_column(trait.path)])).fill_null(
                        value=False
                    )
                    if trait_column(trait.path) in kept
                    else pl.lit(value=False)
                ).alias(trait.value_column)
                for trait in plan.traits
            )

        return compare


def hash_traits(plan: ProfilePlan, keyed: KeyedHash) -> list[pl.Expr]:
    """The hash of each trait's value, of frames with value columns: another type makes another hash."""
    return [
        keyed.of_kind(trait.type.value).wide(pl.col(trait.value_column)).alias(trait_column(trait.path))
        for trait in plan.traits
    ]


def narrow_words(keyed: KeyedHash) -> HashWords:
    """Hashes of words as they are kept."""
    return lambda words: (
        words.to_frame("word").select(keyed.narrow(pl.col("word")).cast(pl.UInt64)).to_series()
    )


def hash_names(names: pl.Series, hashes: WordHashes) -> pl.Series:
    """What is kept of names (String): List of WORD, row for row; `hashes` are made with `narrow_words`."""
    found = hashes.list(names)
    words = found.select(
        words=pl.struct(pl.col(part).cast(pl.UInt32) for part in ("word", "first", "third")).cast(WORD)
    )
    return gather_lists(found["at"], words["words"], len(names))


def choose_words(persons: pl.DataFrame, words: pl.Series) -> pl.Series:
    """The known name where the new one is blank or inside it; else the new one."""
    known = persons["known_words"]
    if known.null_count() == len(known):
        return words
    both = pl.DataFrame({"known": known, "new": words}).with_row_index("place")
    listed = pl.concat(
        [
            both.select("place", words=name, is_new=pl.lit(name == "new")).explode(
                "words", empty_as_null=False
            )
            for name in ("known", "new")
        ]
    ).unnest("words")
    wide = listed.with_columns(pl.col("word", "first", "third").cast(pl.UInt64))
    named = wide.group_by("place", "is_new").agg(name=pl.col("word").sum())
    hashes = wide.join(named, on=["place", "is_new"]).select("name", "word", "first", "third").unique()
    names = names_of_hashes(pl.DataFrame(schema=KEYS_SCHEMA), hashes)
    anchors = find_anchors(named.select("place", "name"), names)
    stands = named.filter("is_new").join(anchors, on=["place", "name"], how="semi")["place"]
    is_new = pl.col("place").is_in(stands.implode()) | pl.col("known").is_null()
    return both.select(pl.when(is_new).then("new").otherwise("known").alias("words"))["words"]


def _sum_words(words: pl.Expr) -> pl.Expr:
    """The name that words make, as `Names` has it."""
    return words.list.eval(pl.element().struct.field("word").cast(pl.UInt64)).list.sum()
