"""Identity groups over a whole load, from its staged parts, in bounded memory."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from memory_import.columns import POS, REPRESENTATIVE, ROUND
from memory_import.ledger.staging.partitions import MOST_PARTITIONS, assign_partitions, partitioned
from memory_import.ledger.staging.staged import LATE_ERRORS_SCHEMA, MEMBERS_SCHEMA, Staging
from memory_import.run.loads.stored_values import read_values
from memory_import.transforms.identity.groups import (
    LINKS_SCHEMA,
    find_repeated,
    group_links,
    hash_columns,
    link_rows,
    list_identifiers,
)
from memory_import.transforms.identity.merging import fold_groups
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import identify

_HASHES_PER_PARTITION = 1_500_000
_ROWS_PER_FOLD = 20_000
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Grouping:
    """What grouping found: how many rounds there are to send, and how many further identifier values."""

    rounds: int
    extra_identifiers: int


def group_rows(staging: Staging, plan: ProfilePlan, rows: int) -> Grouping:
    """Find the rows that share an identifier value, fold them, and stage what is sent for them."""
    candidates = _find_candidates(staging, plan, rows)
    numbered = assign_partitions(candidates, REPRESENTATIVE, pl.len(), fits=_ROWS_PER_FOLD).drop(
        REPRESENTATIVE
    )
    picked = staging.pick(numbered, partial(read_values, staging, plan))
    del candidates, numbered  # the folds hold all of it
    with partitioned(staging.folder / "folds", picked) as folds, ThreadPoolExecutor(_WORKERS) as workers:
        folded = list(workers.map(partial(_fold, staging, plan), range(len(folds)), folds))
    members = pl.concat([pl.DataFrame(schema=MEMBERS_SCHEMA), *(fold.members for fold in folded)])
    excess = pl.concat([pl.DataFrame(schema=LATE_ERRORS_SCHEMA), *(fold.refused for fold in folded)])
    staging.write_members(members=members, excess=excess)
    return Grouping(
        rounds=max((fold.rounds for fold in folded), default=1),
        extra_identifiers=sum(fold.extra for fold in folded),
    )


@dataclass(frozen=True, slots=True)
class _Fold:
    """What is known of a fold once its entries are staged; `members` as MEMBERS_SCHEMA, `refused` as
    LATE_ERRORS_SCHEMA."""

    rounds: int
    extra: int
    members: pl.DataFrame
    refused: pl.DataFrame


def _fold(staging: Staging, plan: ProfilePlan, number: int, path: Path) -> _Fold:
    """Find and fold the groups among rows of which no other row can be a member."""
    rows = pl.read_ipc(path)
    rows = rows.hstack(identify(rows, plan))
    groups = group_links(link_rows(list_identifiers(rows, plan)))
    folded = fold_groups(groups.join(rows, on=POS, maintain_order="left"), plan)
    staging.write_folded(number, folded.entries)
    last_round = folded.entries.select(pl.col(ROUND).max().fill_null(0)).item()
    refused = folded.refused.with_columns(_error_field=pl.lit(None, pl.String))
    return _Fold(
        rounds=last_round + 1,
        extra=folded.extra,
        members=groups,
        refused=refused.select(list(LATE_ERRORS_SCHEMA)),
    )


def _find_candidates(staging: Staging, plan: ProfilePlan, rows: int) -> pl.DataFrame:
    """`_pos`, `_representative` of all rows that share a hash, transitively: a group of them holds whole
    identity groups, nearly always just one."""
    hashes = rows * len(plan.identifier_columns)
    partitions = min(max(1, -(-hashes // _HASHES_PER_PARTITION)), MOST_PARTITIONS)
    with partitioned(staging.folder / "hashes", _read_hashes(staging, plan, partitions)) as paths:
        links = [link_rows(_find_repeated(path)) for path in paths]
    return group_links(pl.concat([pl.DataFrame(schema=LINKS_SCHEMA), *links]))


def _read_hashes(staging: Staging, plan: ProfilePlan, partitions: int) -> Iterator[pl.DataFrame]:
    """`_pos`, `value`, `_partition` of the hashes of all identifiers, part by part."""
    columns = hash_columns(plan)
    for part in staging.parts:
        rows = staging.read(part, POS, *columns)
        hashed = pl.concat(rows.select(POS, value=column) for column in columns).drop_nulls("value")
        yield hashed.with_columns(_partition=pl.col("value") % partitions)


def _find_repeated(path: Path) -> pl.DataFrame:
    """Those of `_pos`, `value` whose value stands more than once."""
    hashed = pl.read_ipc(path)
    return hashed.filter(pl.col("value").is_in(find_repeated(hashed["value"]).implode()))
