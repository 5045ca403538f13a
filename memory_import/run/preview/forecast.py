"""What applying a plan would take: requests, bytes, units that are billed, and time. Units, never prices."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from memory_import.columns import PAYLOAD, POS
from memory_import.ledger.database.records import LoadRecord
from memory_import.ledger.database.states import BatchState
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.preview.persons import pick_persons
from memory_import.spec.memories import memory_plan

_PLANNED = (BatchState.PLANNED,)


def describe_plan(run: RunContext) -> dict[str, Any]:
    """The part of a plan's report that says what applying it would do.

    `{store: {asked, lacks}, forecast: {requests, bytes, profile_operations, created, lookups, seconds},
    persons}`.
    `created` are the profiles that memories of nobody need, operations as well.
    What depends on profiles that nobody has looked up yet is a range: `{least, most}`. Requests are those
    that write, without repeats and without asking how an operation stands. `seconds` goes by the pace of
    earlier runs into the same target; None where there is none to go by.
    """
    declared = run.record.declared or {}
    loads = run.staged_loads()
    parts = [_forecast_load(run, load) for load in loads]
    entries = sum(part["entries"] for part in parts)
    pace = run.ledger.entries_per_second(run.record)
    return {
        "store": {"asked": bool(declared.get("is_asked")), "lacks": list(declared.get("lacks", ()))},
        "forecast": {
            "requests": _add(parts, "requests"),
            "bytes": sum(part["bytes"] for part in parts),
            "profile_operations": sum(part["profile_operations"] for part in parts),
            "created": _add(parts, "created"),
            "lookups": _add(parts, "lookups"),
            "seconds": round(entries / pace, 1) if pace else None,
        },
        "persons": pick_persons(run, show_values=run.request.show_values),
    }


def _add(parts: list[dict[str, Any]], name: str) -> dict[str, int]:
    return {bound: sum(part[name][bound] for part in parts) for bound in ("least", "most")}


def _forecast_load(run: RunContext, load: LoadRecord) -> dict[str, Any]:
    return _forecast_profiles(run) if load.load == PROFILES else _forecast_memories(run, load)


def _forecast_profiles(run: RunContext) -> dict[str, Any]:
    batches = run.ledger.batches(run.run_id, PROFILES, states=_PLANNED)
    entries = sum(batch.stop - batch.start for batch in batches)
    due = run.staging(PROFILES).due.height
    return {
        "entries": entries,
        "requests": {"least": len(batches), "most": len(batches) + due},
        "bytes": sum(batch.body_bytes for batch in batches),
        "profile_operations": entries,
        "created": {"least": 0, "most": 0},
        "lookups": {"least": due, "most": due},
    }


def _forecast_memories(run: RunContext, load: LoadRecord) -> dict[str, Any]:
    """Which rows belong to one profile is known once the profiles are found: then they share requests. Those
    without a profile, and those that the store holds already, are not sent."""
    spec = run.spec.memories[_memory(load)]
    columns = memory_plan(_memory(load), spec).reference_columns if spec.reference else ()
    entries = size = 0
    stated = [pl.DataFrame(schema={"value": pl.String})]
    for rows in _kept(run, load, columns):
        lengths = rows.select(
            pl.col(PAYLOAD).list.len().alias("n"), pl.col(PAYLOAD).list.join("").str.len_bytes()
        )
        entries += int(lengths["n"].sum())
        size += int(lengths[PAYLOAD].sum())
        stated += [rows.select(value=pl.format(f"{column}:{{}}", column)).drop_nulls() for column in columns]
    identifiers = pl.concat(stated)["value"].n_unique()
    return {
        "entries": entries,
        "requests": {"least": 0, "most": entries},
        "bytes": size,
        "profile_operations": 0,
        "created": {"least": 0, "most": identifiers if spec.missing_profile == "create" else 0},
        "lookups": {"least": min(1, identifiers), "most": identifiers},
    }


def _memory(load: LoadRecord) -> Any:
    return load.load


def _kept(run: RunContext, load: LoadRecord, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    staging = run.staging(load.load)
    for part in staging.parts:
        yield staging.read(part, POS, PAYLOAD, *columns).filter(pl.col(PAYLOAD).is_not_null())


def without_persons(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report that may leave the run's folder: without persons of a plan, and without their identifiers."""
    loads = {name: {**load, "shared_identifiers": []} for name, load in report["loads"].items()}
    kept = {**report, "loads": loads}
    return {**kept, "plan": {**report["plan"], "persons": []}} if "plan" in report else kept
