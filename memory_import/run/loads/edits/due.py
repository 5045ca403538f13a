"""Whom a run is to delete: people whom two complete inputs in a row do not have."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from memory_import.ledger.staging.layout import PRESENT_SCHEMA
from memory_import.ledger.staging.presence import Presence, write_presence
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.lookup import Known
from memory_import.spec.model import ProfilesSpec

FEWEST_KNOWN = 20
"""A share of fewer known people, or rows, is one of so many."""


def note_presence(run: RunContext, spec: ProfilesSpec, staging: Staging, known: Known, rows: int) -> Presence:
    """How whole the input is, of which `rows` were read. It is kept, with who is due to be deleted where the
    spec wants that, unless nobody is looked for."""
    table = known.persons
    measure = {} if table is None or spec.sync.gone == "ignore" else table.facts.get("input") or {}
    found = _measure(run, staging, rows)
    incomplete = _find_incomplete(run, spec, found, measure)
    gone = staging.gone["person"].unique().implode()
    due, newly = [pl.DataFrame(schema=PRESENT_SCHEMA)], 0
    for people in table.scan("person", "missed") if table is not None else ():
        lacking = people.filter(pl.col("person").is_in(gone))
        due.append(lacking.drop_nulls("missed").select("person"))
        newly += lacking["missed"].null_count()
    is_measure = incomplete is None or (run.record.is_full and run.record.row_limit is None)
    presence = Presence(
        incomplete=incomplete,
        newly_gone=newly,
        measure=found if is_measure else None,
    )
    if spec.sync.gone == "ignore":
        return presence
    write_presence(staging, presence)
    if spec.sync.gone == "delete":
        staging.write_due(due[0] if incomplete else pl.concat(due))
    return presence


def _measure(run: RunContext, staging: Staging, rows: int) -> dict[str, Any]:
    """What inputs are measured by."""
    noted = run.ledger.input(run.run_id, PROFILES) or {}
    return {
        "files": len(noted.get("read", ())),
        "not_read": len(noted.get("not_read", ())),
        "rows": rows,
        "rejected": staging.rejected,
    }


def _find_incomplete(
    run: RunContext, spec: ProfilesSpec, found: Mapping[str, Any], measure: Mapping[str, Any]
) -> str | None:
    """Why people may be missing who are not gone; None where nothing speaks for it."""
    if run.record.row_limit is not None:
        return "it has a limit, and reads some of the rows only."
    if found["not_read"]:
        return (
            f"{found['not_read']:,} of the source's files were not read, and whoever is in them is not gone. "
            "The report names them: expected a source all of which is read."
        )
    accept = "If it is to be so from now on, `run --full` once takes it as the new measure."
    if found["files"] < measure.get("files", 0):
        return (
            f"the source has {found['files']:,} files, and had {measure['files']:,}. {accept} "
            "Else put back what is missing."
        )
    before = 100 * measure["rejected"] / max(measure["rows"], 1) if measure else 100.0
    allowed = before + spec.sync.max_gone
    if found["rejected"] * 100 > allowed * max(found["rows"], FEWEST_KNOWN):
        return (
            f"{found['rejected']:,} of {found['rows']:,} rows were rejected, and {before:.1f}% were so far: "
            f"who is in them may not be gone. Put them right. {accept}"
        )
    return None
