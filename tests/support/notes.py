"""Observations as the end-to-end tests send them, and what the emulator's own record says of them."""

import csv
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import yaml

from tests.support.processes import STORE, TRAITS, Api

COLUMNS = ("Phone", "Email", "Note", "Created", "Conversations")
CONVERSATION = "conv_conversation_0" + "a" * 25
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
OBSERVATIONS: dict[str, Any] = {
    "source": "notes-*",
    "profile": {"phone": "Phone", "email": "Email"},
    "content": "Note",
    "occurred_at": {"column": "Created", "format": "%Y-%m-%d %H:%M", "timezone": "UTC"},
    "observation_source": "crm-notes",
    "conversation_ids": {"column": "Conversations", "separator": ";"},
    "settle_seconds": 1,
}

Record = Counter[tuple[str, str, str]]
"""Customer, content, time: how often."""


@dataclass(frozen=True)
class Note:
    """One row: whose, found by phone or by email, what, when."""

    customer: int
    content: str
    moment: datetime
    by_email: bool = False

    @property
    def row(self) -> list[str]:
        """In the order of `COLUMNS`."""
        phone, email = f"+1202{2_000_000 + self.customer:07d}", f"person{self.customer}@example.com"
        who = ["", email] if self.by_email else [phone, ""]
        return [*who, self.content, f"{self.moment:%Y-%m-%d %H:%M}", ""]

    @property
    def key(self) -> tuple[str, str, str]:
        """As `Record` counts it."""
        return f"C{self.customer}", self.content, f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"


def make_notes(count: int, customers: int, *, seed: int = 1) -> list[Note]:
    """Notes in no order of time; a few are the same twice on purpose."""
    random = Random(seed)
    notes: list[Note] = []
    for number in range(count):
        if notes and random.random() < 0.01:
            notes.append(notes[random.randrange(len(notes))])
            continue
        moment = BEGINNING + timedelta(minutes=random.randrange(500_000))
        notes.append(
            Note(random.randrange(customers), f"note {number} 😀 مرحبا", moment, random.random() < 0.3)
        )
    return notes


def write_notes(folder: Path, notes: list[Note], *, kind: str = "csv", files: int = 3) -> None:
    """The notes in several files of one kind, csv or parquet."""
    for number in range(files):
        rows = [note.row for note in notes[number::files]]
        if kind == "parquet":
            frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
            frame.write_parquet(folder / f"notes-{number}.parquet")
        else:
            write_rows(folder / f"notes-{number}.csv", rows)


def write_rows(path: Path, rows: list[list[str]], columns: tuple[str, ...] = COLUMNS) -> Path:
    """A CSV file, quoted where it has to be."""
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return path


def write_spec(path: Path, *, customers: Path | None = None, **loads: dict[str, Any] | None) -> Path:
    """A spec of notes, of the customers they belong to where those are imported too, and of other loads."""
    document: dict[str, Any] = {"version": 1, "store": STORE}
    if customers is not None:
        document["profiles"] = {"source": str(customers), "region": {"default": "US"}, "traits": TRAITS}
    for name, load in {"observations": {}, **loads}.items():
        if load is not None:
            document[name] = {**(OBSERVATIONS if name == "observations" else {}), **load}
            document[name] = {key: value for key, value in document[name].items() if value is not None}
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def recorded(api: Api) -> Record:
    """What the profiles hold, by the emulator's own record."""
    record: Record = Counter()
    for profile in api.call("GET", "/emulator/profiles")["stores"][STORE]:
        customer = profile["traits"].get("Account", {}).get("customerId", "nobody")
        record.update(
            (customer, memory["content"], memory["occurredAt"]) for memory in profile["observations"]
        )
    return record


def expected(notes: list[Note]) -> Record:
    """What the profiles are to hold: each note once, and two that are the same twice."""
    return Counter(note.key for note in notes)


def disordered(api: Api) -> list[str]:
    """The profiles whose observations did not come in the order of time."""
    found = []
    for profile in api.call("GET", "/emulator/profiles")["stores"][STORE]:
        moments = [memory["occurredAt"] for memory in profile["observations"]]
        found += [] if moments == sorted(moments) else [profile["id"]]
    return found


def overlapping_writes(api: Api) -> list[str]:
    """The profiles that two requests for observations were under way for at once, by the emulator's log."""
    spans = defaultdict(list)
    for request in api.requests():
        found = re.fullmatch(r".*/Profiles/([^/]+)/Observations", request["path"])
        if found and request["method"] == "POST":
            spans[found[1]].append((request["arrived"], request["finished"] or float("inf")))
    return [
        profile
        for profile, times in spans.items()
        if any(
            later[0] < earlier[1] for earlier, later in zip(sorted(times), sorted(times)[1:], strict=False)
        )
    ]
