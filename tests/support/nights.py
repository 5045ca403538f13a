"""Nights of a small spec against an emulator of its own: each is a run in this process, without waiting."""

import asyncio
import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from memory_import.run.lifecycle.result import RunResult
from memory_import.run.pipeline import run_import
from memory_import.run.progress import RunProgress
from memory_import.run.request import RunRequest
from tests.support.fast import make_fast_throttle
from tests.support.processes import PASSWORD, STORE, USER, Api

Row = tuple[str, ...]  # name, phone, email; where there is a fourth, city
COLUMNS = ("Name", "Phone", "Email", "City")
CONTACT = {
    "firstName": "Name",
    "phone": {"column": "Phone", "type": "phone"},
    "email": {"column": "Email", "type": "email"},
}
NOTES = {
    "source": "notes.csv",
    "profile": {"email": "Email"},
    "content": "Note",
    "occurred_at": "At",
    "observation_source": "crm",
}


@dataclass
class Nights:
    """A folder with specs and their state, and the store that they go to."""

    folder: Path
    api: Api
    notes: list[Row] = field(default_factory=list)
    sync: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    persons: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=lambda: {"Contact": CONTACT})

    def write(self, *rows: Row, name: str = "customers.csv") -> None:
        """A file of customers."""
        with (self.folder / name).open("w", newline="") as stream:
            csv.writer(stream).writerows([COLUMNS[: len(rows[0])], *rows])

    def run(self, *rows: Row, spec: str = "crm", sync: Any = None, **asked: Any) -> RunResult:
        """Tonight's run of a spec; without rows that of the files as they are."""
        if rows:
            self.write(*rows)
        source = "part-*.csv" if not rows else "customers.csv"
        asked_of = self.sync if sync is None else sync
        body = {"source": {"path": source, **self.options}, "traits": self.traits, "sync": asked_of}
        if self.persons:
            body["persons"] = self.persons
        document: dict[str, Any] = {"version": 1, "store": STORE, "name": spec, "profiles": body}
        if self.notes:
            with (self.folder / "notes.csv").open("w", newline="") as stream:
                csv.writer(stream).writerows([("Email", "Note", "At"), *self.notes])
            document["observations"] = NOTES
        path = self.folder / f"{spec}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return self.carry_out(spec_path=path, **asked)

    def carry_out(self, **asked: Any) -> RunResult:
        """A request, to its end."""
        request = RunRequest(**{"state_dir": self.folder / "state", "wait_seconds": 30.0, **asked})
        variables = {
            "MEMORY_API_URL": self.api.url,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_API_KEY": USER,
            "TWILIO_API_SECRET": PASSWORD,
        }
        ended = run_import(request, variables, RunProgress(None), make_throttle=make_fast_throttle)
        return asyncio.run(ended)

    @property
    def people(self) -> list[str]:
        """The names in the store."""
        return sorted(profile["traits"]["Contact"]["firstName"] for profile in self.api.profiles())

    @property
    def deletions(self) -> int:
        """How many requests to delete a profile the store saw."""
        return sum(request["method"] == "DELETE" for request in self.api.requests())

    @property
    def patches(self) -> int:
        """How many requests to change a profile the store saw."""
        return sum(request["method"] == "PATCH" for request in self.api.requests())

    @property
    def writes(self) -> int:
        """How many requests with customer data the store saw."""
        return sum(request["method"] in {"PUT", "PATCH", "DELETE"} for request in self.api.requests())
