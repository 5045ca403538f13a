"""What a run has found unchanged: nothing of it was sent, and the store is to hold it all the same.

Its values are made anew from the staged rows: those of rows that were known by their hash are staged as they
were read, and what a person's rows come to is not kept.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from memory_import.columns import FILE, ID_TYPE, PAYLOAD, POS, REPRESENTATIVE, ROW, TRAIT, VALUE
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.compare.memory_matches import IN_STORE, KNOWN, STATE
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.staged import declared_plan
from memory_import.run.loads.person_partitions import in_winning_order
from memory_import.run.verify.sample import POPULATION, STRATUM, UNCHANGED
from memory_import.run.verify.sent import SentMemory, SentPerson
from memory_import.sources.frames import null_out
from memory_import.spec.model import ProfilesSpec
from memory_import.spec.plans import columns_used
from memory_import.transforms.identity.leaving_out import leave_out
from memory_import.transforms.identity.merging import MergedGroups, merge_groups
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import prepare_profiles

_AT_ONCE = 5_000  # persons whose rows are prepared together
_MADE = 0.0  # the time of a memory that was sent nobody knows when: whatever was changed was changed since


class UnchangedLoad:
    """What is unchanged of one load. `landed_at` (seconds since the epoch) is when the run had ended: by then
    all of it was in the store."""

    def __init__(self, run: RunContext, load: str, landed_at: float) -> None:
        self._run = run
        self._load = load
        self._staging = run.staging(load)
        self._landed_at = landed_at

    def population(self) -> pl.DataFrame:
        """Every row that is unchanged, as POPULATION: of persons of several rows the one that stands for
        them. Without memories that are to stay otherwise than the input has them."""
        found = self._list_persons() if self._load == PROFILES else self._list_memories()
        return found.select(POS, pl.lit(UNCHANGED).alias(STRATUM)).cast(POPULATION)  # type: ignore[arg-type]

    def _list_persons(self) -> pl.DataFrame:
        """`_pos`, `person`."""
        unchanged = self._staging.unchanged_persons.join(self._staging.members, on=POS)
        return unchanged.filter(pl.col(POS) == pl.col(REPRESENTATIVE)).select(POS, "person")

    def _list_memories(self) -> pl.DataFrame:
        """`_pos`, `profile`."""
        compared = self._staging.compared
        if compared is None:
            return pl.DataFrame(schema={POS: pl.Int64, "profile": pl.String})
        unchanged = compared.join(self._staging.unchanged, on=POS, how="semi", maintain_order="left")
        return unchanged.filter(pl.col(STATE).is_in([KNOWN, IN_STORE])).select(POS, "profile")

    def persons(self, wanted: pl.Series) -> Iterator[list[SentPerson]]:
        """Those of the wanted rows (`_pos`) that stand for an unchanged person, some at a time."""
        listed = self._list_persons().filter(pl.col(POS).is_in(wanted.implode()))
        record, spec = self._run.ledger.run(self._run.run_id), self._run.spec.profiles
        if listed.is_empty() or record is None or record.declared is None or spec is None:
            return
        plan = declared_plan(spec, record.declared)
        landed = self._find_landed(listed["person"])
        for persons in listed.iter_slices(_AT_ONCE):
            merged = _merge(self._staging, spec, plan, persons[POS])
            of_rows = dict(persons.iter_rows())
            yield [
                SentPerson(
                    pos=pos,
                    traits=traits,
                    identifiers=identifiers,
                    landed_at=landed.get(of_rows[pos], self._landed_at),
                )
                for pos, traits, identifiers in _list_profiles(merged, plan)
            ]

    def _find_landed(self, persons: pl.Series) -> Mapping[int, float]:
        """When the run was over that sent last of a person, by its number, of those who are known still."""
        try:
            table = self._run.known.persons()
        except KnownDamaged:
            return {}
        wanted = pl.col("person").is_in(persons.implode())
        sent = {row["person"]: row["run"] for part in table.scan("person", "run")
                for row in part.filter(wanted).iter_rows(named=True)}  # fmt: skip
        records = {run_id: self._run.ledger.run(run_id) for run_id in set(sent.values())}
        ended = {
            run_id: datetime.fromisoformat(record.finished_at).timestamp()
            for run_id, record in records.items()
            if record is not None and record.finished_at is not None
        }
        return {person: ended[run_id] for person, run_id in sent.items() if run_id in ended}

    def memories(self, wanted: pl.Series) -> Iterator[list[SentMemory]]:
        """Those of the wanted rows (`_pos`) that are unchanged memories, file by file."""
        listed = self._list_memories().filter(pl.col(POS).is_in(wanted.implode())).sort(POS)
        for rows in self._staging.pick(listed, lambda part, at: self._staging.read(part, PAYLOAD, at=at)):
            yield [
                SentMemory(
                    pos=pos,
                    profile_id=profile,
                    parts=tuple(json.loads(text) for text in texts),
                    landed_at=_MADE,
                    is_known=True,
                )
                for pos, profile, texts in rows.select(POS, "profile", PAYLOAD).iter_rows()
            ]


def _merge(staging: Staging, spec: ProfilesSpec, plan: ProfilePlan, wanted: pl.Series) -> MergedGroups:
    """What the rows of these persons come to, as if nothing were known of them."""
    members = staging.members.filter(pl.col(REPRESENTATIVE).is_in(wanted.implode()))
    used = columns_used(spec)
    rows, further = [], []
    for picked in staging.pick(members, lambda part, at: staging.read(part, FILE, ROW, *used, at=at)):
        read = null_out(picked.select(FILE, ROW, *used), spec.source.null_texts)
        prepared = prepare_profiles(read, plan)
        placed = picked.select(POS, REPRESENTATIVE)
        rows.append(placed.hstack(prepared.frame.drop(FILE, ROW, *used)))
        others = prepared.others.filter(pl.col(ID_TYPE).is_not_null())
        further.append(others.join(picked.select(ROW, POS), on=ROW).select(POS, TRAIT, ID_TYPE, VALUE))
    left_out = staging.left_out.select(POS, TRAIT, VALUE)
    kept, kept_further = leave_out(pl.concat(rows), pl.concat(further), left_out, plan)
    kept = in_winning_order(kept)
    return merge_groups(kept, plan, kept_further)


def _list_profiles(
    merged: MergedGroups, plan: ProfilePlan
) -> Iterator[tuple[int, dict[str, Any], tuple[tuple[str, str], ...]]]:
    """`_pos` of the row that stands for a person, the traits by path, and the identifiers."""
    identifiers: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for pos, id_type, value in merged.identifiers.sort(REPRESENTATIVE, ID_TYPE, VALUE).iter_rows():
        identifiers[pos].append((id_type, value))
    payloads = write_payloads(merged.profiles, plan)
    for pos, payload in zip(merged.profiles[REPRESENTATIVE], payloads, strict=True):
        groups = json.loads(payload)["traits"]
        traits = {f"{group}.{name}": value for group, of in groups.items() for name, value in of.items()}
        yield pos, traits, tuple(identifiers[pos])
