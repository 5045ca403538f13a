"""Rows that say what they said last time are left as they were read: it makes no difference but in time."""

import csv
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
import yaml

from memory_import.ledger.staging.staged import Staging
from memory_import.run.budget import Budgets
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.loads.known_persons.skipped import find_skipped
from tests.support.workplace import STORE, Workplace, rows_of

COLUMNS = ("Name", "Phone", "Other", "Email", "Country", "City", "Since", "Visits", "Edited", "Status")
TRAITS = {
    "Contact": {
        "firstName": "Name",
        "phone": {"column": ["Phone", "Other"], "type": "phone", "several": "all"},
        "fax": {"column": ["Other", "Phone"], "type": "phone", "several": "first"},
        "email": {"column": "Email", "type": "email", "on_invalid": "reject"},
    },
    "Account": {
        "city": {"column": "City", "case": "title"},
        "since": {"column": "Since", "type": "date"},
        "visits": {"column": "Visits", "type": "integer"},
        "origin": {"value": "crm"},
    },
}
LOAD = {
    "source": {"path": "people.csv", "null_values": ["", "NULL"]},
    "region": {"column": "Country", "default": "US"},
    "where": {"Status": {"not": ["left"]}},
    "latest": {"column": "Edited", "format": "%Y-%m-%d"},
    "suppress": "stop.csv",
    "traits": TRAITS,
    "identifiers": ["Contact.phone", "Contact.email"],
    "persons": {"max_people_per_value": 3, "max_shared": "100%", "names": ["Contact.firstName"]},
}
_WORDS = ("ana", "bob", "cleo", "dov", "eva", "finn", "gus", "hana")
_NIGHTS, _CRMS = 3, int(os.environ.get("LEFT_ALONE", "2"))  # see `make soak`


@dataclass
class Crm:
    """Rows of a small CRM that somebody works on; a row is a list of cells."""

    random: Random
    rows: list[list[str]] = field(default_factory=list)
    people: int = 0
    suppressed: list[str] = field(default_factory=list)

    def work(self) -> None:
        """A day's work: most rows stay as they are."""
        for _ in range(0 if self.rows else 25):
            self._add()
        for _ in range(8):
            self.random.choice((self._add, self._edit, self._edit, self._copy, self._remove, self._move))()
        if self.random.random() < 0.5:
            email = self.random.choice(self.rows)[3]
            self.suppressed.append(email if "@" in email else "nobody@example.com")

    def _add(self) -> None:
        self.people += 1
        name = f"{self.random.choice(_WORDS)} {self.random.choice(_WORDS)}{self.people}"
        phone = self._phone()
        cells = [name, phone, self._any(1, self._phone()), f"p{self.people}@example.com", self._country()]
        cells += ["rome", self._date(), str(self.people), self._date(), "active"]
        for at in range(len(cells)):
            if self.random.random() < 0.08:
                cells[at] = self.random.choice(("", " ", "NULL", "n/a?", "12"))
        self.rows.insert(self.random.randrange(len(self.rows) + 1), cells)

    def _copy(self) -> None:
        """A second row of somebody, mostly with something else in it."""
        if self.rows:
            self.rows.append(list(self.random.choice(self.rows)))
            if self.random.random() < 0.7:
                self._change(self.rows[-1])

    def _edit(self) -> None:
        if self.rows:
            self._change(self.random.choice(self.rows))

    def _change(self, row: list[str]) -> None:
        at = self.random.randrange(len(COLUMNS))
        made = (
            "x y",
            self._phone(),
            self._phone(),
            "",
            self._country(),
            "oslo",
            self._date(),
            "7",
            self._date(),
        )
        row[at] = self._any(at, [*made, "left"][at]) if at not in (4, 9) else [*made, "left"][at]

    def _remove(self) -> None:
        if len(self.rows) > 10:
            self.rows.pop(self.random.randrange(len(self.rows)))

    def _move(self) -> None:
        if self.rows:
            self.rows.append(self.rows.pop(self.random.randrange(len(self.rows))))

    def _any(self, at: int, otherwise: str) -> str:
        """What another row has there, or something else."""
        return self.random.choice(self.rows)[at] if self.rows and self.random.random() < 0.3 else otherwise

    def _phone(self) -> str:
        number = self.random.randrange(40)
        return self.random.choice((f"202-555-01{number:02}", f"+1202555{100 + number:04}", "", "123"))

    def _country(self) -> str:
        return self.random.choice(("US", "US", "US", "", "Germany", "Atlantis"))

    def _date(self) -> str:
        return self.random.choice(("2024-01-31", "2024-02-29", "2024-03-31", "", "yesterday"))


def night(workplace: Workplace, crm: Crm, columns: tuple[str, ...] = COLUMNS) -> RunResult:
    """A run of today's rows, in a file with the columns in this order."""
    folder = workplace.folder
    with (folder / "people.csv").open("w", newline="") as stream:
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in crm.rows]
        csv.writer(stream).writerows([columns, *([row[name] for name in columns] for row in rows)])
    (folder / "stop.csv").write_text("\n".join(crm.suppressed) + "\n")
    document = {"version": 1, "store": STORE, "name": "people", "profiles": LOAD}
    (folder / "spec.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return workplace.carry_out(
        workplace.request(emulator=True, keep=True, budgets=Budgets(max_dropped="100%"))
    )


def count_left_alone(result: RunResult) -> int:
    return int(find_skipped(Staging(Path(result.folder) / "profiles")).sum())


def count_unread(result: RunResult) -> int:
    """The rows of which nothing was read, as their lines are known."""
    staging = Staging(Path(result.folder) / "profiles")
    return sum(len(rows) - staging.cells(part, "_pos").height for part, rows in staging.positions.items())


def forget_rows(result: RunResult) -> None:
    for path in list((Path(result.folder) / "known").rglob("rows")):
        shutil.rmtree(path)


def describe(result: RunResult) -> dict[str, Any]:
    """All that a run says of its rows, their values and its persons."""
    folder, load = Path(result.folder), dict(result.report["loads"]["profiles"])
    load["files"] = None
    outcomes = pl.read_parquet(folder / "outcomes.parquet").drop("_file", "merged_into_file").rows()
    names = ("rejects.csv", "dropped.csv", "conflicts.csv", "shared-identifiers.csv")
    files = {name: (folder / name).read_text() for name in names}
    with (folder / "gone.csv").open(newline="") as stream:
        files["gone.csv"] = json.dumps([line[:3] for line in csv.reader(stream)])
    source = str(Path(result.report["spec"]).parent)
    return {
        "load": json.loads(json.dumps(load).replace(source, "")),
        "outcomes": outcomes,
        "files": {name: text.replace(source, "") for name, text in files.items()},
    }


@pytest.fixture
def places(tmp_path: Path) -> tuple[Workplace, Workplace]:
    """Two workplaces that have nothing in common."""
    (tmp_path / "quick").mkdir()
    (tmp_path / "thorough").mkdir()
    return Workplace(tmp_path / "quick"), Workplace(tmp_path / "thorough")


@pytest.mark.parametrize("seed", range(_CRMS))
def test_rows_that_are_left_alone_make_no_difference(places: tuple[Workplace, Workplace], seed: int) -> None:
    quick, thorough = places
    crm = Crm(Random(seed))
    left_alone, unread = [], []
    for _ in range(_NIGHTS):
        crm.work()
        fast, slow = night(quick, crm), night(thorough, crm)
        assert fast.problem is None or fast.report["exit_code"] == 1, fast.problem
        one, other = describe(fast), describe(slow)
        assert one["load"] == other["load"]
        assert one == other
        assert count_left_alone(slow) == 0
        left_alone.append(count_left_alone(fast))
        unread.append(count_unread(fast))
        forget_rows(slow)
    assert all(left_alone[1:]), left_alone
    assert all(unread[1:]), unread
    assert count_unread(slow) == 0


def test_rows_are_left_alone_as_long_as_what_is_remembered_can_be_trusted(
    places: tuple[Workplace, Workplace],
) -> None:
    here, _ = places
    crm = Crm(Random(0))
    crm.rows = [
        [f"Ana Berg{n}", f"+1202555{1000 + n}", "", f"a{n}@example.com", "US", "Rome", "", "1", "", ""]
        for n in range(3)
    ]
    assert count_left_alone(night(here, crm)) == 0
    second = night(here, crm)
    assert (count_left_alone(second), rows_of(second)) == (3, {"read": 3, "unchanged": 3})
    assert count_unread(second) == 3
    for path in (Path(second.folder) / "known").rglob("rows/manifest.json"):
        path.write_text("{}")
    damaged = night(here, crm)
    assert (count_left_alone(damaged), rows_of(damaged)) == (0, {"read": 3, "unchanged": 3})
    crm.rows.append(["Ana Berg1", crm.rows[0][1], "", "new@example.com", "US", "Oslo", "", "2", "", ""])
    met = night(here, crm)
    assert (count_left_alone(met), rows_of(met)["unchanged"]) == (2, 3)
    crm.suppressed = [crm.rows[1][3]]
    suppressed = night(here, crm)
    assert rows_of(suppressed)["excluded"] == 1


def test_lines_are_remembered_anew_where_the_file_has_another_form(
    places: tuple[Workplace, Workplace],
) -> None:
    here, _ = places
    crm = Crm(Random(0))
    crm.rows = [
        [f"Ana Berg{n}", f"+1202555{1000 + n}", "", f"a{n}@example.com", "US", "Rome", "", str(m), "", ""]
        for n in range(3)
        for m in range(2)
    ]
    assert [count_unread(night(here, crm)) for _ in range(2)] == [0, 6]
    other = COLUMNS[1:] + COLUMNS[:1]
    results = [night(here, crm, other) for _ in range(2)]
    assert [count_unread(result) for result in results] == [0, 6]
    assert [count_left_alone(result) for result in results] == [6, 6]
    assert [rows_of(result) for result in results] == [{"read": 6, "unchanged": 6}] * 2
