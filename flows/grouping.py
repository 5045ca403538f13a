"""Identity groups over a whole load, from its staged parts, in bounded memory."""

from dataclasses import dataclass

import polars as pl

from ledger.staging import LATE_ERRORS_SCHEMA, Staging
from transforms.folding import fold_groups
from transforms.identity import group_links, link_rows, list_identifiers
from transforms.plan import ProfilePlan

_HASHES_PER_PARTITION = 2_000_000
_MEMBERS_PER_FOLD = 40_000


@dataclass(frozen=True, slots=True)
class Grouping:
    """What grouping found: how many rounds there are to send, and how many further identifier values."""

    rounds: int
    extra_identifiers: int


def group_rows(staging: Staging, plan: ProfilePlan, rows: int) -> Grouping:
    """Find the rows that share an identifier value, fold them, and stage what is sent for them."""
    _set_aside(staging, plan, _find_members(staging, plan, rows))
    members = staging.scan_aside().select("_pos", "_survivor", "_file", "_row").collect()
    folds = -(-len(members) // _MEMBERS_PER_FOLD)
    rounds, extra, excess = 1, 0, [pl.DataFrame(schema=LATE_ERRORS_SCHEMA)]
    for number in range(folds):
        folded = fold_groups(
            staging.scan_aside().filter(pl.col("_survivor") % folds == number).collect(), plan
        )
        staging.write_folded(number, folded.entries)
        rounds = max([rounds, *(folded.entries["_round"].unique() + 1)])
        extra += folded.extra
        refused = folded.refused.with_columns(_error_field=pl.lit(None, pl.String))
        excess.append(refused.select(list(LATE_ERRORS_SCHEMA)))
    staging.write_members(members=members, excess=pl.concat(excess))
    return Grouping(rounds, extra)


def _set_aside(staging: Staging, plan: ProfilePlan, grouped: pl.DataFrame) -> None:
    """Copy the rows of groups into files of their own: folding need not go through all parts again."""
    for number, part in enumerate(staging.parts):
        rows = staging.scan(part).select("_pos", "_file", "_row", "_payload", *plan.identifier_columns)
        staging.write_aside(number, rows.join(grouped.lazy(), on="_pos", maintain_order="left").collect())


def _find_members(staging: Staging, plan: ProfilePlan, rows: int) -> pl.DataFrame:
    """`_pos`, `_survivor` of every row in a group of two or more, by `_pos`.

    Nearly all values stand once. Their hashes tell which may stand twice; only those are compared as texts.
    """
    repeated = _repeated_hashes(staging, plan, rows * len(plan.identifier_columns))
    links = link_rows(_identifiers(staging, plan, pl.col("value").hash().is_in(repeated.implode())))
    return group_links(links)


def _repeated_hashes(staging: Staging, plan: ProfilePlan, values: int) -> pl.Series:
    """The hashes (UInt64) that more than one identifier value has, found a partition at a time."""
    partitions = max(1, -(-values // _HASHES_PER_PARTITION))
    found = []
    for number in range(partitions):
        in_partition = pl.col("value").hash() % partitions == number
        hashes = _identifiers(staging, plan, in_partition, value=pl.col("value").hash())["value"].sort()
        found.append(hashes.filter(hashes == hashes.shift(1)).unique())
    return pl.concat(found)


def _identifiers(
    staging: Staging, plan: ProfilePlan, condition: pl.Expr, value: pl.Expr | None = None
) -> pl.DataFrame:
    """`_pos`, `value` of the identifiers that meet a condition; `value` may make more of the text."""
    found = []
    for part in staging.parts:
        rows = staging.scan(part).select("_pos", *plan.identifier_columns).collect()
        listed = list_identifiers(rows, plan).filter(condition)
        found.append(listed if value is None else listed.select(value=value))
    return pl.concat(found) if found else pl.DataFrame(schema={"_pos": pl.Int64, "value": pl.String})
