"""The order in which the identifier values of a group reach the store before its final profile.

Of the traits that the group has identifiers in, the one with the fewest losing values is the anchor, the
next its partner. Where the anchor has losing values too, an opening entry makes the last values of both
known. Then the losing values go, one of every trait in each round: those of other traits beside the anchor's
last value, those of the anchor beside its partner's. Every entry is tied to values of the final profile, so
that one the service refuses takes no other with it.
"""

import polars as pl

from memory_import.columns import POS, REPRESENTATIVE, ROUND
from memory_import.transforms.identity.given import SLOT

SCHEMA = (REPRESENTATIVE, ROUND, POS, "trait", "value", "is_extra")


def plan_rounds(losing: pl.DataFrame, last: pl.DataFrame, *, resends: bool = False) -> pl.DataFrame:
    """`_representative`, `_round`, `_pos`, `trait`, `value`, `is_extra`: the identifiers of every early
    entry.

    `losing`, `last`: the values of whole groups that lose and those that stay, as `find_losing` and
    `find_last` give them. `is_extra` is true for values that the final profile lacks; the others tie an entry
    to one before it, and their `_pos` is null. Groups without losing values have no rows.

    A losing value that is known is not sent, unless `resends`, or where no last value is known: then it is
    what the profile is found by.
    """
    extras = losing.sort(REPRESENTATIVE, "trait", ~pl.col("is_known"), POS, maintain_order=True)
    if not resends:
        extras = _drop_known(extras, last)
    turn = pl.col("turn").cast(pl.Int64) - pl.col("turn").min().over(SLOT)
    extras = extras.with_row_index("turn").with_columns(turn=turn)
    anchors = _choose_anchors(extras, last)
    return _place(extras.join(anchors, on=REPRESENTATIVE))


def _drop_known(extras: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """Those that are not known, and one that is where a known group has no known last value."""
    found = last.filter("is_known")[REPRESENTATIVE].implode()
    lost = extras.filter(pl.col("is_known"), ~pl.col(REPRESENTATIVE).is_in(found)).unique(
        REPRESENTATIVE, keep="first", maintain_order=True
    )
    new = extras.filter(~pl.col("is_known"))
    return pl.concat([lost, new]).sort(REPRESENTATIVE, "trait", ~pl.col("is_known"), POS, maintain_order=True)


def _choose_anchors(extras: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """The two traits with the fewest losing values, of each group that has any, with their last values; those
    whose last value is known come first.

    `_representative`, `anchor`, `anchor_value`, `partner`, `partner_value` (null where there is one trait
    only), and `opening`: 1 where the anchor has losing values too.
    """
    losing = extras.group_by(SLOT).agg(losing=pl.len())
    candidates = (
        last.join(extras, on=REPRESENTATIVE, how="semi")
        .join(losing, on=SLOT, how="left")
        .with_columns(pl.col("losing").fill_null(0))
        .sort(~pl.col("is_known"), "losing", "trait")
    )
    return candidates.group_by(REPRESENTATIVE).agg(
        anchor=pl.col("trait").first(),
        anchor_value=pl.col("value").first(),
        partner=pl.col("trait").get(1, null_on_oob=True),
        partner_value=pl.col("value").get(1, null_on_oob=True),
        opening=(pl.col("losing").first() > 0).cast(pl.Int64),
    )


def _place(extras: pl.DataFrame) -> pl.DataFrame:
    """Losing values in their rounds, each beside a last value that the opening entry, if any, made known."""
    of_anchor = pl.col("trait") == pl.col("anchor")
    first, second = extras.filter(~of_anchor), extras.filter(of_anchor)
    used = first.group_by(REPRESENTATIVE).agg(used=pl.col("turn").max() + 1)
    first = first.with_columns(_round=pl.col("turn") + pl.col("opening"))
    second = second.join(used, on=REPRESENTATIVE, how="left").with_columns(
        _round=pl.col("turn") + pl.col("used").fill_null(0) + pl.col("opening")
    )
    opening = extras.filter(pl.col("opening") == 1).with_columns(_round=pl.lit(0, pl.Int64))
    anchors = pl.concat(
        [
            first.select(REPRESENTATIVE, ROUND, trait="anchor", value="anchor_value"),
            opening.select(REPRESENTATIVE, ROUND, trait="anchor", value="anchor_value"),
        ]
    )
    partners = pl.concat(
        [f.select(REPRESENTATIVE, ROUND, trait="partner", value="partner_value") for f in (second, opening)]
    )
    ties = (
        pl.concat([anchors, partners])
        .unique()
        .with_columns(_pos=pl.lit(None, dtype=extras[POS].dtype), is_extra=pl.lit(value=False))
    )
    losers = pl.concat(
        [f.select(REPRESENTATIVE, POS, "trait", "value", ROUND, "is_known") for f in (first, second)]
    )
    marked = losers.select(pl.exclude("is_known"), is_extra=~pl.col("is_known"))
    return pl.concat([marked, ties], how="diagonal").select(SCHEMA)
