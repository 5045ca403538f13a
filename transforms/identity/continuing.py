"""Known people whom nobody goes on with, though somebody claims what they hold: they go on with whoever
shares most with them.

So it is where a row without a name stands between two known people, where two rows claim what one of them
held, or where people without names swapped a value. Names agree all the same: nobody is made one with
somebody of another name.
"""

from dataclasses import replace

import polars as pl

from memory_import.transforms.codes import Reason
from memory_import.transforms.identity.inside import find_anchors
from memory_import.transforms.identity.names import BLANK, Names
from memory_import.transforms.identity.persons import Persons

_VALUE = ["id_type", "value"]
_EMAIL = "email"
_CONTESTED = (Reason.IDENTIFIER_CONTESTED.value,)
_OPEN = (*_CONTESTED, Reason.IDENTIFIER_SHARED.value)
_MOST_VALUES = 1 << 20  # more than anybody holds
_PAIRS = {
    **dict.fromkeys(("person", "known", "former"), pl.Int64),
    "first": pl.String,
    **dict.fromkeys(("shared", "held"), pl.UInt32),
    "shares_word": pl.Boolean,
    "nearness": pl.Int64,
}
"""`former` is the person that the known one was. It holds `held` values, of which `shared` are claimed, and
`first` is the first; `shares_word`: the names have a word in common. `nearness` goes by the values shared,
then by that word, then by how many of the values are emails."""


def continue_known(
    found: Persons, claims: pl.DataFrame, names: Names, same: pl.DataFrame, *, is_renaming: bool
) -> Persons:
    """The same, where known people without rows go on with people who claim a value of theirs.

    Each such person goes on with the known one with which it shares most values, and of these with the
    earliest; of several that would go on with the same one the one that shares most, and of these the one
    with the first value. What others hold stays theirs. `claims`, `names` as for `find_persons`;
    `same`: `claimant`, `known` of known people who are one profile, the second without rows.

    Where `is_renaming`, and nobody's name agrees, the names of a known person and of whoever claims more of
    what it holds than anybody else may differ, as long as it is likely that they are one: they have a word in
    common, or most of the values are claimed. A number alone is given on to somebody else. Of several who
    claim as many, whoever has a word of the name is it; else whoever claims more emails. The second of two
    who are one profile is nobody of another name: its other values are the first one's.
    """
    if not (found.persons["claimant"] < 0).any():
        return found
    while not (pairs := _choose(found, claims, names, same, is_renaming=is_renaming)).is_empty():
        found = _join(found, pairs)
    return found


def find_possible(found: Persons, claims: pl.DataFrame, names: Names, own: pl.Series) -> pl.Series:
    """The known people (`claimant`) without rows of whom nobody can say that they are gone: somebody who is
    nobody else of `own` (`claimant`, those that this spec knows) is likely to be one of them. A value of too
    many people makes nobody one, and may be theirs all the same."""
    pairs = _pair(found, claims, names, own, codes=_OPEN)
    return pairs.filter(_is_likely())["known"].unique().alias("claimant")


def _is_likely() -> pl.Expr:
    return pl.col("shares_word") | (2 * pl.col("shared") > pl.col("held"))


def _choose(
    found: Persons, claims: pl.DataFrame, names: Names, same: pl.DataFrame, *, is_renaming: bool
) -> pl.DataFrame:
    """`person`, `known`, `former` (the person that the known one was)."""
    known = found.persons.filter(pl.col("claimant") < 0)
    pairs = _pair(found, claims, names, known.join(same, on="claimant", how="anti")["claimant"])
    is_other = ~pl.col("person").is_in(known["person"].implode())
    one = known.join(same, on="claimant").select("person", "known")
    pairs = pl.concat(
        [pairs.filter(is_other), pairs.filter(~is_other).join(one, on=["person", "known"], how="semi")]
    )
    if pairs.is_empty():
        return pairs.select("person", "known", "former")
    agreeing = _find_agreeing(pairs, found.persons, names)
    if is_renaming:
        is_second = pl.col("known").is_in(same["claimant"].implode())
        closest = pairs.filter(_is_closest("known"), _is_closest("person"), _is_likely(), ~is_second)
        renamed = closest.join(agreeing, on="known", how="anti").join(agreeing, on="person", how="anti")
        agreeing = pl.concat([agreeing, renamed.select(agreeing.columns)]).unique()
    pairs = pairs.join(agreeing, on=["person", "known"], how="semi")
    wanted = pairs.sort("shared", "known", descending=True).unique(
        "person", keep="first", maintain_order=True
    )
    ranked = wanted.sort("known", pl.col("shared").cast(pl.Int64).neg(), "first")
    is_tied = pl.len().over("known", "shared", "first") > 1
    best = ranked.with_columns(is_tied=is_tied).unique("known", keep="first", maintain_order=True)
    return best.filter(~pl.col("is_tied")).select("person", "known", "former")


def _pair(
    found: Persons,
    claims: pl.DataFrame,
    names: Names,
    somebody: pl.Series,
    codes: tuple[str, ...] = _CONTESTED,
) -> pl.DataFrame:
    """_PAIRS: the known people without rows, each with everybody who claims a value of it, goes without for
    one of these codes, and is none of `somebody` (`claimant`)."""
    persons = found.persons
    alone = persons.filter(pl.col("person") < 0)
    if alone.is_empty():
        return pl.DataFrame(schema=_PAIRS)
    taken = persons.filter(pl.col("claimant").is_in(somebody.implode()))["person"].implode()
    lost = found.left_out.filter(pl.col("code").is_in(codes))
    if lost.is_empty():
        return pl.DataFrame(schema=_PAIRS)
    held = alone.join(claims, on="claimant").select(*_VALUE, known="claimant", former="person")
    lost = lost.join(held, on=_VALUE, how="semi")
    theirs = lost.join(persons, on="claimant").filter(~pl.col("person").is_in(taken))
    shared = theirs.select("person", *_VALUE).unique().join(held, on=_VALUE)
    first = pl.concat_str(_VALUE, separator=":").min().alias("first")
    emails = (pl.col("id_type") == _EMAIL).sum()
    pairs = shared.group_by("person", "known", "former").agg(first, shared=pl.len(), emails=emails)
    words = persons.join(names.keys, on="claimant").join(names.words, on="name")
    of_persons = words.join(pairs, on="person", how="semi").select("person", "word").unique()
    of_known = words.select("word", known="claimant").join(pairs, on="known", how="semi").unique()
    alike = of_persons.join(of_known, on="word").select("person", "known").unique()
    marks = alike.with_columns(shares_word=pl.lit(value=True))
    sizes = held.group_by("known").agg(held=pl.len())
    marked = pairs.join(marks, on=["person", "known"], how="left").join(sizes, on="known")
    marked = marked.with_columns(pl.col("shares_word").fill_null(value=False))
    nearness = [pl.col(name).cast(pl.Int64) for name in ("shared", "shares_word", "emails")]
    nearness_of_all = (nearness[0] * 2 + nearness[1]) * _MOST_VALUES + nearness[2]
    return marked.with_columns(nearness=nearness_of_all).select(
        pl.col(name).cast(dtype) for name, dtype in _PAIRS.items()
    )


def _is_closest(side: str) -> pl.Expr:
    """Whether no other pair of the same known person, or person, is as near."""
    is_nearest = pl.col("nearness") == pl.col("nearness").max().over(side)
    return is_nearest & (pl.len().over(side, "nearness") == 1)


def _find_agreeing(pairs: pl.DataFrame, persons: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Those pairs (`person`, `known`) of whose names one holds all others."""
    keyed = persons.join(names.keys, on="claimant", how="left").with_columns(pl.col("name").fill_null(BLANK))
    numbered = pairs.select("person", "known").with_row_index("place")
    of_rows = numbered.join(keyed.select("person", "name"), on="person").select("place", "name")
    of_known = numbered.join(keyed.select(pl.col("claimant").alias("known"), "name"), on="known").select(
        "place", "name"
    )
    anchors = find_anchors(pl.concat([of_rows, of_known]), names)
    several = anchors.group_by("place").len().filter(pl.col("len") > 1)
    return numbered.join(several, on="place", how="anti").drop("place")


def _join(found: Persons, pairs: pl.DataFrame) -> Persons:
    joined = dict(zip(pairs["former"], pairs["person"], strict=True))
    persons = found.persons.with_columns(pl.col("person").replace(joined))
    values = found.values.with_columns(pl.col("holder").replace(joined))
    kept = found.left_out.join(persons, on="claimant").join(
        values.select(*_VALUE, "holder"), on=_VALUE, how="left"
    )
    left_out = kept.filter(pl.col("person").ne_missing(pl.col("holder"))).select(found.left_out.columns)
    return replace(
        found,
        persons=persons,
        left_out=left_out,
        values=values.join(left_out, on=_VALUE, how="semi"),
    )
