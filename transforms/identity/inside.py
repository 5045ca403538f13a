"""Which names are inside which others, and which of those that claim a value are inside no other."""

import polars as pl

_PAIRS_AT_ONCE = 500_000


def find_anchors(claims: pl.DataFrame, words: pl.DataFrame, begins: pl.DataFrame) -> pl.DataFrame:
    """`place`, `name`: of the names in each place, those that are inside no other name there.

    `claims` has `place` (any type) and `name` UInt64, `words` and `begins` as in `Names`. A name without
    words is inside every other. The result has no order.
    """
    claims = claims.unique()
    several = claims.filter(pl.len().over("place") > 1)
    if several.is_empty():
        return claims
    words = words.join(several, on="name", how="semi")
    sizes = words.group_by("name").agg(size=pl.len().cast(pl.UInt32))
    several = several.join(sizes, on="name", how="left").with_columns(pl.col("size").fill_null(0))
    begun = _keep_words(begins, words["word"])
    blank = several.filter(pl.col("size") == 0).select("place", "name")
    candidates = _find_candidates(several.filter(pl.col("size") > 0), words, begun)
    pairs = candidates.select("name", "other").unique()
    inside = [
        pairs[start : start + _PAIRS_AT_ONCE].pipe(_keep_inside, words, begun)
        for start in range(0, len(pairs), _PAIRS_AT_ONCE)
    ]
    below = candidates.join(pl.concat(inside), on=["name", "other"], how="semi") if inside else candidates
    return claims.join(pl.concat([blank, below.select("place", "name")]), on=["place", "name"], how="anti")


def _keep_words(begins: pl.DataFrame, words: pl.Series) -> pl.DataFrame:
    """`word`, `begin` of the words that another one of `words` begins: most beginnings are no word."""
    return begins.filter(
        pl.col("begin") != pl.col("word"), pl.col("begin").is_in(words.unique().implode())
    ).select("word", "begin")


def _find_candidates(claims: pl.DataFrame, words: pl.DataFrame, begun: pl.DataFrame) -> pl.DataFrame:
    """`place`, `name`, `other`: all pairs of a place that may be inside each other, and some that are not.

    Whatever holds a name holds its rarest word, or a word that this one begins. It has more words, unless a
    word of the name begins another: so most names, which are as long as any in their place, are inside none.
    """
    of_beginning = words.filter(pl.col("word").is_in(begun["begin"].implode()))["name"]
    is_shorter = pl.col("size") < pl.col("size").max().over("place")
    shorter = claims.filter(is_shorter | pl.col("name").is_in(of_beginning.implode()))
    sought = shorter.join(words, on="name")
    beginnings = words.join(begun, on="word").select("name", word="begin", is_begun=pl.lit(value=True))
    covering = pl.concat([words.select("name", "word", is_begun=pl.lit(value=False)), beginnings])
    covering = covering.filter(pl.col("word").is_in(sought["word"].unique().implode()))
    covers = (
        claims.join(covering, on="name")
        .join(sought, on=["place", "word"], how="semi")
        .group_by("place", "name", "size", "word")
        .agg(pl.col("is_begun").any())
    )
    frequency = covers.group_by("place", "word").agg(frequency=pl.len(), begins=pl.col("is_begun").any())
    pivots = (
        sought.join(frequency, on=["place", "word"])
        .sort("frequency", "word")
        .group_by("place", "name", "size")
        .agg(pl.col("word").first(), may_begin=pl.col("begins").any())
    )
    found = pivots.join(covers.rename({"name": "other", "size": "others"}), on=["place", "word"])
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
    # Only words that begin something at all can be placed.
    open_pairs = left.select("name", "other").unique()
    beginnings = of_other.join(open_pairs, on="other", how="semi").join(begun, on="word")
    places = (
        left.join(beginnings.rename({"word": "place", "begin": "word"}), on=["other", "word"])
        .join(words.rename({"word": "place"}), on=["name", "place"], how="anti")
        .group_by("name", "other", "word")
        .agg(places=pl.len())
    )
    longer = left.join(begun.rename({"word": "longer", "begin": "word"}), on="word").select(
        "name", "other", "word", "longer"
    )
    longer = longer.join(left.rename({"word": "longer"}), on=["name", "other", "longer"], how="semi")
    needed = longer.group_by("name", "other", "word").agg(longer=pl.len())
    on = ["name", "other", "word"]
    judged = left.join(places, on=on, how="left").join(needed, on=on, how="left")
    fits = pl.col("places").fill_null(0) > pl.col("longer").fill_null(0)
    placed = judged.group_by("name", "other").agg(fits=fits.all()).filter("fits").select("name", "other")
    return pl.concat([whole, placed])
