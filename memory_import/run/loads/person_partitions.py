"""One partition of a load: rows of which no other row can be a member of the same person, merged."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from memory_import.columns import (
    CODE,
    EXCLUSION_WORDING,
    ID_TYPE,
    LATEST,
    POS,
    REPRESENTATIVE,
    TRAIT,
    VALUE,
    Exclusion,
    schema,
)
from memory_import.ledger.staging.layout import LATE_ERRORS_SCHEMA, LEFT_OUT_SCHEMA, MEMBERS_SCHEMA
from memory_import.run.loads.edits.noticed import Noticed, notice
from memory_import.run.loads.found_persons import find_among_rows, find_suppressed
from memory_import.run.loads.known_persons.conflicts import list_conflicts
from memory_import.run.loads.known_persons.people import KnownPeople
from memory_import.run.loads.known_persons.staged import list_groups
from memory_import.run.loads.person_rules import PersonRules
from memory_import.transforms.codes import WORDING, Reason
from memory_import.transforms.identity.groups import list_identifiers
from memory_import.transforms.identity.leaving_out import leave_out
from memory_import.transforms.identity.merging import merge_groups
from memory_import.transforms.identity.persons import PersonPolicy
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import identify
from memory_import.transforms.values.fates import find_superseded

FURTHER_SCHEMA = schema(TRAIT, ID_TYPE, VALUE)
_WHY_LEFT_OUT = {
    Reason.IDENTIFIER_SHARED.value: "of too many people",
    Reason.IDENTIFIER_CONTESTED.value: "claimed under different names",
    Reason.IDENTIFIER_BLOCKED.value: "blocked",
}


@dataclass(frozen=True, kw_only=True)
class FoundPersons:
    """What was found in a partition.

    `extra`: how many further identifiers are sent. `members` as MEMBERS_SCHEMA, `refused` as
    LATE_ERRORS_SCHEMA, `left_out` as LEFT_OUT_SCHEMA, `superseded` as `find_superseded` gives it. `shared`,
    `conflicts`: as they are staged.
    `disagreeing`: of how many people who are sent the order of the file decides. `persons`: STAGED and
    values. `unchanged` (`_pos`, `person`), `unsent` (UNSENT_SCHEMA): what is known and not sent. `present`:
    the known people that have rows; `absorbed`: how many of them are one person with an earlier one.
    `claims` (CLAIMS_SCHEMA): who claims a value that nobody got; `withdrawn`: the earlier claims that these
    take the place of. `noticed`: what known people do not state any more.
    `possible` (`person`): the known people without rows of whom nobody can say that they are gone.
    """

    extra: int
    members: pl.DataFrame
    refused: pl.DataFrame
    left_out: pl.DataFrame
    superseded: pl.DataFrame
    shared: pl.DataFrame
    conflicts: pl.DataFrame
    disagreeing: int
    persons: pl.DataFrame
    unchanged: pl.DataFrame
    unsent: pl.DataFrame
    present: pl.DataFrame
    absorbed: int
    claims: pl.DataFrame
    withdrawn: pl.DataFrame
    noticed: Noticed
    possible: pl.DataFrame


def find_and_merge(
    path: Path, plan: ProfilePlan, rules: PersonRules, known: KnownPeople
) -> tuple[FoundPersons, pl.DataFrame]:
    """Find the persons among the rows of a file, leave out what is not theirs to send, and merge them; with
    the entries that are sent for them.

    The file has `_pos`, the values, `_further`: List of Struct of FURTHER_SCHEMA, and `_may_be_blocked`
    (Boolean): whether a value of the row may be one that identifies nobody.
    """
    rows = pl.read_ipc(path)
    rows = rows.hstack(identify(rows, plan))
    further = rows.select(POS, "_further").drop_nulls().explode("_further").unnest("_further")
    rows = rows.drop("_further")
    claimed = list_identifiers(rows, plan, further)
    found = find_among_rows(rows, claimed, plan, rules, known)
    excluded = find_suppressed(claimed, found, rules, known)
    left_out = found.left_out.filter(~pl.col(POS).is_in(excluded.implode()))
    kept_rows, kept_further = leave_out(rows, further, left_out, plan)
    identified = list_identifiers(kept_rows, plan, kept_further)[POS]
    contested, nobody = _find_rejected(found.persons, left_out, identified, excluded, rules.policy)
    persons = found.persons.filter(~pl.col(POS).is_in(pl.concat([excluded, contested, nobody]).implode()))
    # A person is its largest row, unless that one is rejected.
    is_whole = persons.height == found.persons.height
    largest = pl.col("person") if is_whole else pl.col(POS).max().over("person")
    persons = persons.select(POS, "person", largest.alias(REPRESENTATIVE))
    continued = (
        found.continued.join(_list_representatives(persons, found.continued), on="person")
        .drop("person")
        .join(known.rows, on="claimant")
    )
    touched = pl.concat([left_out[POS], further[POS]]).implode()
    is_continued = pl.col(REPRESENTATIVE).is_in(continued[REPRESENTATIVE].implode())
    members = persons.select(POS, REPRESENTATIVE).filter(
        pl.col(POS).is_in(touched) | pl.col(REPRESENTATIVE).is_duplicated() | is_continued
    )
    placed = kept_rows.select(POS).join(members, on=POS, how="left", maintain_order="left")
    sent = kept_rows.with_columns(placed[REPRESENTATIVE]).drop_nulls(REPRESENTATIVE)
    sent = in_winning_order(sent)
    several = sent.filter(pl.col(REPRESENTATIVE).is_duplicated())
    merged = merge_groups(sent, plan, kept_further, known.profiles(continued, plan))
    refused = [_exclude(excluded), _reject(contested, left_out, Reason.IDENTIFIER_CONTESTED)]
    refused += [_reject(nobody, left_out, Reason.ONLY_SHARED_IDENTIFIERS), merged.refused]
    untied = merged.untied.with_columns(pl.lit(Reason.IDENTIFIER_UNTIED.value).alias(CODE))
    left_out = pl.concat([left_out.select(list(LEFT_OUT_SCHEMA)), untied.select(list(LEFT_OUT_SCHEMA))])
    apart = pl.concat([excluded, contested, nobody]).to_frame(POS).with_columns(_representative=POS)
    late_errors = pl.concat(refused).with_columns(_error_field=pl.lit(None, pl.String))
    groups = list_groups(sent, merged, continued, plan)
    result = FoundPersons(
        extra=merged.extra,
        members=pl.concat([members, apart]).select(list(MEMBERS_SCHEMA)),
        refused=late_errors.select(list(LATE_ERRORS_SCHEMA)),
        left_out=left_out,
        superseded=find_superseded(several, plan),
        shared=found.values.filter(pl.col("verdict") == "shared").select(ID_TYPE, VALUE, "rows", "people"),
        conflicts=list_conflicts(rows, claimed, found, known, plan),
        disagreeing=_count_disagreeing(several.join(merged.unchanged, on=REPRESENTATIVE, how="anti"), plan),
        persons=groups,
        absorbed=int(groups["absorbed"].list.len().sum()),
        unchanged=members.join(merged.unchanged, on=REPRESENTATIVE)
        .join(continued.drop_nulls("person").select(REPRESENTATIVE, "person"), on=REPRESENTATIVE)
        .select(POS, "person"),
        unsent=merged.unsent,
        present=known.rows.join(found.continued, on="claimant", how="semi").select("person").drop_nulls(),
        claims=found.claims,
        withdrawn=_find_withdrawn(known, claimed),
        possible=known.rows.filter(pl.col("claimant").is_in(found.possible.implode()))
        .select("person")
        .drop_nulls(),
        noticed=notice(
            merged,
            continued,
            _list_stated(claimed, persons, continued),
            plan,
            clears=rules.clears,
            replaces=rules.replaces,
        ),
    )
    return result, merged.entries


def _list_representatives(persons: pl.DataFrame, continued: pl.DataFrame) -> pl.DataFrame:
    """`person`, `_representative` of the people who are `continued` (`person`)."""
    of_continued = persons.join(continued, on="person", how="semi")
    return of_continued.select("person", REPRESENTATIVE).unique()


def _find_withdrawn(known: KnownPeople, claimed: pl.DataFrame) -> pl.DataFrame:
    """`claim`: the earlier claims on values that are claimed again."""
    if known.past.is_empty():
        return known.past.select("claim")
    return known.past.join(claimed, on=[ID_TYPE, VALUE], how="semi").select("claim")


def _list_stated(claimed: pl.DataFrame, persons: pl.DataFrame, continued: pl.DataFrame) -> pl.DataFrame:
    """`_representative`, `id_type`, `value` of all that the rows of known people state."""
    of_known = persons.join(continued, on=REPRESENTATIVE, how="semi")
    return claimed.join(of_known, on=POS).select(REPRESENTATIVE, ID_TYPE, VALUE)


def _find_rejected(
    persons: pl.DataFrame,
    left_out: pl.DataFrame,
    identified: pl.Series,
    excluded: pl.Series,
    policy: PersonPolicy,
) -> tuple[pl.Series, pl.Series]:
    """`_pos` of rows that are rejected for a value that people claim who disagree, where the spec wants that,
    and of those of people whom no value identifies any more."""
    here = persons.filter(~pl.col(POS).is_in(excluded.implode()))
    contested = left_out.filter(pl.col(CODE) == Reason.IDENTIFIER_CONTESTED)[POS].unique()
    if policy.on_conflict != "reject":
        contested = contested.clear()
    here = here.filter(~pl.col(POS).is_in(contested.implode()))
    of_anybody = here.filter(pl.col(POS).is_in(identified.implode()))["person"].implode()
    return contested, here.filter(~pl.col("person").is_in(of_anybody))[POS]


def in_winning_order(members: pl.DataFrame) -> pl.DataFrame:
    """Rows, later ones last, so that of each person the row that was changed last wins; a row that does not
    say when it was changed never wins against one that does."""
    if LATEST in members.columns:
        return members.sort(LATEST, POS, nulls_last=False)
    return members if members[POS].is_sorted() else members.sort(POS)


def _exclude(positions: pl.Series) -> pl.DataFrame:
    """`_pos` and errors of the rows of people who are suppressed."""
    code = Exclusion.SUPPRESS
    return positions.to_frame(POS).select(
        POS, _error_code=pl.lit(code.value), _error_message=pl.lit(EXCLUSION_WORDING[code])
    )


def _reject(positions: pl.Series, left_out: pl.DataFrame, code: Reason) -> pl.DataFrame:
    """`_pos` and errors of rows; the message names the values that were left out of each, and why."""
    of_rejected = left_out.filter(pl.col(POS).is_in(positions.implode()))
    said = pl.format("{} {} ({})", ID_TYPE, VALUE, pl.col(CODE).replace_strict(_WHY_LEFT_OUT, default=""))
    values = of_rejected.group_by(POS).agg(said.unique().sort().str.join(", ").alias(VALUE))
    message = pl.format("{}: {}", pl.lit(WORDING[code]), VALUE)
    return (
        positions.to_frame(POS)
        .join(values, on=POS, how="left")
        .select(POS, _error_code=pl.lit(code.value), _error_message=message)
    )


def _count_disagreeing(several: pl.DataFrame, plan: ProfilePlan) -> int:
    """Of how many people of several rows these state different values of a trait, and none says when it was
    changed."""
    if plan.latest is not None:
        return 0
    columns = [trait.value_column for trait in plan.traits]
    last = several.group_by(REPRESENTATIVE).agg(pl.col(columns).last(ignore_nulls=True))
    places = last.select(REPRESENTATIVE).with_row_index("place")
    at = several.select(REPRESENTATIVE).join(places, on=REPRESENTATIVE, maintain_order="left")["place"]
    differs = pl.any_horizontal(pl.lit(several[column] != last[column][at]) for column in columns)
    return several.filter(differs)[REPRESENTATIVE].n_unique()
