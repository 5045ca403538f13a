"""Identity groups over a whole load, from its staged parts, in bounded memory."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import polars as pl

from flows.values import pick_members
from ledger.staging import LATE_ERRORS_SCHEMA, Staging
from transforms.folding import fold_groups
from transforms.identity import find_repeated, group_links, hash_columns, link_rows, list_identifiers
from transforms.plan import ProfilePlan

_HASHES_PER_PARTITION = 1_500_000
_MEMBERS_PER_FOLD = 40_000
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Grouping:
    """What grouping found: how many rounds there are to send, and how many further identifier values."""

    rounds: int
    extra_identifiers: int


def group_rows(staging: Staging, plan: ProfilePlan, rows: int) -> Grouping:
    """Find the rows that share an identifier value, fold them, and stage what is sent for them."""
    members = _find_members(staging, plan, rows)
    folds = _number_folds(members).partition_by("fold", maintain_order=True, include_key=False)
    with ThreadPoolExecutor(_WORKERS) as workers:
        folded = list(workers.map(partial(_fold, staging, plan), range(len(folds)), folds))
    excess = pl.concat([pl.DataFrame(schema=LATE_ERRORS_SCHEMA), *(fold.refused for fold in folded)])
    places = staging.pick(members["_pos"], lambda part: staging.read(part, "_file", "_row"))
    staging.write_members(members=members.hstack(places), excess=excess)
    return Grouping(
        rounds=max((fold.rounds for fold in folded), default=1),
        extra_identifiers=sum(fold.extra for fold in folded),
    )


@dataclass(frozen=True, slots=True)
class _Fold:
    """What is known of a fold once its entries are staged; `refused` as LATE_ERRORS_SCHEMA."""

    rounds: int
    extra: int
    refused: pl.DataFrame


def _fold(staging: Staging, plan: ProfilePlan, number: int, members: pl.DataFrame) -> _Fold:
    made = pick_members(staging, plan, members["_pos"])
    folded = fold_groups(members.hstack(made.drop("_pos")), plan)
    staging.write_folded(number, folded.entries)
    last_round = folded.entries.select(pl.col("_round").max().fill_null(0)).item()
    refused = folded.refused.with_columns(_error_field=pl.lit(None, pl.String))
    return _Fold(last_round + 1, folded.extra, refused.select(list(LATE_ERRORS_SCHEMA)))


def _find_members(staging: Staging, plan: ProfilePlan, rows: int) -> pl.DataFrame:
    """`_pos`, `_survivor` of every row in a group of two or more, by `_pos`."""
    partitions = max(1, -(-rows * len(plan.identifier_columns) // _HASHES_PER_PARTITION))
    links = [link_rows(_list_repeated(staging, plan, number, partitions)) for number in range(partitions)]
    return group_links(pl.concat(links))


def _list_repeated(staging: Staging, plan: ProfilePlan, number: int, partitions: int) -> pl.DataFrame:
    """`_pos`, `value` of all identifiers of rows with a hash that stands twice in one partition of them."""
    columns = hash_columns(plan)
    hashed = pl.concat(
        rows.select("_pos", hash=column).filter(pl.col("hash") % partitions == number)
        for rows in (staging.read(part, "_pos", *columns) for part in staging.parts)
        for column in columns
    )
    is_repeated = pl.col("hash").is_in(find_repeated(hashed["hash"]).implode())
    positions = hashed.filter(is_repeated)["_pos"].unique().sort()
    return list_identifiers(pick_members(staging, plan.identifying, positions), plan)


def _number_folds(members: pl.DataFrame) -> pl.DataFrame:
    """Adds `fold`: a group is in one, and a fold holds so many rows that it can be worked on."""
    sizes = members.group_by("_survivor").len("size").sort("_survivor")
    folds = sizes.select("_survivor", fold=(pl.col("size").cum_sum() - pl.col("size")) // _MEMBERS_PER_FOLD)
    return members.join(folds, on="_survivor", maintain_order="left").sort("fold", maintain_order=True)
