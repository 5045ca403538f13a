"""A run's folder: the prepared rows of each load, readable by their owner only.

    STATE_DIR/runs/RUN_ID/
        profiles/part-00000.arrow     every input row in order: place, used columns as read, reasons,
                                      and what was made of it: position, values, size, identifiers
        profiles/others-00000.arrow   what its rows state of a trait beside its value
        profiles/superseded.arrow     which values of which rows gave way to a later row of the person
        profiles/left_out.arrow       identifiers that were left out for a person's sake
        profiles/shared.arrow         values that belong to too many people
        profiles/conflicts.arrow      rows that claim a value about which people disagree
        profiles/original-part-00000.text   the text of these rows in a CSV file, as it stands there; how many
                                      rows and bytes its runs have is in original-part-00000.arrow
        profiles/input.json           what has to be known of the input to write its rejected rows
        profiles/hashes/  folds/      rows by what they may have in common, as long as they are grouped
        profiles/members.arrow        _pos, _representative of the rows in identity groups of two or more
        profiles/folded-00000.arrow   what is sent for those groups, in rounds
        profiles/excess.parquet       rows of groups that hold more identifiers than one profile can keep
        profiles/refusals.jsonl       the server's words about rows it refused
        profiles/manifest.json        written last
        observations/…, summaries/…   the same parts; then, once the profiles they belong to are found:
        observations/unsorted/        rows by profile, as long as they are ordered
        observations/sorted-00000.arrow  what is sent, profile by profile, in the order of time
        observations/updates-00000.arrow  what memories that the store holds are to say
        observations/excess.parquet   rows that have no profile, or one that is full
        */compared.arrow              what is remembered of each row once it landed
        */unchanged.arrow             _pos of the rows that are not sent because they are known
        lookups.key                   what makes hashes of identifiers mean something; see
        `memory_import.ledger.database.identifier_hashes` report.json  report.md  rejects.csv
        outcomes.parquet

Parquet is small; what is grouped and sent is in Arrow files, uncompressed, and is mapped into memory.
Files that are sent from are known by their names without a suffix: `part-00000`, `folded-00000`.
`_pos` is the position of a row in the whole load, counted from 0.
"""

import json
import mmap
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.columns import (
    CODE,
    CODE_PREFIX,
    COLUMN,
    ERROR_CODE,
    ERRORS,
    ID_TYPE,
    IS_FINAL,
    POS,
    REPRESENTATIVE,
    TRAIT,
    VALUE,
    Exclusion,
    schema,
)
from memory_import.ledger.files import (
    arrow_columns,
    draft,
    draft_arrow,
    is_draft,
    map_arrow,
    private_directory,
    settle,
    write_arrow,
    write_json,
    write_parquet,
)

MEMBERS_SCHEMA = schema(POS, REPRESENTATIVE)
LATE_ERRORS_SCHEMA = schema(POS, *ERRORS)
OTHERS_SCHEMA = schema(POS, TRAIT, COLUMN, VALUE, CODE, ID_TYPE)
LEFT_OUT_SCHEMA = schema(POS, TRAIT, VALUE, CODE)
SHARED_SCHEMA = {**schema(ID_TYPE, VALUE), "rows": pl.UInt32, "people": pl.UInt32}
CONFLICTS_SCHEMA = {**schema(POS, ID_TYPE, VALUE), "name": pl.String}
REFUSALS_SCHEMA = {"batch_id": pl.Int64, "code": pl.Int64, "message": pl.String}


@dataclass(frozen=True)
class Staging:
    """The staged files of one load."""

    folder: Path

    def begin(self) -> None:
        """Start from an empty folder."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        private_directory(self.folder)

    def draft_part(self, number: int, rows: pl.DataFrame, original: Sequence[tuple[int, bytes]] = ()) -> None:
        """Write one stretch of input rows: what was read and made of them, and the text of runs of them.

        They count once `settle_part` was called, which waits for the disk: not here. Columns of errors and
        codes that no row has are not written.
        """
        empty = [
            name
            for name in rows.columns
            if (name in ERRORS or name.startswith(CODE_PREFIX)) and not rows[name].count()
        ]
        draft_arrow(rows.drop(empty), self.folder / f"{part_name(number)}.arrow")
        if original:
            self._draft_original(part_name(number), original)

    def settle_part(self, number: int) -> None:
        """Make one stretch of input rows durable."""
        part = part_name(number)
        for name in (f"original-{part}.text", f"original-{part}.arrow"):
            if is_draft(self.folder / name):
                settle(self.folder / name)
        settle(self.folder / f"{part}.arrow")

    def _draft_original(self, part: str, runs: Sequence[tuple[int, bytes]]) -> None:
        with draft(self.folder / f"original-{part}.text") as stream:
            stream.writelines(text for _, text in runs)
        sizes = [(rows, len(text)) for rows, text in runs]
        index = pl.DataFrame(sizes, schema={"rows": pl.Int32, "bytes": pl.Int64}, orient="row")
        draft_arrow(index, self.folder / f"original-{part}.arrow")

    def write_input(self, described: Mapping[str, Any]) -> None:
        """Stage what has to be known of the input to write its rejected rows as they stood in it."""
        write_json(described, self.folder / "input.json")

    def original(self, part: str) -> Iterator[tuple[int, memoryview]]:
        """The text of the rows of a part, as it was given to `draft_part`; only what is looked at is read."""
        index = map_arrow(self.folder / f"original-{part}.arrow", ["rows", "bytes"])
        with (self.folder / f"original-{part}.text").open("rb") as stream:
            text = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        start = 0
        for rows, size in index.iter_rows():
            yield rows, text[start : start + size]
            start += size

    def write_others(self, number: int, others: pl.DataFrame) -> None:
        """Stage what the rows of a part state beside the values of their traits: OTHERS_SCHEMA, by `_pos`."""
        if not others.is_empty():
            write_arrow(others, self.folder / f"others-{number:05d}.arrow")

    def write_superseded(self, superseded: pl.DataFrame) -> None:
        """Stage which values gave way to those of a later row: `_pos`, a Boolean for each trait, by its
        path."""
        write_arrow(superseded.sort(POS), self.folder / "superseded.arrow")

    def write_left_out(self, left_out: pl.DataFrame) -> None:
        """Stage which identifiers were left out for a person's sake: LEFT_OUT_SCHEMA."""
        write_arrow(left_out.sort(POS), self.folder / "left_out.arrow")

    def write_shared(self, *, shared: pl.DataFrame, conflicts: pl.DataFrame) -> None:
        """Stage the values that belong to too many people (SHARED_SCHEMA), and the rows that claim a value
        about which people disagree (CONFLICTS_SCHEMA)."""
        write_arrow(shared.sort(ID_TYPE, VALUE), self.folder / "shared.arrow")
        write_arrow(conflicts.sort(ID_TYPE, VALUE, POS), self.folder / "conflicts.arrow")

    def write_folded(self, number: int, entries: pl.DataFrame) -> None:
        """Stage what is sent for some of the identity groups."""
        write_arrow(entries, self.folder / f"folded-{number:05d}.arrow")

    def write_members(self, *, members: pl.DataFrame, excess: pl.DataFrame) -> None:
        """Stage which rows share an identifier value, and which of them are refused for it."""
        write_arrow(members.sort(POS), self.folder / "members.arrow")
        self.write_excess(excess)

    def write_excess(self, excess: pl.DataFrame) -> None:
        """Stage which rows are refused after all, in place of what was staged before."""
        write_parquet(excess, self.folder / "excess.parquet")

    def begin_sorting(self) -> None:
        """Start without sorted files, whatever an earlier attempt left behind."""
        for path in (*self.folder.glob("sorted-*.arrow"), *self.folder.glob("updates-*.arrow")):
            path.unlink()

    def write_sorted(self, number: int, entries: pl.DataFrame) -> None:
        """Stage what is sent for some of the profiles, in sending order."""
        write_arrow(entries, self.folder / f"sorted-{number:05d}.arrow")

    def write_updates(self, entries: pl.DataFrame) -> None:
        """Stage what memories that the store holds are to say from now on."""
        write_arrow(entries, self.folder / "updates-00000.arrow")

    def write_compared(self, compared: pl.DataFrame, unchanged: pl.DataFrame) -> None:
        """Stage what is remembered of each row once it landed, and the rows (`_pos`) that are not sent
        because they are known."""
        write_arrow(compared, self.folder / "compared.arrow")
        write_arrow(unchanged.select(POS).sort(POS), self.folder / "unchanged.arrow")

    def finish(self) -> None:
        """Write the manifest: the names and checksums of all files that make up this load."""
        files = sorted(
            path for kind in ("parquet", "arrow", "text") for path in self.folder.glob(f"*.{kind}")
        )
        write_json({"files": {path.name: _checksum(path) for path in files}}, self.folder / "manifest.json")

    def changed_files(self, *, is_part_alone: bool = False) -> list[str]:
        """The files of the manifest that are missing or not what they were; `is_part_alone`: of the parts."""
        try:
            files = json.loads((self.folder / "manifest.json").read_text())["files"]
        except (OSError, ValueError, KeyError):
            return ["manifest.json"]
        wanted = [name for name in files if name.startswith("part-")] if is_part_alone else files
        return [name for name in wanted if _checksum(self.folder / name) != files[name]]

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The names of the staged parts, in the order of the input."""
        return self._named("part")

    @cached_property
    def folded_parts(self) -> tuple[str, ...]:
        """The names of the files with what is sent for identity groups."""
        return self._named("folded")

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
    def unchanged(self) -> pl.DataFrame:
        """The rows (`_pos`) that are not sent because they are known, in order."""
        path = self.folder / "unchanged.arrow"
        return map_arrow(path, [POS]) if path.exists() else pl.DataFrame(schema=schema(POS))

    def _named(self, kind: str) -> tuple[str, ...]:
        return tuple(path.stem for path in sorted(self.folder.glob(f"{kind}-*.arrow")))

    def columns(self, part: str) -> tuple[str, ...]:
        """The names of the columns that are written of a part."""
        return arrow_columns(self.folder / f"{part}.arrow")

    def read(self, part: str, *columns: str) -> pl.DataFrame:
        """Columns of a part, of every row; or of a folded or sorted file."""
        errors = set(columns).intersection(ERRORS)
        unwritten = errors.difference(self.columns(part)) if errors else errors
        # `_pos` is always read: it tells how many rows there are.
        written = [column for column in dict.fromkeys((POS, *columns)) if column not in unwritten]
        nothing = (pl.lit(None, pl.String).alias(column) for column in unwritten)
        return map_arrow(self.folder / f"{part}.arrow", written).with_columns(nothing).select(columns)

    @cached_property
    def positions(self) -> dict[str, range]:
        """The positions of the rows of each part."""
        found = {}
        end = 0
        for part in self.parts:
            start, end = end, end + self.read(part, POS).height
            found[part] = range(start, end)
        return found

    def pick(self, wanted: pl.DataFrame, read: Callable[[str], pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Part by part, the rows at wanted positions: the columns of `wanted`, which is by `_pos`, and those
        that `read` gives for all rows of a part."""
        for part, inside in self.positions.items():
            here = within(wanted, inside)
            if not here.is_empty():
                yield here.hstack(read(part)[here[POS] - inside.start])

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
        """`_pos`, `trait`, `id_type`, `value` of the identifiers that rows have beside those of `_id.…`."""
        others = self.others(part).filter(pl.col(ID_TYPE).is_not_null())
        return others.select(POS, TRAIT, ID_TYPE, VALUE)

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

    def _read_sparse(self, name: str, columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
        path = self.folder / f"{name}.arrow"
        return map_arrow(path, arrow_columns(path)) if path.exists() else pl.DataFrame(schema=dict(columns))

    @cached_property
    def excess(self) -> pl.DataFrame:
        """Rows refused with their whole identity group: `LATE_ERRORS_SCHEMA`."""
        return pl.read_parquet(self.folder / "excess.parquet")

    @property
    def rejected(self) -> int:
        """How many rows were rejected before anything was sent."""
        refused = [part for part in self.parts if ERROR_CODE in self.columns(part)]
        counts = [count_rejected(self.read(part, ERROR_CODE)) for part in refused]
        return sum(counts) + count_rejected(self.excess)

    def entries(self, part: str, *columns: str) -> pl.DataFrame:
        """What is sent from one file, in sending order: `_pos`, `_is_final` and the asked columns.

        From a part: its rows that were neither refused nor folded. From a folded part: every entry of every
        round. From a sorted part: every entry; `_profile_id` may be asked for. `_is_final` (Boolean) tells
        whether the entry is the last one for the row at `_pos`.
        """
        if part not in self.positions:
            return self.read(part, POS, IS_FINAL, *columns)
        needed = dict.fromkeys([POS, ERROR_CODE, *columns])
        grouped = within(self.members, self.positions[part])[POS]
        is_sent = pl.col(ERROR_CODE).is_null() & ~pl.col(POS).is_in(grouped.implode())
        return self.read(part, *needed).filter(is_sent).select(POS, *columns, _is_final=True)

    def note_refusal(self, batch_id: int, code: int | None, message: str) -> None:
        """Keep the server's words about a row; they may quote it, so they stay out of the ledger."""
        words = message.encode("utf-8", "replace").decode()  # JSON may hold half a surrogate pair
        note = json.dumps({"batch_id": batch_id, "code": code, "message": words})
        descriptor = os.open(self.folder / "refusals.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"\n{note}\n".encode())  # whatever a crash left behind is a line of its own
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

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


def part_name(number: int) -> str:
    """The name of a staged part."""
    return f"part-{number:05d}"


def within(rows: pl.DataFrame, positions: range) -> pl.DataFrame:
    """Those of the rows, which are ordered by `_pos`, that stand at some positions."""
    start, stop = rows[POS].search_sorted(pl.Series([positions.start, positions.stop]))
    return rows[start:stop]


def is_folded(part: str) -> bool:
    """Whether a staged file holds what is sent for identity groups."""
    return part.startswith("folded-")


def _checksum(path: Path) -> str | None:
    """The CRC-32 and the size of a file, which tell of every accident and cost little; None without one."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if not size:
                return "0-0"
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return f"{zlib.crc32(content):08x}-{size}"
    except OSError:
        return None


def _whole_lines(path: Path) -> Iterator[dict[str, object]]:
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
