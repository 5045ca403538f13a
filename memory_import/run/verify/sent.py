"""What a run has sent and the service has taken, from the staged rows: persons and memories."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from memory_import.columns import (
    IS_FINAL,
    PAYLOAD,
    POS,
    PROFILE_ID,
    REPRESENTATIVE,
    ROUND,
)
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.outcomes import DELIVERED, outcome_of
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.stored_values import read_values
from memory_import.run.verify.sample import POPULATION, STRATUM
from memory_import.spec.plans import profile_plan
from memory_import.transforms.payloads import write_payloads
from memory_import.transforms.plan import ProfilePlan

_BATCHES = {"start": pl.UInt32, "stop": pl.UInt32, "part": pl.String, "landed": pl.Boolean}
_KINDS = {"is_split": pl.Boolean, "is_last": pl.Boolean}


@dataclass(frozen=True, slots=True)
class SentPerson:
    """What a profile is to hold: `traits` by `Group.trait`, and (type, value) of identifiers, in order.

    `landed_at`, in seconds since the epoch by our clock: what changed later was changed by somebody else.
    """

    pos: int
    traits: Mapping[str, Any]
    identifiers: tuple[tuple[str, str], ...]
    landed_at: float


@dataclass(frozen=True, slots=True)
class SentMemory:
    """A memory of a row: the profile that it was sent to, and each part of it as it was sent.

    `landed_at` as in `SentPerson`. `is_known`: an earlier run has sent it, and its content, time and
    conversation of origin are known, no more.
    """

    pos: int
    profile_id: str
    parts: tuple[Mapping[str, Any], ...]
    landed_at: float
    is_known: bool = False


class SentLoad:
    """What landed of one load, by `landed_at`, when the run had ended."""

    def __init__(self, run: RunContext, load: str, landed_at: float) -> None:
        self._landed_at = landed_at
        record = run.ledger.load(run.run_id, load)
        self._id_types = {} if record is None else dict(record.identifiers)
        self._staging = run.staging(load)
        self._plan = (
            profile_plan(run.spec.profiles, identifiers=())
            if load == PROFILES and run.spec.profiles is not None
            else None
        )
        states = [state for state in BatchState if state is not BatchState.SPLIT]
        batches = run.ledger.batches(run.run_id, load, states=states)
        last = max((batch.id for batch in batches if outcome_of(batch).value in DELIVERED), default=None)
        self._batches = pl.DataFrame(
            [
                {
                    "start": batch.start,
                    "stop": batch.stop,
                    "part": batch.part,
                    "landed": outcome_of(batch).value in DELIVERED,
                    "is_split": batch.parent_id is not None,
                    "is_last": batch.id == last,
                }
                for batch in batches
            ],
            schema={**_BATCHES, **_KINDS},
        )

    def population(self) -> pl.DataFrame:
        """Every row that landed, as POPULATION: of persons of several rows the one that stands for them."""
        found = [pl.DataFrame(schema=POPULATION)]
        several, known = self._list_several(), self._list_known()
        for part in self._parts:
            landed = self._landed(part)
            final = landed.filter(IS_FINAL) if self._plan is not None else _whole(landed)
            is_update = part in self._staging.update_parts
            stratum = (
                pl.when(pl.lit(is_update) | pl.col(POS).is_in(known.implode()))
                .then(pl.lit("changed"))
                .when(pl.col(POS).is_in(several.implode()))
                .then(pl.lit("merged"))
                .when("is_split")
                .then(pl.lit("split"))
                .when("is_last")
                .then(pl.lit("last"))
                .otherwise(pl.lit(""))
            )
            found.append(final.select(POS, stratum.alias(STRATUM)))
        return pl.concat(found).unique(POS, keep="first", maintain_order=True)

    def _list_several(self) -> pl.Series:
        """`_pos` of the rows that stand for several."""
        return self._staging.members.filter(pl.col(POS) != pl.col(REPRESENTATIVE))[REPRESENTATIVE].unique()

    def _list_known(self) -> pl.Series:
        """`_pos` of the rows that stand for people who were known before."""
        read = self._staging.read
        listed = (read(part, POS, "person").drop_nulls()[POS] for part in self._staging.person_parts)
        return pl.concat([pl.Series(POS, dtype=pl.Int64), *listed])

    @property
    def _parts(self) -> tuple[str, ...]:
        staging = self._staging
        if self._plan is not None:
            return (*staging.merged_parts, *staging.parts)
        return (*staging.sorted_parts, *staging.update_parts)

    def _landed(self, part: str) -> pl.DataFrame:
        """`index`, `_pos` (of the row that stands for the person), `_is_final`, `landed` and the kinds of the
        entries of one file."""
        of_part = self._batches.filter(pl.col("part") == part).sort("start").drop("part")
        entries = self._staging.entries(part).with_row_index("index")
        known = entries.join_asof(of_part, left_on="index", right_on="start", strategy="backward")
        inside = (pl.col("index") < pl.col("stop")).fill_null(value=False)
        frame = known.with_columns(landed=inside & pl.col("landed")).select(
            "index", POS, IS_FINAL, "landed", *_KINDS
        )
        if self._plan is None:
            return frame
        stands = frame.join(self._staging.members, on=POS, how="left", maintain_order="left")
        kept = stands.with_columns(pl.coalesce(REPRESENTATIVE, POS).alias(POS)).drop(REPRESENTATIVE)
        return kept.filter("landed")

    def persons(self, wanted: pl.Series) -> Iterator[list[SentPerson]]:
        """Those of the wanted rows (`_pos`) that were sent as profiles, file by file."""
        assert self._plan is not None  # noqa: S101 - asked of profiles alone
        for part in self._parts:
            entries = self._landed(part).filter(pl.col(POS).is_in(wanted.implode()))
            if not entries.is_empty():
                payloads = _read_payloads(self._staging, self._plan, part, entries)
                texts = payloads.group_by(POS, maintain_order=True).agg(PAYLOAD)
                yield [self._as_person(pos, sent) for pos, sent in texts.iter_rows()]

    def memories(self, wanted: pl.Series) -> Iterator[list[SentMemory]]:
        """Those of the wanted rows (`_pos`) that were sent as memories, file by file."""
        for part in self._parts:
            rows = self._staging.entries(part, PAYLOAD, PROFILE_ID)
            picked = rows.filter(pl.col(POS).is_in(wanted.implode()))
            grouped = picked.group_by(PROFILE_ID, POS, maintain_order=True).agg(PAYLOAD)
            yield [
                SentMemory(pos, profile_id, tuple(json.loads(text) for text in texts), self._landed_at)
                for profile_id, pos, texts in grouped.iter_rows()
            ]

    def _as_person(self, pos: int, payloads: list[str]) -> SentPerson:
        """Later payloads win; every value of an identifying trait stays an identifier."""
        traits: dict[str, Any] = {}
        identifiers: dict[tuple[str, str], None] = {}
        for payload in payloads:
            for group, values in json.loads(payload)["traits"].items():
                for name, value in values.items():
                    path = f"{group}.{name}"
                    traits[path] = value
                    if path in self._id_types:
                        identifiers[self._id_types[path], str(value)] = None
        return SentPerson(pos, traits, tuple(reversed(identifiers)), self._landed_at)


def _whole(entries: pl.DataFrame) -> pl.DataFrame:
    """Of memories the rows whose parts landed all."""
    kinds = (pl.col(name).any() for name in _KINDS)
    return entries.group_by(POS, maintain_order=True).agg(pl.col("landed").all(), *kinds).filter("landed")


def _read_payloads(staging: Staging, plan: ProfilePlan, part: str, entries: pl.DataFrame) -> pl.DataFrame:
    """`_pos`, `_payload` of some entries of a file, in sending order."""
    if part in staging.positions:
        at = entries[POS] - staging.positions[part].start
        return entries.select(POS).hstack([write_payloads(read_values(staging, plan, part)[at], plan)])
    written = staging.entries(part, PAYLOAD, ROUND)[entries["index"]]
    return entries.select(POS).hstack(written.select(PAYLOAD, ROUND)).sort(ROUND, maintain_order=True)
