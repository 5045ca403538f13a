"""Identity groups over a whole load, from its staged parts, in bounded memory."""

from dataclasses import dataclass

import polars as pl

from ledger.staging import LATE_ERRORS_SCHEMA, Staging
from transforms.folding import fold_groups
from transforms.identity import group_links, link_rows, list_identifiers
from transforms.plan import ProfilePlan

_HASHES_PER_PARTITION = 4_000_000
_MEMBERS_PER_FOLD = 300_000


@dataclass(frozen=True, slots=True)
class Grouping:
    """What grouping found: how many rounds there are to send, and how many further identifier values."""

    rounds: int
    extra_identifiers: int


def group_rows(staging: Staging, plan: ProfilePlan, rows: int) -> Grouping:
    """Find the rows that share an identifier value, fold them, and stage what is sent for them."""
    grouped = _find_members(staging, plan, rows)
    members = _read_members(staging, grouped, "_file", "_row")
    folds = max(1, -(-len(members) // _MEMBERS_PER_FOLD))
    rounds, extra, excess = 1, 0, [pl.DataFrame(schema=LATE_ERRORS_SCHEMA)]
    for number in range(folds):
        some = grouped.filter(pl.col("_survivor") % folds == number)
        if some.is_empty():
            continue
        folded = fold_groups(_read_members(staging, some, "_payload", *plan.identifier_columns), plan)
        staging.write_folded(number, folded.entries)
        rounds = max([rounds, *(folded.entries["_round"] + 1)])
        extra += folded.extra
        excess.append(
            folded.refused.select(
                "_pos", "_error_code", pl.lit(None, pl.String).alias("_error_field"), "_error_message"
            )
        )
    staging.write_members(members=members, excess=pl.concat(excess))
    return Grouping(rounds, extra)


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
    """`_pos`, `value` of the identifiers that meet a condition; `value` may make something else of the text."""
    found = []
    for part in staging.parts:
        rows = staging.scan(part).select("_pos", *plan.identifier_columns).collect()
        listed = list_identifiers(rows, plan).filter(condition)
        found.append(listed if value is None else listed.select(value=value))
    return pl.concat(found) if found else pl.DataFrame(schema={"_pos": pl.Int64, "value": pl.String})


def _read_members(staging: Staging, grouped: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """`_survivor`, `_pos` and the asked columns of the grouped rows, by `_pos`."""
    wanted = grouped.lazy()
    found = [
        staging.scan(part)
        .select("_pos", *columns)
        .join(wanted, on="_pos", maintain_order="left")
        .select("_survivor", "_pos", *columns)
        for part in staging.parts
    ]
    if not found:
        return grouped.with_columns(pl.lit(None, pl.String).alias(column) for column in columns)
    return pl.concat(found).collect()
