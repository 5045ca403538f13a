"""What the report says of persons: how many, and which values identify nobody or are in dispute."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.columns import ERROR_CODE, FILE, ID_TYPE, POS, REPRESENTATIVE, ROW, VALUE, Dispute
from memory_import.ledger.files import whole_file
from memory_import.ledger.report.people.edits import describe_edits
from memory_import.ledger.staging.staged import Staging
from memory_import.printable import counted, printable_line

_SHARED_SHOWN = 5
_CONFLICT = [ID_TYPE, VALUE]


def count_persons(staging: Staging) -> dict[str, Any]:
    """`total` persons, rejected rows aside, and how many of them are `new`, `changed` and `unchanged`; how
    many known ones are `gone`; the rows of the `largest`; how many values are in `conflicts`, and how many
    are `shared_values` of too many people."""
    kept = sum(staging.read(part, ERROR_CODE)[ERROR_CODE].null_count() for part in staging.parts)
    members = staging.members
    if refused := staging.late_rejects.height:
        members = members.filter(~pl.col(POS).is_in(staging.late_rejects[POS].implode()))
    merged = members.filter(pl.col(POS) != pl.col(REPRESENTATIVE))
    total = kept - refused - merged.height
    largest = merged.group_by(REPRESENTATIVE).len().select(pl.col("len").max().fill_null(0)).item() + 1
    changed = sum(staging.read(part, "person")["person"].count() for part in staging.person_parts)
    stands = members.filter(pl.col(POS) == pl.col(REPRESENTATIVE))[POS]
    unchanged = int(staging.is_unchanged.gather(stands).sum())
    disputed = staging.conflicts.filter(pl.col("reason") != Dispute.MERGES_KNOWN.value)
    return {
        "total": total,
        "new": total - changed - unchanged,
        "changed": changed,
        "unchanged": unchanged,
        "gone": staging.gone["person"].n_unique(),
        "largest": largest if total else 0,
        "conflicts": disputed.select(_CONFLICT).n_unique() if disputed.height else 0,
        "shared_values": staging.shared.height,
    }


def list_shared(staging: Staging) -> list[dict[str, Any]]:
    """The values of most rows that belong to too many people: `id_type`, `value`, `rows`, `people`."""
    return (
        staging.shared.sort("rows", ID_TYPE, VALUE, descending=[True, False, False])
        .head(_SHARED_SHOWN)
        .to_dicts()
    )


def describe_persons(load: Mapping[str, Any]) -> list[str]:
    """Sentences about the persons of a load, as the report has them; none where it says nothing of them."""
    if "persons" not in load:
        return []
    persons = load["persons"]
    lines = [f"persons: {persons['total']:,}, the largest of {counted(persons['largest'], 'row')}"]
    if persons["changed"] or persons["unchanged"] or persons["gone"]:
        gone = f"; {persons['gone']:,} of the known are gone from the input, see gone.csv" * bool(
            persons["gone"]
        )
        lines.append(
            f"compared with the runs before: {persons['new']:,} new, {persons['changed']:,} changed, "
            f"{persons['unchanged']:,} unchanged{gone}"
        )
    if persons["shared_values"]:
        named = [
            f"{printable_line(shared['value'])} "
            f"({counted(shared['rows'], 'row')}, {shared['people']:,} people)"
            for shared in load["shared_identifiers"]
        ]
        listed = f": {', '.join(named)}" if named else ""
        lines.append(
            f"{counted(persons['shared_values'], 'value')} left out, of more people than one value may have"
            f"{listed}; "
            "see shared-identifiers.csv"
        )
    lines += describe_edits(load)
    if persons["conflicts"]:
        lines.append(
            f"{counted(persons['conflicts'], 'value')} claimed by people whose names disagree; "
            "see conflicts.csv"
        )
    return lines


def write_persons(staging: Staging, folder: Path) -> None:
    """Write `shared-identifiers.csv`, `conflicts.csv` and `gone.csv`, readable by their owner only."""
    with whole_file(folder / "gone.csv") as stream:
        staging.gone.select("person", ID_TYPE, VALUE, "last_run").write_csv(stream)
    with whole_file(folder / "shared-identifiers.csv") as stream:
        shared = staging.shared.sort("rows", ID_TYPE, VALUE, descending=[True, False, False])
        shared.select(ID_TYPE, VALUE, "rows", "people").write_csv(stream)
    with whole_file(folder / "conflicts.csv") as stream:
        _locate(staging).write_csv(stream)


def _locate(staging: Staging) -> pl.DataFrame:
    """`conflict` (from 1), `id_type`, `value`, `file`, `row`, `name` of every row that claims a value about
    which people disagree."""
    conflicts = staging.conflicts
    numbers = conflicts.select(_CONFLICT).unique().sort(_CONFLICT).with_row_index("conflict", 1)
    wanted = conflicts.select(POS).unique().sort(POS)
    nowhere = pl.DataFrame(schema={POS: pl.Int64, FILE: pl.String, ROW: pl.Int64})
    places = pl.concat([nowhere, *staging.locate(wanted)])
    return (
        conflicts.join(numbers, on=_CONFLICT)
        .join(places, on=POS)
        .sort("conflict", POS)
        .select(
            "conflict", ID_TYPE, VALUE, pl.col(FILE).alias("file"), pl.col(ROW).alias("row"), "name", "reason"
        )
    )
