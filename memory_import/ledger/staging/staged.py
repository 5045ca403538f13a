"""What is read from the folder of a load."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.columns import (
    ERROR_CODE,
    ID_TYPE,
    IS_FINAL,
    POS,
    REPRESENTATIVE,
    TRAIT,
    VALUE,
    Exclusion,
    schema,
)
from memory_import.ledger.files import arrow_columns, map_arrow
from memory_import.ledger.staging.layout import (
    CLAIMS_SCHEMA,
    CLEARED_SCHEMA,
    CONFLICTS_SCHEMA,
    EMPTIED_SCHEMA,
    FORESEEN_SCHEMA,
    FORMER_SCHEMA,
    GONE_SCHEMA,
    HOLDINGS_SCHEMA,
    LAYOUT,
    LEFT_OUT_SCHEMA,
    MEMBERS_SCHEMA,
    OTHERS_SCHEMA,
    PRESENT_SCHEMA,
    REFUSALS_SCHEMA,
    SHARED_SCHEMA,
    UNCLAIMED_SCHEMA,
    UNSENT_SCHEMA,
    WITHDRAWN_SCHEMA,
    within,
)
from memory_import.ledger.staging.parts import PartReader
from memory_import.ledger.staging.writing import checksum


@dataclass(frozen=True)
class Staging(PartReader):
    """The staged files of one load."""

    def changed_files(self, *, is_part_alone: bool = False) -> list[str]:
        """The files of the manifest that are missing or not what they were; `is_part_alone`: of the parts."""
        files = self._manifest.get("files")
        if files is None:
            return ["manifest.json"]
        wanted = [name for name in files if name.startswith(("part-", "cells-"))] if is_part_alone else files
        return [name for name in wanted if checksum(self.folder / name) != files[name]]

    @property
    def is_of_another_version(self) -> bool:
        """Whether the manifest is of a layout that is not this one."""
        return "files" in self._manifest and self._manifest.get("layout") != LAYOUT

    @property
    def _manifest(self) -> Mapping[str, Any]:
        """Nothing where there is none that can be read."""
        try:
            found = json.loads((self.folder / "manifest.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def merged_parts(self) -> tuple[str, ...]:
        """The names of the files with what is sent for identity groups."""
        return self._named("merged")

    @cached_property
    def person_parts(self) -> tuple[str, ...]:
        """The names of the files with what becomes known of identity groups."""
        return self._named("persons")

    @cached_property
    def sorted_parts(self) -> tuple[str, ...]:
        """The names of the files with what is sent profile by profile."""
        return self._named("sorted")

    @cached_property
    def update_parts(self) -> tuple[str, ...]:
        """The names of the files with what memories that the store holds are to say."""
        return self._named("updates")

    @cached_property
    def compared(self) -> pl.DataFrame | None:
        """What is remembered of each row once it landed; None before it was compared."""
        path = self.folder / "compared.arrow"
        return map_arrow(path, arrow_columns(path)) if path.exists() else None

    @cached_property
    def unclaimed(self) -> pl.DataFrame:
        """What profiles that were read hold beside: UNCLAIMED_SCHEMA."""
        return self._read_sparse("unclaimed", UNCLAIMED_SCHEMA)

    @cached_property
    def unchanged(self) -> pl.DataFrame:
        """The rows (`_pos`) that are not sent because they are known, in order."""
        path = self.folder / "unchanged.arrow"
        return map_arrow(path, [POS]) if path.exists() else pl.DataFrame(schema=schema(POS))

    @cached_property
    def is_unchanged(self) -> pl.Series:
        """Whether each row is one of these (Boolean)."""
        nothing = pl.Series([False]).new_from_index(0, self.height)
        return nothing.scatter(self.unchanged[POS], True) if self.unchanged.height else nothing

    @cached_property
    def representatives(self) -> pl.Series:
        """The position of the row that stands for each row (Int64): of most its own."""
        return pl.int_range(self.height, eager=True).scatter(self.members[POS], self.members[REPRESENTATIVE])

    @cached_property
    def unchanged_persons(self) -> pl.DataFrame:
        """The same with the known person (`person`) of each, by `_pos`; of profiles."""
        return map_arrow(self.folder / "unchanged.arrow", [POS, "person"])

    @property
    def mapping(self) -> str | None:
        """The hash of the mapping under which hashes of rows mean something; None: there are none."""
        path = self.folder / "mapping.json"
        return json.loads(path.read_text())["sha256"] if path.exists() else None

    @cached_property
    def foreseen(self) -> pl.DataFrame:
        """What a plan says of the memories that were kept: FORESEEN_SCHEMA, by `_pos`."""
        return self._read_sparse("foreseen", FORESEEN_SCHEMA)

    @cached_property
    def members(self) -> pl.DataFrame:
        """Every row in an identity group of two or more: MEMBERS_SCHEMA.

        The representative of a group, the row that stands for it, is listed with itself as `_representative`.
        By `_pos`.
        """
        return map_arrow(self.folder / "members.arrow", list(MEMBERS_SCHEMA))

    def others(self, part: str) -> pl.DataFrame:
        """What the rows of a part state beside the values of their traits: OTHERS_SCHEMA, by `_pos`."""
        return self._read_sparse(part.replace("part-", "others-"), OTHERS_SCHEMA)

    def further_identifiers(self, part: str) -> pl.DataFrame:
        """`_pos`, `trait`, `id_type`, `value` of the identifiers that rows have beside those of
        `_identifier.…`."""
        others = self.others(part)[[POS, TRAIT, ID_TYPE, VALUE]]
        return others if others.is_empty() else others.filter(pl.col(ID_TYPE).is_not_null())

    @cached_property
    def superseded(self) -> pl.DataFrame:
        """Which values gave way to those of a later row: `_pos`, a Boolean for each trait, by its path."""
        return self._read_sparse("superseded", schema(POS))

    @cached_property
    def left_out(self) -> pl.DataFrame:
        """Identifiers that were left out for a person's sake: LEFT_OUT_SCHEMA, by `_pos`."""
        return self._read_sparse("left_out", LEFT_OUT_SCHEMA)

    @cached_property
    def shared(self) -> pl.DataFrame:
        """Values that belong to too many people: SHARED_SCHEMA, by type and value."""
        return self._read_sparse("shared", SHARED_SCHEMA)

    @cached_property
    def conflicts(self) -> pl.DataFrame:
        """Rows that claim a value about which people disagree: CONFLICTS_SCHEMA, by type, value and
        `_pos`."""
        return self._read_sparse("conflicts", CONFLICTS_SCHEMA)

    @cached_property
    def claims(self) -> pl.DataFrame:
        """Who claims a value that nobody got: CLAIMS_SCHEMA."""
        return self._read_sparse("claims", CLAIMS_SCHEMA)

    @cached_property
    def withdrawn(self) -> pl.DataFrame:
        """The claims of earlier runs that count no more: WITHDRAWN_SCHEMA."""
        return self._read_sparse("withdrawn", WITHDRAWN_SCHEMA)

    @cached_property
    def unsent(self) -> pl.DataFrame:
        """What is not sent of people of whom something is, because it is known: UNSENT_SCHEMA, by `_pos`;
        `value` is null for the row's own value of the trait."""
        return self._read_sparse("unsent", UNSENT_SCHEMA)

    @cached_property
    def present(self) -> pl.DataFrame:
        """The known people that the input has: PRESENT_SCHEMA."""
        return self._read_sparse("present", PRESENT_SCHEMA)

    @cached_property
    def gone(self) -> pl.DataFrame:
        """The known people that the input does not have any more, by all that they hold: GONE_SCHEMA."""
        return self._read_sparse("gone", GONE_SCHEMA)

    @cached_property
    def due(self) -> pl.DataFrame:
        """Those of the gone people who are to be deleted: PRESENT_SCHEMA."""
        return self._read_sparse("due", PRESENT_SCHEMA)

    @cached_property
    def emptied(self) -> pl.DataFrame:
        """What is known of people of which their rows have no value: EMPTIED_SCHEMA."""
        return self._read_sparse("emptied", EMPTIED_SCHEMA)

    @cached_property
    def cleared(self) -> pl.DataFrame:
        """Which traits are to be removed: CLEARED_SCHEMA."""
        return self._read_sparse("cleared", CLEARED_SCHEMA)

    @cached_property
    def former(self) -> pl.DataFrame:
        """The identifier values that known people do not state any more: FORMER_SCHEMA."""
        return self._read_sparse("former", FORMER_SCHEMA)

    @cached_property
    def holdings(self) -> pl.DataFrame:
        """All identifiers of the people of `cleared` and `former`: HOLDINGS_SCHEMA."""
        return self._read_sparse("holdings", HOLDINGS_SCHEMA)

    def is_staged(self, name: str) -> bool:
        """Whether there is a file of this name, be it without rows."""
        return (self.folder / f"{name}.arrow").exists()

    def _read_sparse(self, name: str, columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
        path = self.folder / f"{name}.arrow"
        return map_arrow(path, arrow_columns(path)) if path.exists() else pl.DataFrame(schema=dict(columns))

    @cached_property
    def late_rejects(self) -> pl.DataFrame:
        """Rows refused with their whole identity group: `LATE_ERRORS_SCHEMA`."""
        return pl.read_parquet(self.folder / "late_rejects.parquet")

    @property
    def rejected(self) -> int:
        """How many rows were rejected before anything was sent."""
        refused = [part for part in self.parts if ERROR_CODE in self.columns(part)]
        counts = [count_rejected(self.read(part, ERROR_CODE)) for part in refused]
        return sum(counts) + count_rejected(self.late_rejects)

    def entries(self, part: str, *columns: str) -> pl.DataFrame:
        """What is sent from one file, in sending order: `_pos`, `_is_final` and the asked columns.

        From a part: its rows that were neither refused nor merged. From a merged part: every entry of every
        round. From a sorted part: every entry; `_profile_id`, `_copies` and `_possible_copies` may be asked
        for. `_is_final` (Boolean) tells whether the entry is the last one for the row at `_pos`.
        """
        if part not in self.positions:
            return self.read(part, POS, IS_FINAL, *columns)
        needed = dict.fromkeys([POS, ERROR_CODE, *columns])
        grouped = within(self.members, self.positions[part])[POS]
        is_sent = pl.col(ERROR_CODE).is_null() & ~pl.col(POS).is_in(grouped.implode())
        return self.read(part, *needed).filter(is_sent).select(POS, *columns, _is_final=True)

    def refusals(self) -> pl.DataFrame:
        """`batch_id`, `code`, `message` of all refusals noted; a line cut off by a crash is left out."""
        path = self.folder / "refusals.jsonl"
        notes = list(_whole_lines(path)) if path.exists() else []
        return pl.DataFrame(notes, schema=REFUSALS_SCHEMA).unique(
            "batch_id", keep="last", maintain_order=True
        )


def count_rejected(rows: pl.DataFrame) -> int:
    """How many of some staged rows are rejected; excluded ones are not."""
    return rows.select(ERROR_CODE).filter(~pl.col(ERROR_CODE).is_in(list(Exclusion))).height


def _whole_lines(path: Path) -> Iterator[dict[str, object]]:
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
