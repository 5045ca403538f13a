"""What applying a plan would take: requests, bytes, units that are billed, and time. Units, never prices."""

from collections.abc import Mapping, Sequence
from typing import Any

from memory_import.ledger.database.edits import EditKind
from memory_import.ledger.database.states import BatchState
from memory_import.ledger.report.people.edits import list_due
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.preview.memories import MemoryForecast, forecast_memories
from memory_import.run.preview.persons import pick_examples, pick_persons

_PLANNED = (BatchState.PLANNED,)


def describe_plan(run: RunContext, lacks: Sequence[str] | None) -> dict[str, Any]:
    """The part of a plan's report that says what applying it would do. `lacks`: what the store lacks; None
    where it was not asked since the plan was made.

    `{store: {asked, lacks}, forecast: {requests, bytes, profile_operations, created, lookups, seconds},
    memories, examples, persons}`.
    `memories`: of each load of memories, by person; see `MemoryForecast`. `created` are the profiles that
    memories of nobody need, operations as well. What depends on profiles that nobody has looked up yet is a
    range: `{least, most}`. Requests are those that write, without repeats and without asking how an operation
    stands. `seconds` goes by the pace of
    earlier runs into the same target; None where there is none to go by.
    """
    declared = run.record.declared or {}
    staged = {load.load for load in run.staged_loads()}
    memories = {
        name: forecast_memories(run, name, spec) for name, spec in run.spec.memories.items() if name in staged
    }
    parts = [_forecast_profiles(run)] if PROFILES in staged else []
    parts += [_forecast_memories(load) for load in memories.values()]
    entries = sum(part["entries"] for part in parts)
    pace = run.ledger.entries_per_second(run.record)
    return {
        "store": {"asked": bool(declared.get("is_asked")), "lacks": list(lacks or declared.get("lacks", ()))},
        "forecast": {
            "requests": _add(parts, "requests"),
            "bytes": sum(part["bytes"] for part in parts),
            "profile_operations": sum(part["profile_operations"] for part in parts),
            "created": _add(parts, "created"),
            "lookups": _add(parts, "lookups"),
            "seconds": round(entries / pace, 1) if pace else None,
        },
        "memories": {name: load.as_json() for name, load in memories.items()},
        "examples": pick_examples(run, show_values=run.request.show_values),
        "persons": pick_persons(run, show_values=run.request.show_values),
    }


def _add(parts: list[dict[str, Any]], name: str) -> dict[str, int]:
    return {bound: sum(part[name][bound] for part in parts) for bound in ("least", "most")}


def _forecast_profiles(run: RunContext) -> dict[str, Any]:
    batches = run.ledger.batches(run.run_id, PROFILES, states=_PLANNED)
    entries = sum(batch.stop - batch.start for batch in batches)
    due = {kind: len(list_due(run.staging(PROFILES), kind)) for kind in EditKind}
    looked_up = sum(due.values())
    return {
        "entries": entries,
        "requests": {"least": len(batches), "most": len(batches) + looked_up},
        "bytes": sum(batch.body_bytes for batch in batches),
        "profile_operations": entries + looked_up - due[EditKind.DELETE],
        "created": {"least": 0, "most": 0},
        "lookups": {"least": looked_up, "most": looked_up},
    }


def _forecast_memories(load: MemoryForecast) -> dict[str, Any]:
    return {
        "entries": load.entries,
        "requests": load.requests,
        "bytes": load.size_bytes,
        "profile_operations": 0,
        "created": load.created,
        "lookups": load.lookups,
    }


def without_persons(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report that may leave the run's folder: without persons of a plan, and without their identifiers."""
    loads = {name: {**load, "shared_identifiers": []} for name, load in report["loads"].items()}
    kept = {**report, "loads": loads}
    return {**kept, "plan": {**report["plan"], "persons": [], "examples": {}}} if "plan" in report else kept
