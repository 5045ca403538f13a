"""What applying a plan would do with observations and summaries, counted by person.

The profiles of memories are found when a plan is applied. Until then a memory belongs to the person who holds
its first identifier, in this input or among the known ones; what is known of that person's memories says
whether it is sent. Who is in neither is not looked up.
"""

from dataclasses import dataclass
from typing import Any, cast

import polars as pl

from memory_import.columns import ID_TYPE, MOMENT, PAYLOAD, PIECES, POS, PROFILE_ID, VALUE
from memory_import.destination.limits import MEMORIES_PER_REQUEST
from memory_import.ledger.known.store import MEMORIES
from memory_import.ledger.known.table import Table
from memory_import.ledger.staging.layout import FORESEEN_SCHEMA
from memory_import.loads import PROFILES, MemoryLoad
from memory_import.run.compare.memories import open_memories, select_known
from memory_import.run.compare.memory_keys import key_memories
from memory_import.run.compare.memory_matches import CHANGED, KNOWN, STATE, match_known
from memory_import.run.context import RunContext
from memory_import.run.loads.memories import FATES_OF_CHANGED
from memory_import.run.loads.memory_order import keep_within_limit
from memory_import.run.loads.profile_resolution import refuse
from memory_import.run.preview.people import find_people
from memory_import.spec.memories import memory_plan
from memory_import.spec.model import MemoriesSpec
from memory_import.transforms.codes import Reason

_SENT, _UPDATED, _UNCHANGED, _SURPLUS = "sent", "updated", "unchanged", "surplus"
_IDENTIFIER = [ID_TYPE, VALUE]


def foresee_memories(run: RunContext) -> None:
    """Stage what would become of every memory that was kept: FORESEEN_SCHEMA. Nobody is asked."""
    for load in run.staged_loads():
        if load.load != PROFILES and load.planned_at is None:
            name = cast("MemoryLoad", load.load)
            foreseen = _foresee(run, name, run.spec.memories[name])
            staging = run.staging(name)
            staging.write_foreseen(foreseen)
            surplus = foreseen.filter(pl.col("fate") == _SURPLUS)
            staging.write_late_rejects(refuse(surplus, Reason.TOO_MANY_FOR_PROFILE))
            staging.finish()


def _foresee(run: RunContext, name: MemoryLoad, spec: MemoriesSpec) -> pl.DataFrame:
    rows = _read_rows(run, name, spec)
    table, remarks = open_memories(run, name, spec)
    placed = rows.with_columns(profile=_find_profiles(run, name, spec, rows, table))
    certain = placed.drop_nulls("profile")
    states = _compare(run, name, spec, certain, table)
    fates = placed.join(states, on=POS, how="left").with_columns(pl.col("fate").fill_null(_SENT))
    sent = fates.filter(pl.col("fate") == _SENT).drop_nulls("profile").rename({"profile": PROFILE_ID})
    _, surplus = keep_within_limit(sent, is_newest_kept=spec.over_limit == "keep_newest")
    is_surplus = pl.col(POS).is_in(surplus[POS].implode())
    foreseen = fates.select(
        POS,
        "profile",
        pl.when(is_surplus).then(pl.lit(_SURPLUS)).otherwise("fate").alias("fate"),
        PIECES,
        "bytes",
        is_read=pl.lit(spec.once == "store" or bool(remarks)),
    )
    return foreseen.select(pl.col(name).cast(dtype) for name, dtype in FORESEEN_SCHEMA.items())


def _read_rows(run: RunContext, name: MemoryLoad, spec: MemoriesSpec) -> pl.DataFrame:
    """`_pos`, `_moment`, `_pieces`, `bytes` and what refers to a profile, of the rows that were kept."""
    staging, columns = run.staging(name), memory_plan(name, spec).reference_columns
    return pl.concat(
        staging.read(part, POS, *columns, MOMENT, PAYLOAD)
        .filter(pl.col(PAYLOAD).is_not_null())
        .select(
            POS,
            *columns,
            MOMENT,
            pl.col(PAYLOAD).list.len().cast(pl.Int64).alias(PIECES),
            bytes=pl.col(PAYLOAD).list.join("").str.len_bytes().cast(pl.Int64),
        )
        for part in staging.parts
    )


def _find_profiles(
    run: RunContext, name: MemoryLoad, spec: MemoriesSpec, rows: pl.DataFrame, table: Table | None
) -> pl.Series:
    """The profile of each row, row for row, or a name for that of its person; null where that is nobody in
    this input and nobody known."""
    reference = memory_plan(name, spec).reference
    if reference is None:
        return rows[PROFILE_ID]
    stated = _list_stated(rows, name, spec)
    first = stated.filter(pl.col("order") == pl.col("order").min().over(POS))
    people = find_people(run, first)
    everybody = pl.concat([people, first.select(pl.lit(None, pl.Int64).alias("person"), *_IDENTIFIER)])
    profiles = _known_profiles(run, everybody.unique(), table)
    of_identifier = profiles.group_by(_IDENTIFIER).agg(pl.col("profile").drop_nulls().last())
    of_person = profiles.drop_nulls("person").group_by("person").agg(pl.col("profile").drop_nulls().last())
    found = (
        first.join(of_identifier, on=_IDENTIFIER, how="left")
        .join(people, on=_IDENTIFIER, how="left")
        .join(of_person, on="person", how="left", suffix=":person")
    )
    named = found.select(
        POS, profile=pl.coalesce("profile", "profile:person", pl.format("person {}", "person"))
    )
    return rows.join(named.unique(POS), on=POS, how="left", maintain_order="left")["profile"]


def _list_stated(rows: pl.DataFrame, name: MemoryLoad, spec: MemoriesSpec) -> pl.DataFrame:
    """`_pos`, `order`, `id_type`, `value` of what refers to a profile, in the order in which it is asked."""
    reference = memory_plan(name, spec).reference
    columns = reference.identifier_columns if reference else {}
    nothing = pl.DataFrame(schema={POS: pl.Int64, "order": pl.Int32, ID_TYPE: pl.String, VALUE: pl.String})
    listed = [
        rows.select(
            POS, pl.lit(order, pl.Int32).alias("order"), pl.lit(each.id_type).alias(ID_TYPE), value=column
        ).drop_nulls(VALUE)
        for order, (column, each) in enumerate(columns.items())
    ]
    return pl.concat([nothing, *listed])


def _known_profiles(run: RunContext, held: pl.DataFrame, table: Table | None) -> pl.DataFrame:
    """`held` (HELD) with `profile`, to which an identifier has led before; null where that is not known."""
    if table is None or not table.rows:
        return held.with_columns(profile=pl.lit(None, pl.String))
    hashed = held.with_columns(reference=run.known.hash.wide(pl.format("{}:{}", *_IDENTIFIER)))
    wanted = hashed["reference"].unique().implode()
    nothing = pl.DataFrame(schema={name: MEMORIES[name] for name in ("reference", "profile")})
    found = (
        rows.filter(pl.col("reference").is_in(wanted)).select("reference", "profile")
        for rows in table.scan("reference", "profile")
    )
    last = pl.concat([nothing, *found]).unique("reference", keep="last", maintain_order=True)
    return hashed.join(last, on="reference", how="left").drop("reference")


def _compare(
    run: RunContext, name: MemoryLoad, spec: MemoriesSpec, rows: pl.DataFrame, table: Table | None
) -> pl.DataFrame:
    """`_pos`, `fate` of rows (`_pos`, `profile`) by what is known of memories."""
    nothing = pl.DataFrame(schema={POS: pl.Int64, "fate": pl.String})
    if table is None or not table.rows or rows.is_empty():
        return nothing
    named = rows.select(POS, pl.col("profile").alias(PROFILE_ID))
    wanted = key_memories(run.staging(name), name, spec, named, run.known.hash)
    compared = match_known(wanted, select_known(table, wanted, spec))
    fates = {KNOWN: _SENT if spec.once == "store" else _UNCHANGED, CHANGED: FATES_OF_CHANGED[spec.on_changed]}
    return compared.select(POS, fate=pl.col(STATE).replace_strict(fates, default=_SENT))


@dataclass(frozen=True, slots=True)
class MemoryForecast:
    """Numbers of a load. `entries` would be sent with `size_bytes`; `people` are those in this input or known
    of whom anything is sent; `not_looked_up` identifiers lead to nobody of these, with `rows_not_looked_up`.
    Ranges are `{least, most}`."""

    entries: int
    size_bytes: int
    people: int
    not_looked_up: int
    rows_not_looked_up: int
    requests: dict[str, int]
    lookups: dict[str, int]
    created: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "people": self.people,
            "not_looked_up": {"identifiers": self.not_looked_up, "rows": self.rows_not_looked_up},
            "requests": self.requests,
        }


def forecast_memories(run: RunContext, name: MemoryLoad, spec: MemoriesSpec) -> MemoryForecast:
    """What applying the plan takes for one load, from what was foreseen of its rows."""
    foreseen = run.staging(name).foreseen
    going = foreseen.filter(pl.col("fate").is_in([_SENT, _UPDATED]))
    stated = _list_stated(_read_rows(run, name, spec), name, spec)
    first = stated.filter(pl.col("order") == pl.col("order").min().over(POS))
    unplaced = foreseen.filter(pl.col("profile").is_null())
    open_ones = stated.join(unplaced, on=POS, how="semi")
    nobody = first.join(unplaced, on=POS, how="semi").select(_IDENTIFIER).n_unique() if unplaced.height else 0
    asked = first.select(_IDENTIFIER).unique()
    most_asked = pl.concat([asked, open_ones.select(_IDENTIFIER)]).unique().height
    return MemoryForecast(
        entries=int(going[PIECES].sum()),
        size_bytes=int(going["bytes"].sum()),
        people=going.drop_nulls("profile")["profile"].n_unique() if going["profile"].count() else 0,
        not_looked_up=nobody,
        rows_not_looked_up=unplaced.height,
        requests=_count_requests(going, open_ones),
        lookups={"least": asked.height, "most": most_asked},
        created={"least": 0, "most": nobody if spec.missing_profile == "create" else 0},
    )


def _count_requests(going: pl.DataFrame, open_ones: pl.DataFrame) -> dict[str, int]:
    """Of one profile ten entries go in a request, and a change alone. Rows of nobody who is known, of the
    same identifiers, belong to one profile; it may be that of others, too."""
    updates = int(going.filter(pl.col("fate") == _UPDATED)[PIECES].sum())
    sent = going.filter(pl.col("fate") == _SENT)
    placed = sent.drop_nulls("profile").group_by("profile").agg(pl.col(PIECES).sum())
    identified = (
        open_ones.sort(POS, "order").group_by(POS).agg(who=pl.format("{}:{}", *_IDENTIFIER).str.join("\n"))
    )
    unplaced = sent.filter(pl.col("profile").is_null()).join(identified, on=POS)
    others = _in_tens(unplaced.group_by("who").agg(pl.col(PIECES).sum()))
    known = _in_tens(placed) + updates
    is_read = bool(going["is_read"].any())
    return {"least": 0 if is_read else known, "most": known + others}


def _in_tens(entries: pl.DataFrame) -> int:
    return int(entries.select(((pl.col(PIECES) - 1) // MEMORIES_PER_REQUEST + 1).sum()).item())
