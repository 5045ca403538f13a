"""The persons of a whole load, from its staged parts, in bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path

import polars as pl

from memory_import.columns import LATEST, PARTITION, POS, REPRESENTATIVE, ROUND, VALUE
from memory_import.ledger.staging.layout import (
    CLAIMS_SCHEMA,
    CONFLICTS_SCHEMA,
    LATE_ERRORS_SCHEMA,
    LEFT_OUT_SCHEMA,
    PRESENT_SCHEMA,
    SHARED_SCHEMA,
    UNSENT_SCHEMA,
)
from memory_import.ledger.staging.partitions import MOST_PARTITIONS, assign_partitions, partitioned
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.edits.noticed import Noticed
from memory_import.run.loads.known_persons.lookup import FoundPeople, Known
from memory_import.run.loads.known_persons.people import CLAIMANT, KnownPeople
from memory_import.run.loads.known_persons.skipped import NOTHING_SKIPPED, SkippedRows
from memory_import.run.loads.person_partitions import (
    FURTHER_SCHEMA,
    FoundPersons,
    find_and_merge,
)
from memory_import.run.loads.person_rules import PersonRules
from memory_import.run.loads.stored_values import read_values
from memory_import.transforms.alignment import gather_lists
from memory_import.transforms.identity.components import LINKS_SCHEMA, find_components, link_equals
from memory_import.transforms.identity.groups import (
    BLOCKED_HASH,
    find_repeated,
    hash_columns,
)
from memory_import.transforms.plan import ProfilePlan

_HASHES_PER_PARTITION = 3_000_000
_ROWS_PER_PARTITION = 90_000  # a partition costs as much in itself as 15,000 rows do
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Grouping:
    """What grouping found: how many rounds there are to send, how many further identifier values, of how many
    people the rows disagree in a value while nothing but their order decides, and how many known people are
    one person with an earlier one; the changes made to rows that were prepared after all, by code; `possible`
    (`person`): the known people without rows of whom nobody can say that they are gone."""

    rounds: int
    extra_identifiers: int
    disagreeing: int = 0
    absorbed: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    possible: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PRESENT_SCHEMA), compare=False)


NOBODY_KNOWN = Known()


FindPeople = Callable[[], FoundPeople]


def _skip_nothing(find: FindPeople) -> tuple[SkippedRows, FoundPeople]:
    return NOTHING_SKIPPED, find()


def group_rows(
    staging: Staging,
    plan: ProfilePlan,
    rows: int,
    rules: PersonRules,
    known: Known = NOBODY_KNOWN,
    settle: Callable[[FindPeople], tuple[SkippedRows, FoundPeople]] = _skip_nothing,
) -> Grouping:
    """Find the persons of a load, merge the rows of each, and stage what is sent for them.

    Rows that share no value with another, and have nothing to leave out, are persons of their own and stay in
    their parts. People that have a suppressed identifier are left out with all rows. `settle` says which rows
    stay as they are, given what finds the known people of all others.
    """
    skipped, found_people = settle(partial(_find_known, staging, plan, known, rules.suppressed))
    candidates = _find_candidates(staging, plan, rows, rules, found_people)
    numbered = assign_partitions(
        candidates.filter(pl.col(POS) >= 0), REPRESENTATIVE, pl.len(), fits=_ROWS_PER_PARTITION
    )
    claimants = candidates.filter(pl.col(POS) < 0)
    of_groups = numbered.join(claimants, on=REPRESENTATIVE, how="semi")
    claimants = claimants.join(of_groups.select(REPRESENTATIVE, PARTITION).unique(), on=REPRESENTATIVE)
    picked = staging.pick(numbered.drop(REPRESENTATIVE), partial(_read_rows, staging, plan))
    laid_out = known.lay_out(found_people, claimants.select(pl.col(POS).alias(CLAIMANT), PARTITION))
    del candidates, numbered  # the partitions hold all of it
    with (
        partitioned(staging.folder / "partitions", picked) as partitions,
        partitioned(staging.folder / "known", laid_out) as people,
        ThreadPoolExecutor(_WORKERS) as workers,
    ):
        of_partition = {path.name: path for path in people}
        people_of = partial(known.people, found=found_people)
        merge = partial(_merge, staging, plan, rules, people_of, of_partition)
        found = list(workers.map(merge, range(len(partitions)), partitions))
    by_partition = [one for one, _ in found]
    _stage(staging, plan, by_partition, skipped)
    _stage_claims(staging, by_partition, found_people)
    return Grouping(
        rounds=max((rounds for _, rounds in found), default=1),
        extra_identifiers=sum(one.extra for one in by_partition),
        disagreeing=sum(one.disagreeing for one in by_partition),
        absorbed=sum(one.absorbed for one in by_partition),
        changes=skipped.changes,
        possible=pl.concat([pl.DataFrame(schema=PRESENT_SCHEMA), *(one.possible for one in by_partition)]),
    )


def _merge(
    staging: Staging,
    plan: ProfilePlan,
    rules: PersonRules,
    people_of: Callable[[pl.DataFrame], KnownPeople],
    people: Mapping[str, Path],
    number: int,
    path: Path,
) -> tuple[FoundPersons, int]:
    """What is found in a partition, its entries staged; and how many rounds it takes to send them. `people`:
    the files of known people, by the names of the partitions' own."""
    here = people_of(pl.read_ipc(people[path.name])) if path.name in people else KnownPeople()
    persons, entries = find_and_merge(path, plan, rules, here)
    staging.write_merged(number, entries)
    staging.write_persons(number, persons.persons)
    kept = replace(persons, persons=persons.persons.clear())
    return kept, entries.select(pl.col(ROUND).max().fill_null(0)).item() + 1


def _stage(staging: Staging, plan: ProfilePlan, found: list[FoundPersons], skipped: SkippedRows) -> None:
    nothing = {POS: pl.Int64, **dict.fromkeys((t.path for t in plan.traits), pl.Boolean)}
    staging.write_members(
        members=pl.concat([skipped.members, *(one.members for one in found)]),
        late_rejects=pl.concat([pl.DataFrame(schema=LATE_ERRORS_SCHEMA), *(one.refused for one in found)]),
    )
    staging.write_superseded(pl.concat([pl.DataFrame(schema=nothing), *(one.superseded for one in found)]))
    staging.write_left_out(
        pl.concat([pl.DataFrame(schema=LEFT_OUT_SCHEMA), *(one.left_out for one in found)])
    )
    staging.write_shared(
        shared=pl.concat([pl.DataFrame(schema=SHARED_SCHEMA), *(one.shared for one in found)]),
        conflicts=pl.concat([pl.DataFrame(schema=CONFLICTS_SCHEMA), *(one.conflicts for one in found)]),
    )
    noticed = [one.noticed for one in found]
    if former := [one.former for one in noticed if one.former.height]:
        staging.write_former(pl.concat(former))
    staging.write_emptied(pl.concat([Noticed().emptied, *(one.emptied for one in noticed)]))
    staging.write_holdings(pl.concat([Noticed().holdings, *(one.holdings for one in noticed)]))
    staging.write_continued(
        unchanged=pl.concat([skipped.persons, *(one.unchanged for one in found)]),
        unsent=pl.concat([pl.DataFrame(schema=UNSENT_SCHEMA), *(one.unsent for one in found)]),
        present=pl.concat([skipped.present, *(one.present for one in found)]),
    )


def _stage_claims(staging: Staging, found: list[FoundPersons], known: FoundPeople) -> None:
    """A value is in one partition only, so that nobody is listed twice."""
    claims = pl.concat([pl.DataFrame(schema=CLAIMS_SCHEMA), *(one.claims for one in found)])
    withdrawn = pl.concat([known.past.withdrawn, *(one.withdrawn for one in found)])
    if claims.height or withdrawn.height:
        staging.write_claims(claims, withdrawn)


def _read_rows(staging: Staging, plan: ProfilePlan, part: str, at: pl.Series) -> pl.DataFrame:
    """The values of the rows at some places of a part; `_further`: List of Struct of FURTHER_SCHEMA."""
    values = read_values(staging, plan, part, at)
    moments = [staging.read(part, LATEST, at=at)] if LATEST in staging.columns(part) else []
    return pl.concat([values, _list_further(staging, part, at).to_frame(), *moments], how="horizontal")


def _list_further(staging: Staging, part: str, at: pl.Series) -> pl.Series:
    """`_further`: List of Struct of FURTHER_SCHEMA of the rows at some places of a part, in ascending order;
    null without any."""
    dtype = pl.List(pl.Struct(FURTHER_SCHEMA))
    further = staging.further_identifiers(part)
    if further.is_empty():
        return pl.repeat(None, len(at), dtype=dtype, eager=True).alias("_further")
    rows = pl.DataFrame({POS: at + staging.positions[part].start}, schema={POS: pl.Int64})
    found = further.join(rows.with_row_index("at"), on=POS, maintain_order="left")
    pairs = found.select(pl.struct(*FURTHER_SCHEMA).alias("_further"))["_further"]
    lists = gather_lists(found["at"], pairs, len(at)).cast(dtype).to_frame()
    return lists.select(pl.when(pl.col("_further").list.len() > 0).then("_further")).to_series()


def _find_known(staging: Staging, plan: ProfilePlan, known: Known, suppressed: pl.DataFrame) -> FoundPeople:
    """The known people that hold a value of some row, or a suppressed one (`id_type`, `value`)."""
    if known.is_empty:
        return FoundPeople()
    values = [_list_hashes(staging, plan, part)["value"] for part in staging.parts]
    return known.find(pl.concat([suppressed.select(pl.col(VALUE).hash())[VALUE], *values]))


def _find_candidates(
    staging: Staging, plan: ProfilePlan, rows: int, rules: PersonRules, known: FoundPeople
) -> pl.DataFrame:
    """`_pos`, `_representative` of all rows that share a hash, transitively: a group of them holds whole
    persons, nearly always just one. Rows that share one with a known person or a suppressed value, have a
    blocked one or further ones are among them; so are known people, as numbers below 0. `_may_be_blocked`:
    whether a value of the row may be one that identifies nobody."""
    suppressed = rules.suppressed.select(pl.col(VALUE).hash())[VALUE]
    marks = pl.concat([suppressed, pl.Series([BLOCKED_HASH], dtype=pl.UInt64)])
    hashes = rows * len(plan.identifier_columns)
    found = [_link_rows(hashed, marks) for hashed in _read_hashes(staging, plan, hashes, known)]
    links = pl.concat([pl.DataFrame(schema=LINKS_SCHEMA), *(links for links, _ in found)])
    groups = find_components(links).rename({"node": POS, "root": REPRESENTATIVE})
    alone = [staging.further_identifiers(part)[POS] for part in staging.parts]
    alone += [marked for _, marked in found]
    return _with_singles(groups, pl.concat([pl.Series(POS, dtype=pl.Int64), *alone]))


def _link_rows(hashed: pl.DataFrame, marks: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Links of those of `_pos`, `value` that share a hash and may be a person, and `_pos` of those that have
    one of these hashes, of values that are blocked or suppressed."""
    marked = hashed.filter(pl.col(VALUE).is_in(marks.implode()))[POS]
    repeated = find_repeated(hashed[VALUE])
    repeated = repeated.filter(repeated != BLOCKED_HASH)
    return link_equals(hashed.filter(pl.col(VALUE).is_in(repeated.implode())), POS, VALUE), marked


def _with_singles(groups: pl.DataFrame, marked: pl.Series) -> pl.DataFrame:
    """The groups, and one for each of the marked positions that is in none, with `_may_be_blocked`."""
    alone = marked.unique().to_frame(POS).join(groups, on=POS, how="anti")
    candidates = pl.concat([groups, alone.with_columns(_representative=POS)]).sort(POS)
    return candidates.with_columns(_may_be_blocked=pl.col(POS).is_in(marked.implode()))


def _read_hashes(
    staging: Staging, plan: ProfilePlan, hashes: int, known: FoundPeople
) -> Iterator[pl.DataFrame]:
    """`_pos`, `value` of the hashes of all identifiers (at most so many), those of known people with their
    numbers below 0; of many some at a time, equal ones together."""
    of_known = known.links.rename({CLAIMANT: POS})
    listed = chain([of_known], (_list_hashes(staging, plan, part) for part in staging.parts))
    partitions = min(-(-hashes // _HASHES_PER_PARTITION), MOST_PARTITIONS)
    if partitions <= 1:
        yield pl.concat(listed)
        return
    numbered = (hashed.with_columns(_partition=pl.col(VALUE) % partitions) for hashed in listed)
    with partitioned(staging.folder / "hashes", numbered) as paths:
        yield from map(pl.read_ipc, paths)


def _list_hashes(staging: Staging, plan: ProfilePlan, part: str) -> pl.DataFrame:
    """`_pos`, `value` of the hashes of all identifiers of a part."""
    columns = hash_columns(plan)
    rows = staging.cells(part, POS, *columns)
    own = pl.concat(rows.select(POS, value=column) for column in columns).drop_nulls("value")
    further = staging.further_identifiers(part).select(POS, value=pl.col("value").hash())
    return pl.concat([own, further])
