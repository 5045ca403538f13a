"""Claims on values that nobody got, kept from run to run: strangers who come a few at a time add up.

A claim counts until its claimant speaks for itself again: whoever comes back claims the value anew, or does
not. One of which nothing else is known cannot come back: it counts as one more among too many people, and
disputes nobody's value, so that rejected rows can be put right and fed back.
"""

import shutil
from dataclasses import dataclass, field

import polars as pl

from memory_import.columns import ID_TYPE, POS, VALUE
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import CONTESTED, IDENTIFIER, WORD
from memory_import.ledger.known.table import PLACES_SCHEMA, Table
from memory_import.ledger.staging.layout import CLAIMS_SCHEMA, WITHDRAWN_SCHEMA
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.people import CLAIMANT, PAST, PEOPLE, hash_names, narrow_words
from memory_import.transforms.identity.claims import CodedClaims
from memory_import.transforms.identity.inside import find_anchors
from memory_import.transforms.identity.names import BLANK, Names, WordHashes
from memory_import.transforms.identity.persons import Persons

PAST_BELOW = -(1 << 42)
"""Claimants that stand for a claim of an earlier run are below it."""
_PAIR = [ID_TYPE, VALUE]
_MOST_OWN = 3


@dataclass(frozen=True, kw_only=True)
class PastClaims:
    """`rows`: PAST of the claims on values that the input states, `withdrawn` (`claim`): those that do not
    count any more, as their claimants are in the input."""

    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAST))
    withdrawn: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WITHDRAWN_SCHEMA))

    @property
    def people(self) -> pl.DataFrame:
        """The same as PEOPLE: each holds the value that it claims."""
        return self.rows.select(
            CLAIMANT,
            person=pl.lit(None, pl.Int64),
            identifiers=pl.concat_list(pl.struct(ID_TYPE, VALUE)).cast(pl.List(IDENTIFIER)),
            words="words",
        ).select(list(PEOPLE))

    @property
    def links(self) -> pl.DataFrame:
        """`claimant`, and the hash of the value that it claims, as Polars makes it."""
        return self.rows.select(CLAIMANT, value=pl.col(VALUE).hash())


def find_past(table: Table | None, wanted: pl.Series) -> PastClaims:
    """The claims that count for an input whose identifiers have these hashes (UInt64)."""
    rows = [pl.DataFrame(schema=PAST)]
    withdrawn = [pl.DataFrame(schema=WITHDRAWN_SCHEMA)]
    for claims in table.scan("claim", *_PAIR, "words", "own") if table is not None else ():
        of_own = claims.select("claim", "own").explode("own", empty_as_null=False)
        back = of_own.filter(pl.col("own").struct.field(VALUE).hash().is_in(wanted.implode()))
        withdrawn.append(back.select("claim").unique())
        stated = claims.filter(pl.col(VALUE).hash().is_in(wanted.implode()))
        stated = stated.join(withdrawn[-1], on="claim", how="anti")
        rows.append(stated.with_columns(claimant=PAST_BELOW - 1 - pl.col("claim")).select(list(PAST)))
    return PastClaims(rows=pl.concat(rows), withdrawn=pl.concat(withdrawn))


def find_weak(past: pl.DataFrame, found: Persons) -> pl.Series:
    """`claimant` of the claims (PAST) of which nothing else is known, on values of not too many people."""
    shared = found.values.filter(pl.col("verdict") == "shared")
    weak = past.filter(pl.col("own").list.len() == 0)
    return weak.join(shared, on=_PAIR, how="anti")[CLAIMANT]


def list_claims(
    coded: CodedClaims,
    claims: pl.DataFrame,
    names: Names,
    found: Persons,
    past: pl.DataFrame,
    texts: pl.DataFrame,
    most: int,
) -> pl.DataFrame:
    """CLAIMS_SCHEMA: of each value that nobody got the people who claim it, at most one more than `most`.

    `coded`, `names` as for `find_persons`; `claims`: `claimant`, `id_type`, `value`, of which `coded` are
    made; `past`: PAST; `texts`: `_pos`, `name` of the rows.
    """
    nobody = found.values.filter(pl.col("holder").is_null()).select("place", *_PAIR)
    if nobody.is_empty():
        return pl.DataFrame(schema=CLAIMS_SCHEMA)
    of_past = pl.col(CLAIMANT).is_in(past[CLAIMANT].implode())
    claimed = coded.several.filter((pl.col(CLAIMANT) >= 0) | of_past).join(nobody, on="place", how="semi")
    claimed = claimed.select("place", CLAIMANT)
    anchors = found.anchors.join(nobody, on="place", how="semi")
    others = claimed.join(anchors, on="place", how="anti")
    keyed = others.join(names.keys, on=CLAIMANT, how="left").with_columns(pl.col("name").fill_null(BLANK))
    named = keyed.filter(pl.col("name") != BLANK)
    nameless = keyed.join(named, on="place", how="anti").select("place", CLAIMANT)
    nameless = _name(nameless, _list_own(claims, nameless, found, past))
    people = pl.concat(
        [
            anchors,
            find_anchors(named.select("place", "name"), names),
            nameless.select("place", "name").unique(),
        ]
    )
    people = _take_smallest(people, most + 1)
    is_of_people = pl.col("name").is_in(people["name"].unique().implode()) & (pl.col("name") != BLANK)
    named = claimed.join(names.keys.filter(is_of_people), on=CLAIMANT)
    claimants = pl.concat([named, nameless.select(named.columns)])
    of_people = claimants.join(people, on=["place", "name"], how="semi").select("place", "name", CLAIMANT)
    own = _list_own(claims, of_people, found, past)
    pairs = of_people.join(own, on=CLAIMANT).select("place", "name", *_PAIR).unique().sort(_PAIR)
    lists = pairs.group_by("place", "name").agg(own=pl.struct(_PAIR).head(_MOST_OWN))
    said = of_people.join(
        pl.concat(
            [
                texts.select(pl.col(POS).alias(CLAIMANT), text="name", words=pl.lit(None, pl.List(WORD))),
                past.select(CLAIMANT, pl.lit(None, pl.String).alias("text"), "words"),
            ]
        ),
        on=CLAIMANT,
    )
    said = said.sort("text", nulls_last=True).group_by("place", "name").agg(pl.col("text", "words").first())
    whole = people.join(said, on=["place", "name"]).join(lists, on=["place", "name"], how="left")
    listed = whole.join(nobody, on="place").rename({"name": "key", "text": "name"})
    listed = listed.with_columns(pl.col("own").fill_null([]))
    return listed.select(pl.col(name).cast(dtype) for name, dtype in CLAIMS_SCHEMA.items())


def _take_smallest(names: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most so many names (`place`, `name`) of each place."""
    is_full = pl.len().over("place") > most
    taken = names.filter(is_full).group_by("place").agg(pl.col("name").bottom_k(most)).explode("name")
    return pl.concat([names.filter(~is_full), taken])


def _list_own(
    claims: pl.DataFrame, claimed: pl.DataFrame, found: Persons, past: pl.DataFrame
) -> pl.DataFrame:
    """`claimant`, `id_type`, `value`: what claimants are found by beside what nobody got."""
    if claimed.is_empty():
        return claims.clear()
    of_rows = claims.join(claimed, on=CLAIMANT, how="semi").filter(pl.col(CLAIMANT) >= 0)
    left_out = found.left_out.join(claimed, on=CLAIMANT, how="semi")
    kept = of_rows.join(left_out, on=[CLAIMANT, *_PAIR], how="anti").select(CLAIMANT, *_PAIR)
    of_past = past.join(claimed, on=CLAIMANT, how="semi").select(CLAIMANT, "own")
    of_past = of_past.explode("own", empty_as_null=False).unnest("own")
    return pl.concat([kept, of_past.select(kept.columns)])


def _name(claimed: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """`place`, `claimant`, `name`: who has no name is called after what it is found by."""
    found_by = own.group_by(CLAIMANT).agg(name=pl.struct(_PAIR).hash().sum())
    return claimed.join(found_by, on=CLAIMANT, how="left").with_columns(pl.col("name").fill_null(BLANK))


def remember_contested(run: RunContext, claims: pl.DataFrame, withdrawn: pl.DataFrame) -> None:
    """Keep the claims (CLAIMS_SCHEMA) of a run in place of those that it took up or that are `withdrawn`
    (`claim`); to do it twice is to do it once."""
    table = _open(run)
    if claims.is_empty() and withdrawn.is_empty() and not table.rows:
        return
    voided = pl.concat(
        [
            pl.DataFrame(schema=PLACES_SCHEMA),
            table.find("claim", withdrawn["claim"]),
            table.find("run", pl.Series([run.run_id])),
        ]
    ).unique()
    first = table.facts.get("next", 0)
    hashes = WordHashes(narrow_words(run.known.hash))
    if claims.is_empty() and voided.is_empty():
        return
    kept = claims.with_columns(
        claim=first + pl.int_range(pl.len(), dtype=pl.Int64),
        words=pl.coalesce("words", hash_names(claims["name"], hashes)),
        run=pl.lit(run.run_id),
    )
    facts = {**table.facts, "next": first + claims.height}
    table.change(added=[kept.select(list(CONTESTED))], voided=voided, facts=facts)


def _open(run: RunContext) -> Table:
    try:
        return run.known.contested
    except KnownDamaged:
        shutil.rmtree(run.known.folder / "contested")
        return run.known.contested
