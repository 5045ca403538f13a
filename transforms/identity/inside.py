"""Which names are inside which others, and which of those that claim a value are inside no other."""

import polars as pl

from memory_import.transforms.identity.names import Names

_PAIRS_AT_ONCE = 500_000


def find_anchors(claims: pl.DataFrame, names: Names) -> pl.DataFrame:
    """`place`, `name`: of the names in each place, those that are inside no other name there.

    `claims` has `place` (any type) and `name` UInt64. A name without words is inside every other. The result
    has no order.
    """
    claims = claims.unique()
    several = claims.filter(pl.len().over("place") > 1)
    if several.is_empty():
        return claims
    several = several.join(names.sizes, on="name", how="left").with_columns(pl.col("size").fill_null(0))
    below = several.filter(pl.col("size") == 0).select("place", "name")
    several = several.filter(pl.col("size") > 0)
    shorter = _find_shorter(several, names)
    if len(shorter):
        below = pl.concat([below, _find_inside(several, shorter, names)])
    return claims.join(below, on=["place", "name"], how="anti") if len(below) else claims


def _find_shorter(claims: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Those claims (`place`, `name`, `size`) whose name may be inside another one of its place.

    What holds a name has more words, unless a word of the name begins another: so most names, which are as
    long as any in their place, are inside none.
    """
    is_shorter = pl.col("size") < pl.col("size").max().over("place")
    return claims.filter(is_shorter | pl.col("name").is_in(names.beginning.implode()))


def _find_inside(claims: pl.DataFrame, shorter: pl.DataFrame, names: Names) -> pl.DataFrame:
    """`place`, `name` of those `shorter` claims whose name is inside another one of its place."""
    candidates = _find_candidates(claims, shorter, names)
    pairs = candidates.select("name", "other").unique()
    inside = [
        pairs[start : start + _PAIRS_AT_ONCE].pipe(_keep_inside, names.words, names.begun)
        for start in range(0, len(pairs), _PAIRS_AT_ONCE)
    ]
    below = candidates.join(pl.concat(inside), on=["name", "other"], how="semi") if inside else candidates
    return below.select("place", "name")


def _find_candidates(claims: pl.DataFrame, shorter: pl.DataFrame, names: Names) -> pl.DataFrame:
    """`place`, `name`, `other`: all pairs of a place that may be inside each other, and some that are not.

    Whatever holds a name holds its rarest word, or a word that this one begins.
    """
    sought = names.words.filter(pl.col("name").is_in(shorter["name"].unique().implode()))
    wanted = sought["word"].unique().implode()
    begun = names.begun.filter(pl.col("begin").is_in(wanted))
    beginnings = names.words.join(begun, on="word").select("name", word="begin")
    covering = pl.concat([names.words.filter(pl.col("word").is_in(wanted)), beginnings])
    frequency = covering.group_by("word").agg(frequency=pl.len())
    pivots = (
        sought.join(frequency, on="word")
        .with_columns(may_begin=pl.col("word").is_in(begun["begin"].implode()))
        .sort("frequency", "word")
        .group_by("name")
        .agg(pl.col("word").first(), pl.col("may_begin").any())
    )
    covers = covering.filter(pl.col("word").is_in(pivots["word"].implode()))
    others = claims.filter(pl.col("name").is_in(covers["name"].implode()))
    found = shorter.join(pivots, on="name").join(
        others.join(covers, on="name").rename({"name": "other", "size": "others"}), on=["place", "word"]
    )
    is_larger = pl.col("others") > pl.col("size")
    is_as_large = (pl.col("others") == pl.col("size")) & pl.col("may_begin")
    return found.filter(pl.col("name") != pl.col("other"), is_larger | is_as_large).select(
        "place", "name", "other"
    )


def _keep_inside(pairs: pl.DataFrame, words: pl.DataFrame, begun: pl.DataFrame) -> pl.DataFrame:
    """Those pairs (`name`, `other`) whose name is inside the other.

    Words of both are each other's. Of the rest, what a word begins also begins what a longer beginning does:
    so there is a place for each word where, for every word, at least as many words of the other begin with
    it as there are words to be placed that do (Hall's theorem; the sets are nested).
    """
    paired = pl.concat([pairs["name"], pairs["other"]]).unique()
    words = words.filter(pl.col("name").is_in(paired.implode()))
    of_other = words.rename({"name": "other"})
    left = pairs.join(words, on="name").join(of_other, on=["other", "word"], how="anti")
    whole = pairs.join(left, on=["name", "other"], how="anti")
    if left.is_empty():
        return whole
    beginnings = of_other.join(left, on="other", how="semi").join(begun, on="word")
    places = (
        left.join(beginnings.rename({"word": "place", "begin": "word"}), on=["other", "word"])
        .join(words.rename({"word": "place"}), on=["name", "place"], how="anti")
        .group_by("name", "other", "word")
        .agg(places=pl.len())
    )
    on = ["name", "other", "word"]
    without = left.join(places, on=on, how="anti")
    left = left.join(without, on=["name", "other"], how="anti")
    if left.is_empty():
        return whole
    longer = left.join(begun.rename({"word": "longer", "begin": "word"}), on="word").select(
        "name", "other", "word", "longer"
    )
    longer = longer.join(left.rename({"word": "longer"}), on=["name", "other", "longer"], how="semi")
    needed = longer.group_by(on).agg(longer=pl.len())
    judged = left.join(places, on=on).join(needed, on=on, how="left")
    fits = pl.col("places") > pl.col("longer").fill_null(0)
    placed = judged.group_by("name", "other").agg(fits=fits.all()).filter("fits").select("name", "other")
    return pl.concat([whole, placed])
