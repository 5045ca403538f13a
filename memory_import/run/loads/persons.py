"""Identity groups over a whole load, from its staged parts, in bounded memory."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from memory_import.columns import (
    EXCLUSION_WORDING,
    ID_TYPE,
    LATEST,
    POS,
    REPRESENTATIVE,
    ROUND,
    TRAIT,
    VALUE,
    Exclusion,
)
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
from memory_import.transforms.values.fates import find_superseded

_FURTHER = {TRAIT: pl.String, ID_TYPE: pl.String, VALUE: pl.String}
_HASHES_PER_PARTITION = 1_500_000
_ROWS_PER_FOLD = 20_000
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Grouping:
    """What grouping found: how many rounds there are to send, and how many further identifier values."""

    rounds: int
    extra_identifiers: int


def group_rows(staging: Staging, plan: ProfilePlan, rows: int, suppressed: pl.DataFrame) -> Grouping:
    """Find the rows that share an identifier value, fold them, and stage what is sent for them.

    People that have an identifier in `suppressed` (`id_type`, `value` String) are left out with all rows.
    """
    candidates = _find_candidates(staging, plan, rows, suppressed)
    numbered = assign_partitions(candidates, REPRESENTATIVE, pl.len(), fits=_ROWS_PER_FOLD).drop(
        REPRESENTATIVE
    )
    picked = staging.pick(numbered, partial(_read_rows, staging, plan))
    del candidates, numbered  # the folds hold all of it
    with partitioned(staging.folder / "folds", picked) as folds, ThreadPoolExecutor(_WORKERS) as workers:
        folded = list(workers.map(partial(_fold, staging, plan, suppressed), range(len(folds)), folds))
    members = pl.concat([pl.DataFrame(schema=MEMBERS_SCHEMA), *(fold.members for fold in folded)])
    excess = pl.concat([pl.DataFrame(schema=LATE_ERRORS_SCHEMA), *(fold.refused for fold in folded)])
    staging.write_members(members=members, excess=excess)
    staging.write_superseded(pl.concat([_nothing_superseded(plan), *(fold.superseded for fold in folded)]))
    return Grouping(
        rounds=max((fold.rounds for fold in folded), default=1),
        extra_identifiers=sum(fold.extra for fold in folded),
    )


@dataclass(frozen=True, slots=True)
class _Fold:
    """What is known of a fold once its entries are staged; `members` as MEMBERS_SCHEMA, `refused` as
    LATE_ERRORS_SCHEMA, `superseded` as `find_superseded` gives it."""

    rounds: int
    extra: int
    members: pl.DataFrame
    refused: pl.DataFrame
    superseded: pl.DataFrame


def _read_rows(staging: Staging, plan: ProfilePlan, part: str) -> pl.DataFrame:
    """The values of the rows of a part, and `_further`: List of Struct of `_FURTHER`."""
    values = read_values(staging, plan, part)
    further = staging.further_identifiers(part).group_by(POS).agg(_further=pl.struct(*_FURTHER))
    rows = pl.DataFrame({POS: staging.positions[part]}, schema={POS: pl.Int64})
    listed = rows.join(further, on=POS, how="left", maintain_order="left")
    moments = [staging.read(part, LATEST)] if LATEST in staging.columns(part) else []
    rows = values.hstack([listed["_further"].cast(pl.List(pl.Struct(_FURTHER)))])
    return pl.concat([rows, *moments], how="horizontal")


def _in_winning_order(members: pl.DataFrame) -> pl.DataFrame:
    """Rows, later ones last, so that of each person the row that was changed last wins; a row that does not
    say when it was changed never wins against one that does."""
    return members.sort(LATEST, POS, nulls_last=False) if LATEST in members.columns else members.sort(POS)


def _nothing_superseded(plan: ProfilePlan) -> pl.DataFrame:
    return pl.DataFrame(schema={POS: pl.Int64, **dict.fromkeys((t.path for t in plan.traits), pl.Boolean)})


def _fold(staging: Staging, plan: ProfilePlan, suppressed: pl.DataFrame, number: int, path: Path) -> _Fold:
    """Find and fold the groups among rows of which no other row can be a member."""
    rows = pl.read_ipc(path)
    rows = rows.hstack(identify(rows, plan))
    further = rows.select(POS, "_further").drop_nulls().explode("_further").unnest("_further")
    identifiers = list_identifiers(rows, plan, further)
    named = identifiers.join(
        suppressed.select(value=pl.format("{}:{}", "id_type", "value")), on="value", how="semi"
    )
    groups = _with_singles(group_links(link_rows(identifiers)), pl.concat([further[POS], named[POS]]))
    left_out = groups.join(groups.join(named, on=POS, how="semi"), on=REPRESENTATIVE, how="semi")
    members = groups.join(left_out, on=POS, how="anti").join(
        rows.drop("_further"), on=POS, maintain_order="left"
    )
    members = _in_winning_order(members)
    folded = fold_groups(members, plan, further)
    staging.write_folded(number, folded.entries)
    last_round = folded.entries.select(pl.col(ROUND).max().fill_null(0)).item()
    refused = pl.concat([folded.refused, _exclude(left_out)]).with_columns(
        _error_field=pl.lit(None, pl.String)
    )
    return _Fold(
        rounds=last_round + 1,
        extra=folded.extra,
        members=groups,
        refused=refused.select(list(LATE_ERRORS_SCHEMA)),
        superseded=find_superseded(members, plan),
    )


def _exclude(rows: pl.DataFrame) -> pl.DataFrame:
    """`_pos` and errors of the rows of people who are suppressed."""
    code = Exclusion.SUPPRESS
    return rows.select(
        POS, _error_code=pl.lit(code.value), _error_message=pl.lit(EXCLUSION_WORDING[code])
    ).sort(POS)


def _find_candidates(
    staging: Staging, plan: ProfilePlan, rows: int, suppressed: pl.DataFrame
) -> pl.DataFrame:
    """`_pos`, `_representative` of all rows that share a hash, transitively: a group of them holds whole
    identity groups, nearly always just one. Rows that share one with a suppressed value are among them."""
    hashes = rows * len(plan.identifier_columns)
    partitions = min(max(1, -(-hashes // _HASHES_PER_PARTITION)), MOST_PARTITIONS)
    with partitioned(staging.folder / "hashes", _read_hashes(staging, plan, partitions)) as paths:
        links = [link_rows(_find_repeated(path)) for path in paths]
    further = [staging.further_identifiers(part)[POS] for part in staging.parts]
    further += _find_suppressed(staging, plan, suppressed)
    return _with_singles(
        group_links(pl.concat([pl.DataFrame(schema=LINKS_SCHEMA), *links])), pl.concat(further)
    )


def _find_suppressed(staging: Staging, plan: ProfilePlan, suppressed: pl.DataFrame) -> list[pl.Series]:
    """The positions of rows that share a hash with a suppressed value."""
    if suppressed.is_empty():
        return []
    hashes = suppressed.select(pl.col("value").hash())["value"].implode()
    return [rows.filter(pl.col("value").is_in(hashes))[POS] for rows in _read_hashes(staging, plan, 1)]


def _with_singles(groups: pl.DataFrame, positions: pl.Series) -> pl.DataFrame:
    """The groups, and one for each row at these positions that is in none: it is sent in rounds, too."""
    alone = positions.unique().rename(POS).to_frame().join(groups, on=POS, how="anti")
    return pl.concat([groups, alone.with_columns(_representative=POS)]).sort(POS)


def _read_hashes(staging: Staging, plan: ProfilePlan, partitions: int) -> Iterator[pl.DataFrame]:
    """`_pos`, `value`, `_partition` of the hashes of all identifiers, part by part."""
    columns = hash_columns(plan)
    for part in staging.parts:
        rows = staging.read(part, POS, *columns)
        own = pl.concat(rows.select(POS, value=column) for column in columns).drop_nulls("value")
        further = staging.further_identifiers(part).select(POS, value=pl.col("value").hash())
        hashed = pl.concat([own, further])
        yield hashed.with_columns(_partition=pl.col("value") % partitions)


def _find_repeated(path: Path) -> pl.DataFrame:
    """Those of `_pos`, `value` whose value stands more than once."""
    hashed = pl.read_ipc(path)
    return hashed.filter(pl.col("value").is_in(find_repeated(hashed["value"]).implode()))
