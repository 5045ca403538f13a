"""What is written into the folder of a load."""

import json
import mmap
import os
import shutil
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.columns import (
    CODE_PREFIX,
    ERRORS,
    ID_TYPE,
    POS,
    TRAIT,
    VALUE,
)
from memory_import.ledger.files import (
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
from memory_import.ledger.staging.layout import LAYOUT, OTHERS_SCHEMA, cells_name, part_name

_READERS = 2  # of files that are summed up: zlib lets go of the interpreter


@dataclass(frozen=True)
class StagingWriter:
    """Writes the staged files of one load; see `memory_import.ledger.staging.layout`."""

    folder: Path

    def begin(self) -> None:
        """Start from an empty folder."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        private_directory(self.folder)

    def draft_part(
        self,
        number: int,
        rows: pl.DataFrame,
        original: Sequence[tuple[int, bytes]] = (),
        cells: pl.DataFrame | None = None,
    ) -> None:
        """Write one stretch of input rows: what was read and made of them, and the text of runs of them.
        `cells`: `_pos` and what was made of some of them, where it was not made of all.

        They count once `settle_part` was called, which waits for the disk: not here. Columns of errors and
        codes that no row has are not written.
        """
        empty = [
            name
            for name in rows.columns
            if (name in ERRORS or name.startswith(CODE_PREFIX)) and not rows[name].count()
        ]
        draft_arrow(rows.drop(empty), self.folder / f"{part_name(number)}.arrow")
        if cells is not None:
            draft_arrow(cells, self.folder / cells_name(part_name(number)))
        if original:
            self._draft_original(part_name(number), original)

    def settle_part(self, number: int) -> None:
        """Make one stretch of input rows durable."""
        part = part_name(number)
        for name in (f"original-{part}.text", f"original-{part}.arrow", cells_name(part)):
            if is_draft(self.folder / name):
                settle(self.folder / name)
        settle(self.folder / f"{part}.arrow")

    def replace_part(
        self,
        part: str,
        rows: pl.DataFrame,
        cells: pl.DataFrame | None,
        replaced: pl.Series,
        others: pl.DataFrame,
    ) -> None:
        """Write a part anew, with what the `replaced` rows (`_pos`) state beside their values
        (OTHERS_SCHEMA)."""
        number = int(part.removeprefix("part-"))
        self.draft_part(number, rows, cells=cells)
        self.settle_part(number)
        path = self.folder / f"others-{number:05d}.arrow"
        before = [map_arrow(path, list(OTHERS_SCHEMA))] if path.exists() else []
        kept = [rows.filter(~pl.col(POS).is_in(replaced.implode())) for rows in before]
        write_arrow(pl.concat([*kept, others]).sort(POS, maintain_order=True), path)

    def write_mapping(self, mapping: str) -> None:
        """Stage the hash of the mapping under which hashes of rows mean something."""
        write_json({"sha256": mapping}, self.folder / "mapping.json")

    def _draft_original(self, part: str, runs: Sequence[tuple[int, bytes]]) -> None:
        with draft(self.folder / f"original-{part}.text") as stream:
            stream.writelines(text for _, text in runs)
        sizes = [(rows, len(text)) for rows, text in runs]
        index = pl.DataFrame(sizes, schema={"rows": pl.Int32, "bytes": pl.Int64}, orient="row")
        draft_arrow(index, self.folder / f"original-{part}.arrow")

    def write_input(self, described: Mapping[str, Any]) -> None:
        """Stage what has to be known of the input to write its rejected rows as they stood in it."""
        write_json(described, self.folder / "input.json")

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

    def write_merged(self, number: int, entries: pl.DataFrame) -> None:
        """Stage what is sent for some of the identity groups."""
        write_arrow(entries, self.folder / f"merged-{number:05d}.arrow")

    def write_persons(self, number: int, persons: pl.DataFrame) -> None:
        """Stage what becomes known of some identity groups once they landed."""
        write_arrow(persons, self.folder / f"persons-{number:05d}.arrow")

    def write_continued(
        self, *, unchanged: pl.DataFrame, unsent: pl.DataFrame, present: pl.DataFrame
    ) -> None:
        """Stage the rows of people of whom nothing is sent, because all of it is known (`_pos`, `person`);
        what is not sent of others (UNSENT_SCHEMA); and which known people the input has (`person`)."""
        write_arrow(_sort(unchanged.select(POS, "person"), POS), self.folder / "unchanged.arrow")
        write_arrow(unsent.sort(POS), self.folder / "unsent.arrow")
        write_arrow(_sort(present, "person"), self.folder / "present.arrow")

    def write_claims(self, claims: pl.DataFrame, withdrawn: pl.DataFrame) -> None:
        """Stage who claims a value that nobody got (CLAIMS_SCHEMA), and which claims of earlier runs count no
        more (WITHDRAWN_SCHEMA)."""
        write_arrow(claims.sort(ID_TYPE, VALUE), self.folder / "claims.arrow")
        write_arrow(withdrawn.unique().sort("claim"), self.folder / "withdrawn.arrow")

    def write_gone(self, gone: pl.DataFrame) -> None:
        """Stage which known people the input does not have any more: GONE_SCHEMA."""
        write_arrow(gone.sort("person", ID_TYPE, VALUE), self.folder / "gone.arrow")

    def write_due(self, due: pl.DataFrame) -> None:
        """Stage which of the gone people are to be deleted: PRESENT_SCHEMA."""
        write_arrow(due.sort("person"), self.folder / "due.arrow")

    def write_emptied(self, emptied: pl.DataFrame) -> None:
        """Stage what is known of people of which their rows have no value: EMPTIED_SCHEMA."""
        write_arrow(emptied.sort(POS, TRAIT), self.folder / "emptied.arrow")

    def write_cleared(self, cleared: pl.DataFrame) -> None:
        """Stage which traits are to be removed: CLEARED_SCHEMA."""
        write_arrow(cleared.sort(POS, TRAIT), self.folder / "cleared.arrow")

    def write_former(self, former: pl.DataFrame) -> None:
        """Stage the identifier values that known people do not state any more: FORMER_SCHEMA."""
        write_arrow(former.sort("person", ID_TYPE, VALUE), self.folder / "former.arrow")

    def write_holdings(self, holdings: pl.DataFrame) -> None:
        """Stage all identifiers of the people whose profiles are to be changed so: HOLDINGS_SCHEMA."""
        write_arrow(holdings.sort("person", ID_TYPE, VALUE), self.folder / "holdings.arrow")

    def write_members(self, *, members: pl.DataFrame, late_rejects: pl.DataFrame) -> None:
        """Stage which rows share an identifier value, and which of them are refused for it."""
        write_arrow(_sort(members, POS), self.folder / "members.arrow")
        self.write_late_rejects(late_rejects)

    def write_late_rejects(self, late_rejects: pl.DataFrame) -> None:
        """Stage which rows are refused after all, in place of what was staged before."""
        write_parquet(late_rejects, self.folder / "late_rejects.parquet")

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

    def write_compared(
        self, compared: pl.DataFrame, unchanged: pl.DataFrame, unclaimed: pl.DataFrame
    ) -> None:
        """Stage what is remembered of each row once it landed, the rows (`_pos`) that are not sent because
        they are known, and what profiles that were read hold beside (UNCLAIMED_SCHEMA)."""
        write_arrow(unclaimed, self.folder / "unclaimed.arrow")
        write_arrow(compared, self.folder / "compared.arrow")
        write_arrow(unchanged.select(POS).sort(POS), self.folder / "unchanged.arrow")

    def write_foreseen(self, foreseen: pl.DataFrame) -> None:
        """Stage what a plan says of the memories that were kept: FORESEEN_SCHEMA."""
        write_arrow(foreseen.sort(POS), self.folder / "foreseen.arrow")

    def finish(self) -> None:
        """Write the manifest: the layout, and the names and checksums of all files that make up this load."""
        files = sorted(
            path for kind in ("parquet", "arrow", "text") for path in self.folder.glob(f"*.{kind}")
        )
        with ThreadPoolExecutor(_READERS) as readers:
            checksums = dict(zip((path.name for path in files), readers.map(checksum, files), strict=True))
        write_json({"layout": LAYOUT, "files": checksums}, self.folder / "manifest.json")

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


def checksum(path: Path) -> str | None:
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


def _sort(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """The rows by a column; most are in order already, and to sort them takes several times their memory."""
    return rows if rows[column].is_sorted() else rows.sort(column)
