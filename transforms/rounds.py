"""The order in which the identifier values of a group reach the store before its final profile.

Of the traits that the group has identifiers in, the one with the fewest losing values is the anchor. The
losing values of the other traits go first, each beside the anchor's last value, one of every trait in each
round. The losing values of the anchor follow, each beside a value that is known by then. The final profile
holds the anchor's last value, so it is recognised too. With two identifier traits no plan needs fewer
entries: each entry after the first brings one value.
"""

import polars as pl

SCHEMA = ("_survivor", "_round", "_pos", "trait", "value", "is_extra")


def plan_rounds(given: pl.DataFrame) -> pl.DataFrame:
    """`_survivor`, `_round`, `_pos`, `trait`, `value`, `is_extra`: the identifiers of every early entry.

    `given` has `_survivor`, `_pos`, `trait`, `id_type`, `value` of every identifier of every row of whole
    groups, ordered by `_pos`. `is_extra` is true for values that the final profile lacks; the others tie an
    entry to one before it, and their `_pos` is null. Groups whose last values are all their values have no
    rows.
    """
    last = given.group_by("_survivor", "trait", maintain_order=True).agg(pl.col("id_type", "value").last())
    extras = _find_extras(given, last)
    anchors = _choose_anchors(extras, last)
    return _place(extras.join(anchors, on="_survivor"))


def _find_extras(given: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """`_survivor`, `trait`, `value`, `_pos` (last use), `turn` (0, 1, … in a trait) of losing values."""
    uses = given.group_by("_survivor", "id_type", "value").agg(pl.col("trait", "_pos").last())
    extras = uses.join(last, on=["_survivor", "id_type", "value"], how="anti")
    turn = pl.int_range(pl.len()).over("_survivor", "trait", order_by="_pos")
    return extras.select("_survivor", "trait", "value", "_pos", turn=turn)


def _choose_anchors(extras: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """`_survivor`, `anchor` (a trait), `anchor_value` (its last value) of each group with losing values."""
    losing = extras.group_by("_survivor", "trait").agg(losing=pl.len())
    candidates = last.join(extras, on="_survivor", how="semi").join(
        losing, on=["_survivor", "trait"], how="left"
    )
    fewest = (
        candidates.sort(pl.col("losing").fill_null(0), "trait").group_by("_survivor").agg(pl.all().first())
    )
    return fewest.select("_survivor", anchor="trait", anchor_value="value")


def _place(extras: pl.DataFrame) -> pl.DataFrame:
    """Losing values in their rounds, each round with the value that ties it to an earlier one."""
    of_anchor = pl.col("trait") == pl.col("anchor")
    first, second = extras.filter(~of_anchor), extras.filter(of_anchor)
    known = first.sort("turn", "trait").group_by("_survivor").agg(pl.col("turn", "trait", "value").last())
    second = second.join(known, on="_survivor", suffix="_known")
    beside_anchor = first.select("_survivor", _round="turn", trait="anchor", value="anchor_value").unique()
    late_round = pl.col("turn_known") + 1 + pl.col("turn")
    beside_known = second.select("_survivor", _round=late_round, trait="trait_known", value="value_known")
    return pl.concat(
        [
            first.select("_survivor", "_pos", "trait", "value", _round="turn", is_extra=pl.lit(value=True)),
            second.select(
                "_survivor", "_pos", "trait", "value", _round=late_round, is_extra=pl.lit(value=True)
            ),
            pl.concat([beside_anchor, beside_known]).with_columns(
                _pos=pl.lit(None, dtype=extras["_pos"].dtype), is_extra=pl.lit(value=False)
            ),
        ],
        how="diagonal",
    ).select(SCHEMA)
