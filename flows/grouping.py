"""Identity groups over a whole load, from its staged parts, in bounded memory."""

from dataclasses import dataclass

import polars as pl

from ledger.staging import LATE_ERRORS_SCHEMA, Staging
from transforms.folding import fold_groups
from transforms.identity import group_links, link_rows, list_identifiers
from transforms.plan import ProfilePlan

_VALUES_PER_PARTITION = 1_500_000
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
    """`_pos`, `_survivor` of every row in a group of two or more, by `_pos`."""
    values = rows * len(plan.identifier_columns)
    partitions = max(1, -(-values // _VALUES_PER_PARTITION))
    links = [
        link_rows(
            pl.concat(
                [_identifiers(staging, part, plan, number, partitions) for part in staging.parts]
                or [pl.DataFrame(schema={"_pos": pl.Int64, "value": pl.String})]
            )
        )
        for number in range(partitions)
    ]
    return group_links(pl.concat(links))


def _identifiers(
    staging: Staging, part: str, plan: ProfilePlan, number: int, partitions: int
) -> pl.DataFrame:
    rows = staging.scan(part).select("_pos", *plan.identifier_columns).collect()
    values = list_identifiers(rows, plan)
    return values.filter(pl.col("value").hash() % partitions == number) if partitions > 1 else values


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
